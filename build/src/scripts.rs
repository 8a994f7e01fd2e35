//! Type checks and tests of the JavaScript that stands in the repository.

use std::process::Command;

use anyhow::Result;

use crate::process::run;
use crate::repo::Repo;
use crate::setup;

/// Each holds a `tsconfig.json`: the files are plain JavaScript with types in
/// comments, checked and never compiled.
const CHECKED: [&str; 5] = [
    "enclave-shell/frame",
    "enclave-shell/enrol",
    "crates/enclave/worker",
    "crates/client",
    "enclave-shell/demo",
];

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

/// Tests of what the host serves. They read the parts and need no browser.
const SERVED: [&str; 2] =
    ["enclave-shell/frame/test/frame.test.mjs", "enclave-shell/enrol/test/enrol.test.mjs"];

/// Runs the client's own tests and those of the frame and of the enrolment page.
pub(crate) fn test_client(repo: &Repo) -> Result<()> {
    let mut pages = Command::new("node");
    run(pages.current_dir(repo.root()).arg("--test").args(SERVED))?;
    let mut client = Command::new("npm");
    run(client.current_dir(repo.path("crates/client")).args(["test", "--silent"]))
}
