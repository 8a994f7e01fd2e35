//! Reading the log: pages, and the check of the whole chain.

use std::rc::Rc;

use kms_protocol::limits::MAX_PAGE;
use kms_protocol::{
    AuditCheckpoint, AuditEntry, AuditPage, CallerOrigin, ErrorCode, ListAuditParams,
};

use super::entry::{Head, Link};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Store, Table, VaultLock};

/// Entries read at once while the whole log is checked.
const CHUNK: u32 = 256;

impl<P: Ports> Inner<P> {
    /// A page of entries. Links inside the page are checked, and the end against the head.
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
        let head = self.settled_head(&vault).await?;
        let last = head.count.min((from - 1).saturating_add(limit.into()));
        let mut entries = Vec::new();
        if from <= last {
            for entry in self.entries(&vault, head, (from, last)).await? {
                entries.push(self.seen_by(&vault, &caller.origin, entry).await?);
            }
        }
        vault.still_open()?;
        Ok(AuditPage { entries, checkpoint: checkpoint(head) })
    }

    /// The entries of another site stay in the page, so that the chain can be followed, but do not
    /// tell which key was used by whom. Neither do the person's own that are about a key of
    /// another site.
    async fn seen_by(
        &self,
        vault: &UnlockedVault<P>,
        caller: &CallerOrigin,
        entry: AuditEntry,
    ) -> Result<AuditEntry, Error> {
        let own = match (&entry.caller_origin, &entry.key_id) {
            (Some(origin), _) => origin == caller,
            (None, Some(key_id)) => vault.is_of(&self.ports, key_id, caller).await?,
            (None, None) => true,
        };
        Ok(if own { entry } else { AuditEntry { key_id: None, caller_origin: None, ..entry } })
    }

    /// A run of entries. Its links are checked, and its end against the head if it is that.
    pub(super) async fn entries(
        &self,
        vault: &UnlockedVault<P>,
        head: Head,
        (from, last): (u64, u64),
    ) -> Result<Vec<AuditEntry>, Error> {
        let mut entries = Vec::new();
        let mut walk = Walk { head: self.before(vault, from).await?, known: head };
        self.walk(vault, &mut walk, last, |entry| entries.push(entry)).await?;
        Ok(entries)
    }

    /// Checks every entry from the first to the stored head, and that nothing follows it.
    pub(crate) async fn verify_audit(self: &Rc<Self>) -> Result<AuditCheckpoint, Error> {
        let vault = self.unlocked()?;
        let head = self.settled_head(&vault).await?;
        let mut walk = Walk { head: Head::default(), known: vault.log.head.get() };
        self.walk(&vault, &mut walk, head.count, |_| ()).await?;
        if !walk.head.ends_as(head) || self.has_orphan(&vault, head).await? {
            return Err(Error::Code(ErrorCode::AuditCorrupt));
        }
        vault.still_open()?;
        Ok(checkpoint(head))
    }

    /// At unlock: the last entry is the one the head names, and nothing follows it.
    pub(crate) async fn check_end(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
        let head = vault.log.head.get();
        let ends = head.count > 0 && self.read_link(vault, head.count).await?.hash() == head.hash;
        let after = RecordKey::Number(head.count);
        let orphans = self.ports.store().list(Table::Audit, Some(&after), 1).await?;
        if ends && orphans.is_empty() { Ok(()) } else { Err(Error::Code(ErrorCode::AuditCorrupt)) }
    }

    /// The stored head after everything that waited was written.
    pub(super) async fn settled_head(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
    ) -> Result<Head, Error> {
        self.flush().await?;
        let _exclusive = self.ports.lock().acquire().await;
        self.stored_head(vault).await
    }

    /// The head before an entry.
    async fn before(&self, vault: &UnlockedVault<P>, seq: u64) -> Result<Head, Error> {
        match seq - 1 {
            0 => Ok(Head::default()),
            count => {
                let hash = self.read_link(vault, count).await?.hash();
                Ok(Head { count, hash, ..Head::default() })
            }
        }
    }

    async fn walk(
        &self,
        vault: &UnlockedVault<P>,
        walk: &mut Walk,
        last: u64,
        mut visit: impl FnMut(AuditEntry),
    ) -> Result<(), Error> {
        while walk.head.count < last {
            let after = RecordKey::Number(walk.head.count);
            let left = u32::try_from(last - walk.head.count).unwrap_or(CHUNK).min(CHUNK);
            let chunk = self.ports.store().list(Table::Audit, Some(&after), left).await?;
            if chunk.is_empty() {
                return Err(Error::Code(ErrorCode::AuditCorrupt));
            }
            for (_, sealed) in chunk {
                let link = self.open_link(vault, walk.head.count + 1, &sealed).await?;
                walk.step(&link)?;
                visit(link.publish()?);
            }
        }
        Ok(())
    }

    /// Whether an entry follows although the head has not moved.
    async fn has_orphan(&self, vault: &UnlockedVault<P>, head: Head) -> Result<bool, Error> {
        let _exclusive = self.ports.lock().acquire().await;
        let after = RecordKey::Number(head.count);
        let orphans = self.ports.store().list(Table::Audit, Some(&after), 1).await?;
        Ok(!orphans.is_empty() && self.stored_head(vault).await? == head)
    }
}

/// A walk along the chain.
struct Walk {
    head: Head,
    /// A head that was known before the walk; the walk must come through it.
    known: Head,
}

impl Walk {
    fn step(&mut self, link: &Link) -> Result<(), ErrorCode> {
        let next = link.follow(self.head).ok_or(ErrorCode::AuditCorrupt)?;
        if next.count == self.known.count && !next.ends_as(self.known) {
            return Err(ErrorCode::AuditCorrupt);
        }
        self.head = next;
        Ok(())
    }
}

fn checkpoint(head: Head) -> AuditCheckpoint {
    AuditCheckpoint { count: head.count, head: head.hash.to_vec() }
}
