//! The compact form of a tree: what is needed to append to it, and its root.

use crate::hash::{EMPTY_ROOT, Hash, join, node_hash};

/// The roots of the complete subtrees along the right edge, the largest first: one for each bit
/// that is set in the number of leaves, so never more than 64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of this size; `None` if the number of hashes does not fit it.
    #[must_use]
    pub fn new(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        let fits = u32::try_from(hashes.len()) == Ok(size.count_ones());
        fits.then_some(Self { size, hashes })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, the largest first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends a leaf. Hashes as many nodes as the old size has trailing ones.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// Root of the tree (RFC 9162, section 2.1.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        join(&self.hashes).unwrap_or(EMPTY_ROOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{leaf_hash, tests::counted};

    #[test]
    fn the_number_of_hashes_must_fit_the_size() {
        assert_eq!(Frontier::new(0, Vec::new()), Some(Frontier::default()));
        assert!(Frontier::new(5, vec![[1; 32], [2; 32]]).is_some());
        assert!(Frontier::new(5, vec![[1; 32]]).is_none());
        assert!(Frontier::new(0, vec![[1; 32]]).is_none());
    }

    #[test]
    fn appending_costs_no_more_than_the_height_of_the_tree() {
        let mut tree = Frontier::default();
        let leaf = leaf_hash(b"x");
        for size in 1..=100_000_u64 {
            let before = counted();
            tree.push(leaf);
            let root = tree.root();
            let height = u64::from(size.next_power_of_two().ilog2());
            assert!(counted() - before <= 2 * height, "{size}");
            assert!(tree.hashes().len() <= 17, "{size}");
            assert_ne!(root, EMPTY_ROOT);
        }
    }
}
