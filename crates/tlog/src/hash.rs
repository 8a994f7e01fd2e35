//! Hashes of the tree (RFC 9162, section 2.1.1; the same as RFC 6962, section 2.1).

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// Root of a tree without leaves: the hash of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Separates leaves from nodes: no leaf has the hash of a node.
const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// Hash of an entry of the log.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new_with_prefix(LEAF).chain_update(entry).finalize().into()
}

/// Hash of a node over its two children.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    #[cfg(test)]
    tests::count();
    Sha256::new_with_prefix(NODE).chain_update(left).chain_update(right).finalize().into()
}

/// Joins complete subtrees, the largest first, into one root; `None` if there is none.
pub(crate) fn join(hashes: &[Hash]) -> Option<Hash> {
    hashes.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local!(static NODES: Cell<u64> = const { Cell::new(0) });

    pub(crate) fn count() {
        NODES.set(NODES.get() + 1);
    }

    /// Nodes that were hashed on this thread so far.
    pub(crate) fn counted() -> u64 {
        NODES.get()
    }

    #[test]
    fn the_empty_tree_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT, <Hash>::from(Sha256::digest([])));
        assert_eq!(join(&[]), None);
    }
}
