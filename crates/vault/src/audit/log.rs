//! Writing the log: links, seals and commits groups of entries. Appending never reads the log.

use std::cell::Cell;
use std::rc::Rc;

use kms_crypto::SecretBytes;
use kms_protocol::{ErrorCode, KeyId};
use minicbor::{Decode, Encode};

use super::edit::{Change, Edited};
use super::entry::{Head, Link};
use super::journal::Item;
use crate::enclave::Inner;
use crate::header::VaultId;
use crate::keys::Root;
use crate::seal::{self, HeadFacts};
use crate::settings::Settings;
use crate::state::{Secrets, UnlockedVault};
use crate::stored::{self, HEAD};
use crate::{Batch, Error, Generation, Ports, RecordKey, Store, StoreError, Table, Write, cbor};

/// Tries of one group, the first included.
const TRIES: u32 = 4;
/// Version of the stored head.
const SCHEMA: u32 = 3;
/// Version of a head that does not know of the index of keys (release 0.2.0).
const WITHOUT_INDEX: u32 = 2;
/// Version of a head that does not know of settings (release 0.1.0).
const WITHOUT_SETTINGS: u32 = 1;

/// What an unlocked vault knows of its log.
pub(crate) struct Log {
    pub(crate) head: Cell<Head>,
    generation: Cell<Generation>,
    /// Whether somebody else may have written since.
    stale: Cell<bool>,
}

/// Why a group was not written, and the head it would have made if nobody knows.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) doubt: Option<Head>,
    /// Whether the change itself was refused, not the write.
    pub(crate) refused: bool,
    /// Whether its entries have to be written one by one.
    pub(crate) split: bool,
}

impl Failure {
    /// A write that failed.
    pub(super) fn of(error: Error, doubt: Option<Head>) -> Self {
        Self { error, doubt, refused: false, split: false }
    }
}

/// A group that is ready to be committed.
struct Linked {
    writes: Vec<Write>,
    head: Head,
    /// What has changed when the group is written.
    changed: Option<Changed>,
}

/// The stored head.
#[derive(Encode, Decode)]
struct HeadRecord {
    #[n(0)]
    schema: u32,
    #[n(1)]
    count: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    hash: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    mac: [u8; 32],
    /// Generation of the settings.
    #[n(4)]
    settings: Option<u64>,
    /// Generation of the index of keys.
    #[n(5)]
    index: Option<u64>,
}

impl Log {
    /// The log as it was read at this generation.
    pub(crate) fn new(head: Head, generation: Generation) -> Self {
        Self { head: Cell::new(head), generation: Cell::new(generation), stale: Cell::new(false) }
    }

    fn advance(&self, head: Head, generation: Generation) {
        self.head.set(head);
        self.generation.set(generation);
        self.stale.set(false);
    }
}

/// The write of a head.
pub(crate) fn head_write(vault_id: &VaultId, key: &SecretBytes<32>, head: Head) -> Write {
    let Head { count, hash, settings, index } = head;
    let (settings, index) = (Some(settings), Some(index));
    let mac = seal::head_mac(key, vault_id, HeadFacts { count, hash: &hash, settings, index });
    let record = HeadRecord { schema: SCHEMA, count, hash, mac, settings, index };
    let key = RecordKey::Text(HEAD.into());
    Write { table: Table::Meta, key, value: cbor::encode(&record) }
}

/// Reads and authenticates a stored head.
pub(crate) fn open_head(
    vault_id: &VaultId,
    key: &SecretBytes<32>,
    stored: Option<&[u8]>,
) -> Result<Head, ErrorCode> {
    let record: HeadRecord = stored.and_then(cbor::decode).ok_or(ErrorCode::AuditCorrupt)?;
    let HeadRecord { schema, count, hash, mac, settings, index } = record;
    let known = match (settings, index) {
        (Some(_), Some(_)) => schema == SCHEMA,
        (Some(_), None) => schema == WITHOUT_INDEX,
        (None, None) => schema == WITHOUT_SETTINGS,
        (None, Some(_)) => false,
    };
    let facts = HeadFacts { count, hash: &hash, settings, index };
    if known && seal::head_is_authentic(key, vault_id, facts, &mac) {
        let (settings, index) = (settings.unwrap_or(0), index.unwrap_or(0));
        Ok(Head { count, hash, settings, index })
    } else {
        Err(ErrorCode::AuditCorrupt)
    }
}

