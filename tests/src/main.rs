//! Browser end-to-end tests of ATS KMS.
//!
//! Every scenario drives a real browser over WebDriver, against servers of its own.

mod authenticator;
mod bench;
mod cases;
mod command;
mod course;
mod demo;
mod driver;
mod engine;
mod http;
mod keyboard;
mod known;
mod library;
mod page;
mod peer;
mod probe;
mod remade;
mod rogue;
mod scenario;
mod scenarios;
mod screenshots;
mod session;
mod signer;
mod small_disk;
mod stage;
mod tour;
mod turns;
mod vault_ui;
mod verify_signature;
mod vouched;
mod world;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::{engine::Engine, known::Known, turns::Turns, world::World};

/// Browser end-to-end tests of ATS KMS.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the scenarios in one engine.
    Run {
        /// The engine.
        #[arg(long)]
        engine: Engine,
        /// Run only the scenarios whose names contain this, or one of several with commas between.
        #[arg(long, default_value = "")]
        filter: String,
        /// Folder in which programs that run beside each other take turns.
        #[arg(long)]
        turns: Option<PathBuf>,
        /// Fingerprint of the tree: what it has passed in this very browser need not run again.
        #[arg(long)]
        tree: Option<String>,
        /// Run it again all the same.
        #[arg(long)]
        again: bool,
        #[command(flatten)]
        builds: Builds,
    },
    /// Measure the enclave against baselines and other libraries in one engine.
    Bench {
        /// The engine.
        #[arg(long)]
        engine: Engine,
        #[command(flatten)]
        options: bench::Options,
        #[command(flatten)]
        builds: Builds,
    },
    /// Take a picture of each screen, in Chromium.
    Screenshots {
        /// Where the pictures go.
        #[arg(long, default_value = "target/screenshots")]
        out: PathBuf,
        #[command(flatten)]
        builds: Builds,
    },
}

/// Where `cargo xtask build` left the enclave.
#[derive(Args)]
struct Builds {
    /// Folder of the release build.
    #[arg(long, default_value = "target/enclave")]
    enclave: PathBuf,
    /// Folder of the build with the probe.
    #[arg(long, default_value = "target/enclave-probe")]
    probe_enclave: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Run { engine, filter, turns, tree, again, builds } => {
            let turns = Turns::new(turns.as_deref())?;
            let known = |directory: &Path| {
                tree.map_or(Known::NOTHING, |tree| Known::of(&tree, engine, directory, again))
            };
            run(engine, &filter, turns, known, &builds).await
        }
        Command::Bench { engine, options, builds } => bench::run(engine, &options, &builds).await,
        Command::Screenshots { out, builds } => screenshots::run(&out, &builds).await,
    }
}

async fn run(
    engine: Engine,
    filter: &str,
    turns: Turns,
    known: impl FnOnce(&Path) -> Known,
    builds: &Builds,
) -> Result<ExitCode> {
    if let Err(error) = engine.programs() {
        println!("SKIPPED every browser test in {engine}: {error}");
        println!("        `cargo xtask setup` installs what is missing");
        // On a build machine a missing browser is a failure, elsewhere a gap to know about.
        let strict = scenario::on_build_machine();
        return Ok(if strict { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let world = World::new(engine, &builds.enclave, &builds.probe_enclave)?;
    println!("{engine}:");
    let known = known(&world.directory);
    let tally = course::run(world, filter, turns, known).await?;
    println!("{engine}: {tally}");
    Ok(if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
