//! What a build leaves: the enclave, and the deployment that is emitted of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::report::sha256_hex;
use crate::{files, shell};

/// Names and SHA-256 of what one build made.
pub(crate) type Digests = BTreeMap<String, String>;

/// Parts of the names, and where each lies.
const ENCLAVE: &str = "enclave/";
const DIST: &str = "dist/";

/// The files of one build.
pub(crate) struct Outputs {
    enclave: PathBuf,
    dist: PathBuf,
    /// What is to be removed with them.
    base: Option<PathBuf>,
    pub(crate) digests: Digests,
}

impl Outputs {
    /// Emits the demo's deployment of a built enclave; what both consist of.
    pub(crate) fn emit(enclave: &Path, dist: &Path, shell: &Path) -> Result<Self> {
        shell::emit(shell, enclave, dist, &shell::Deployment::demo(None))?;
        Self::read(enclave, dist)
    }

    /// What another machine has emitted.
    pub(crate) fn read(enclave: &Path, dist: &Path) -> Result<Self> {
        let mut digests = digests(enclave, ENCLAVE)?;
        digests.extend(self::digests(dist, DIST)?);
        Ok(Self { enclave: enclave.to_owned(), dist: dist.to_owned(), base: None, digests })
    }

    /// The same, with a folder that is removed with them.
    pub(crate) fn inside(self, base: &Path) -> Self {
        Self { base: Some(base.to_owned()), ..self }
    }

    /// Where a file of that name lies, whether or not it is there.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        match (name.strip_prefix(ENCLAVE), name.strip_prefix(DIST)) {
            (Some(file), _) => self.enclave.join(file),
            (None, Some(file)) => self.dist.join(file),
            (None, None) => PathBuf::from(name),
        }
    }

    /// Removes what was copied and built.
    pub(crate) fn remove(&self) -> Result<()> {
        let Some(base) = &self.base else { return Ok(()) };
        std::fs::remove_dir_all(base).with_context(|| format!("cannot remove {}", base.display()))
    }
}

fn digests(dir: &Path, prefix: &str) -> Result<Digests> {
    let digest = |file: PathBuf| {
        let bytes = std::fs::read(dir.join(&file))?;
        Ok((format!("{prefix}{}", file.display()), sha256_hex(&bytes)))
    };
    files::below(dir)?.into_iter().map(digest).collect()
}

/// Files that are not the same on both sides, or on one side only.
pub(crate) fn differences(first: &Digests, second: &Digests) -> Vec<String> {
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    names.into_iter().filter(|name| first.get(*name) != second.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests_of(pairs: [(&str, &str); 2]) -> Digests {
        pairs.map(|(name, digest)| (name.to_owned(), digest.to_owned())).into()
    }

    #[test]
    fn a_changed_and_a_missing_file_differ() {
        let first = digests_of([("a", "1"), ("b", "2")]);
        assert!(differences(&first, &first).is_empty());
        assert_eq!(differences(&first, &digests_of([("a", "9"), ("b", "2")])), ["a"]);
        assert_eq!(differences(&first, &digests_of([("a", "1"), ("c", "2")])), ["b", "c"]);
    }

    #[test]
    fn a_file_is_found_again_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let (enclave, dist) = (directory.path().join("e"), directory.path().join("d"));
        for (dir, file) in [(&enclave, "enclave.wasm"), (&dist, "r/1/enclave.js")] {
            let path = dir.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let outputs = Outputs::read(&enclave, &dist).unwrap();
        let names: Vec<_> = outputs.digests.keys().map(String::as_str).collect();
        assert_eq!(names, ["dist/r/1/enclave.js", "enclave/enclave.wasm"]);
        for (name, digest) in &outputs.digests {
            assert_eq!(&sha256_hex(&std::fs::read(outputs.file(name)).unwrap()), digest);
        }
        outputs.inside(directory.path()).remove().unwrap();
        assert!(!enclave.exists());
    }
}
