//! From a chain of hashes to a tree: once, when such a log is first unlocked. The entries stay
//! as they are.

use kms_protocol::ErrorCode;
use kms_tlog::{Edge, WIDTH};

use super::chain::ChainHead;
use super::entry::Head;
use super::head::head_write;
use super::tiles::tile_write;
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::{Batch, Error, Ports, Store};

impl<P: Ports> Inner<P> {
    /// Checks the whole chain and builds the tree over it, a tile of entries at a time. Until the
    /// last batch, which replaces the head, it is a chain: tiles that an interrupted migration
    /// leaves behind mean nothing and are written again. The caller holds the lock, and has compared
    /// the last entry with the head.
    pub(super) async fn migrate(
        &self,
        vault: &UnlockedVault<P>,
        chain: ChainHead,
    ) -> Result<(), Error> {
        let secrets = vault.secrets()?;
        let mut head = Head { settings: chain.settings, ..Head::default() };
        let (mut edge, mut walked) = (Edge::default(), ChainHead::default());
        let mut generation = vault.log.generation();
        while head.count() < chain.count {
            let left = usize::try_from(chain.count - head.count()).unwrap_or(WIDTH).min(WIDTH);
            let mut writes = Vec::new();
            for link in self.links(vault, head.count(), left).await? {
                walked = link.follow(walked).ok_or(ErrorCode::AuditCorrupt)?;
                head.push(link.leaf());
                for tile in edge.push(link.leaf()) {
                    writes.push(tile_write(&self.ports, &vault.id, &secrets, &tile).await?);
                }
            }
            if head.count() == chain.count {
                writes.push(head_write(&vault.id, &secrets.audit, &head));
            }
            let batch = Batch { clear: false, writes, device_key: None };
            generation = self.ports.store().commit(generation, batch).await?;
        }
        vault.log.advance(head, generation, Some(edge));
        vault.log.note_whole();
        Ok(())
    }
}
