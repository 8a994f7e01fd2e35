//! The log: lines of JSON, each with the hash of the one before, all leaves of one Merkle tree.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_tlog::{Checkpoint, EMPTY_ROOT, Hash, Node, NodeSource, Plan, leaf_hash, node_hash};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Longest line, in bytes.
pub const MAX_LINE: usize = 16 * 1024;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The broker started: challenges that were open are void.
    Started {
        /// The broker's own SPIFFE id.
        broker: String,
    },
    /// A key of the configuration became known.
    Enrolled {
        /// Raw Ed25519 key, base64url.
        key: String,
        /// Whose it is.
        owner: String,
        /// Whether it may change others.
        admin: bool,
    },
    /// A workload asks.
    Asked {
        /// Name of the challenge.
        challenge: String,
        /// All of it, as approvers see it.
        text: String,
    },
    /// The first of two approvers has approved.
    Approved {
        /// Name of the challenge.
        challenge: String,
        /// The key.
        kid: String,
        /// Its owner.
        owner: String,
    },
    /// The token of a challenge was minted.
    Minted {
        /// Name of the challenge.
        challenge: String,
        /// Name of the token.
        jti: String,
        /// The workload.
        sub: String,
        /// When it was minted.
        iat: u64,
        /// When it ends.
        exp: u64,
        /// Who approved, the minting one last.
        approvers: Vec<Approver>,
    },
    /// The workload was given its token.
    Delivered {
        /// Name of the token.
        jti: String,
    },
    /// A token was accepted, and counts no more.
    Used {
        /// Name of the token.
        jti: String,
        /// What it was for.
        act: String,
        /// Who presented it: the workload here, or another service.
        by: String,
    },
    /// What the service behind the broker answered.
    Answered {
        /// Name of the token.
        jti: String,
        /// HTTP status; 0 if there was no answer.
        status: u16,
    },
    /// A peer was refused.
    Refused {
        /// Why.
        code: String,
        /// The peer.
        by: String,
        /// Name of the token, if one could be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jti: Option<String>,
    },
    /// A key has signed a statement: revoke, rotate, enrol, change of state.
    Stated {
        /// The statement. It is checked again when it is read.
        statement: String,
    },
}

/// An approver, by key and by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// The key.
    pub kid: String,
    /// Its owner.
    pub owner: String,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Position, from 0.
    pub seq: u64,
    /// Seconds since 1970-01-01T00:00Z; never less than that of the line before.
    pub at: u64,
    /// Leaf hash of the line before, base64url; for the first one, the root of the empty tree.
    pub prev: String,
    /// What happened.
    pub what: Event,
}

/// The end of a log and the tree over all of it.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Hashes by level; the leaves first. Only complete nodes.
    levels: Vec<Vec<Hash>>,
    last: Hash,
    at: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self { levels: Vec::new(), last: EMPTY_ROOT, at: 0 }
    }
}

impl Chain {
    /// Number of lines.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// When the last line was written.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The text of the next line, newline included; it becomes the last one.
    pub fn write(&mut self, at: u64, what: Event) -> Result<String, Error> {
        let (seq, at) = (self.size(), at.max(self.at));
        let prev = Base64UrlUnpadded::encode_string(&self.last);
        let text = serde_json::to_string(&Line { seq, at, prev, what });
        let text = text.ok().filter(|text| text.len() < MAX_LINE);
        let text = text.ok_or(Error::Log(seq, "too long"))?;
        self.push(leaf_hash(text.as_bytes()), at);
        Ok(text + "\n")
    }

    /// Reads the next line, without its newline: it has to be the one that was written.
    pub fn read(&mut self, text: &[u8]) -> Result<Line, Error> {
        let seq = self.size();
        let wrong = |what| Error::Log(seq, what);
        if text.len() >= MAX_LINE {
            return Err(wrong("too long"));
        }
        let line: Line = serde_json::from_slice(text).map_err(|_| wrong("not an entry"))?;
        if line.seq != seq || line.prev != Base64UrlUnpadded::encode_string(&self.last) {
            return Err(wrong("does not follow the one before"));
        }
        if line.at < self.at {
            return Err(wrong("is older than the one before"));
        }
        let written = serde_json::to_string(&line).map_err(|_| wrong("not an entry"))?;
        if written.as_bytes() != text {
            return Err(wrong("is not as it was written"));
        }
        self.push(leaf_hash(text), line.at);
        Ok(line)
    }

    fn push(&mut self, leaf: Hash, at: u64) {
        (self.last, self.at) = (leaf, at);
        let (mut hash, mut level) = (leaf, 0);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            let [.., left, right] = &nodes[..] else { break };
            if nodes.len() % 2 == 1 {
                break;
            }
            hash = node_hash(left, right);
            level += 1;
        }
    }

    /// Root of the first lines.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size > self.size() {
            return None;
        }
        let Some(plan) = Plan::root(size) else { return Some(EMPTY_ROOT) };
        plan.build(self).ok()?.pop()
    }

    /// The proof that a line is among the first ones.
    #[must_use]
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        let plan = Plan::inclusion(index, size).filter(|_| size <= self.size())?;
        plan.build(self).ok()
    }

    /// The proof that a log has only grown.
    #[must_use]
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        let plan = Plan::consistency(old, new).filter(|_| new <= self.size())?;
        plan.build(self).ok()
    }

    /// Whether a checkpoint is one of this log.
    #[must_use]
    pub fn extends(&self, checkpoint: &Checkpoint) -> bool {
        self.root(checkpoint.size) == Some(checkpoint.root)
    }

    /// Leaf hash of a line.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }
}

impl NodeSource for Chain {
    type Error = ();

    fn node(&self, node: Node) -> Result<Hash, ()> {
        let level = usize::try_from(node.level).ok().and_then(|level| self.levels.get(level));
        let index = usize::try_from(node.index).map_err(drop)?;
        level.and_then(|nodes| nodes.get(index)).copied().ok_or(())
    }
}
