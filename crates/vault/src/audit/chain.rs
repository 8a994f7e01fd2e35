//! The chain of hashes that the log was before it became a tree: how its end was stored, and what
//! makes an entry follow another. Read once, when such a log is first unlocked.

use sha2::{Digest, Sha256};

use super::entry::Link;

/// Separates these hashes from every other use of SHA-256 in the product.
const CHAIN_DOMAIN: &[u8] = b"ats-kms/audit-chain/v1\0";

/// Where such a chain ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChainHead {
    /// Number of entries.
    pub(crate) count: u64,
    /// Hash of the last one; zeros when there is none.
    pub(crate) hash: [u8; 32],
    /// Generation of the settings; 0 when there are none.
    pub(crate) settings: u64,
}

impl ChainHead {
    /// Whether both name the same last entry.
    pub(crate) fn ends_as(self, other: Self) -> bool {
        (self.count, self.hash) == (other.count, other.hash)
    }
}

impl Link {
    /// Hash of this entry and, through `previous`, of all before it; `None` for an entry that
    /// never was in a chain.
    pub(crate) fn chain_hash(&self) -> Option<[u8; 32]> {
        let previous = self.previous.as_ref()?;
        let hasher = Sha256::new_with_prefix(CHAIN_DOMAIN).chain_update(previous.as_slice());
        Some(hasher.chain_update(&self.entry).finalize().into())
    }

    /// The head after this entry, if it is the one that follows `before`.
    pub(crate) fn follow(&self, before: ChainHead) -> Option<ChainHead> {
        let (hash, seq) = (self.chain_hash()?, self.seq()?);
        let previous = self.previous.as_ref().map(|hash| hash.as_slice());
        let follows = previous == Some(&before.hash) && seq == before.count + 1;
        follows.then_some(ChainHead { count: seq, hash, ..before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Draft;

    fn link(seq: u64, previous: [u8; 32]) -> Link {
        let entry = Draft::internal("vault.lock", 5).entry(seq, [0; 16]).entry;
        Link { previous: Some(previous.into()), entry }
    }

    #[test]
    fn entries_follow_in_order_only() {
        let first = link(1, [0; 32]);
        let one = first.follow(ChainHead::default()).unwrap();
        let second = link(2, one.hash);
        let two = second.follow(one).unwrap();
        assert_eq!((two.count, Some(two.hash)), (2, second.chain_hash()));
        assert_eq!(second.follow(ChainHead::default()), None);
        assert_eq!(first.follow(one), None);
        assert_eq!(link(3, one.hash).follow(one), None);
        assert!(!one.ends_as(two));
    }

    #[test]
    fn an_entry_of_a_tree_is_in_no_chain() {
        let entry = Draft::internal("vault.lock", 5).entry(1, [0; 16]);
        assert_eq!(entry.chain_hash(), None);
        assert_eq!(entry.follow(ChainHead::default()), None);
    }
}
