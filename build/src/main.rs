//! Build, test and release tasks of ATS KMS, run as `cargo xtask …`.

mod process;
mod repo;
mod report;
mod setup;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
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
    }
}
