//! The development tools of package-lock.json.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, run, which};
use crate::repo::Repo;
use crate::report::sha256_hex;

const OLDEST_NODE: u32 = 20;

/// Installs exactly the packages of the lock file, unless that was done.
pub(crate) fn node_packages(repo: &Repo) -> Result<()> {
    check_node()?;
    let lock = std::fs::read(repo.path("package-lock.json")).context("no package-lock.json")?;
    let stamp = repo.path("node_modules/.ats-kms-lock");
    let expected = sha256_hex(&lock);
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == expected) {
        return Ok(());
    }
    println!("setup: installing the node packages of package-lock.json");
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(command.current_dir(repo.root()))?;
    std::fs::write(&stamp, expected).with_context(|| format!("cannot write {}", stamp.display()))
}

fn check_node() -> Result<()> {
    let how = "install Node.js 20 or newer with npm (https://nodejs.org), then run this again";
    if which("node").is_none() || which("npm").is_none() {
        bail!("node or npm is missing: {how}");
    }
    let version = output(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => bail!("node is {}: {how}", version.trim()),
    }
}
