//! Audit entries: what is logged, and how it becomes a leaf of the tree.

use std::rc::Rc;

use kms_protocol::{AuditEntry, CallerOrigin, ErrorCode, KeyId};
use kms_tlog::{Frontier, Hash, leaf_hash};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use super::about::About;
use crate::cbor;

/// Outcome of an operation that succeeded.
pub(crate) const OK: &str = "ok";

/// Random bytes of an entry: without them the hash of an entry that a site may not see could be
/// compared with guesses.
pub(crate) type Salt = [u8; 16];

/// An operation that is to be logged; it gets its place in the log when it is written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Wall clock.
    pub(crate) time: u64,
    /// Method or internal event.
    pub(crate) method: &'static str,
    /// Which key.
    pub(crate) key_id: Option<KeyId>,
    /// Who asked.
    pub(crate) origin: Option<Rc<CallerOrigin>>,
    /// `ok` or the name of an error code.
    pub(crate) outcome: &'static str,
    /// What it is about, if an approver's key was used.
    pub(crate) about: Option<About>,
}

/// The hashed form: a CBOR array in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Entry {
    #[n(0)]
    pub(crate) seq: u64,
    #[n(1)]
    time: u64,
    #[n(2)]
    method: String,
    #[n(3)]
    key_id: Option<String>,
    #[n(4)]
    origin: Option<String>,
    #[n(5)]
    outcome: String,
    /// Absent in entries from the time when the log was a chain of hashes.
    #[n(6)]
    salt: Option<ByteArray<16>>,
    /// Absent where no approver's key was used, and in entries of older releases.
    #[n(7)]
    about: Option<About>,
}

/// The sealed form of an entry.
#[derive(Encode, Decode)]
pub(crate) struct Link {
    /// Hash of the entry before, from the time when the log was a chain.
    #[n(0)]
    pub(super) previous: Option<ByteArray<32>>,
    /// The entry itself, as it is hashed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(super) entry: Vec<u8>,
}

/// Where the log ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The tree over all entries.
    pub(crate) tree: Frontier,
    /// Hash of the last one's leaf; zeros when there is none.
    pub(crate) last: Hash,
    /// Generation of the settings; 0 when there are none.
    pub(crate) settings: u64,
    /// Generation of the index of keys; 0 when there is none.
    pub(crate) index: u64,
}

/// An entry that was written or may have been. Its salt makes it unlike every other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(super) seq: u64,
    pub(super) leaf: Hash,
}

impl Head {
    /// Number of entries.
    pub(crate) fn count(&self) -> u64 {
        self.tree.size()
    }

    /// The last entry.
    pub(crate) fn mark(&self) -> Mark {
        Mark { seq: self.count(), leaf: self.last }
    }

    /// Appends a leaf.
    pub(crate) fn push(&mut self, leaf: Hash) {
        self.tree.push(leaf);
        self.last = leaf;
    }
}

impl Draft {
    /// An entry of the enclave itself: of no key, asked for by no page.
    pub(crate) fn internal(method: &'static str, time: u64) -> Self {
        Self { time, method, key_id: None, origin: None, outcome: OK, about: None }
    }

    /// The same attempt, failed.
    pub(crate) fn failed(&self, code: ErrorCode) -> Self {
        Self { outcome: code.as_str(), ..self.clone() }
    }

    /// The entry at a place in the log.
    pub(crate) fn entry(&self, seq: u64, salt: Salt) -> Link {
        let entry = Entry {
            seq,
            time: self.time,
            method: self.method.into(),
            key_id: self.key_id.as_ref().map(|id| id.as_str().into()),
            origin: self.origin.as_ref().map(|origin| origin.as_str().into()),
            outcome: self.outcome.into(),
            salt: Some(salt.into()),
            about: self.about.clone(),
        };
        Link { previous: None, entry: cbor::encode(&entry) }
    }
}

impl Link {
    /// Hash of the leaf.
    pub(crate) fn leaf(&self) -> Hash {
        leaf_hash(&self.entry)
    }

    /// The place that the entry names itself.
    pub(crate) fn seq(&self) -> Option<u64> {
        let entry: Entry = cbor::decode(&self.entry)?;
        Some(entry.seq)
    }

    /// The entry as callers see it.
    pub(crate) fn publish(&self) -> Result<AuditEntry, ErrorCode> {
        let corrupt = |_| ErrorCode::AuditCorrupt;
        let entry: Entry = cbor::decode(&self.entry).ok_or(ErrorCode::AuditCorrupt)?;
        Ok(AuditEntry {
            seq: entry.seq,
            time: entry.time,
            method: entry.method,
            key_id: entry.key_id.map(KeyId::new).transpose().map_err(corrupt)?,
            caller_origin: entry.origin.map(CallerOrigin::new).transpose().map_err(corrupt)?,
            outcome: entry.outcome,
            authorization: entry.about.map(Into::into),
            hash: self.leaf().to_vec(),
            leaf: Some(self.entry.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    fn draft() -> Draft {
        Draft { time: 5, method: "sign", key_id: None, origin: None, outcome: OK, about: None }
    }

    #[test]
    fn any_edit_changes_the_hash() {
        let link = draft().entry(1, [1; 16]);
        assert_eq!(link.seq(), Some(1));
        for index in 0..link.entry.len() {
            let mut entry = link.entry.clone();
            entry[index] ^= 1;
            assert_ne!(Link { previous: None, entry }.leaf(), link.leaf());
        }
    }

    #[test]
    fn an_entry_without_an_approver_is_what_it_was() {
        // Seven members, as every release has written them.
        let expected = hex!("87010564 7369676e f6f6 626f6b 50 01010101010101010101010101010101");
        assert_eq!(draft().entry(1, [1; 16]).entry, expected);
    }

    #[test]
    fn equal_entries_have_unlike_hashes() {
        assert_ne!(draft().entry(1, [1; 16]).leaf(), draft().entry(1, [2; 16]).leaf());
    }
}
