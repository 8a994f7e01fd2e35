//! What a witness signs and what it refuses (C2SP tlog-witness, "add-checkpoint"). It keeps the
//! last checkpoint of each log; storing it and answering are the caller's.

use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::hash::{EMPTY_ROOT, Hash};
use crate::note::Note;
use crate::path::{parse_hashes, parse_number, write_hashes};
use crate::proof::verify_consistency;
use crate::verifier::VerifierKey;

/// Longest request that is read, in bytes.
const MAX_REQUEST: usize = 128 * 1024;

/// A request to sign a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the tree that the witness has signed last.
    pub old: u64,
    /// That the checkpoint's tree begins with that one.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: Note,
}

/// The tree of a log that a witness has signed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

/// Why a checkpoint is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not in the form of a request, or its old size is larger than its new one.
    #[error("not a request to add a checkpoint")]
    BadRequest,
    /// The log has not signed it.
    #[error("not signed by the log")]
    Forbidden,
    /// The witness does not know the log.
    #[error("unknown log")]
    NotFound,
    /// The witness has signed a tree of another size last, or another tree of the same size.
    #[error("the last tree has {size} entries")]
    Conflict {
        /// Size of the last tree.
        size: u64,
    },
    /// The tree does not begin with the last one.
    #[error("the tree does not begin with the last one")]
    Unprocessable,
}

impl AddCheckpoint {
    /// Reads a request strictly: what [`fmt::Display`] would not have written is refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_REQUEST {
            return None;
        }
        let (old, rest) = text.strip_prefix("old ")?.split_once('\n')?;
        let (proof, checkpoint) = if let Some(checkpoint) = rest.strip_prefix('\n') {
            ("", checkpoint)
        } else {
            let end = rest.find("\n\n")?;
            (rest.get(..=end)?, rest.get(end + 2..)?)
        };
        let checkpoint = Note::parse(checkpoint).ok()?;
        Some(Self { old: parse_number(old)?, proof: parse_hashes(proof)?, checkpoint })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "old {}\n{}\n{}", self.old, write_hashes(&self.proof), self.checkpoint)
    }
}

impl Seen {
    /// The tree without leaves: what a witness has seen of a log that it never signed.
    pub const NOTHING: Self = Self { size: 0, root: EMPTY_ROOT };
}

impl Refusal {
    /// The HTTP status that says so.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict { .. } => 409,
            Self::Unprocessable => 422,
        }
    }
}

/// Judges a request. `known` gives key and last tree of a log by its origin. What is returned has
/// to be stored, as the log's last tree, before it is signed.
pub fn judge<'k>(
    request: &AddCheckpoint,
    known: impl FnOnce(&str) -> Option<(&'k VerifierKey, Seen)>,
) -> Result<Checkpoint, Refusal> {
    let unsigned = Checkpoint::parse(request.checkpoint.text());
    let checkpoint = unsigned.map_err(|_| Refusal::BadRequest)?;
    let (key, seen) = known(&checkpoint.origin).ok_or(Refusal::NotFound)?;
    key.verify(&request.checkpoint).map_err(|_| Refusal::Forbidden)?;
    if request.old > checkpoint.size {
        return Err(Refusal::BadRequest);
    }
    let same = checkpoint.size != seen.size || checkpoint.root == seen.root;
    if request.old != seen.size || !same {
        return Err(Refusal::Conflict { size: seen.size });
    }
    let (old, new) = ((seen.size, &seen.root), (checkpoint.size, &checkpoint.root));
    if verify_consistency(old, new, &request.proof) {
        Ok(checkpoint)
    } else {
        Err(Refusal::Unprocessable)
    }
}
