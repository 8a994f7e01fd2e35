//! From a group of entries to the writes of one batch: what the entries change, their links, the
//! tiles they complete, and the head.

use kms_protocol::{ErrorCode, KeyId};
use kms_tlog::{Edge, Hash, WIDTH};

use super::edit::{Change, Edited};
use super::entry::{Draft, Head};
use super::head::head_write;
use super::journal::Item;
use super::log::link_write;
use super::tiles::tile_write;
use crate::enclave::Inner;
use crate::keys::{KeyEdits, Root};
use crate::state::UnlockedVault;
use crate::{Error, Ports, Write, random};

/// A group that is ready to be committed.
pub(super) struct Linked {
    pub(super) writes: Vec<Write>,
    pub(super) head: Head,
    pub(super) edge: Option<Edge>,
    /// What has changed when the group is written.
    pub(super) changed: Option<Changed>,
}

/// What a group has changed.
pub(super) enum Changed {
    Vault(Box<Edited>),
    /// Some keys, or the index alone; and the index as it is then.
    Keys(Vec<KeyId>, Box<Root>),
}

/// Why a try failed: the change was refused, the entries have to be looked at one by one, or
/// something else.
pub(super) enum Refusal {
    Of(Error),
    Split,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Failed(error.into())
    }
}

/// What is wrong with one key is nothing that is wrong with the log.
fn of_key(error: Error) -> Refusal {
    match error {
        Error::Code(ErrorCode::NotFound | ErrorCode::Unreadable) => Refusal::Of(error),
        other => Refusal::Failed(other),
    }
}

/// The index has no room for them.
fn of_keys(error: Error) -> Refusal {
    match error {
        Error::Code(_) => Refusal::Of(error),
        other => Refusal::Failed(other),
    }
}

/// A group as far as it is worked out.
struct Linking {
    writes: Vec<Write>,
    head: Head,
    leaves: Vec<Hash>,
    keys: Option<KeyEdits>,
    changed: Option<Changed>,
}

impl<P: Ports> Inner<P> {
    /// Works out the batch of a group, on copies. The caller holds the lock.
    pub(super) async fn link_group(
        &self,
        vault: &UnlockedVault<P>,
        group: &[Item],
    ) -> Result<Linked, Refusal> {
        let (head, leaves) = (vault.log.head(), Vec::with_capacity(group.len()));
        let writes = Vec::with_capacity(group.len() + 1);
        let mut linking = Linking { writes, head, leaves, keys: None, changed: None };
        for item in group {
            match self.link_item(vault, item, &mut linking).await {
                // The others are not to wait for what is refused, nor to build on it.
                Err(Refusal::Of(_)) if group.len() > 1 => {
                    item.set_apart();
                    return Err(Refusal::Split);
                }
                linked => linked?,
            }
        }
        match self.finish(vault, linking).await {
            Err(Refusal::Of(_)) if group.len() > 1 => {
                group.iter().for_each(Item::set_apart);
                Err(Refusal::Split)
            }
            finished => finished,
        }
    }

    async fn link_item(
        &self,
        vault: &UnlockedVault<P>,
        item: &Item,
        linking: &mut Linking,
    ) -> Result<(), Refusal> {
        self.check_use(vault, item).await?;
        let mut before = Vec::new();
        match &item.change {
            Some(Change::Vault(edit)) => {
                let edited = self.edit(vault, edit).await?.map_err(Refusal::Of)?;
                linking.writes.extend(self.edit_writes(vault, &edited, &mut linking.head).await?);
                before = vec![item.draft.failed(ErrorCode::UnlockFailed); edited.wrong];
                before.extend(
                    edited.also.iter().map(|event| Draft::internal(event, item.draft.time)),
                );
                linking.changed = Some(Changed::Vault(Box::new(edited)));
            }
            Some(Change::Key(change)) => {
                if linking.keys.is_none() {
                    self.must_be_fresh(vault).await?;
                }
                let keys = linking.keys.get_or_insert_with(|| KeyEdits::of(vault));
                self.apply(vault, change, keys).await?.map_err(Refusal::Of)?;
            }
            Some(Change::Index(step)) => {
                self.must_be_fresh(vault).await?;
                let (own, root) = self.index_writes(vault, (step, &mut linking.head)).await?;
                linking.writes.extend(own);
                linking.changed = Some(Changed::Keys(Vec::new(), Box::new(root)));
            }
            None => {}
        }
        for draft in before.iter().chain([&item.draft]) {
            self.link(vault, draft, linking).await?;
        }
        Ok(())
    }

    async fn link(
        &self,
        vault: &UnlockedVault<P>,
        draft: &Draft,
        linking: &mut Linking,
    ) -> Result<(), Error> {
        let secrets = vault.secrets()?;
        let seq = linking.head.count() + 1;
        let link = draft.entry(seq, random::bytes(self.ports.crypto())?);
        linking.head.push(link.leaf());
        linking.leaves.push(link.leaf());
        linking.writes.push(link_write(&self.ports, &vault.id, &secrets, (seq, &link)).await?);
        Ok(())
    }

    async fn finish(&self, vault: &UnlockedVault<P>, linking: Linking) -> Result<Linked, Refusal> {
        let Linking { mut writes, mut head, leaves, keys, mut changed } = linking;
        if let Some(keys) = keys {
            let written = keys.writes((vault, &self.ports), &mut head).await;
            let (own, key_ids, root) = written.map_err(of_keys)?;
            writes.extend(own);
            changed = Some(Changed::Keys(key_ids, Box::new(root)));
        }
        let edge = self.tile_writes(vault, &leaves, &mut writes).await?;
        writes.push(head_write(&vault.id, &vault.secrets()?.audit, &head));
        Ok(Linked { writes, head, edge, changed })
    }

    /// Whether a key that may have changed since it was used still permits the use.
    async fn check_use(&self, vault: &UnlockedVault<P>, item: &Item) -> Result<(), Refusal> {
        if let Some(used) = item.used.as_ref().filter(|_| item.is_doubtful()) {
            self.must_be_fresh(vault).await?;
            let record = vault.read(&self.ports, &used.key_id).await.map_err(of_key)?;
            (used.permits)(&record).map_err(Refusal::Of)?;
        }
        Ok(())
    }

    /// Adds the tiles that these leaves make complete. Returns the new edge, where the old one is
    /// known or had to be read for them.
    async fn tile_writes(
        &self,
        vault: &UnlockedVault<P>,
        leaves: &[Hash],
        writes: &mut Vec<Write>,
    ) -> Result<Option<Edge>, Error> {
        let (width, count) = (WIDTH as u64, vault.log.head().count());
        let completes = count % width + leaves.len() as u64 >= width;
        if vault.log.edge().is_none() && !completes {
            return Ok(None);
        }
        let secrets = vault.secrets()?;
        let mut edge = self.edge(vault).await?;
        for leaf in leaves {
            for tile in edge.push(*leaf) {
                writes.push(tile_write(&self.ports, &vault.id, &secrets, &tile).await?);
            }
        }
        Ok(Some(edge))
    }
}
