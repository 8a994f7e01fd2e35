//! The enclave's wasm: compiled, bound, written with its glue.
//!
//! wasm-opt is left out on purpose: binaryen 132 makes the module 3 to 5 % smaller but what
//! travels, under Brotli, no smaller (within 1 %), and would join the tools that a rebuild has to
//! trust.

mod bindgen;
mod flags;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{cargo, run};
use crate::repo::Repo;
use crate::{report, setup};

/// The target of the enclave.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "enclave";
/// File names that the shell and the end-to-end tests read.
pub(crate) const WASM: &str = "enclave.wasm";
/// The wasm-bindgen glue, a plain script.
pub(crate) const GLUE: &str = "enclave.glue.js";

/// One build of the enclave.
pub(crate) struct Build<'a> {
    repo: &'a Repo,
    probe: bool,
}

impl<'a> Build<'a> {
    /// The build that is released.
    pub(crate) fn release(repo: &'a Repo) -> Self {
        Self { repo, probe: false }
    }

    /// The build that reports its secrets to the memory-scan tests.
    pub(crate) fn probe(repo: &'a Repo) -> Self {
        Self { repo, probe: true }
    }

    /// Builds, and returns the directory that holds the wasm and the glue.
    pub(crate) fn run(&self) -> Result<PathBuf> {
        setup::wasm_target(self.repo)?;
        let compiled = self.compile()?;
        let bound = bindgen::bind(&compiled)?;
        let dir = self.repo.enclave_dir(self.probe);
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("cannot create {}", dir.display()))?;
        write(&dir.join(WASM), &bound.wasm)?;
        write(&dir.join(GLUE), bound.glue.as_bytes())?;
        self.print(&dir, WASM, &bound.wasm);
        self.print(&dir, GLUE, bound.glue.as_bytes());
        Ok(dir)
    }

    fn compile(&self) -> Result<PathBuf> {
        let target_dir = self.repo.target("wasm");
        let mut command = cargo(self.repo);
        command.args(["build", "--locked", "--package", "kms-enclave", "--lib"]);
        command.args(["--profile", PROFILE, "--target", TARGET, "--target-dir"]).arg(&target_dir);
        if self.probe {
            command.args(["--features", "probe"]);
        }
        flags::apply(self.repo, &mut command)?;
        run(&mut command)?;
        Ok(target_dir.join(TARGET).join(PROFILE).join("kms_enclave.wasm"))
    }

    fn print(&self, dir: &Path, name: &str, bytes: &[u8]) {
        let path = dir.join(name);
        let path = self.repo.shown(&path);
        println!("  {path}: {} bytes, sha256 {}", bytes.len(), report::sha256_hex(bytes));
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
