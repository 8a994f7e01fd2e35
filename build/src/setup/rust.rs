//! Parts of the pinned toolchain that a minimal one lacks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

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

/// The enclave's target.
pub(crate) fn wasm_target(repo: &Repo) -> Result<()> {
    target(repo, TARGET)
}

/// Adds a target to the toolchain that `rust-toolchain.toml` names.
pub(super) fn target(repo: &Repo, target: &str) -> Result<()> {
    let sysroot =
        output(Command::new("rustc").current_dir(repo.root()).args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).join("lib").is_dir() {
        return Ok(());
    }
    println!("setup: adding the Rust target {target}");
    if which("rustup").is_none() {
        bail!(
            "the Rust in use has no {target} target and there is no rustup to add it: install rustup (https://rustup.rs), then run this again"
        );
    }
    run(Command::new("rustup").current_dir(repo.root()).args(["target", "add", target]))
}

/// What adds sections to programs; every toolchain brings it.
pub(crate) fn objcopy(repo: &Repo) -> Result<PathBuf> {
    let libraries =
        output(Command::new("rustc").current_dir(repo.root()).args(["--print", "target-libdir"]))?;
    let dir = Path::new(libraries.trim()).parent().context("rustc has no libraries")?;
    let program = dir.join("bin/rust-objcopy");
    ensure!(program.is_file(), "the Rust in use has no rust-objcopy: take one of rustup");
    Ok(program)
}

/// LLVM's programs for coverage, of the version that rustc was built with; returns their folder.
pub(crate) fn llvm_tools(repo: &Repo) -> Result<PathBuf> {
    let libraries =
        output(Command::new("rustc").current_dir(repo.root()).args(["--print", "target-libdir"]))?;
    let dir = Path::new(libraries.trim()).parent().context("rustc has no libraries")?.join("bin");
    let present = || ["llvm-cov", "llvm-profdata"].iter().all(|name| dir.join(name).is_file());
    if present() {
        return Ok(dir);
    }
    println!("setup: adding llvm-tools to the Rust toolchain");
    if which("rustup").is_none() {
        bail!(
            "the Rust in use has no llvm-tools and there is no rustup to add them: install rustup (https://rustup.rs), then run this again"
        );
    }
    let mut command = Command::new("rustup");
    run(command.current_dir(repo.root()).args(["component", "add", "llvm-tools"]))?;
    ensure!(present(), "no llvm-cov in {}", dir.display());
    Ok(dir)
}
