//! Tiles: how the hashes of a tree are stored (C2SP tlog-tiles, height 8).

use std::ops::Range;

use crate::frontier::Frontier;
use crate::hash::{Hash, join};
use crate::proof::Node;

/// Levels of the tree in one tile.
const HEIGHT: u32 = 8;
/// Hashes of a complete tile.
pub const WIDTH: usize = 1 << HEIGHT;

/// Which tile: its hashes are the nodes of level `8 * level` from `256 * index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Level of tiles, from 0 for leaves.
    pub level: u32,
    /// Position in its level.
    pub index: u64,
}

/// The hashes of a tile, as many as there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Which tile.
    pub id: TileId,
    /// 1 to 256 hashes.
    pub hashes: Vec<Hash>,
}

impl TileId {
    /// The tile that holds the root of this one, and where in it; only of complete tiles.
    #[must_use]
    pub fn parent(self) -> (TileId, usize) {
        let parent = TileId { level: self.level + 1, index: self.index >> HEIGHT };
        (parent, low(self.index))
    }

    /// How many hashes it has in a tree of this size: 0 if it is not part of it.
    #[must_use]
    pub fn width(self, size: u64) -> usize {
        let nodes = nodes(size, self.level);
        let before = self.index.saturating_mul(WIDTH as u64);
        usize::try_from(nodes.saturating_sub(before)).unwrap_or(WIDTH).min(WIDTH)
    }
}

impl Tile {
    /// Root of a tile that is complete.
    #[must_use]
    pub fn root(&self) -> Option<Hash> {
        perfect(&self.hashes).filter(|_| self.hashes.len() == WIDTH)
    }

    /// The hash of a node that [`Node::tile`] has placed here; `None` if it is not complete yet.
    #[must_use]
    pub fn node(&self, place: Range<usize>) -> Option<Hash> {
        perfect(self.hashes.get(place)?)
    }
}

impl Node {
    /// The tile from which its hash is made, and from which hashes of it.
    #[must_use]
    pub fn tile(self) -> (TileId, Range<usize>) {
        let depth = self.level % HEIGHT;
        let id = TileId { level: self.level / HEIGHT, index: self.index >> (HEIGHT - depth) };
        let start = low(self.index << depth);
        (id, start..start + (1 << depth))
    }
}

/// The tiles along the right edge of a tree that are not complete: with them appending writes
/// tiles without reading any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree of this size, from the hashes of each level's last tile; none of a
    /// level whose last tile is complete. `None` if they do not fit the size.
    #[must_use]
    pub fn new(size: u64, levels: Vec<Vec<Hash>>) -> Option<Self> {
        let mut wanted = Self::ids(size).map(|id| id.width(size));
        let fits = levels.iter().all(|level| wanted.next() == Some(level.len()));
        (fits && wanted.next().is_none()).then_some(Self { size, levels })
    }

    /// The last tile of each level of a tree of this size; it may have no hash yet.
    pub fn ids(size: u64) -> impl Iterator<Item = TileId> {
        let levels = (0..).take_while(move |&level| nodes(size, level) > 0);
        levels.map(move |level| TileId { level, index: nodes(size, level) >> HEIGHT })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// A tile of the edge.
    #[must_use]
    pub fn tile(&self, id: TileId) -> Option<Tile> {
        let level = self.levels.get(usize::try_from(id.level).ok()?)?;
        let is_last = nodes(self.size, id.level) >> HEIGHT == id.index;
        (is_last && !level.is_empty()).then(|| Tile { id, hashes: level.clone() })
    }

    /// Appends a leaf. Whenever a tile of leaves becomes complete, returns it and each tile above
    /// that got a hash by it; until then there is nothing to store but the leaf.
    pub fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        self.size += 1;
        let mut tiles = Vec::new();
        let mut hash = leaf;
        for number in 0.. {
            if self.levels.len() == number {
                self.levels.push(Vec::new());
            }
            let Some(level) = self.levels.get_mut(number) else { break };
            level.push(hash);
            let complete = level.len() == WIDTH;
            if number > 0 || complete {
                let level_number = u32::try_from(number).unwrap_or(u32::MAX);
                let index = (nodes(self.size, level_number) - 1) >> HEIGHT;
                let id = TileId { level: level_number, index };
                tiles.push(Tile { id, hashes: level.clone() });
            }
            let Some(root) = perfect(level).filter(|_| complete) else { break };
            level.clear();
            hash = root;
        }
        tiles
    }

    /// The frontier of the same tree.
    #[must_use]
    pub fn frontier(&self) -> Frontier {
        let roots = self.levels.iter().rev().flat_map(|level| roots(level));
        Frontier::new(self.size, roots.collect()).unwrap_or_default()
    }
}

/// Complete nodes at the level of these tiles.
fn nodes(size: u64, level: u32) -> u64 {
    level.checked_mul(HEIGHT).and_then(|bits| size.checked_shr(bits)).unwrap_or(0)
}

/// The roots of the complete subtrees of a row of nodes, the largest first.
fn roots(row: &[Hash]) -> Vec<Hash> {
    let mut rest = row;
    let mut roots = Vec::new();
    while let Some(level) = rest.len().checked_ilog2() {
        let (subtree, others) = rest.split_at(1 << level);
        roots.extend(perfect(subtree));
        rest = others;
    }
    roots
}

/// Root over a power of two of nodes; `None` of none.
fn perfect(row: &[Hash]) -> Option<Hash> {
    match row {
        [] => None,
        [hash] => Some(*hash),
        _ => {
            let (left, right) = row.split_at(row.len() / 2);
            join(&[perfect(left)?, perfect(right)?])
        }
    }
}

/// The last eight bits.
fn low(index: u64) -> usize {
    usize::from(index.to_le_bytes()[0])
}
