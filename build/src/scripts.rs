//! Type checks and tests of the JavaScript that stands in the repository.

use std::process::Command;

use anyhow::Result;

use crate::process::run;
use crate::repo::Repo;
use crate::setup;

/// Each holds a `tsconfig.json`: the files are plain JavaScript with types in
/// comments, checked and never compiled.
const CHECKED: [&str; 4] =
    ["enclave-shell/frame", "crates/enclave/worker", "crates/client", "enclave-shell/demo"];

/// Checks the types of every script.
pub(crate) fn check_types(repo: &Repo) -> Result<()> {
    setup::node_packages(repo)?;
    for project in CHECKED {
        let mut command = Command::new("node");
        command.current_dir(repo.root()).arg("node_modules/typescript/bin/tsc");
        run(command.args(["--noEmit", "--project", project]))?;
    }
    Ok(())
}

/// Runs the client's own tests.
pub(crate) fn test_client(repo: &Repo) -> Result<()> {
    let mut command = Command::new("npm");
    run(command.current_dir(repo.path("crates/client")).args(["test", "--silent"]))
}
