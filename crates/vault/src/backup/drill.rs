//! The drill: proves that a backup would restore this vault, without writing.

use std::collections::BTreeMap;

use kms_protocol::ErrorCode;
use kms_tlog::{Edge, Tile, TileId};
use sha2::{Digest, Sha256};

use super::OpenedBackup;
use super::check::Opener;
use super::index::FoundIndex;
use crate::audit::{ChainHead, Link, StoredHead, tile_named};
use crate::stored::{self, HEAD};
use crate::{Error, Ports, RecordKey, Table, Write};

const DAMAGED: Error = Error::Code(ErrorCode::BackupDamaged);

/// What was found so far.
#[derive(Default)]
struct Found {
    /// The head as it is stored.
    head: Option<StoredHead>,
    settings: Option<Write>,
    index: FoundIndex,
    /// Digests of the tiles as they are stored, until the entries make them.
    tiles: BTreeMap<TileId, [u8; 32]>,
    /// The tree that the entries make.
    edge: Edge,
    /// The chain that they make, as long as they are one.
    chain: Option<ChainHead>,
    last: Option<Link>,
}

impl<P: Ports> OpenedBackup<P> {
    /// Reads all of it and opens every record, without writing.
    pub(crate) async fn drill(mut self, ports: &P) -> Result<(), Error> {
        let opener = Opener::new(ports, self.vault_id, &self.root).await?;
        self.is_of_this_vault(ports, &opener).await?;
        let mut found = Found::default();
        while let Some(record) = self.records.next().await? {
            found.check(&opener, &record).await?;
        }
        found.fits(&opener).await
    }

    /// The head of the log of this browser opens only under the id and the RootKey of its vault.
    async fn is_of_this_vault(&self, ports: &P, opener: &Opener<'_, P>) -> Result<(), Error> {
        let value = stored::meta(ports, HEAD).await?.ok_or(ErrorCode::NotInitialized)?;
        let head = Write { table: Table::Meta, key: RecordKey::Text(HEAD.into()), value };
        opener.head(&head).map(|_| ()).map_err(|_| Error::Code(ErrorCode::BackupOtherVault))
    }
}

impl Found {
    async fn check<P: Ports>(
        &mut self,
        opener: &Opener<'_, P>,
        record: &Write,
    ) -> Result<(), Error> {
        match (record.table, &record.key) {
            (Table::Meta, RecordKey::Text(name)) if name == HEAD => {
                self.head = Some(opener.head(record)?);
            }
            (Table::Meta, RecordKey::Text(name)) => self.meta(opener, (name, record)).await?,
            (Table::Audit, RecordKey::Number(seq)) => {
                self.entry(*seq, opener.link(*seq, &record.value).await?)?;
            }
            (Table::Keys, _) => self.index.key(opener, record).await?,
            _ => {}
        }
        Ok(())
    }

    async fn meta<P: Ports>(
        &mut self,
        opener: &Opener<'_, P>,
        (name, record): (&str, &Write),
    ) -> Result<(), Error> {
        if let Some(id) = tile_named(name) {
            let tile = opener.tile(id, &record.value).await?;
            self.tiles.insert(id, digest(&tile));
            return Ok(());
        }
        let head = self.head.as_ref().ok_or(ErrorCode::BackupDamaged)?;
        if !self.index.take((opener, head), (name, record)).await? {
            self.settings = Some(record.clone());
        }
        Ok(())
    }

    fn entry(&mut self, seq: u64, link: Link) -> Result<(), Error> {
        if seq != self.edge.size() + 1 || link.seq() != Some(seq) {
            return Err(DAMAGED);
        }
        let before = if seq == 1 { Some(ChainHead::default()) } else { self.chain };
        self.chain = before.and_then(|before| link.follow(before));
        for tile in self.edge.push(link.leaf()) {
            let is_stored = tile.root().is_none() || self.take(&tile);
            if matches!(self.head, Some(StoredHead::Tree(_))) && !is_stored {
                return Err(DAMAGED);
            }
        }
        self.last = Some(link);
        Ok(())
    }

    fn take(&mut self, tile: &Tile) -> bool {
        self.tiles.remove(&tile.id) == Some(digest(tile))
    }

    /// Whether entries, tiles, head, index and settings belong together.
    async fn fits<P: Ports>(mut self, opener: &Opener<'_, P>) -> Result<(), Error> {
        let (Some(head), Some(last)) = (self.head.take(), self.last.take()) else {
            return Err(DAMAGED);
        };
        let fits = match &head {
            StoredHead::Tree(head) => {
                let above = Edge::ids(self.edge.size()).filter(|id| id.level > 0);
                let above: Vec<_> = above.filter_map(|id| self.edge.tile(id)).collect();
                above.iter().all(|tile| self.take(tile)) && self.edge.frontier() == head.tree
            }
            StoredHead::Chain(head) => self.chain.is_some_and(|chain| chain.ends_as(*head)),
        };
        let whole =
            fits && self.tiles.is_empty() && head.ends_with(&last) && self.index.fits(&head);
        if whole { opener.settings(&head, self.settings.as_ref()).await } else { Err(DAMAGED) }
    }
}

fn digest(tile: &Tile) -> [u8; 32] {
    Sha256::digest(tile.hashes.concat()).into()
}
