//! The two wasm modules, enclave and backup tools: compiled, bound, written with their glue.
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

/// The target of both.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "enclave";

/// One wasm module. The shell and the end-to-end tests read its two files by these names.
#[derive(Clone, Copy)]
pub(crate) struct Module {
    /// The package that it is compiled from.
    pub(crate) package: &'static str,
    /// The file that cargo leaves.
    compiled: &'static str,
    /// The wasm.
    pub(crate) wasm: &'static str,
    /// The wasm-bindgen glue, a plain script.
    pub(crate) glue: &'static str,
}

/// What runs in the enclave's worker and in those of key derivations.
pub(crate) const ENCLAVE: Module = Module {
    package: "kms-enclave",
    compiled: "kms_enclave.wasm",
    wasm: "enclave.wasm",
    glue: "enclave.glue.js",
};
/// What runs while a backup is made or opened.
pub(crate) const TOOLS: Module = Module {
    package: "kms-tools",
    compiled: "kms_tools.wasm",
    wasm: "tools.wasm",
    glue: "tools.glue.js",
};
/// Both.
pub(crate) const MODULES: [Module; 2] = [ENCLAVE, TOOLS];

/// One build of both modules.
pub(crate) struct Build<'a> {
    repo: &'a Repo,
    probe: bool,
}

impl<'a> Build<'a> {
    /// The build that is released.
    pub(crate) fn release(repo: &'a Repo) -> Self {
        Self { repo, probe: false }
    }

    /// The build whose enclave reports its secrets to the memory-scan tests.
    pub(crate) fn probe(repo: &'a Repo) -> Self {
        Self { repo, probe: true }
    }

    /// Builds, and returns the directory that holds both modules with their glue.
    pub(crate) fn run(&self) -> Result<PathBuf> {
        setup::wasm_target(self.repo)?;
        let dir = self.repo.enclave_dir(self.probe);
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("cannot create {}", dir.display()))?;
        for module in MODULES {
            let bound = bindgen::bind(&self.compile(module)?)?;
            for (name, bytes) in [(module.wasm, &*bound.wasm), (module.glue, bound.glue.as_bytes())]
            {
                write(&dir.join(name), bytes)?;
                self.print(&dir, name, bytes);
            }
        }
        Ok(dir)
    }

    /// Each by itself: built together, one would get the features that the other asks for.
    fn compile(&self, module: Module) -> Result<PathBuf> {
        let target_dir = self.repo.target("wasm");
        let mut command = cargo(self.repo);
        command.args(["build", "--locked", "--package", module.package, "--lib"]);
        command.args(["--profile", PROFILE, "--target", TARGET, "--target-dir"]).arg(&target_dir);
        if self.probe && module.package == ENCLAVE.package {
            command.args(["--features", "probe"]);
        }
        flags::apply(self.repo, &mut command)?;
        run(&mut command)?;
        Ok(target_dir.join(TARGET).join(PROFILE).join(module.compiled))
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
