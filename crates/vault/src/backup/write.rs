//! Writing a backup.

use kms_crypto::{SecretBytes, SecretVec};
use kms_protocol::ErrorCode;
use sha2::{Digest, Sha256};

use super::format::{self, Facts, Item, MAX_PART};
use crate::audit::open_head;
use crate::header::{Header, VaultId};
use crate::stored::{self, HEAD, SETTINGS};
use crate::{
    BackupFiles, BackupWriter, Clock, Error, Generation, Ports, Recipients, RecordKey, Store,
    StoreError, Table, VaultLock, cbor, enrol,
};

/// Records that are read at once.
const PAGE: u32 = 64;

/// Writes a backup; returns the length of the file. The caller does not hold the lock: it is
/// held here from the first read to the last, so that no tab writes in between.
pub(crate) async fn write<P: Ports>(
    ports: &P,
    header: &Header,
    root: &SecretBytes<32>,
    recipients: Recipients,
) -> Result<u64, Error> {
    let _exclusive = ports.lock().acquire().await;
    let generation = ports.store().generation().await?;
    same_vault(ports, &header.vault_id).await?;
    let facts = facts(ports, header, root, generation).await?;
    let writer = ports.files().create(recipients).await?;
    let mut output =
        Output { writer, part: Vec::new(), digest: Sha256::new(), keys: 0, entries: 0 };
    output.head(&facts, root).await?;
    for name in [HEAD, SETTINGS] {
        if let Some(value) = stored::meta(ports, name).await? {
            output.record(Table::Meta, &RecordKey::Text(name.into()), &value).await?;
        }
    }
    for table in [Table::Keys, Table::Audit] {
        output.table(ports, table).await?;
    }
    output.end().await?;
    // The lock is courtesy, the generation is proof: a torn copy is never offered.
    let whole = output.keys == facts.keys && ports.store().generation().await? == generation;
    if !whole {
        return Err(StoreError::Conflict.into());
    }
    Ok(output.writer.finish().await?)
}

/// Another tab may have deleted the vault, and even made another one.
async fn same_vault<P: Ports>(ports: &P, vault_id: &VaultId) -> Result<(), Error> {
    let stored = stored::header(ports).await?.ok_or(ErrorCode::NotInitialized)?;
    if stored.vault_id == *vault_id { Ok(()) } else { Err(Error::Code(ErrorCode::VaultCorrupt)) }
}

async fn facts<P: Ports>(
    ports: &P,
    header: &Header,
    root: &SecretBytes<32>,
    generation: Generation,
) -> Result<Facts, Error> {
    let secrets = enrol::derive(ports, root).await?;
    let stored = stored::meta(ports, HEAD).await?;
    // Also proves that this is the RootKey of the records.
    let head = open_head(&header.vault_id, &secrets.audit, stored.as_deref())?;
    Ok(Facts {
        vault_id: header.vault_id,
        vault_created: header.created,
        created: ports.clock().now_ms(),
        generation,
        keys: count(ports, Table::Keys).await?,
        entries: head.count,
    })
}

async fn count<P: Ports>(ports: &P, table: Table) -> Result<u64, Error> {
    let (mut pages, mut count) = (Pages { table, after: None, done: false }, 0);
    while let Some(page) = pages.next(ports).await? {
        count += page.len() as u64;
    }
    Ok(count)
}

/// A table, page by page.
struct Pages {
    table: Table,
    after: Option<RecordKey>,
    done: bool,
}

impl Pages {
    async fn next<P: Ports>(
        &mut self,
        ports: &P,
    ) -> Result<Option<Vec<(RecordKey, Vec<u8>)>>, Error> {
        if self.done {
            return Ok(None);
        }
        let page = ports.store().list(self.table, self.after.as_ref(), PAGE).await?;
        self.done = page.len() < PAGE as usize;
        self.after = page.last().map(|(key, _)| key.clone());
        Ok(Some(page))
    }
}

/// The file that is being written.
struct Output<W> {
    writer: W,
    part: Vec<u8>,
    digest: Sha256,
    keys: u64,
    entries: u64,
}

impl<W: BackupWriter> Output<W> {
    /// The head is a part of its own: no buffer that grows ever holds the RootKey.
    async fn head(&mut self, facts: &Facts, root: &SecretBytes<32>) -> Result<(), Error> {
        let (encoded, digested) = format::head(facts, root)?;
        self.digest.update(digested);
        Ok(self.writer.write(encoded).await?)
    }

    async fn table<P: Ports>(&mut self, ports: &P, table: Table) -> Result<(), Error> {
        let mut pages = Pages { table, after: None, done: false };
        while let Some(page) = pages.next(ports).await? {
            for (key, value) in page {
                self.record(table, &key, &value).await?;
            }
        }
        Ok(())
    }

    async fn record(&mut self, table: Table, key: &RecordKey, value: &[u8]) -> Result<(), Error> {
        let item = Item::of(table, key, value).ok_or(ErrorCode::VaultCorrupt)?;
        match item {
            Item::Key { .. } => self.keys += 1,
            Item::Audit { .. } => self.entries += 1,
            _ => {}
        }
        let encoded = cbor::encode(&item);
        self.digest.update(&encoded);
        self.add(&encoded).await
    }

    async fn end(&mut self) -> Result<(), Error> {
        let digest = self.digest.clone().finalize().into();
        let item = Item::End { keys: self.keys, entries: self.entries, digest };
        self.add(&cbor::encode(&item)).await?;
        self.flush().await
    }

    async fn add(&mut self, encoded: &[u8]) -> Result<(), Error> {
        if self.part.len() + encoded.len() > MAX_PART {
            self.flush().await?;
        }
        self.part.extend_from_slice(encoded);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let part = SecretVec::new(std::mem::take(&mut self.part));
        Ok(self.writer.write(part).await?)
    }
}
