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

pub(crate) use apt::Browsers;
pub(crate) use cargo_tools::{cargo_deny, geckodriver};
pub(crate) use node::node_packages;
pub(crate) use python::typos;
pub(crate) use rust::wasm_target;

/// Everything: what `test` needs.
pub(crate) fn all(repo: &Repo) -> Result<()> {
    wasm_target(repo)?;
    node_packages(repo)?;
    typos(repo)?;
    apt::browsers()?;
    geckodriver()?;
    Ok(())
}

/// Where tools live that are not the system's: shared by all clones.
fn tools_dir() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(cache.join("ats-kms/tools"))
}
