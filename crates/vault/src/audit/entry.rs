//! Audit entries: what is logged, and how it is hashed.

use std::rc::Rc;

use kms_protocol::{AuditEntry, CallerOrigin, ErrorCode, KeyId};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::cbor;

/// Separates these hashes from every other use of SHA-256 in the product.
const CHAIN_DOMAIN: &[u8] = b"ats-kms/audit-chain/v1\0";

/// Outcome of an operation that succeeded.
pub(crate) const OK: &str = "ok";

/// An operation that is to be logged; it gets its place in the chain when it is written.
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
}

/// The sealed form of an entry.
#[derive(Encode, Decode)]
pub(crate) struct Link {
    /// Hash of the entry before.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) previous: [u8; 32],
    /// The entry itself, as it was hashed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) entry: Vec<u8>,
}

/// Where the chain ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of entries.
    pub(crate) count: u64,
    /// Hash of the last one; zeros when there is none.
    pub(crate) hash: [u8; 32],
    /// Generation of the settings; 0 when there are none.
    pub(crate) settings: u64,
    /// Generation of the index of keys; 0 when there is none.
    pub(crate) index: u64,
}

impl Head {
    /// Whether both name the same last entry.
    pub(crate) fn ends_as(self, other: Self) -> bool {
        (self.count, self.hash) == (other.count, other.hash)
    }
}

impl Draft {
    /// An entry of the enclave itself: of no key, asked for by no page.
    pub(crate) fn internal(method: &'static str, time: u64) -> Self {
        Self { time, method, key_id: None, origin: None, outcome: OK }
    }

    /// The same attempt, failed.
    pub(crate) fn failed(&self, code: ErrorCode) -> Self {
        Self { outcome: code.as_str(), ..self.clone() }
    }

    /// Puts the entry at the end of the chain.
    pub(crate) fn link(&self, head: Head) -> (Link, Head) {
        let seq = head.count + 1;
        let entry = Entry {
            seq,
            time: self.time,
            method: self.method.into(),
            key_id: self.key_id.as_ref().map(|id| id.as_str().into()),
            origin: self.origin.as_ref().map(|origin| origin.as_str().into()),
            outcome: self.outcome.into(),
        };
        let link = Link { previous: head.hash, entry: cbor::encode(&entry) };
        let hash = link.hash();
        (link, Head { count: seq, hash, ..head })
    }
}

impl Link {
    /// Hash of this entry and, through `previous`, of all before it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(CHAIN_DOMAIN);
        hasher.update(self.previous);
        hasher.update(&self.entry);
        hasher.finalize().into()
    }

    /// The head after this entry, if it is the one that follows `before`.
    pub(crate) fn follow(&self, before: Head) -> Option<Head> {
        let entry: Entry = cbor::decode(&self.entry)?;
        let follows = self.previous == before.hash && entry.seq == before.count + 1;
        follows.then(|| Head { count: entry.seq, hash: self.hash(), ..before })
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
            hash: self.hash().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(outcome: &'static str) -> Draft {
        Draft { time: 5, method: "sign", key_id: None, origin: None, outcome }
    }

    #[test]
    fn entries_link_in_order_only() {
        let (first, one) = draft(OK).link(Head::default());
        let (second, two) = draft("not_found").link(one);
        assert_eq!(first.follow(Head::default()), Some(one));
        assert_eq!(second.follow(one), Some(two));
        assert_eq!(second.follow(Head::default()), None);
        assert_eq!(first.follow(one), None);
        assert_eq!(two.count, 2);
    }

    #[test]
    fn any_edit_changes_the_hash() {
        let (link, head) = draft(OK).link(Head::default());
        for index in 0..link.entry.len() {
            let mut edited = link.entry.clone();
            edited[index] ^= 1;
            let edited = Link { previous: link.previous, entry: edited };
            assert_ne!(edited.hash(), head.hash);
        }
    }
}
