//! Calling `enclave-shell`, which this package does not link: it is built
//! when a task needs it, so that `cargo xtask build` stays quick.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::run;
use crate::repo::Repo;
use crate::workspace;

/// The two origins of the demo: different sites, both secure contexts.
pub(crate) const ENCLAVE_ORIGIN: &str = "http://kms.localhost:7001";
pub(crate) const EMBEDDER_ORIGIN: &str = "http://pwa.localhost:7002";

/// The shell, built for this machine without embedded enclave.
pub(crate) fn program(repo: &Repo) -> Result<PathBuf> {
    workspace::binary(repo, "enclave-shell")
}

/// Where the emitted folder holds its manifest.
pub(crate) const MANIFEST: &str = ".well-known/ats-kms/manifest.json";

/// For whom an enclave is emitted.
pub(crate) struct Deployment {
    pub(crate) origin: String,
    pub(crate) embedders: Vec<String>,
    /// Source commit that the manifest names.
    pub(crate) commit: Option<String>,
    /// Further arguments of `emit`.
    pub(crate) more: Vec<String>,
}

impl Deployment {
    /// The demo's: both origins on this machine.
    pub(crate) fn demo(commit: Option<String>) -> Self {
        let embedders = vec![EMBEDDER_ORIGIN.to_owned()];
        Self { origin: ENCLAVE_ORIGIN.to_owned(), embedders, commit, more: Vec::new() }
    }
}

/// Writes a deployment of the enclave in `enclave` to `out`, made anew.
pub(crate) fn emit(
    program: &Path,
    enclave: &Path,
    out: &Path,
    deployment: &Deployment,
) -> Result<()> {
    if out.exists() {
        std::fs::remove_dir_all(out)?;
    }
    let mut command = Command::new(program);
    command.args(["emit", "--origin", &deployment.origin]);
    for embedder in &deployment.embedders {
        command.args(["--embedder", embedder]);
    }
    if let Some(commit) = &deployment.commit {
        command.args(["--commit", commit]);
    }
    command.args(&deployment.more);
    run(command.arg("--enclave").arg(enclave).arg("--out").arg(out))
}
