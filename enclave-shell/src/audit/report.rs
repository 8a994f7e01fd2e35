//! What was found, for people and for machines.

use std::fmt;

use base64ct::{Base64, Encoding};
use kms_tlog::Checkpoint;
use serde::Serialize;

use super::line::Authorization;
use crate::verify::Outcome;

/// An entry of what an approver's key did.
#[derive(Debug, Clone, Serialize)]
pub struct Approved {
    /// Its place, from 1.
    pub seq: u64,
    /// Milliseconds since 1970-01-01T00:00Z by the device's clock.
    pub time: u64,
    /// What was done.
    pub method: String,
    /// `ok` or an error code.
    pub outcome: String,
    /// What it is about.
    #[serde(flatten)]
    pub about: Authorization,
}

impl fmt::Display for Approved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} {} {}", self.seq, self.method, self.outcome)?;
        let Authorization { token, challenge, digest, statement } = &self.about;
        let all = [("token", token), ("challenge", challenge), ("digest", digest)];
        for (name, value) in all.into_iter().chain([("statement", statement)]) {
            if let Some(value) = value {
                write!(f, " {name}={value}")?;
            }
        }
        Ok(())
    }
}

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
    /// What approvers' keys did, in order. It is what was logged if nothing is wrong.
    pub approved: Vec<Approved>,
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
            approved: Vec::new(),
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
        for approved in &self.approved {
            writeln!(f, "  {approved}")?;
        }
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
