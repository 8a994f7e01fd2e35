//! Installing what a task needs: each step says what it does, does nothing
//! when done before, and names the command to run where it may not install.

mod apt;
mod cargo_tools;
mod node;
mod python;
mod rust;

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::repo::Repo;

pub(crate) use apt::{Browsers, has_postgres};
pub(crate) use cargo_tools::has_geckodriver;
pub(crate) use node::node_packages;
pub(crate) use python::{checker, schemathesis};
pub(crate) use rust::{llvm_tools, objcopy, wasm_target};

/// Everything: what `test` needs.
pub(crate) fn all(repo: &Repo) -> Result<()> {
    tools(repo)?;
    browsers()
}

/// What building and checking needs, without browsers.
pub(crate) fn tools(repo: &Repo) -> Result<()> {
    rust::components(repo)?;
    wasm_target(repo)?;
    llvm_tools(repo)?;
    node_packages(repo)?;
    apt::postgres()?;
    python::checkers(repo)?;
    schemathesis(repo).map(drop)
}

/// What static programs are built with.
pub(crate) fn static_target(repo: &Repo, target: &str) -> Result<()> {
    rust::target(repo, target)?;
    apt::musl()
}

/// The three engines and their drivers.
pub(crate) fn browsers() -> Result<()> {
    apt::browsers()?;
    cargo_tools::geckodriver()
}

/// Where tools live that are not the system's: shared by all clones, and
/// looked into by the end-to-end tests.
fn tools_dir() -> Result<PathBuf> {
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    Ok(PathBuf::from(home).join(".cache/ats-kms/tools"))
}
