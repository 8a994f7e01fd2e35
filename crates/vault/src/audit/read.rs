//! Reading the log: pages, the check of all of it, and of its end.

use std::rc::Rc;

use kms_protocol::limits::MAX_PAGE;
use kms_protocol::{
    AuditCheckpoint, AuditEntry, AuditPage, CallerOrigin, ErrorCode, ListAuditParams,
};
use kms_tlog::{Edge, Node};

use super::entry::{Head, Link};
use super::head::StoredHead;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Store, Table, VaultLock};

const CORRUPT: Error = Error::Code(ErrorCode::AuditCorrupt);

impl<P: Ports> Inner<P> {
    /// A page of entries, each at its place in the tree.
    pub(crate) async fn list_audit(
        self: &Rc<Self>,
        caller: &Caller,
        params: ListAuditParams,
    ) -> Result<AuditPage, Error> {
        let limit = params.limit.unwrap_or(MAX_PAGE);
        let from = params.from.unwrap_or(1);
        if !(1..=MAX_PAGE).contains(&limit) || from == 0 {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        let vault = self.unlocked()?;
        let _turn = self.paging.lock().await;
        let head = self.settled_head(&vault).await?;
        let last = head.count().min((from - 1).saturating_add(limit.into()));
        let wanted = usize::try_from(last.saturating_sub(from - 1)).unwrap_or(0);
        let mut entries = Vec::new();
        if wanted > 0 {
            for entry in self.entries(&vault, from - 1, wanted).await? {
                entries.push(self.seen_by(&vault, &caller.origin, entry).await?);
            }
        }
        vault.still_open()?;
        Ok(AuditPage { entries, checkpoint: checkpoint(&head) })
    }

    /// The entries of another site stay in the page, so that the log has no holes, but do not tell
    /// which key was used by whom. Neither do the person's own that are about a key of another site.
    /// Their hash tells nothing either: it is salted.
    async fn seen_by(
        &self,
        vault: &UnlockedVault<P>,
        caller: &CallerOrigin,
        entry: AuditEntry,
    ) -> Result<AuditEntry, Error> {
        let own = match (&entry.caller_origin, &entry.key_id) {
            (Some(origin), _) => origin == caller,
            (None, Some(key_id)) => self.is_of(vault, key_id, caller).await?,
            (None, None) => true,
        };
        let hidden = |entry| AuditEntry {
            key_id: None,
            caller_origin: None,
            authorization: None,
            leaf: None,
            ..entry
        };
        Ok(if own { entry } else { hidden(entry) })
    }

    /// Entries behind `after`, each at its place in the tree; all of them must exist.
    pub(super) async fn entries(
        &self,
        vault: &UnlockedVault<P>,
        after: u64,
        wanted: usize,
    ) -> Result<Vec<AuditEntry>, Error> {
        let links = self.links(vault, after, wanted).await?;
        self.check_places(vault, after, &links).await?;
        Ok(links.iter().map(Link::publish).collect::<Result<_, _>>()?)
    }

    /// Whether these are the leaves that stand behind `after`.
    async fn check_places(
        &self,
        vault: &UnlockedVault<P>,
        after: u64,
        links: &[Link],
    ) -> Result<(), Error> {
        let edge = self.edge(vault).await?;
        let mut tile = None;
        for (index, link) in (after..).zip(links) {
            let (id, place) = Node { level: 0, index }.tile();
            let own = match tile.take().filter(|known: &kms_tlog::Tile| known.id == id) {
                Some(known) => known,
                None => self.tile(vault, &edge, id).await?,
            };
            if own.node(place) != Some(link.leaf()) {
                return Err(CORRUPT);
            }
            tile = Some(own);
        }
        Ok(())
    }

    /// Checks every entry from the first to the stored head, every tile, and that nothing follows.
    pub(crate) async fn verify_audit(self: &Rc<Self>) -> Result<AuditCheckpoint, Error> {
        let vault = self.unlocked()?;
        let known = vault.log.head();
        let head = self.settled_head(&vault).await?;
        let mut edge = Edge::default();
        self.check_up_to(&vault, &mut edge, &known).await?;
        self.check_up_to(&vault, &mut edge, &head).await?;
        if self.has_orphan(&vault, &head).await? {
            return Err(CORRUPT);
        }
        vault.still_open()?;
        Ok(checkpoint(&head))
    }

    /// At unlock: the last entry is the one the head names, and nothing follows it. The log of an
    /// older release becomes a tree. The caller holds the lock.
    pub(crate) async fn open_end(
        &self,
        vault: &UnlockedVault<P>,
        stored: &StoredHead,
    ) -> Result<(), Error> {
        let count = stored.count();
        let ends = count > 0 && stored.ends_with(&self.read_link(vault, count).await?);
        let after = RecordKey::Number(count);
        let orphans = self.ports.store().list(Table::Audit, Some(&after), 1).await?;
        match stored {
            _ if !ends || !orphans.is_empty() => Err(CORRUPT),
            StoredHead::Tree(_) => Ok(()),
            StoredHead::Chain(head) => self.migrate(vault, *head).await,
        }
    }

    /// The stored head after everything that waited was written.
    pub(super) async fn settled_head(
        self: &Rc<Self>,
        vault: &Rc<UnlockedVault<P>>,
    ) -> Result<Head, Error> {
        self.flush().await?;
        let _exclusive = self.ports.lock().acquire().await;
        let head = self.stored_head(vault).await?;
        if head != vault.log.head() {
            self.refresh(vault).await?;
        }
        Ok(vault.log.head())
    }

    /// Whether an entry follows although the head has not moved.
    async fn has_orphan(&self, vault: &UnlockedVault<P>, head: &Head) -> Result<bool, Error> {
        let _exclusive = self.ports.lock().acquire().await;
        let after = RecordKey::Number(head.count());
        let orphans = self.ports.store().list(Table::Audit, Some(&after), 1).await?;
        Ok(!orphans.is_empty() && self.stored_head(vault).await? == *head)
    }
}

fn checkpoint(head: &Head) -> AuditCheckpoint {
    AuditCheckpoint { count: head.count(), root: head.tree.root().to_vec() }
}
