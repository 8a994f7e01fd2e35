//! Writing the log: links, seals and commits groups of entries. Appending never reads the log.

use std::cell::Cell;
use std::rc::Rc;

use kms_crypto::SecretBytes;
use kms_protocol::ErrorCode;
use minicbor::{Decode, Encode};

use super::entry::{Head, Link};
use super::journal::Item;
use crate::enclave::Inner;
use crate::header::VaultId;
use crate::seal;
use crate::state::{Secrets, UnlockedVault};
use crate::stored::{self, HEAD};
use crate::{Batch, Error, Generation, Ports, RecordKey, Store, StoreError, Table, Write, cbor};

/// Tries of one group, the first included.
const TRIES: u32 = 4;
/// Version of the stored head.
const SCHEMA: u32 = 1;

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
    let mac = seal::head_mac(key, vault_id, (head.count, &head.hash));
    let record = HeadRecord { schema: SCHEMA, count: head.count, hash: head.hash, mac };
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
    let authentic = record.schema == SCHEMA
        && seal::head_is_authentic(key, vault_id, (record.count, &record.hash), &record.mac);
    if authentic {
        Ok(Head { count: record.count, hash: record.hash })
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
                Err(error) if is_worth_a_retry(&error) => last = error,
                Err(error) => return Err(Failure { error, doubt }),
            }
        }
        Err(Failure { error: last, doubt })
    }

    async fn append_once(
        &self,
        vault: &Rc<UnlockedVault<P>>,
        group: &[Item],
        doubt: &mut Option<Head>,
    ) -> Result<(), Error> {
        if vault.log.stale.get() {
            self.refresh(vault).await?;
            if let Some(head) = *doubt
                && self.contains(vault, head).await?
            {
                return Ok(());
            }
            *doubt = None;
        }
        let (writes, head) = self.link_group(vault, group).await?;
        let batch = Batch { writes, device_key: None };
        match self.ports.store().commit(vault.log.generation.get(), batch).await {
            Ok(generation) => {
                vault.log.advance(head, generation);
                Ok(())
            }
            Err(error) => {
                vault.log.stale.set(true);
                // These two say for certain that nothing was written.
                if !matches!(error, StoreError::Conflict | StoreError::QuotaExceeded) {
                    *doubt = Some(head);
                }
                Err(error.into())
            }
        }
    }

    async fn link_group(
        &self,
        vault: &Rc<UnlockedVault<P>>,
        group: &[Item],
    ) -> Result<(Vec<Write>, Head), Error> {
        let secrets = vault.secrets()?;
        let mut head = vault.log.head.get();
        let mut writes = Vec::with_capacity(group.len() + 1);
        for item in group {
            writes.extend(item.writes.iter().cloned());
            for draft in item.before.iter().chain([&item.draft]) {
                let (link, next) = draft.link(head);
                head = next;
                let entry = (head.count, &link);
                writes.push(link_write(&self.ports, &vault.id, &secrets, entry).await?);
            }
        }
        writes.push(head_write(&vault.id, &secrets.audit, head));
        Ok((writes, head))
    }

    /// Reads again what another tab may have changed. The log may only have grown.
    pub(super) async fn refresh(&self, vault: &Rc<UnlockedVault<P>>) -> Result<(), Error> {
        let generation = self.ports.store().generation().await?;
        let header = stored::header(&self.ports).await?.ok_or(ErrorCode::VaultCorrupt)?;
        if header.vault_id != vault.id {
            return Err(Error::Code(ErrorCode::VaultCorrupt));
        }
        let head = self.stored_head(vault).await?;
        vault.log.advance(head, generation);
        Ok(())
    }

    /// The stored head, which must not be behind the one in memory.
    pub(super) async fn stored_head(&self, vault: &UnlockedVault<P>) -> Result<Head, Error> {
        let secrets = vault.secrets()?;
        let bytes = stored::meta(&self.ports, HEAD).await?;
        let head = open_head(&vault.id, &secrets.audit, bytes.as_deref())?;
        let known = vault.log.head.get();
        if head.count < known.count || (head.count == known.count && head != known) {
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

fn is_worth_a_retry(error: &Error) -> bool {
    use StoreError::{Conflict, ConnectionLost, Unknown};
    matches!(error, Error::Store(Conflict | ConnectionLost | Unknown))
}
