//! What signers have said of a release, for whoever knows of it no more than what runs: the digests of
//! its worker and wasm. No log and no witness has a part in it; a word against a release needs none.

use kms_manifest::{Sha256, Status};
use serde::Deserialize;

use crate::signers::Signers;
use crate::statement::Statement;

/// Longest statement that is read, in bytes.
const MAX_STATEMENT: usize = 8 * 1024;

/// Bytes that may tell something of a release. None of them is trusted.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// The manifest of the release that it is about.
    pub manifest: &'a [u8],
    /// A signed note: its revocation, or the statement of a later release.
    pub statement: &'a [u8],
    /// The manifest of that later release, whose status names this one.
    pub successor: Option<&'a [u8]>,
}

/// A release that its signers warn of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Its version.
    pub version: String,
    /// Digest of its worker source.
    pub worker: Sha256,
    /// Digest of its wasm.
    pub wasm: Sha256,
    /// What they say.
    pub standing: Standing,
}

/// What signers say against a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is to be replaced.
    Deprecated,
    /// It must not run.
    Revoked,
}

/// What of a manifest tells which release runs. The digest of its bytes is signed, so neither form nor
/// other members are looked at again.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Measured {
    version: String,
    worker: Sha256,
    wasm: Sha256,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Successor {
    status: Status,
}

kms_manifest::read_from_objects!(Measured, Successor);

impl Notice<'_> {
    /// What these signers of this deployment say; `None` if that is nothing.
    #[must_use]
    pub fn heard(&self, signers: &Signers, origin: &str) -> Option<Warned> {
        let fits = |bytes: &[u8]| bytes.len() <= kms_manifest::MANIFEST_LIMIT;
        if self.statement.len() > MAX_STATEMENT || !fits(self.manifest) {
            return None;
        }
        let (statement, note) = Statement::of_note(self.statement)?;
        signers.check(&note).ok()?;
        let digest = Sha256::of(self.manifest);
        let standing = match &statement {
            _ if statement.origin().as_str() != origin => return None,
            Statement::Revocation(revocation) if revocation.manifest == digest => Standing::Revoked,
            Statement::Revocation(_) => return None,
            Statement::Release(release) => {
                let bytes = self.successor.filter(|bytes| fits(bytes))?;
                if Sha256::of(bytes) != release.manifest {
                    return None;
                }
                serde_json::from_slice::<Successor>(bytes).ok()?.standing_of(&digest)?
            }
        };
        let Measured { version, worker, wasm } = serde_json::from_slice(self.manifest).ok()?;
        Some(Warned { version, worker, wasm, standing })
    }
}

impl Successor {
    fn standing_of(&self, digest: &Sha256) -> Option<Standing> {
        if self.status.revoked.contains(digest) {
            return Some(Standing::Revoked);
        }
        self.status.deprecated.contains(digest).then_some(Standing::Deprecated)
    }
}
