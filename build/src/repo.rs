//! Where things lie in the working tree.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The working tree that a task runs in.
#[derive(Clone, Debug)]
pub(crate) struct Repo {
    root: PathBuf,
    linted: bool,
}

impl Repo {
    /// Uses `root` when given, else the workspace that `cargo xtask` runs from.
    pub(crate) fn open(root: Option<PathBuf>) -> Result<Self> {
        let root = match root {
            Some(root) => root,
            None => workspace_of_this_package()?,
        };
        let root = root
            .canonicalize()
            .with_context(|| format!("no such directory: {}", root.display()))?;
        if !root.join("crates").is_dir() {
            bail!("{} is not the ATS KMS workspace", root.display());
        }
        Ok(Self { root, linted: false })
    }

    /// The same tree, read by clippy wherever it is compiled for this machine.
    pub(crate) fn linted(&self) -> Self {
        Self { linted: true, ..self.clone() }
    }

    pub(crate) fn is_linted(&self) -> bool {
        self.linted
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path below `target/`, where every task puts what it makes.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        self.root.join("target").join(relative)
    }

    /// Where the enclave's wasm and glue are put by `build`.
    pub(crate) fn enclave_dir(&self, probe: bool) -> PathBuf {
        self.target(if probe { "enclave-probe" } else { "enclave" })
    }

    /// `path` as the reader knows it: relative to the root when it lies below.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn workspace_of_this_package() -> Result<PathBuf> {
    let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("run this as `cargo xtask …`, or pass --root")?;
    let parent = Path::new(&manifest_dir).parent().context("the package has no parent")?;
    Ok(parent.to_owned())
}
