//! Writing the log: appends, seals and commits groups of entries. It reads nothing but, once in
//! 256 entries at most, the edge of the tree.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_protocol::ErrorCode;
use kms_tlog::Edge;

use super::entry::{Head, Link, Mark};
use super::group::{Changed, Linked, Refusal};
use super::head::{StoredHead, open_head};
use super::journal::Item;
use crate::enclave::Inner;
use crate::header::VaultId;
use crate::keys::Root;
use crate::settings::Settings;
use crate::state::{Secrets, UnlockedVault};
use crate::stored::{self, HEAD};
use crate::{
    Batch, Error, Generation, Ports, RecordKey, Store, StoreError, Table, VaultLock, Write, cbor,
    seal,
};

/// Tries of one group, the first included.
const TRIES: u32 = 4;

/// What an unlocked vault knows of its log.
pub(crate) struct Log {
    head: RefCell<Head>,
    generation: Cell<Generation>,
    /// Whether somebody else may have written since.
    stale: Cell<bool>,
    /// The edge of the tree, once it was needed.
    edge: RefCell<Option<Edge>>,
    /// How far the log was checked since it was opened; `None` when it was to its end.
    unchecked: RefCell<Option<Edge>>,
    /// Whether a reader found damage while the person looks at the log.
    damaged: Cell<bool>,
}

/// Why a group was not written, and its last entry if nobody knows whether it was.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) doubt: Option<Mark>,
    /// Whether the change itself was refused, not the write.
    pub(crate) refused: bool,
    /// Whether its entries have to be written one by one.
    pub(crate) split: bool,
}

impl Failure {
    /// A write that failed.
    pub(super) fn of(error: Error, doubt: Option<Mark>) -> Self {
        Self { error, doubt, refused: false, split: false }
    }
}

impl Log {
    /// The log as it was read at this generation, of which only the end was looked at.
    pub(crate) fn new(head: Head, generation: Generation) -> Self {
        Self {
            head: RefCell::new(head),
            generation: Cell::new(generation),
            stale: Cell::new(false),
            edge: RefCell::default(),
            unchecked: RefCell::new(Some(Edge::default())),
            damaged: Cell::new(false),
        }
    }

    /// The log that ends at this head.
    pub(crate) fn head(&self) -> Head {
        self.head.borrow().clone()
    }

    /// When it was read or written last.
    pub(crate) fn generation(&self) -> Generation {
        self.generation.get()
    }

    /// The edge of the tree, if it is known.
    pub(super) fn edge(&self) -> Option<Edge> {
        self.edge.borrow().clone()
    }

    /// Remembers the edge that belongs to the head.
    pub(super) fn note_edge(&self, edge: Edge) {
        *self.edge.borrow_mut() = Some(edge);
    }

    /// How far the log was checked; `None` when there is nothing left to check.
    pub(super) fn unchecked(&self) -> Option<Edge> {
        self.unchecked.borrow().clone()
    }

    /// Remembers that it was checked up to here.
    pub(super) fn note_checked(&self, edge: Edge) {
        if edge.size() >= self.head.borrow().count() {
            self.note_whole();
        } else {
            *self.unchecked.borrow_mut() = Some(edge);
        }
    }

    /// Remembers that every entry was seen here.
    pub(crate) fn note_whole(&self) {
        self.unchecked.borrow_mut().take();
    }

    /// Whether damage was found: from then on no key is used.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.get()
    }

    pub(super) fn note_damaged(&self) {
        self.damaged.set(true);
    }

    pub(super) fn advance(&self, head: Head, generation: Generation, edge: Option<Edge>) {
        *self.head.borrow_mut() = head;
        *self.edge.borrow_mut() = edge;
        self.generation.set(generation);
        self.stale.set(false);
    }
}

