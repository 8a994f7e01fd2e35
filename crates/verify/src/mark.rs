//! What was accepted before. It only grows.

use std::collections::{BTreeMap, BTreeSet};

use kms_manifest::{Origin, Sha256};
use kms_tlog::Checkpoint;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Version of the format.
const SCHEMA: u32 = 1;
/// Longest mark that is read, in bytes.
const MAX_MARK: usize = 1024 * 1024;

/// The high-water mark of a deployment: kept where the verifier's user can keep something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Mark {
    schema: u32,
    origin: Origin,
    /// The newest release.
    pub release: Option<SeenRelease>,
    /// The largest tree of each log.
    pub logs: BTreeMap<String, SeenTree>,
    /// Every release that was ever revoked.
    pub revoked: BTreeSet<Sha256>,
}

/// A release that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SeenRelease {
    /// Its counter.
    pub epoch: u64,
    /// Digest of its manifest.
    pub manifest: Sha256,
}

/// A tree that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SeenTree {
    /// Number of leaves.
    pub size: u64,
    /// Root.
    pub root: Sha256,
}

kms_manifest::read_from_objects!(Mark, SeenRelease, SeenTree);
kms_manifest::written_as_derived!(Mark, SeenRelease, SeenTree);

impl Mark {
    /// The mark of somebody who has seen nothing.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self {
            schema: SCHEMA,
            origin: origin.clone(),
            release: None,
            logs: BTreeMap::new(),
            revoked: BTreeSet::new(),
        }
    }

    /// Reads a mark of this deployment.
    pub fn parse(bytes: &[u8], origin: &Origin) -> Result<Self, Fault> {
        if bytes.len() > MAX_MARK {
            return Err(Fault::MarkForm);
        }
        let mark: Self = serde_json::from_slice(bytes).map_err(|_| Fault::MarkForm)?;
        if mark.schema != SCHEMA {
            return Err(Fault::MarkForm);
        }
        if mark.origin == *origin { Ok(mark) } else { Err(Fault::MarkOrigin) }
    }

    /// What [`Mark::parse`] reads.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    pub(crate) fn saw_tree(&mut self, checkpoint: &Checkpoint) {
        let tree = SeenTree { size: checkpoint.size, root: Sha256::from(checkpoint.root) };
        self.logs.insert(checkpoint.origin.clone(), tree);
    }
}
