//! The command-line protocol: one JSON object in, one out. Another implementation that speaks it
//! can be run over the same cases.

use base64ct::{Base64, Encoding};
use kms_manifest::Sha256;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::growth::Growth;
use crate::mark::Mark;
use crate::policy::ReleasePolicy;
use crate::verdict::{Accepted, Input, verify};

/// Longest question that is read, in bytes.
pub const MAX_QUESTION: usize = 4 * 1024 * 1024;

/// A question. Files are in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Question {
    /// The policy.
    pub policy: String,
    /// The manifest.
    pub manifest: String,
    /// The proof.
    pub proof: String,
    /// The proof of the log's growth, if there is one.
    pub growth: Option<String>,
    /// Revocations; `None` if the deployment has not sent its list.
    pub revocations: Option<Vec<String>>,
    /// What was seen before, if anything was.
    pub mark: Option<String>,
    /// Seconds since 1970.
    pub now: u64,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Answer {
    /// Whether the release may run.
    pub accepted: bool,
    /// Why not.
    pub code: Option<String>,
    /// What it is.
    pub release: Option<Summary>,
    /// What to keep; `None` where policy or mark could not be read.
    pub mark: Option<Mark>,
}

/// An accepted release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Summary {
    /// Version.
    pub version: String,
    /// Counter.
    pub epoch: u64,
    /// Digest of the manifest.
    pub manifest: Sha256,
    /// The log, by its origin.
    pub log: String,
    /// Place of the statement in it.
    pub index: u64,
    /// Size of the tree that the witnesses have seen.
    pub size: u64,
    /// When a quorum of them had seen it, in seconds since 1970.
    pub time: u64,
}

kms_manifest::read_from_objects!(Question, Answer, Summary);
kms_manifest::written_as_derived!(Question, Answer, Summary);

/// A question that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a question")]
pub struct NoQuestion;

impl Question {
    /// Reads a question.
    pub fn parse(json: &[u8]) -> Result<Self, NoQuestion> {
        if json.len() > MAX_QUESTION {
            return Err(NoQuestion);
        }
        serde_json::from_slice(json).map_err(|_| NoQuestion)
    }

    /// The manifest that it is about.
    pub fn manifest(&self) -> Result<Vec<u8>, NoQuestion> {
        decode(&self.manifest)
    }

    /// The tiles that answering it may need; `None` if it needs none, or if something in it
    /// cannot be read, which the answer says.
    pub fn growth_wanted(&self) -> Result<Option<Growth>, NoQuestion> {
        let (policy, proof) = (decode(&self.policy)?, decode(&self.proof)?);
        let Some(mark) = self.mark.as_deref().map(decode).transpose()? else { return Ok(None) };
        let Ok(policy) = ReleasePolicy::parse(&policy) else { return Ok(None) };
        let Ok(mark) = Mark::parse(&mark, &policy.origin) else { return Ok(None) };
        Ok(Growth::between(&policy, &mark, &proof))
    }

    /// Answers it.
    pub fn answer(&self) -> Result<Answer, NoQuestion> {
        let growth = self.growth.as_deref().map(decode).transpose()?;
        let mark = self.mark.as_deref().map(decode).transpose()?;
        let revocations = self.revocations.iter().flatten().map(|note| decode(note));
        let revocations: Vec<_> = revocations.collect::<Result<_, _>>()?;
        let (policy, manifest) = (decode(&self.policy)?, self.manifest()?);
        let proof = decode(&self.proof)?;
        let policy = match ReleasePolicy::parse(&policy) {
            Ok(policy) => policy,
            Err(fault) => return Ok(Answer::refused(fault, None)),
        };
        let mark = match mark.map(|mark| Mark::parse(&mark, &policy.origin)).transpose() {
            Ok(mark) => mark.unwrap_or_else(|| Mark::new(&policy.origin)),
            Err(fault) => return Ok(Answer::refused(fault, None)),
        };
        let verdict = verify(&Input {
            policy: &policy,
            manifest: &manifest,
            proof: &proof,
            growth: growth.as_deref(),
            revocations: &revocations,
            withheld: self.revocations.is_none(),
            mark: &mark,
            now: self.now,
        });
        Ok(match verdict.result {
            Ok(accepted) => Answer::accepted(&accepted, verdict.mark),
            Err(fault) => Answer::refused(fault, Some(verdict.mark)),
        })
    }
}

impl Answer {
    fn refused(fault: Fault, mark: Option<Mark>) -> Self {
        Self { accepted: false, code: Some(fault.code().into()), release: None, mark }
    }

    fn accepted(accepted: &Accepted, mark: Mark) -> Self {
        let release = Some(Summary::of(accepted));
        Self { accepted: true, code: None, release, mark: Some(mark) }
    }
}

impl Summary {
    /// What is to be told of a release.
    #[must_use]
    pub fn of(accepted: &Accepted) -> Self {
        Self {
            version: accepted.manifest.version.clone(),
            epoch: accepted.manifest.epoch,
            manifest: accepted.digest,
            log: accepted.log.clone(),
            index: accepted.index,
            size: accepted.size,
            time: accepted.time,
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, NoQuestion> {
    Base64::decode_vec(text).map_err(|_| NoQuestion)
}
