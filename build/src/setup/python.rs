//! The spelling checker, as a wheel: compiling it would take minutes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::tools_dir;
use crate::process::{run, which};

const TYPOS_VERSION: &str = "1.52.0";

/// The pinned `typos`, or nothing where neither pip nor a copy of it exists.
pub(crate) fn typos(repo: &crate::repo::Repo) -> Result<PathBuf> {
    let dir = tools_dir()?.join(format!("typos-{TYPOS_VERSION}"));
    let program = dir.join("bin/typos");
    if program.is_file() {
        return Ok(program);
    }
    println!("setup: installing typos {TYPOS_VERSION} from PyPI");
    if which("python3").is_none() {
        bail!("python3 is missing: run `apt-get install python3 python3-pip`, then try again");
    }
    let mut command = Command::new("python3");
    command.current_dir(repo.root()).args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    command
        .args([
            "--disable-pip-version-check",
            "--root-user-action=ignore",
            "--only-binary=:all:",
            "--target",
        ])
        .arg(&dir);
    if run(command.arg(format!("typos=={TYPOS_VERSION}"))).is_err() {
        bail!("pip could not install typos: run `apt-get install python3-pip`, then try again");
    }
    Ok(program)
}
