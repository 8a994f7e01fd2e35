//! A log as it was read: all of its entries, whose tree is made anew.
//!
//! A log of releases is small, so that reading all of it costs less than trusting a part of it.

use std::collections::BTreeMap;

use kms_tlog::{
    Checkpoint, EMPTY_ROOT, Hash, Node, Plan, TileId, WIDTH, entries, leaf_hash, node_hash,
};
use kms_verify::Statement;

use super::{Error, Source};

/// Most entries that are read.
const MAX_ENTRIES: u64 = 100_000;

/// Why a log is not sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// A bundle of entries is missing.
    #[error("entries are missing")]
    Missing,
    /// A bundle is none, or of another length than the tree needs.
    #[error("a bundle of entries cannot be read")]
    Bundle,
    /// The entries are not those of the checkpoint.
    #[error("the entries are not those of the checkpoint")]
    Root,
    /// There are more entries than a log of releases has.
    #[error("the log is too large")]
    Size,
    /// A tile is missing or holds other hashes.
    #[error("a tile is missing or wrong")]
    Tile,
}

/// The entries of a log up to a size.
#[derive(Debug, Clone, Default)]
pub struct EntryLog {
    entries: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
}

impl EntryLog {
    /// Reads the entries of a tree of this size. A partial bundle may have become a whole one.
    pub fn read(source: &dyn Source, size: u64) -> Result<Self, Error> {
        if size > MAX_ENTRIES {
            return Err(LogFault::Size.into());
        }
        let mut log = Self::default();
        for index in 0.. {
            let tile = TileId { level: 0, index };
            let width = tile.width(size);
            if width == 0 {
                break;
            }
            let bundle = match source.get(&tile.entries_path(width))? {
                Some(bundle) => Some(bundle),
                None => source.get(&tile.entries_path(WIDTH))?,
            };
            let bundle = bundle.ok_or(LogFault::Missing)?;
            let found = entries::parse(&bundle).and_then(|it| Some(it.get(..width)?.to_vec()));
            for entry in found.ok_or(LogFault::Bundle)? {
                log.push(entry);
            }
        }
        Ok(log)
    }

    /// Reads the entries of a checkpoint, whose tree they have to be.
    pub fn of(source: &dyn Source, checkpoint: &Checkpoint) -> Result<Self, Error> {
        let log = Self::read(source, checkpoint.size)?;
        let same = log.root(checkpoint.size) == Some(checkpoint.root);
        if same { Ok(log) } else { Err(LogFault::Root.into()) }
    }

    pub(super) fn push(&mut self, entry: &[u8]) {
        self.leaves.push(leaf_hash(entry));
        self.entries.push(entry.to_vec());
    }

    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// Place of an entry.
    #[must_use]
    pub fn find(&self, entry: &[u8]) -> Option<u64> {
        self.entries.iter().position(|known| known == entry).map(|place| place as u64)
    }

    /// Root of the tree of the first entries; `None` if there are fewer.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size == 0 {
            return Some(EMPTY_ROOT);
        }
        Plan::root(size).and_then(|plan| self.proof(&plan)).and_then(|proof| proof.first().copied())
    }

    /// The hashes of a proof, if this log has them.
    #[must_use]
    pub fn proof(&self, plan: &Plan) -> Option<Vec<Hash>> {
        let nodes: Option<Vec<_>> = plan.nodes().map(|node| self.node(node)).collect();
        plan.join(&nodes?)
    }

    /// Every tile and bundle that a tree of `size` has and one of `before` has not, by its path.
    pub(super) fn tiles(&self, before: u64, size: u64) -> Option<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::new();
        for level in 0.. {
            if (TileId { level, index: 0 }).width(size) == 0 {
                break;
            }
            for index in 0.. {
                let tile = TileId { level, index };
                let width = tile.width(size);
                if width == 0 {
                    break;
                }
                if width == tile.width(before) {
                    continue;
                }
                files.insert(tile.path(width), self.tile(tile, width)?.concat());
                if level == 0 {
                    let start = usize::try_from(index).ok()?.checked_mul(WIDTH)?;
                    let bundle = entries::write(self.entries.get(start..start + width)?)?;
                    files.insert(tile.entries_path(width), bundle);
                }
            }
        }
        Some(files)
    }

    fn tile(&self, tile: TileId, width: usize) -> Option<Vec<Hash>> {
        let first = tile.index.checked_mul(WIDTH as u64)?;
        let nodes = (first..).take(width).map(|index| Node { level: tile.level * 8, index });
        nodes.map(|node| self.node(node)).collect()
    }

    /// Root of a complete subtree.
    fn node(&self, Node { level, index }: Node) -> Option<Hash> {
        let start = usize::try_from(index.checked_shl(level)?).ok()?;
        let end = start.checked_add(1_usize.checked_shl(level)?)?;
        let mut row = self.leaves.get(start..end)?.to_vec();
        while let [_, _, ..] = row.as_slice() {
            let pair = |pair: &[Hash]| match pair {
                [left, right] => Some(node_hash(left, right)),
                _ => None,
            };
            row = row.chunks(2).map(pair).collect::<Option<_>>()?;
        }
        row.first().copied()
    }

    /// Every entry as a statement; `None` for one that is none.
    pub fn statements(&self) -> impl Iterator<Item = Option<(Statement, kms_tlog::Note)>> {
        self.entries.iter().map(|entry| Statement::of_note(entry))
    }
}
