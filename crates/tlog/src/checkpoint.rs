//! Checkpoints (C2SP tlog-checkpoint): the text of a note about the state of a log.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::hash::Hash;
use crate::note::NoteError;

/// The state of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
    /// More lines, which this crate gives no meaning.
    pub extension: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without more lines.
    #[must_use]
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.into(), size, root, extension: Vec::new() }
    }

    /// Reads the text of a note strictly: what [`fmt::Display`] would not have written is
    /// refused.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::Checkpoint)?.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let (Some(origin), Some(size), Some(root)) = (line(), line(), line()) else {
            return Err(NoteError::Checkpoint);
        };
        let size: u64 = size.parse().map_err(|_| NoteError::Checkpoint)?;
        let root = Base64::decode_vec(root).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(NoteError::Checkpoint)?;
        let extension: Vec<String> = lines.map(Into::into).collect();
        let read = Self { origin: origin.into(), size, root, extension };
        let whole = !read.extension.iter().any(String::is_empty) && read.to_string() == text;
        if whole { Ok(read) } else { Err(NoteError::Checkpoint) }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = Base64::encode_string(&self.root);
        writeln!(f, "{}\n{}\n{root}", self.origin, self.size)?;
        self.extension.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
