//! The three wasm modules, enclave, backup tools and the client's verifier: compiled, bound, written
//! with their glue.
//!
//! wasm-opt is left out on purpose: binaryen 132 makes the module 3 to 5 % smaller but what
//! travels, under Brotli, no smaller (within 1 %), and would join the tools that a rebuild has to
//! trust.

mod bindgen;
mod flags;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use self::bindgen::Bound;
use crate::process::{cargo, run};
use crate::repo::Repo;
use crate::{report, setup};

/// The target of all.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// One wasm module. The shell and the end-to-end tests read its two files by these names.
#[derive(Clone, Copy)]
pub(crate) struct Module {
    /// The package that it is compiled from.
    pub(crate) package: &'static str,
    /// The file that cargo leaves.
    compiled: &'static str,
    /// The wasm.
    pub(crate) wasm: &'static str,
    /// The wasm-bindgen glue.
    pub(crate) glue: &'static str,
    home: Home,
}

/// Most that wasm and glue of the client's verifier weigh on the wire, under gzip
/// (docs/decisions/0063).
const KIT_LIMIT: usize = 100 * 1024;

/// Where a module runs, which decides how it is compiled and bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    /// In a worker of the enclave: its glue is a plain script, its memory the worker's.
    Worker,
    /// In the embedder's page: its glue is a module, its memory its own.
    Page,
}

impl Home {
    fn profile(self) -> &'static str {
        match self {
            Self::Worker => "enclave",
            Self::Page => "kit",
        }
    }
}

/// What runs in the enclave's worker and in those of key derivations.
pub(crate) const ENCLAVE: Module = Module {
    package: "kms-enclave",
    compiled: "kms_enclave.wasm",
    wasm: "enclave.wasm",
    glue: "enclave.glue.js",
    home: Home::Worker,
};
/// What runs while a backup is made or opened.
pub(crate) const TOOLS: Module = Module {
    package: "kms-tools",
    compiled: "kms_tools.wasm",
    wasm: "tools.wasm",
    glue: "tools.glue.js",
    home: Home::Worker,
};
/// What verifies a release in the embedder's page.
pub(crate) const KIT: Module = Module {
    package: "kms-kit",
    compiled: "kms_kit.wasm",
    wasm: "kit.wasm",
    glue: "kit.glue.js",
    home: Home::Page,
};
/// All of them.
pub(crate) const MODULES: [Module; 3] = [ENCLAVE, TOOLS, KIT];

/// One build of all modules.
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

    /// Builds, and returns the directory that holds the modules with their glue.
    pub(crate) fn run(&self) -> Result<PathBuf> {
        setup::wasm_target(self.repo)?;
        let dir = self.repo.enclave_dir(self.probe);
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("cannot create {}", dir.display()))?;
        for module in MODULES {
            let bound = bindgen::bind(&self.compile(module)?, module.home)?;
            for (name, bytes) in [(module.wasm, &*bound.wasm), (module.glue, bound.glue.as_bytes())]
            {
                write(&dir.join(name), bytes)?;
                self.print(&dir, name, bytes);
            }
            if module.home == Home::Page {
                self.package_kit(&bound)?;
            }
        }
        Ok(dir)
    }

    /// The npm package carries the verifier; its glue is in the tree.
    fn package_kit(&self, Bound { wasm, glue }: &Bound) -> Result<()> {
        let size = gzipped(wasm)? + gzipped(glue.as_bytes())?;
        ensure!(size <= KIT_LIMIT, "the client's verifier is too large: {size} bytes under gzip");
        println!("  the client's verifier: {size} bytes under gzip");
        let path = self.repo.path("crates/client/src").join(KIT.wasm);
        // The time of the file is looked at by builds that embed what is beside it.
        if std::fs::read(&path).is_ok_and(|old| old == *wasm) { Ok(()) } else { write(&path, wasm) }
    }

    /// Each by itself: built together, one would get the features that the other asks for.
    fn compile(&self, module: Module) -> Result<PathBuf> {
        let target_dir = self.repo.target("wasm");
        let mut command = cargo(self.repo);
        command.args(["build", "--locked", "--package", module.package, "--lib"]);
        let profile = module.home.profile();
        command.args(["--profile", profile, "--target", TARGET, "--target-dir"]).arg(&target_dir);
        if self.probe && module.package == ENCLAVE.package {
            command.args(["--features", "probe"]);
        }
        flags::apply(self.repo, &mut command, module.home)?;
        run(&mut command)?;
        Ok(target_dir.join(TARGET).join(profile).join(module.compiled))
    }

    fn print(&self, dir: &Path, name: &str, bytes: &[u8]) {
        let path = dir.join(name);
        let path = self.repo.shown(&path);
        println!("  {path}: {} bytes, sha256 {}", bytes.len(), report::sha256_hex(bytes));
    }
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
