//! Where things lie in the working tree.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The working tree that a task runs in.
#[derive(Clone, Debug)]
pub(crate) struct Repo {
    root: PathBuf,
    wrapper: Option<PathBuf>,
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
        Ok(Self { root, wrapper: None })
    }

    /// The same tree, read by clippy wherever it is compiled for this machine. A copy of this program
    /// sees to that: the original may be built anew meanwhile.
    pub(crate) fn linted(&self) -> Result<Self> {
        Ok(Self { wrapper: Some(self.program_as("compiler")?), ..self.clone() })
    }

    /// What stands in place of rustc where clippy reads along.
    pub(crate) fn wrapper(&self) -> Option<&Path> {
        self.wrapper.as_deref()
    }

    /// This program, or the copy that stays.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        Ok(self.wrapper.clone().map_or_else(std::env::current_exe, Ok)?)
    }

    /// A copy of this program by another name. Cargo knows by the name what it has compiled.
    pub(crate) fn program_as(&self, name: &str) -> Result<PathBuf> {
        let (own, copy) = (self.program()?, self.target(name));
        let bytes = std::fs::read(&own).context("cannot read this program")?;
        if std::fs::read(&copy).ok() != Some(bytes) {
            std::fs::copy(&own, &copy).context("cannot copy this program")?;
        }
        Ok(copy)
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