/// The write of one entry.
pub(crate) async fn link_write<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    secrets: &Secrets<P>,
    (seq, link): (u64, &Link),
) -> Result<Write, Error> {
    let context = seal::audit_context(vault_id, seq);
    let value = seal::seal(ports.crypto(), &secrets.record, &context, &cbor::encode(link)).await?;
    Ok(Write { table: Table::Audit, key: RecordKey::Number(seq), value })
}

impl<P: Ports> Inner<P> {
    /// Commits a group of entries with their records. The caller holds the lock.
    pub(super) async fn append(
        &self,
        vault: &Rc<UnlockedVault<P>>,
        group: &[Item],
    ) -> Result<(), Failure> {
        let mut doubt = None;
        let mut last = Error::Store(StoreError::Conflict);
        for _ in 0..TRIES {
            match self.append_once(vault, group, &mut doubt).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Of(error)) => {
                    return Err(Failure { refused: true, ..Failure::of(error, doubt) });
                }
                Err(Refusal::Split) => {
                    return Err(Failure { split: true, ..Failure::of(last, doubt) });
                }
                Err(Refusal::Failed(error)) if is_worth_a_retry(&error) => last = error,
                Err(Refusal::Failed(error)) => return Err(Failure::of(error, doubt)),
            }
        }
        Err(Failure::of(last, doubt))
    }

    async fn append_once(
        &self,
        vault: &Rc<UnlockedVault<P>>,
        group: &[Item],
        doubt: &mut Option<Mark>,
    ) -> Result<(), Refusal> {
        if vault.log.stale.get() {
            self.refresh(vault).await?;
            if let Some(mark) = *doubt
                && self.contains(vault, mark).await?
            {
                return Ok(());
            }
            *doubt = None;
        }
        // Links, and with them the header, are made anew for every try: another tab may have
        // changed what they build on.
        if group.len() > 1 && group.iter().any(Item::is_doubtful) {
            return Err(Refusal::Split);
        }
        let Linked { writes, head, edge, changed } = self.link_group(vault, group).await?;
        let batch = Batch { clear: false, writes, device_key: None };
        match self.ports.store().commit(vault.log.generation.get(), batch).await {
            Ok(generation) => {
                vault.log.advance(head, generation, edge);
                match changed {
                    Some(Changed::Vault(edited)) => self.note_edit(vault, *edited),
                    Some(Changed::Keys(key_ids, root)) => vault.note_keys(&key_ids, *root),
                    None => {}
                }
                Ok(())
            }
            Err(error) => {
                vault.log.stale.set(true);
                // These two say for certain that nothing was written.
                if !matches!(error, StoreError::Conflict | StoreError::QuotaExceeded) {
                    *doubt = Some(head.mark());
                }
                Err(Refusal::Failed(error.into()))
            }
        }
    }

    /// Fails like a commit that met another one if this tab does not know what is stored.
    pub(super) async fn must_be_fresh(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
        if self.ports.store().generation().await? == vault.log.generation.get() {
            return Ok(());
        }
        vault.log.stale.set(true);
        Err(Error::Store(StoreError::Conflict))
    }

    /// Reads again what another tab may have changed, if one has. The caller holds the lock.
    pub(crate) async fn refresh_if_behind(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
        let known = vault.log.generation.get();
        if self.ports.store().generation().await? == known {
            return Ok(());
        }
        self.refresh(vault).await
    }

    /// Reads again what another tab may have changed. The lock is not always to be had: what was
    /// read while another tab wrote is of two moments, and nothing that is wrong with it counts.
    pub(super) async fn refresh(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
        for _ in 0..TRIES {
            let generation = self.ports.store().generation().await?;
            match self.refresh_to(vault, generation).await {
                Err(Error::Code(_)) if self.ports.store().generation().await? != generation => {}
                outcome => return outcome,
            }
        }
        Err(Error::Store(StoreError::Conflict))
    }

    /// The log may only have grown.
    async fn refresh_to(&self, vault: &UnlockedVault<P>, generation: u64) -> Result<(), Error> {
        let header = stored::header(&self.ports).await?.ok_or(ErrorCode::VaultCorrupt)?;
        if header.vault_id != vault.id {
            return Err(Error::Code(ErrorCode::VaultCorrupt));
        }
        let (head, known) = (self.stored_head(vault).await?, vault.log.head());
        let grown = head.count() > known.count();
        if grown && self.read_link(vault, known.count()).await?.leaf() != known.last {
            return Err(Error::Code(ErrorCode::AuditCorrupt));
        }
        if head.settings != known.settings {
            let secrets = vault.secrets()?;
            let place = (&secrets, head.settings);
            let settings = Settings::read(&self.ports, &vault.id, place).await?;
            *vault.settings.borrow_mut() = settings;
        }
        if head.index != vault.log.head().index {
            let secrets = vault.secrets()?;
            let root = Root::read(&self.ports, &vault.id, (&secrets, head.index)).await?;
            vault.cache.borrow_mut().clear();
            *vault.index.borrow_mut() = root;
        }
        self.note_header(header);
        let edge = if grown { None } else { vault.log.edge() };
        vault.log.advance(head, generation, edge);
        Ok(())
    }

    /// The same, for whoever does not hold the lock.
    pub(crate) async fn catch_up(&self, vault: &Rc<UnlockedVault<P>>) -> Result<(), Error> {
        let _exclusive = self.ports.lock().acquire().await;
        self.refresh(vault).await
    }

    /// The stored head, which must not be behind the one in memory.
    pub(super) async fn stored_head(&self, vault: &UnlockedVault<P>) -> Result<Head, Error> {
        let secrets = vault.secrets()?;
        let bytes = stored::meta(&self.ports, HEAD).await?;
        // The log of an unlocked vault is no chain any more.
        let StoredHead::Tree(head) = open_head(&vault.id, &secrets.audit, bytes.as_deref())? else {
            return Err(Error::Code(ErrorCode::AuditCorrupt));
        };
        let known = vault.log.head();
        let behind = head.count() < known.count()
            || head.settings < known.settings
            || head.index < known.index;
        if behind || (head.count() == known.count() && head != known) {
            return Err(Error::Code(ErrorCode::AuditCorrupt));
        }
        Ok(head)
    }

    /// Whether the log contains this entry.
    pub(super) async fn contains(
        &self,
        vault: &UnlockedVault<P>,
        mark: Mark,
    ) -> Result<bool, Error> {
        if vault.log.head().count() < mark.seq {
            return Ok(false);
        }
        let link = self.read_link(vault, mark.seq).await?;
        Ok(link.leaf() == mark.leaf)
    }

    /// Reads one entry that must exist.
    pub(super) async fn read_link(
        &self,
        vault: &UnlockedVault<P>,
        seq: u64,
    ) -> Result<Link, Error> {
        let key = RecordKey::Number(seq);
        let sealed = self.ports.store().read(Table::Audit, &key).await?;
        let sealed = sealed.ok_or(ErrorCode::AuditCorrupt)?;
        self.open_link(vault, seq, &sealed).await
    }

    /// Opens one entry.
    pub(super) async fn open_link(
        &self,
        vault: &UnlockedVault<P>,
        seq: u64,
        sealed: &[u8],
    ) -> Result<Link, Error> {
        let secrets = vault.secrets()?;
        let context = seal::audit_context(&vault.id, seq);
        let plain = seal::open(self.ports.crypto(), &secrets.record, &context, sealed).await;
        let plain = plain.map_err(|_| ErrorCode::AuditCorrupt)?;
        cbor::decode(plain.expose()).ok_or(Error::Code(ErrorCode::AuditCorrupt))
    }
}

fn is_worth_a_retry(error: &Error) -> bool {
    use StoreError::{Conflict, ConnectionLost, Unknown};
    matches!(error, Error::Store(Conflict | ConnectionLost | Unknown))
}
