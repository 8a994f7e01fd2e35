//! Programs of this workspace that tasks run.
//!
//! All are built with the features that the whole workspace asks of a crate: with those of one
//! package alone, what two programs use would be compiled twice.

use std::path::PathBuf;

use anyhow::Result;

use crate::compiler;
use crate::process::{cargo, run};
use crate::repo::Repo;

/// Builds the program of that name, and returns where it is.
pub(crate) fn binary(repo: &Repo, name: &str) -> Result<PathBuf> {
    build(repo, "--bin", name)?;
    Ok(repo.target("debug").join(name))
}

/// The same for an example.
pub(crate) fn example(repo: &Repo, name: &str) -> Result<PathBuf> {
    build(repo, "--example", name)?;
    Ok(repo.target("debug/examples").join(name))
}

fn build(repo: &Repo, kind: &str, name: &str) -> Result<()> {
    let mut command = cargo(repo);
    command.env_remove("KMS_ENCLAVE_DIR");
    compiler::read_along(repo, &mut command)?;
    run(command.args(["build", "--quiet", "--locked", "--workspace", kind, name]))
}
