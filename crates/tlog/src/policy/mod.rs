//! Which logs count, and which of their witnesses are enough (C2SP tlog-policy).

use crate::checkpoint::Checkpoint;
use crate::cosigner::CosignerKey;
use crate::note::{Note, NoteError};
use crate::verifier::VerifierKey;

mod parse;

/// A policy. Its quorum is a tree of thresholds in which every witness stands once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    quorum: Option<Member>,
}

/// A log of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its key, named as its checkpoints are.
    pub key: VerifierKey,
    /// Where it is.
    pub url: Option<String>,
}

/// A witness of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: CosignerKey,
    /// Where it takes checkpoints.
    pub url: Option<String>,
}

/// What a quorum or a group is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    /// Place in the list of witnesses.
    Witness(usize),
    /// So many of these.
    Group(usize, Vec<Member>),
}

/// A policy that is none; the line is counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct PolicyError {
    /// Which line; 0 for the whole.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Why a checkpoint does not count under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeenFault {
    /// No log of the policy has signed it.
    #[error("not signed by a log of the policy")]
    Log,
    /// The signature of the log is wrong.
    #[error("the log's signature is wrong")]
    LogSignature,
    /// The text is no checkpoint, or one of another log than the one that signed.
    #[error("not a checkpoint of the log that signed it")]
    Checkpoint,
    /// The signature of a witness is wrong.
    #[error("a witness's signature is wrong")]
    WitnessSignature,
    /// Too few witnesses have signed.
    #[error("too few witnesses have signed")]
    Quorum,
}

/// A checkpoint that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The earliest time, in seconds since 1970, at which a quorum had signed it; `None` where
    /// the policy asks for none.
    pub time: Option<u64>,
}

impl Policy {
    /// The logs.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether witnesses are asked for.
    #[must_use]
    pub fn has_quorum(&self) -> bool {
        self.quorum.is_some()
    }

    /// Checks a checkpoint: it has to be of a log of the policy, and seen by a quorum.
    pub fn check(&self, note: &Note) -> Result<Vouched, SeenFault> {
        let checkpoint = self.logged(note)?;
        let mut times = Vec::with_capacity(self.witnesses.len());
        for witness in &self.witnesses {
            times.push(match witness.key.verify(note) {
                Ok(time) => Some(time),
                Err(NoteError::NotSigned) => None,
                Err(_) => return Err(SeenFault::WitnessSignature),
            });
        }
        let time = match &self.quorum {
            None => None,
            Some(quorum) => Some(quorum.time(&times).ok_or(SeenFault::Quorum)?),
        };
        Ok(Vouched { checkpoint, time })
    }

    fn logged(&self, note: &Note) -> Result<Checkpoint, SeenFault> {
        for Log { key, .. } in &self.logs {
            match key.verify(note) {
                Err(NoteError::NotSigned) => {}
                Err(_) => return Err(SeenFault::LogSignature),
                Ok(text) => {
                    let checkpoint = Checkpoint::parse(text).ok();
                    let own = checkpoint.filter(|checkpoint| checkpoint.origin == key.name());
                    return own.ok_or(SeenFault::Checkpoint);
                }
            }
        }
        Err(SeenFault::Log)
    }
}

impl Member {
    /// The earliest time at which this member had signed: a group has, as soon as the last one of
    /// the earliest that it needs has.
    fn time(&self, times: &[Option<u64>]) -> Option<u64> {
        match self {
            Self::Witness(place) => times.get(*place).copied().flatten(),
            Self::Group(least, members) => {
                let own: Vec<_> = members.iter().filter_map(|it| it.time(times)).collect();
                let had = |time: u64| own.iter().filter(|it| **it <= time).count();
                own.iter().copied().filter(|time| had(*time) >= *least).min()
            }
        }
    }
}
