//! What signers say of releases: the text of a signed note, and the entry of the log.

use std::fmt;

use kms_manifest::{Manifest, ManifestError, Origin, Sha256};
use kms_tlog::Note;

const RELEASE: &str = "ats-kms/release/v1";
const REVOCATION: &str = "ats-kms/revocation/v1";
/// How a first release names the one before.
const NONE: &str = "none";
/// Longest reason, in bytes.
const MAX_REASON: usize = 256;

/// The text of a note by the signers of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// This release is ours.
    Release(Release),
    /// This release must not run.
    Revocation(Revocation),
}

/// A release, as far as a reader of the log has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The deployment.
    pub origin: Origin,
    /// Counter that only grows.
    pub epoch: u64,
    /// Version.
    pub version: String,
    /// Digest of the manifest.
    pub manifest: Sha256,
    /// Digest of the manifest before.
    pub previous: Option<Sha256>,
}

/// An emergency: it holds for good, and before everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The deployment.
    pub origin: Origin,
    /// Digest of the manifest that must not run.
    pub manifest: Sha256,
    /// Why, in one line.
    pub reason: String,
}

impl Release {
    /// What is to be said of this manifest.
    pub fn of(manifest: &Manifest) -> Result<Self, ManifestError> {
        Ok(Self {
            origin: manifest.deployment.origin.clone(),
            epoch: manifest.epoch,
            version: manifest.version.clone(),
            manifest: manifest.digest()?,
            previous: manifest.previous,
        })
    }
}

impl Statement {
    /// Reads the text of a note strictly: what [`fmt::Display`] would not have written is refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let kind = lines.next()?;
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let origin = field("origin")?.parse().ok()?;
        let read = match kind {
            RELEASE => Self::Release(Release {
                origin,
                epoch: field("epoch")?.parse().ok()?,
                version: field("version")?.into(),
                manifest: field("manifest")?.parse().ok()?,
                previous: match field("previous")? {
                    NONE => None,
                    digest => Some(digest.parse().ok()?),
                },
            }),
            REVOCATION => {
                let manifest = field("manifest")?.parse().ok()?;
                let reason = field("reason").filter(|reason| is_reason(reason))?.into();
                Self::Revocation(Revocation { origin, manifest, reason })
            }
            _ => return None,
        };
        (read.to_string() == text).then_some(read)
    }

    /// The statement of a note, which says nothing about its signatures.
    #[must_use]
    pub fn of_note(note: &[u8]) -> Option<(Self, Note)> {
        let note = Note::parse(std::str::from_utf8(note).ok()?).ok()?;
        Some((Self::parse(note.text())?, note))
    }

    /// The deployment.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Release(release) => &release.origin,
            Self::Revocation(revocation) => &revocation.origin,
        }
    }
}

/// One line of visible text.
fn is_reason(text: &str) -> bool {
    (1..=MAX_REASON).contains(&text.len()) && !text.contains(char::is_control)
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release(Release { origin, epoch, version, manifest, previous }) => {
                writeln!(f, "{RELEASE}\norigin {origin}\nepoch {epoch}\nversion {version}")?;
                writeln!(f, "manifest {manifest}")?;
                match previous {
                    Some(previous) => writeln!(f, "previous {previous}"),
                    None => writeln!(f, "previous {NONE}"),
                }
            }
            Self::Revocation(Revocation { origin, manifest, reason }) => {
                writeln!(f, "{REVOCATION}\norigin {origin}\nmanifest {manifest}\nreason {reason}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(previous: Option<Sha256>) -> Statement {
        Statement::Release(Release {
            origin: "https://kms.example".parse().unwrap(),
            epoch: 2,
            version: "1.0.0".into(),
            manifest: Sha256::of(b"manifest"),
            previous,
        })
    }

    #[test]
    fn a_statement_is_read_as_it_was_written() {
        let revocation = Statement::Revocation(Revocation {
            origin: "https://kms.example".parse().unwrap(),
            manifest: Sha256::of(b"manifest"),
            reason: "it leaks".into(),
        });
        for statement in [release(None), release(Some(Sha256::of(b"before"))), revocation] {
            assert_eq!(Statement::parse(&statement.to_string()), Some(statement.clone()));
            assert_eq!(statement.origin().as_str(), "https://kms.example");
        }
    }

    #[test]
    fn everything_else_is_none() {
        let good = release(None).to_string();
        let revocation = "ats-kms/revocation/v1\norigin https://kms.example\n\
            manifest sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\nreason x\n";
        assert!(Statement::parse(revocation).is_some());
        for bad in [
            "",
            "\n",
            good.trim_end(),
            &good.replace("/v1", "/v2"),
            &good.replace("epoch 2", "epoch 02"),
            &good.replace("epoch 2\n", ""),
            &good.replace("origin ", "origin  "),
            &good.replace("previous none", "previous sha256-x"),
            &good.replace("manifest sha256", "manifest sha384"),
            &format!("{good}more\n"),
            &revocation.replace("reason x", "reason "),
            &revocation.replace("reason x", "reason \t"),
            &revocation.replace("reason x", &format!("reason {}", "x".repeat(257))),
        ] {
            assert_eq!(Statement::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Statement::of_note(b"\xff"), None);
        assert_eq!(Statement::of_note(good.as_bytes()), None);
    }
}
