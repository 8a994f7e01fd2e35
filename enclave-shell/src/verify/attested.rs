//! Who has signed the manifest, by a Sigstore bundle that came another way.

use std::fmt;

use kms_manifest::Sha256;
use kms_sigstore::{Fault, Signed, Signer};
use serde::Serialize;

use super::Outcome;

/// The files of the question, and for whom the bundle has to speak.
#[derive(Debug, Clone)]
pub struct Attestation {
    /// The bundle, version 0.3.
    pub bundle: Vec<u8>,
    /// Whose certificates and logs count.
    pub trusted_root: Vec<u8>,
    /// Who has to have signed.
    pub signer: Signer,
}

/// What the bundle says of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attested {
    /// Whether it says what it has to.
    pub outcome: Outcome,
    /// Digest of the manifest.
    pub manifest: Sha256,
    /// Who has signed, as was asked for.
    pub signer: String,
    /// Whether a statement of where the manifest comes from was signed, and not just its bytes.
    pub provenance: bool,
    /// When the signature was seen by a log, in seconds after 1970 began.
    pub seen: Option<i64>,
    /// What is wrong.
    pub problem: Option<String>,
}

impl Attestation {
    /// Whether the bundle is one of the manifest with this digest.
    #[must_use]
    pub fn of(&self, manifest: &Sha256) -> Attested {
        let verified = kms_sigstore::verify(
            *manifest.as_bytes(),
            &self.bundle,
            &self.trusted_root,
            &self.signer,
        );
        Attested::new(*manifest, &self.signer, verified)
    }
}

impl Attested {
    fn new(manifest: Sha256, signer: &Signer, verified: Result<Signed, Fault>) -> Self {
        let signer = match signer {
            Signer::Identity { identity, issuer } => format!("{identity} (by {issuer})"),
            Signer::Key(_) => "the key".to_owned(),
        };
        let (outcome, provenance, seen, problem) = match verified {
            Ok(Signed { provenance, seen }) => (Outcome::Match, provenance, seen, None),
            Err(fault) => (Outcome::Mismatch, false, None, Some(fault.to_string())),
        };
        Self { outcome, manifest, signer, provenance, seen, problem }
    }
}

impl fmt::Display for Attested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Sigstore bundle for manifest {}", self.manifest)?;
        if let Some(problem) = &self.problem {
            return writeln!(f, "FAILED: it does not speak for {}: {problem}", self.signer);
        }
        let what = if self.provenance { "where it comes from" } else { "its bytes" };
        writeln!(f, "ok: {} has signed {what}", self.signer)?;
        match self.seen {
            Some(time) => writeln!(f, "  seen by a log {time} seconds after 1970 began"),
            None => writeln!(f, "  seen by a log; when is not said"),
        }
    }
}
