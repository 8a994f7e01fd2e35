//! Statements of signers. Nobody signs a release that a second build has not given byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kms_manifest::{Manifest, Sha256};
use kms_tlog::{Note, SignerKey};
use kms_verify::{Release, Revocation, Statement};

use super::{Error, files};
use crate::Emitted;

/// A release that was built twice, with the same result.
#[derive(Debug, Clone)]
pub struct Reproduced {
    manifest: Manifest,
}

impl Reproduced {
    /// Compares two emitted folders, every name and every byte.
    pub fn compare(dir: &Path, rebuilt: &Path) -> Result<Self, Error> {
        let same_place = fs::canonicalize(dir).map_err(Error::file(dir))?
            == fs::canonicalize(rebuilt).map_err(Error::file(rebuilt))?;
        if same_place {
            return Err(Error::NotReproduced("both builds are the same folder".into()));
        }
        let emitted = Emitted::load(dir)?;
        let (ours, theirs) = (digests(dir)?, digests(rebuilt)?);
        for name in ours.keys().chain(theirs.keys()) {
            let problem = match (ours.get(name), theirs.get(name)) {
                (Some(a), Some(b)) if a == b => continue,
                (Some(_), Some(_)) => "differs",
                _ => "is in one build only",
            };
            return Err(Error::NotReproduced(format!("{} {problem}", name.display())));
        }
        Ok(Self { manifest: emitted.manifest })
    }

    /// Signs the statement of this release. `text` is what was agreed on: a statement, signed
    /// already or not.
    pub fn sign(&self, text: &str, keys: &[SignerKey]) -> Result<Note, Error> {
        let own = release_statement(&self.manifest)?;
        add_signatures(text, &own, keys)
    }
}

/// What is to be said of a release.
pub fn release_statement(manifest: &Manifest) -> Result<String, Error> {
    let release = Release::of(manifest).map_err(crate::Error::from)?;
    Ok(Statement::Release(release).to_string())
}

/// What is to be said of a release that must not run.
pub fn revocation_statement(origin: &str, manifest: Sha256, reason: &str) -> Result<String, Error> {
    let origin = crate::emit::parse_origin(origin)?;
    let text = Statement::Revocation(Revocation { origin, manifest, reason: reason.into() });
    let text = text.to_string();
    Statement::parse(&text).ok_or(Error::Statement("the reason is not one line of text"))?;
    Ok(text)
}

/// Adds signatures to `given`, a statement or a note of it, whose text has to be `expected`.
pub fn add_signatures(given: &str, expected: &str, keys: &[SignerKey]) -> Result<Note, Error> {
    let mut lines = match Note::parse(given) {
        Ok(note) if note.text() == expected => note.signatures().to_vec(),
        Err(_) if given == expected => Vec::new(),
        _ => return Err(Error::Statement("the statement is of another release")),
    };
    for key in keys {
        let line = key.sign(expected);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    Ok(Note::new(expected, lines)?)
}

/// Digest of every file below a folder.
fn digests(dir: &Path) -> Result<BTreeMap<PathBuf, Sha256>, Error> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::file(&folder))? {
            let path = entry.map_err(Error::file(&folder))?.path();
            let kind = fs::symlink_metadata(&path).map_err(Error::file(&path))?.file_type();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(dir).unwrap_or(&path).to_owned();
                found.insert(name, Sha256::of(&files::read(&path)?));
            } else {
                return Err(Error::NotReproduced(format!("{} is no file", path.display())));
            }
        }
    }
    Ok(found)
}
