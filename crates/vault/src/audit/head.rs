//! The stored head of the log, under the MAC of the audit key.

use kms_crypto::SecretBytes;
use kms_protocol::ErrorCode;
use kms_tlog::{Frontier, Hash};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::chain::ChainHead;
use super::entry::{Head, Link};
use crate::header::VaultId;
use crate::seal::{self, HeadFacts};
use crate::stored::HEAD;
use crate::{RecordKey, Table, Write, cbor};

/// Version of the stored head.
const SCHEMA: u32 = 3;
/// Version of the head of a chain.
const CHAIN: u32 = 2;
/// Version of such a head that does not know of settings (release 0.1.0).
const WITHOUT_SETTINGS: u32 = 1;

/// A head as it was stored by this release or an older one.
pub(crate) enum StoredHead {
    /// Of a tree.
    Tree(Head),
    /// Of a chain.
    Chain(ChainHead),
}

/// The stored form.
#[derive(Encode, Decode)]
struct HeadRecord {
    #[n(0)]
    schema: u32,
    #[n(1)]
    count: u64,
    /// Hash of the last entry.
    #[cbor(n(2), with = "minicbor::bytes")]
    hash: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    mac: [u8; 32],
    /// Generation of the settings.
    #[n(4)]
    settings: Option<u64>,
    /// Hashes of the tree's frontier, one behind another.
    #[n(5)]
    tree: Option<ByteVec>,
    /// Generation of the index of keys.
    #[n(6)]
    index: Option<u64>,
}

impl StoredHead {
    /// Number of entries.
    pub(crate) fn count(&self) -> u64 {
        match self {
            StoredHead::Tree(head) => head.count(),
            StoredHead::Chain(head) => head.count,
        }
    }

    /// Generation of the settings; 0 when there are none.
    pub(crate) fn settings(&self) -> u64 {
        match self {
            StoredHead::Tree(head) => head.settings,
            StoredHead::Chain(head) => head.settings,
        }
    }

    /// Generation of the index of keys; 0 when there is none.
    pub(crate) fn index(&self) -> u64 {
        match self {
            StoredHead::Tree(head) => head.index,
            StoredHead::Chain(_) => 0,
        }
    }

    /// Whether this is its last entry.
    pub(crate) fn ends_with(&self, link: &Link) -> bool {
        match self {
            StoredHead::Tree(head) => link.leaf() == head.last,
            StoredHead::Chain(head) => link.chain_hash() == Some(head.hash),
        }
    }
}

/// The write of a head.
pub(crate) fn head_write(vault_id: &VaultId, key: &SecretBytes<32>, head: &Head) -> Write {
    let (count, hash) = (head.count(), head.last);
    let (settings, index) = (Some(head.settings), Some(head.index));
    let tree = head.tree.hashes().concat();
    let facts = HeadFacts { count, hash: &hash, settings, index, tree: Some(&tree) };
    let mac = seal::head_mac(key, vault_id, facts);
    let tree = Some(tree.into());
    let record = HeadRecord { schema: SCHEMA, count, hash, mac, settings, tree, index };
    let key = RecordKey::Text(HEAD.into());
    Write { table: Table::Meta, key, value: cbor::encode(&record) }
}

/// Reads and authenticates a stored head.
pub(crate) fn open_head(
    vault_id: &VaultId,
    key: &SecretBytes<32>,
    stored: Option<&[u8]>,
) -> Result<StoredHead, ErrorCode> {
    let record: HeadRecord = stored.and_then(cbor::decode).ok_or(ErrorCode::AuditCorrupt)?;
    let HeadRecord { schema, count, hash, mac, settings, tree, index } = record;
    let tree = tree.as_ref().map(|tree| tree.as_slice());
    let facts = HeadFacts { count, hash: &hash, settings, index, tree };
    if !seal::head_is_authentic(key, vault_id, facts, &mac) {
        return Err(ErrorCode::AuditCorrupt);
    }
    match (schema, settings, index, tree) {
        (SCHEMA, Some(settings), Some(index), Some(tree)) => {
            let tree = hashes(tree).and_then(|hashes| Frontier::new(count, hashes));
            let tree = tree.ok_or(ErrorCode::AuditCorrupt)?;
            Ok(StoredHead::Tree(Head { tree, last: hash, settings, index }))
        }
        (CHAIN, Some(_), None, None) | (WITHOUT_SETTINGS, None, None, None) => {
            let settings = settings.unwrap_or(0);
            Ok(StoredHead::Chain(ChainHead { count, hash, settings }))
        }
        _ => Err(ErrorCode::AuditCorrupt),
    }
}

/// Hashes that stand one behind another.
pub(super) fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: VaultId = [3; 16];

    fn key() -> SecretBytes<32> {
        SecretBytes::new_with(|out| out.fill(1))
    }

    /// An index is in every head of a tree.
    fn record(schema: u32, settings: Option<u64>, tree: Option<Vec<u8>>) -> Vec<u8> {
        let index = tree.as_ref().map(|_| 2);
        indexed(schema, (settings, index), tree)
    }

    fn indexed(
        schema: u32,
        (settings, index): (Option<u64>, Option<u64>),
        tree: Option<Vec<u8>>,
    ) -> Vec<u8> {
        let (count, hash) = (3, [7; 32]);
        let facts = HeadFacts { count, hash: &hash, settings, index, tree: tree.as_deref() };
        let mac = seal::head_mac(&key(), &VAULT, facts);
        let tree = tree.map(Into::into);
        cbor::encode(&HeadRecord { schema, count, hash, mac, settings, tree, index })
    }

    #[test]
    fn heads_of_every_release_are_read() {
        let read = |bytes: &[u8]| open_head(&VAULT, &key(), Some(bytes));
        let tree = vec![5; 64];
        for (bytes, settings) in [
            (record(1, None, None), 0),
            (record(2, Some(4), None), 4),
            (record(3, Some(4), Some(tree.clone())), 4),
        ] {
            let head = read(&bytes).unwrap();
            assert_eq!((head.count(), head.settings()), (3, settings));
            assert_eq!(head.index(), if matches!(head, StoredHead::Tree(_)) { 2 } else { 0 });
        }
        // Authentic, but of no release.
        for bytes in [
            record(1, Some(4), None),
            record(2, None, None),
            record(3, Some(4), None),
            record(3, None, Some(tree.clone())),
            record(2, Some(4), Some(tree.clone())),
            indexed(3, (Some(4), None), Some(tree.clone())),
            indexed(2, (Some(4), Some(2)), None),
            record(4, Some(4), Some(tree)),
            record(3, Some(4), Some(vec![5; 32])),
            record(3, Some(4), Some(vec![5; 63])),
        ] {
            assert_eq!(read(&bytes).err(), Some(ErrorCode::AuditCorrupt));
        }
    }
}
