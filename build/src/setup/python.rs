//! What the Python index has ready for use: checkers that would take minutes to compile, and the one that
//! makes requests up.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::tools_dir;
use crate::process::{run, which};
use crate::repo::Repo;
use crate::report::sha256_hex;

/// Names, versions and digests of the checkers, and of what makes requests up.
const PINNED: &str = "build/tools.txt";
const SCHEMATHESIS: &str = "build/schemathesis.txt";

/// The pinned program of that name.
pub(crate) fn checker(repo: &Repo, name: &str) -> Result<PathBuf> {
    let program = checkers(repo)?.join("bin").join(name);
    ensure!(program.is_file(), "{PINNED} does not bring {name}");
    Ok(program)
}

/// Installs the checkers, unless that was done; returns their folder.
pub(super) fn checkers(repo: &Repo) -> Result<PathBuf> {
    installed(repo, PINNED, "checkers")
}

/// Installs what makes requests up, unless that was done; returns the folder of its modules.
pub(crate) fn schemathesis(repo: &Repo) -> Result<PathBuf> {
    installed(repo, SCHEMATHESIS, "schemathesis")
}

/// Installs all that a file pins, unless that was done; returns the folder.
fn installed(repo: &Repo, file: &str, name: &str) -> Result<PathBuf> {
    let pinned = repo.path(file);
    let digest = sha256_hex(&std::fs::read(&pinned).with_context(|| format!("no {file}"))?);
    let dir = tools_dir()?.join(format!("{name}-{digest:.16}"));
    if dir.is_dir() {
        return Ok(dir);
    }
    println!("setup: installing what {file} pins from PyPI");
    if which("python3").is_none() {
        bail!("python3 is missing: run `apt-get install python3 python3-pip`, then try again");
    }
    // Only what was installed whole has the name that is looked for.
    let partial = dir.with_extension(std::process::id().to_string());
    if run(&mut install(&pinned, &partial)).is_err() {
        bail!("pip could not install them: run `apt-get install python3-pip`, then try again");
    }
    match std::fs::rename(&partial, &dir) {
        Err(error) if !dir.is_dir() => Err(error).context("cannot keep the checkers"),
        _ => Ok(dir),
    }
}

fn install(pinned: &Path, dir: &Path) -> Command {
    let mut command = Command::new("python3");
    command.current_dir(std::env::temp_dir());
    command.args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]);
    command.args(["--disable-pip-version-check", "--root-user-action=ignore"]);
    command.args(["--only-binary=:all:", "--target"]).arg(dir);
    command.arg("--requirement").arg(pinned);
    command
}
