//! The wasm target of the pinned toolchain.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{cargo, output, run, succeeds, which};
use crate::repo::Repo;
use crate::wasm::TARGET;

/// Adds clippy and rustfmt where a minimal toolchain lacks them.
pub(super) fn components(repo: &Repo) -> Result<()> {
    let has = |tool: &str| succeeds(cargo(repo).args([tool, "--version"]));
    if has("clippy") && has("fmt") {
        return Ok(());
    }
    println!("setup: adding clippy and rustfmt to the Rust toolchain");
    run(Command::new("rustup").current_dir(repo.root()).args([
        "component",
        "add",
        "clippy",
        "rustfmt",
    ]))
}

/// Adds the target to the toolchain that `rust-toolchain.toml` names.
pub(crate) fn wasm_target(repo: &Repo) -> Result<()> {
    let sysroot =
        output(Command::new("rustc").current_dir(repo.root()).args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    println!("setup: adding the Rust target {TARGET}");
    if which("rustup").is_none() {
        bail!(
            "the Rust in use has no {TARGET} target and there is no rustup to add it: install rustup (https://rustup.rs), then run this again"
        );
    }
    run(Command::new("rustup").current_dir(repo.root()).args(["target", "add", TARGET]))
}
