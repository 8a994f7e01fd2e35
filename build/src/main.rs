//! Build, test and release tasks of ATS KMS, run as `cargo xtask …`.

mod archive;
mod browsers;
mod codegen;
mod compiler;
mod coverage;
mod demo;
mod dist;
mod files;
mod fuzz;
mod generated;
mod image;
mod manifest;
mod metadata;
mod passed;
mod process;
mod program;
mod release;
mod remap;
mod repo;
mod report;
mod repro;
mod sbom;
mod scripts;
mod setup;
mod shell;
mod steps;
mod tidy;
mod verify;
mod wasm;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::browsers::Engine;
use crate::repo::Repo;

/// Build, test and release tasks of ATS KMS.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    /// Work in this tree instead of the one that `cargo xtask` runs from.
    #[arg(long, global = true, hide = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the other tasks need (each of them does so by itself).
    Setup,
    /// Build the enclave's wasm and glue into target/enclave.
    Build {
        /// The build that reports its secrets to the memory-scan tests.
        #[arg(long)]
        probe: bool,
    },
    /// Build and emit the demo's deployment into target/dist.
    Dist {
        /// Also build the optimised shell with the enclave embedded in it.
        #[arg(long)]
        binary: bool,
    },
    /// Serve the demo page and its enclave on two origins of this machine.
    Demo,
    /// Write the generated files, or check that they are current.
    Codegen {
        /// Change nothing; fail when a file differs.
        #[arg(long)]
        check: bool,
    },
    /// Build twice under different circumstances and compare every byte.
    Repro {
        /// Build once and compare with this manifest (a file or a URL).
        #[arg(long, value_name = "MANIFEST", conflicts_with = "roots")]
        against: Option<String>,
        /// Build in the roots of two releases of Debian (needs root and debootstrap).
        #[arg(long)]
        roots: bool,
        /// Build once and compare with what is built here already, which this shell emits.
        #[arg(long, value_name = "SHELL", hide = true)]
        here: Option<PathBuf>,
    },
    /// Build the static broker and write it as a container image into target/image.
    Image {
        /// Also build and write it under other circumstances, compare every byte, and run it.
        #[arg(long)]
        check: bool,
    },
    /// Build everything that a release publishes into target/published.
    Release,
    /// Test the pure crates and compare the lines that no test reaches with build/coverage.txt.
    Coverage {
        /// Write that file; new lines in it still need a reason.
        #[arg(long)]
        update: bool,
    },
    /// Check the rules of this repository.
    Tidy,
    /// Write the lists of parts (SBOM) of everything that is released into target/sbom.
    Sbom,
    /// Exempt the dependencies that nobody has audited, in supply-chain/config.toml.
    Vet,
    /// Run everything that must hold before a change is accepted.
    Test {
        /// Leave out the browser tests.
        #[arg(long)]
        skip_browsers: bool,
        /// Repeat what this very tree has passed before, too.
        #[arg(long)]
        again: bool,
    },
    /// Give the parsers inputs that nobody thought of, for a few seconds each.
    Fuzz {
        #[arg(long, default_value = "10")]
        seconds: u32,
    },
    /// Ask the broker, in every role, what schemathesis makes of its published description.
    Schemathesis {
        /// Make many more requests; that takes up to an hour.
        #[arg(long)]
        long: bool,
    },
    /// Run the browser tests.
    E2e {
        #[arg(long, value_enum, default_value = "all")]
        engine: Engine,
        /// Run only tests whose name contains this.
        #[arg(long)]
        filter: Option<String>,
    },
    /// Measure against bare baselines and peers, in Chromium and Firefox.
    Bench {
        /// End within a minute.
        #[arg(long)]
        quick: bool,
        /// Measure the broker under load instead, beside a bare proxy.
        #[arg(long, conflicts_with_all = ["quick", "engine"])]
        broker: bool,
        #[arg(long, value_enum, default_value = "all")]
        engine: Engine,
    },
    /// Take a picture of each screen.
    Screenshots,
}

fn main() -> ExitCode {
    if let Some(code) = compiler::in_place_of_rustc() {
        return code;
    }
    let arguments = Arguments::parse();
    match perform(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: Arguments) -> Result<()> {
    let repo = Repo::open(arguments.root)?;
    match arguments.task {
        Task::Setup => setup::all(&repo),
        Task::Build { probe: false } => wasm::Build::release(&repo).run().map(drop),
        Task::Build { probe: true } => wasm::Build::probe(&repo).run().map(drop),
        Task::Dist { binary: false } => dist::emit(&repo).map(drop),
        Task::Dist { binary: true } => dist::emit(&repo).and_then(|_| dist::binary(&repo)),
        Task::Demo => demo::serve(&repo),
        Task::Codegen { check: false } => codegen::write(&repo),
        Task::Codegen { check: true } => codegen::check(&repo),
        Task::Repro { here: Some(shell), .. } => repro::once(&repo, &shell),
        Task::Repro { roots: true, .. } => repro::in_two_roots(&repo),
        Task::Repro { against: None, .. } => repro::twice(&repo),
        Task::Repro { against: Some(manifest), .. } => repro::against(&repo, &manifest),
        Task::Image { check: false } => image::write(&repo).map(drop),
        Task::Image { check: true } => image::check(&repo),
        Task::Release => release::write(&repo),
        Task::Coverage { update: false } => coverage::check(&repo),
        Task::Coverage { update: true } => coverage::update(&repo),
        Task::Tidy => tidy::run(&repo),
        Task::Sbom => sbom::write_all(&repo).map(drop),
        Task::Vet => tidy::exempt(&repo),
        Task::Test { skip_browsers, again } => verify::run_all(&repo, !skip_browsers, again),
        Task::Fuzz { seconds } => fuzz::run(&repo, seconds),
        Task::Schemathesis { long } => generated::run_all(&repo, long),
        Task::E2e { engine, filter } => end_to_end(&repo, engine, filter.as_deref()),
        Task::Bench { broker: true, .. } => {
            let bench = ["bench", "--package", "kms-broker", "--bench", "load"];
            process::run(process::cargo(&repo).args(bench))
        }
        Task::Bench { quick, engine, .. } => {
            browsers::prepare(&repo)?;
            browsers::bench(&repo, engine, quick)
        }
        Task::Screenshots => {
            browsers::prepare(&repo)?;
            browsers::screenshots(&repo)
        }
    }
}

fn end_to_end(repo: &Repo, engine: Engine, filter: Option<&str>) -> Result<()> {
    browsers::prepare(repo)?;
    browsers::test(repo, engine, filter, None)
}
