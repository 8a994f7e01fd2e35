//! What was found, for people and for machines.

use std::fmt;

use base64ct::{Base64, Encoding};
use kms_tlog::Checkpoint;
use serde::Serialize;

use crate::verify::Outcome;

/// The result of a check.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How it ended: [`Outcome::Match`] or [`Outcome::Mismatch`].
    pub outcome: Outcome,
    /// Name of the log: that of the expected key.
    pub log: String,
    /// Entries that were read.
    pub entries: u64,
    /// Those among them of which only the hash is known.
    pub withheld: u64,
    /// Root of the tree, in base64, if it is the signed one.
    pub root: Option<String>,
    /// Entries of the earlier checkpoint, if the log has grown from it.
    pub since: Option<u64>,
    /// Line of the first problem; 0 if it is not about one.
    pub line: Option<usize>,
    /// The first problem.
    pub problem: Option<String>,
}

impl Report {
    pub(super) fn new(log: &str) -> Self {
        Self {
            outcome: Outcome::Match,
            log: log.into(),
            entries: 0,
            withheld: 0,
            root: None,
            since: None,
            line: None,
            problem: None,
        }
    }

    pub(super) fn count(&mut self, withheld: bool) {
        self.entries += 1;
        self.withheld += u64::from(withheld);
    }

    pub(super) fn signed(&mut self, checkpoint: &Checkpoint, since: Option<&Checkpoint>) {
        self.root = Some(Base64::encode_string(&checkpoint.root));
        self.since = since.map(|since| since.size);
    }

    pub(super) fn fail(&mut self, line: usize, problem: String) {
        self.outcome = Outcome::Mismatch;
        self.line = Some(line);
        self.problem = Some(problem);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.log)?;
        writeln!(f, "  {} entries, {} of them by their hash alone", self.entries, self.withheld)?;
        if let Some(root) = &self.root {
            writeln!(f, "  root {root}")?;
        }
        if let Some(since) = self.since {
            writeln!(f, "  grown from {since} entries")?;
        }
        match (&self.problem, self.line) {
            (None, _) => writeln!(f, "complete, and signed by the expected key"),
            (Some(problem), Some(line)) if line > 0 => writeln!(f, "WRONG: line {line}: {problem}"),
            (Some(problem), _) => writeln!(f, "WRONG: {problem}"),
        }
    }
}
