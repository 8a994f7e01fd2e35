//! The result of a verification, for people and for machines.

use std::fmt;

use kms_manifest::{Origin, Sha256, short_code, word_code};
use kms_verify::case::Summary;
use serde::Serialize;

use super::policy::PolicyVerdict;

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was fetched is what the release promises.
    Match,
    /// Something differs.
    Mismatch,
    /// The server could not be asked.
    Unreachable,
}

impl Outcome {
    /// The exit code of `enclave-shell verify`.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Match => 0,
            Self::Mismatch => 1,
            Self::Unreachable => 3,
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Path of the file.
    pub file: String,
    /// What differs.
    pub problem: String,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Origin that was checked.
    pub url: String,
    /// Whether a pin was given.
    pub pinned: bool,
    /// Version that the manifest names.
    pub version: Option<String>,
    /// Digest of the manifest.
    pub manifest: Option<Sha256>,
    /// Short code of that digest, for comparing by eye.
    pub code: Option<String>,
    /// The same digest in words, for reading aloud.
    pub words: Option<String>,
    /// Files whose bytes and headers were compared, in order.
    pub checked: Vec<String>,
    /// Every difference.
    pub mismatches: Vec<Mismatch>,
    /// What a policy says of the release, if one was given.
    pub release: Option<PolicyVerdict>,
}

impl Report {
    pub(super) fn new(origin: &Origin, pinned: bool) -> Self {
        Self {
            outcome: Outcome::Match,
            url: origin.to_string(),
            pinned,
            version: None,
            manifest: None,
            code: None,
            words: None,
            checked: Vec::new(),
            mismatches: Vec::new(),
            release: None,
        }
    }

    pub(super) fn set_manifest(&mut self, digest: &Sha256) {
        self.manifest = Some(*digest);
        self.code = Some(short_code(digest));
        self.words = Some(word_code(digest));
        self.checked.push(kms_manifest::MANIFEST_PATH.to_owned());
    }

    pub(super) fn set_version(&mut self, version: &str) {
        self.version = Some(version.to_owned());
    }

    pub(super) fn mismatch(&mut self, file: &str, problem: String) {
        if self.outcome == Outcome::Match {
            self.outcome = Outcome::Mismatch;
        }
        let found = Mismatch { file: file.to_owned(), problem };
        // A file is asked for in several ways; what is wrong in all of them is said once.
        if !self.mismatches.contains(&found) {
            self.mismatches.push(found);
        }
    }

    pub(super) fn unreachable(&mut self, file: &str, problem: String) {
        // A server that already contradicted its release has failed, whatever it does next.
        if self.outcome == Outcome::Match {
            self.outcome = Outcome::Unreachable;
        }
        self.mismatches.push(Mismatch { file: file.to_owned(), problem });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.url)?;
        if let (Some(version), Some(manifest)) = (&self.version, &self.manifest) {
            writeln!(f, "  release {version}, manifest {manifest}")?;
        }
        if let Some(code) = &self.code {
            writeln!(f, "  short code {code}")?;
        }
        if let Some(words) = &self.words {
            writeln!(f, "  words {words}")?;
        }
        for file in &self.checked {
            let wrong = self.mismatches.iter().any(|mismatch| mismatch.file == *file);
            writeln!(f, "  {} {file}", if wrong { "WRONG" } else { "ok   " })?;
        }
        for Mismatch { file, problem } in &self.mismatches {
            writeln!(f, "  {file}: {problem}")?;
        }
        let accepted = self.release.as_ref().and_then(|release| release.accepted.as_ref());
        if let Some(Summary { epoch, log, index, size, time, .. }) = accepted {
            writeln!(f, "  epoch {epoch}, entry {index} of {size} in {log}")?;
            writeln!(f, "  seen by the witnesses {time} seconds after 1970 began")?;
        }
        if self.release.as_ref().is_some_and(|release| !release.log_read) {
            writeln!(f, "  the log was not read: what was revoked in it is not known")?;
        }
        let verdict = match (self.outcome, self.pinned, accepted) {
            (Outcome::Match, true, _) => "ok: the server sends the pinned release",
            (Outcome::Match, false, Some(_)) => {
                "ok: the server sends a release that the policy accepts"
            }
            (Outcome::Match, false, None) => {
                "consistent: the server sends what its own manifest says; without --pin this does \
                 not tell which release that should be"
            }
            (Outcome::Mismatch, ..) => "FAILED: the server does not send what the release promises",
            (Outcome::Unreachable, ..) => "unreachable: nothing is proved either way",
        };
        writeln!(f, "{verdict}")?;
        if self.outcome == Outcome::Match {
            writeln!(f, "not proved: that others are sent the same")?;
        }
        Ok(())
    }
}
