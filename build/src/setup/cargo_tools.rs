//! Tools that crates.io provides, built once and kept in the cache.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::tools_dir;
use crate::process::{run, which};

const GECKODRIVER_VERSION: &str = "0.37.1";

/// Firefox's WebDriver server, which Debian does not package.
pub(super) fn geckodriver() -> Result<()> {
    if has_geckodriver() {
        return Ok(());
    }
    println!("setup: building geckodriver {GECKODRIVER_VERSION} (a few minutes, once)");
    let mut command = Command::new("cargo");
    command.args(["install", "--locked", "--version", GECKODRIVER_VERSION, "geckodriver"]);
    // Outside the working tree, so that its settings do not apply.
    run(command.arg("--root").arg(tools_dir()?).current_dir(std::env::temp_dir()))
}

/// Whether `geckodriver` is on `PATH` or in the cache.
pub(crate) fn has_geckodriver() -> bool {
    matches!(find("geckodriver"), Ok(Some(_)))
}

fn find(name: &str) -> Result<Option<PathBuf>> {
    if let Some(found) = which(name) {
        return Ok(Some(found));
    }
    let cached = tools_dir()?.join("bin").join(name);
    Ok(cached.is_file().then_some(cached))
}
