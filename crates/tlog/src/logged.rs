//! Proofs for a reader without a network (C2SP tlog-proof): where an entry is in a log, and a
//! checkpoint of that log.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::note::{Note, NoteError};
use crate::path::{parse_hashes, parse_number, write_hashes};
use crate::proof::verify_inclusion;

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
/// Longest proof that is read, in bytes.
const MAX_PROOF: usize = 256 * 1024;

/// A proof. That it was read says nothing about what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Anything; nobody has signed it.
    pub extra: Option<Vec<u8>>,
    /// Place of the entry, from 0.
    pub index: u64,
    /// Hashes from the entry's sibling up.
    pub path: Vec<Hash>,
    /// The checkpoint, with the signatures of its log and of witnesses.
    pub checkpoint: Note,
}

impl LogProof {
    /// Reads a proof strictly: what [`fmt::Display`] would not have written is refused.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > MAX_PROOF {
            return Err(NoteError::Proof);
        }
        let rest = text.strip_prefix(HEADER).ok_or(NoteError::Proof)?;
        let (head, checkpoint) = rest.split_once("\n\n").ok_or(NoteError::Proof)?;
        let (extra, head) = match head.strip_prefix("extra ") {
            Some(rest) => {
                let (extra, head) = rest.split_once('\n').ok_or(NoteError::Proof)?;
                (Some(Base64::decode_vec(extra).map_err(|_| NoteError::Proof)?), head)
            }
            None => (None, head),
        };
        let head = format!("{head}\n");
        let lines = head.strip_prefix("index ").and_then(|head| head.split_once('\n'));
        let (index, path) = lines.ok_or(NoteError::Proof)?;
        let index = parse_number(index).ok_or(NoteError::Proof)?;
        let path = parse_hashes(path).ok_or(NoteError::Proof)?;
        Ok(Self { extra, index, path, checkpoint: Note::parse(checkpoint)? })
    }

    /// Whether the path leads from the entry with this hash to the root of a checkpoint, which
    /// has to be this proof's.
    #[must_use]
    pub fn includes(&self, leaf: &Hash, checkpoint: &Checkpoint) -> bool {
        let tree = (checkpoint.size, &checkpoint.root);
        verify_inclusion((self.index, leaf), tree, &self.path)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", Base64::encode_string(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        write!(f, "{}\n{}", write_hashes(&self.path), self.checkpoint)
    }
}
