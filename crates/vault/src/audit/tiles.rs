//! The hashes of the tree: sealed tiles, each written once when it is complete, and those along
//! the right edge. With them nothing has to read the whole log.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use kms_protocol::ErrorCode;
use kms_tlog::{Edge, Hash, Plan, Tile, TileId, WIDTH};

use super::entry::{Head, Link};
use super::head::hashes;
use crate::enclave::Inner;
use crate::header::VaultId;
use crate::state::{Secrets, UnlockedVault};
use crate::{Error, Ports, RecordKey, Store, Table, Write, seal, stored};

const CORRUPT: Error = Error::Code(ErrorCode::AuditCorrupt);
/// What the names of tiles in [`Table::Meta`] begin with.
const PREFIX: &str = "audit-tile/";

/// Name of a tile in [`Table::Meta`]; in the order of levels and positions.
pub(crate) fn tile_name(id: TileId) -> String {
    format!("{PREFIX}{}/{:016}", id.level, id.index)
}

/// Which tile a record of [`Table::Meta`] is, if it is one.
pub(crate) fn tile_named(name: &str) -> Option<TileId> {
    let (level, index) = name.strip_prefix(PREFIX)?.split_once('/')?;
    let id = TileId { level: level.parse().ok()?, index: index.parse().ok()? };
    (id.level < u64::BITS / 8 && tile_name(id) == name).then_some(id)
}

/// The write of a tile.
pub(crate) async fn tile_write<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    secrets: &Secrets<P>,
    tile: &Tile,
) -> Result<Write, Error> {
    let level = tile.id.level.to_be_bytes();
    let context = seal::tile_context(vault_id, &level, tile.id.index);
    let plain = tile.hashes.concat();
    let value = seal::seal(ports.crypto(), &secrets.record, &context, &plain).await?;
    Ok(Write { table: Table::Meta, key: RecordKey::Text(tile_name(tile.id)), value })
}

/// Opens a tile.
pub(crate) async fn open_tile<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    secrets: &Secrets<P>,
    (id, sealed): (TileId, &[u8]),
) -> Result<Tile, Error> {
    let level = id.level.to_be_bytes();
    let context = seal::tile_context(vault_id, &level, id.index);
    let plain = seal::open(ports.crypto(), &secrets.record, &context, sealed).await;
    let plain = plain.map_err(|_| CORRUPT)?;
    let hashes = hashes(plain.expose()).filter(|hashes| (1..=WIDTH).contains(&hashes.len()));
    Ok(Tile { id, hashes: hashes.ok_or(CORRUPT)? })
}

impl<P: Ports> Inner<P> {
    /// The edge of the tree that ends at the head in memory.
    pub(super) async fn edge(&self, vault: &UnlockedVault<P>) -> Result<Edge, Error> {
        let head = vault.log.head();
        if let Some(edge) = vault.log.edge() {
            return Ok(edge);
        }
        let edge = self.read_edge(vault, &head).await?;
        if vault.log.head() == head {
            vault.log.note_edge(edge.clone());
        }
        Ok(edge)
    }

    /// Reads it: at most 255 entries, and a tile for each level above. Tiles that have grown
    /// since this head hold what they held.
    async fn read_edge(&self, vault: &UnlockedVault<P>, head: &Head) -> Result<Edge, Error> {
        let size = head.count();
        let mut levels = Vec::new();
        for id in Edge::ids(size) {
            let width = id.width(size);
            let hashes = match (id.level, width) {
                (_, 0) => Vec::new(),
                (0, _) => {
                    let links = self.links(vault, size - width as u64, width).await?;
                    links.iter().map(Link::leaf).collect()
                }
                _ => self.read_tile(vault, id).await?.hashes.into_iter().take(width).collect(),
            };
            levels.push(hashes);
        }
        let edge = Edge::new(size, levels);
        edge.filter(|edge| edge.frontier() == head.tree).ok_or(CORRUPT)
    }

    /// Reads as many entries as are wanted behind `after`, one at least; all of them must exist.
    pub(super) async fn links(
        &self,
        vault: &UnlockedVault<P>,
        after: u64,
        wanted: usize,
    ) -> Result<Vec<Link>, Error> {
        let key = RecordKey::Number(after);
        let limit = u32::try_from(wanted).map_err(|_| CORRUPT)?;
        let sealed = self.ports.store().list(Table::Audit, Some(&key), limit).await?;
        if sealed.len() != wanted {
            return Err(CORRUPT);
        }
        // All at once: a browser takes longer to answer than to decrypt.
        let sealed = (after + 1..).zip(&sealed);
        try_join_all(sealed.map(|(seq, (_, sealed))| self.link_at(vault, seq, sealed))).await
    }

    async fn link_at(
        &self,
        vault: &UnlockedVault<P>,
        seq: u64,
        sealed: &[u8],
    ) -> Result<Link, Error> {
        let link = self.open_link(vault, seq, sealed).await?;
        if link.seq() == Some(seq) { Ok(link) } else { Err(CORRUPT) }
    }

    /// Reads a tile that must exist. Nothing but its place is checked.
    pub(super) async fn read_tile(
        &self,
        vault: &UnlockedVault<P>,
        id: TileId,
    ) -> Result<Tile, Error> {
        let sealed = stored::meta(&self.ports, &tile_name(id)).await?.ok_or(CORRUPT)?;
        open_tile(&self.ports, &vault.id, &vault.secrets()?, (id, &sealed)).await
    }

    /// A tile of the tree with this edge: its root is followed up to the edge, which the head
    /// authenticates.
    pub(super) async fn tile(
        &self,
        vault: &UnlockedVault<P>,
        edge: &Edge,
        id: TileId,
    ) -> Result<Tile, Error> {
        if let Some(tile) = edge.tile(id) {
            return Ok(tile);
        }
        let wanted = self.read_tile(vault, id).await?;
        let mut below = wanted.clone();
        loop {
            let root = below.root().ok_or(CORRUPT)?;
            let (parent, at) = below.id.parent();
            let of_edge = edge.tile(parent);
            let is_edge = of_edge.is_some();
            let above = match of_edge {
                Some(tile) => tile,
                None => self.read_tile(vault, parent).await?,
            };
            if above.hashes.get(at) != Some(&root) {
                return Err(CORRUPT);
            }
            if is_edge {
                return Ok(wanted);
            }
            below = above;
        }
    }

    /// The hashes of a proof about a tree that ends at this edge or before.
    pub(super) async fn prove(
        &self,
        vault: &UnlockedVault<P>,
        edge: &Edge,
        plan: &Plan,
    ) -> Result<Vec<Hash>, Error> {
        let mut tiles = BTreeMap::new();
        let mut nodes = Vec::new();
        for node in plan.nodes() {
            let (id, place) = node.tile();
            let tile = match tiles.remove(&id) {
                Some(tile) => tile,
                None => self.tile(vault, edge, id).await?,
            };
            nodes.push(tile.node(place).ok_or(CORRUPT)?);
            tiles.insert(id, tile);
        }
        plan.join(&nodes).ok_or(CORRUPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_one_name_each() {
        let id = TileId { level: 1, index: 42 };
        assert_eq!(tile_name(id), "audit-tile/1/0000000000000042");
        assert_eq!(tile_named(&tile_name(id)), Some(id));
        for name in [
            "audit-tile/1/42",
            "audit-tile/01/0000000000000042",
            "audit-tile/8/0000000000000042",
            "audit-tile/1",
            "audit-tile/x/0000000000000042",
            "audit-tile/1/000000000000004x",
            "audit-head",
        ] {
            assert_eq!(tile_named(name), None, "{name}");
        }
    }
}
