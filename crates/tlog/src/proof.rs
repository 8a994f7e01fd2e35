//! Inclusion and consistency proofs (RFC 9162, sections 2.1.3 and 2.1.4).

use std::ops::Range;

use crate::hash::{EMPTY_ROOT, Hash, join, node_hash};

/// The root of a complete subtree: it covers the leaves `index << level` up to the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves.
    pub level: u32,
    /// Position in its level.
    pub index: u64,
}

/// Where the hashes of nodes come from.
pub trait NodeSource {
    /// Why a node cannot be had.
    type Error;

    /// The hash of a node.
    fn node(&self, node: Node) -> Result<Hash, Self::Error>;
}

/// What a proof is made of: each of its hashes is the root of a range of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(Vec<Range<u64>>);

impl Plan {
    /// The proof that the leaf at `index`, from 0, is in the tree of `size` leaves; `None` if
    /// that has no such leaf.
    #[must_use]
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let mut ranges = Vec::new();
        let mut tree = 0..size;
        while let Some(middle) = middle(&tree) {
            if index < middle {
                ranges.push(middle..tree.end);
                tree.end = middle;
            } else {
                ranges.push(tree.start..middle);
                tree.start = middle;
            }
        }
        ranges.reverse();
        Some(Self(ranges))
    }

    /// The proof that the tree of `new` leaves begins with the tree of `old` leaves; `None` if it
    /// is smaller. Nothing needs to be proved of the empty tree, and of a tree and itself.
    #[must_use]
    pub fn consistency(old: u64, new: u64) -> Option<Self> {
        if old > new {
            return None;
        }
        if old == 0 || old == new {
            return Some(Self(Vec::new()));
        }
        let mut ranges = Vec::new();
        let mut tree = 0..new;
        while let Some(middle) = middle(&tree).filter(|_| old != tree.end) {
            if old <= middle {
                ranges.push(middle..tree.end);
                tree.end = middle;
            } else {
                ranges.push(tree.start..middle);
                tree.start = middle;
            }
        }
        // The verifier knows the root of the old tree itself.
        if tree.start > 0 {
            ranges.push(tree);
        }
        ranges.reverse();
        Some(Self(ranges))
    }

    /// The plan of the root itself, for a tree that is not empty.
    #[must_use]
    pub fn root(size: u64) -> Option<Self> {
        (size > 0).then(|| Self(std::iter::once(0..size).collect()))
    }

    /// How many hashes the proof has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a proof is not a collection")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The nodes whose hashes are needed, in the order of [`Plan::join`].
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.0.iter().cloned().flat_map(complete)
    }

    /// The hashes of the proof, from those of its nodes; `None` if there are more or fewer.
    #[must_use]
    pub fn join(&self, nodes: &[Hash]) -> Option<Vec<Hash>> {
        let mut rest = nodes;
        let mut proof = Vec::with_capacity(self.0.len());
        for range in &self.0 {
            let (own, others) = rest.split_at_checked(complete(range.clone()).count())?;
            proof.push(join(own)?);
            rest = others;
        }
        rest.is_empty().then_some(proof)
    }

    /// The hashes of the proof.
    pub fn build<S: NodeSource>(&self, source: &S) -> Result<Vec<Hash>, S::Error> {
        let nodes = self.nodes().map(|node| source.node(node)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.join(&nodes).unwrap_or_default())
    }
}

/// Where a range of two leaves or more is split: behind the largest complete subtree that is
/// not all of it.
fn middle(range: &Range<u64>) -> Option<u64> {
    let len = range.end - range.start;
    (len > 1).then(|| range.start + (1 << (len - 1).ilog2()))
}

/// The complete subtrees of a range that begins where one of its size may, the largest first.
fn complete(range: Range<u64>) -> impl Iterator<Item = Node> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let level = (range.end - start).checked_ilog2()?;
        let node = Node { level, index: start >> level };
        start += 1 << level;
        Some(node)
    })
}

/// Whether a proof shows that the leaf with this hash is at `index` in the tree of `size` leaves
/// with this root (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn verify_inclusion(
    (index, leaf): (u64, &Hash),
    (size, root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for other in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(other, &hash);
            skip_right_edge(&mut at, &mut last);
        } else {
            hash = node_hash(&hash, other);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether a proof shows that the tree of `new` begins with the tree of `old`; each is its
/// number of leaves and its root (RFC 9162, section 2.1.4.2).
#[must_use]
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == EMPTY_ROOT;
    }
    let own = old_size.is_power_of_two().then_some(*old_root);
    let mut path = own.iter().chain(proof);
    let Some(&first) = path.next() else { return false };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    let complete = at.trailing_ones();
    at >>= complete;
    last >>= complete;
    let (mut old_hash, mut new_hash) = (first, first);
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(other, &old_hash);
            new_hash = node_hash(other, &new_hash);
            skip_right_edge(&mut at, &mut last);
        } else {
            new_hash = node_hash(&new_hash, other);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// Along the right edge a node without a sibling is its own parent.
fn skip_right_edge(at: &mut u64, last: &mut u64) {
    if *at & 1 == 0 {
        let levels = at.trailing_zeros().min(u64::BITS - 1);
        *at >>= levels;
        *last >>= levels;
    }
}