/// The write of one linked entry.
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
        doubt: &mut Option<Head>,
    ) -> Result<(), Refusal> {
        if vault.log.stale.get() {
            self.refresh(vault).await?;
            if let Some(head) = *doubt
                && self.contains(vault, head).await?
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
        let Linked { writes, head, changed } = self.link_group(vault, group).await?;
        let batch = Batch { clear: false, writes, device_key: None };
        match self.ports.store().commit(vault.log.generation.get(), batch).await {
            Ok(generation) => {
                vault.log.advance(head, generation);
                match changed {
                    Some(Changed::Vault(edited)) => self.note_edit(vault, edited),
                    Some(Changed::Keys(key_id, root)) => vault.note_keys(key_id.as_ref(), *root),
                    None => {}
                }
                Ok(())
            }
            Err(error) => {
                vault.log.stale.set(true);
                // These two say for certain that nothing was written.
                if !matches!(error, StoreError::Conflict | StoreError::QuotaExceeded) {
                    *doubt = Some(head);
                }
                Err(Refusal::Failed(error.into()))
            }
        }
    }

    async fn link_group(
        &self,
        vault: &Rc<UnlockedVault<P>>,
        group: &[Item],
    ) -> Result<Linked, Refusal> {
        let secrets = vault.secrets()?;
        let mut head = vault.log.head.get();
        let mut writes = Vec::with_capacity(group.len() + 1);
        let mut changed = None;
        for item in group {
            self.check_use(vault, item).await?;
            let mut before = Vec::new();
            match &item.change {
                Some(Change::Vault(edit)) => {
                    let edited = self.edit(vault, edit).await?.map_err(Refusal::Of)?;
                    writes.extend(self.edit_writes(vault, &edited, &mut head).await?);
                    before = vec![item.draft.failed(ErrorCode::UnlockFailed); edited.wrong];
                    changed = Some(Changed::Vault(edited));
                }
                Some(Change::Key(change)) => {
                    self.must_be_fresh(vault).await?;
                    let written = self.key_writes(vault, (change, &mut head)).await?;
                    let (own, root) = written.map_err(Refusal::Of)?;
                    writes.extend(own);
                    changed = Some(Changed::Keys(Some(change.key_id.clone()), Box::new(root)));
                }
                Some(Change::Index(step)) => {
                    self.must_be_fresh(vault).await?;
                    let (own, root) = self.index_writes(vault, (step, &mut head)).await?;
                    writes.extend(own);
                    changed = Some(Changed::Keys(None, Box::new(root)));
                }
                None => {}
            }
            for draft in before.iter().chain([&item.draft]) {
                let (link, next) = draft.link(head);
                head = next;
                let entry = (head.count, &link);
                writes.push(link_write(&self.ports, &vault.id, &secrets, entry).await?);
            }
        }
        writes.push(head_write(&vault.id, &secrets.audit, head));
        Ok(Linked { writes, head, changed })
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

    /// Fails like a commit that met another one if this tab does not know what is stored.
    async fn must_be_fresh(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
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

    /// Reads again what another tab may have changed. The log may only have grown.
    pub(super) async fn refresh(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
        let generation = self.ports.store().generation().await?;
        let header = stored::header(&self.ports).await?.ok_or(ErrorCode::VaultCorrupt)?;
        if header.vault_id != vault.id {
            return Err(Error::Code(ErrorCode::VaultCorrupt));
        }
        let head = self.stored_head(vault).await?;
        if head.settings != vault.log.head.get().settings {
            let secrets = vault.secrets()?;
            let place = (&secrets, head.settings);
            let settings = Settings::read(&self.ports, &vault.id, place).await?;
            *vault.settings.borrow_mut() = settings;
        }
        if head.index != vault.log.head.get().index {
            let secrets = vault.secrets()?;
            let root = Root::read(&self.ports, &vault.id, (&secrets, head.index)).await?;
            vault.cache.borrow_mut().clear();
            *vault.index.borrow_mut() = root;
        }
        self.note_header(header);
        vault.log.advance(head, generation);
        Ok(())
    }

    /// The stored head, which must not be behind the one in memory.
    pub(super) async fn stored_head(&self, vault: &UnlockedVault<P>) -> Result<Head, Error> {
        let secrets = vault.secrets()?;
        let bytes = stored::meta(&self.ports, HEAD).await?;
        let head = open_head(&vault.id, &secrets.audit, bytes.as_deref())?;
        let known = vault.log.head.get();
        let behind =
            head.count < known.count || head.settings < known.settings || head.index < known.index;
        if behind || (head.count == known.count && head != known) {
            return Err(Error::Code(ErrorCode::AuditCorrupt));
        }
        Ok(head)
    }

    /// Whether the log contains the entry that would have made this head.
    pub(super) async fn contains(
        &self,
        vault: &UnlockedVault<P>,
        head: Head,
    ) -> Result<bool, Error> {
        if vault.log.head.get().count < head.count {
            return Ok(false);
        }
        let link = self.read_link(vault, head.count).await?;
        Ok(link.hash() == head.hash)
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

/// What a group has changed.
enum Changed {
    Vault(Edited),
    /// A key, or the index alone; and the index as it is then.
    Keys(Option<KeyId>, Box<Root>),
}

/// Why a try failed: the change was refused, its entries have to be looked at one by one, or
/// something else.
enum Refusal {
    Of(Error),
    Split,
    Failed(Error),
}

/// What is wrong with one key is nothing that is wrong with the log.
fn of_key(error: Error) -> Refusal {
    match error {
        Error::Code(ErrorCode::NotFound | ErrorCode::Unreadable) => Refusal::Of(error),
        other => Refusal::Failed(other),
    }
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Failed(error.into())
    }
}

fn is_worth_a_retry(error: &Error) -> bool {
    use StoreError::{Conflict, ConnectionLost, Unknown};
    matches!(error, Error::Store(Conflict | ConnectionLost | Unknown))
}
