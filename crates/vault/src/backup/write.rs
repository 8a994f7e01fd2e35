//! Writing a backup.

use kms_crypto::{SecretBytes, SecretVec};
use kms_protocol::ErrorCode;
use sha2::{Digest, Sha256};

use super::format::{self, Facts, Item, MAX_PART};
use crate::audit::open_head;
use crate::header::{Header, VaultId};
use crate::stored::{self, HEAD};
use crate::{
    BackupFiles, BackupWriter, Clock, Error, Generation, Ports, Recipients, RecordKey, Store,
    StoreError, Table, VaultLock, cbor, enrol,
};

/// Records that are read at once.
const PAGE: u32 = 64;

/// A backup that was written.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// When it was made, as the file says.
    pub(crate) made: u64,
    /// Length of the file.
    pub(crate) bytes: u64,
}

/// Writes a backup. The caller does not hold the lock: it is held here from the first read to the
/// last, so that no tab writes in between.
pub(crate) async fn write<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    root: &SecretBytes<32>,
    recipients: Recipients,
) -> Result<Written, Error> {
    let _exclusive = ports.lock().acquire().await;
    let generation = ports.store().generation().await?;
    let header = header(ports, vault_id).await?;
    let facts = facts(ports, &header, root, generation).await?;
    let writer = ports.files().create(recipients).await?;
    let mut output = Output::new(writer);
    output.head(&facts, root).await?;
    for table in Table::ALL {
        output.table(ports, table).await?;
    }
    output.end().await?;
    // The lock is courtesy, the generation is proof: a torn copy is never offered.
    let whole = output.keys == facts.keys && ports.store().generation().await? == generation;
    if !whole {
        return Err(StoreError::Conflict.into());
    }
    Ok(Written { made: facts.created, bytes: output.writer.finish().await? })
}

/// The header as it is stored now: another tab may have made a backup, or have deleted the vault
/// and even made another one.
async fn header<P: Ports>(ports: &P, vault_id: &VaultId) -> Result<Header, Error> {
    let stored = stored::header(ports).await?.ok_or(ErrorCode::NotInitialized)?;
    if stored.vault_id == *vault_id {
        Ok(stored)
    } else {
        Err(Error::Code(ErrorCode::VaultCorrupt))
    }
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
        created: header.next_backup(ports.clock().now_ms()),
        generation,
        keys: count(ports, Table::Keys).await?,
        entries: head.count(),
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

/// What a browser knows for itself stays there: the header, and what is kept of another vault.
fn is_copied(table: Table, key: &RecordKey) -> bool {
    match (table, key) {
        (Table::Meta, RecordKey::Text(name)) => format::belongs(name),
        _ => true,
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
    fn new(writer: W) -> Self {
        Self { writer, part: Vec::new(), digest: Sha256::new(), keys: 0, entries: 0 }
    }

    /// The head is a part of its own: no buffer that grows ever holds the RootKey.
    async fn head(&mut self, facts: &Facts, root: &SecretBytes<32>) -> Result<(), Error> {
        let (encoded, digested) = format::head(facts, root)?;
        self.digest.update(digested);
        Ok(self.writer.write(encoded).await?)
    }

    async fn table<P: Ports>(&mut self, ports: &P, table: Table) -> Result<(), Error> {
        let mut pages = Pages { table, after: None, done: false };
        while let Some(page) = pages.next(ports).await? {
            for (key, value) in page.into_iter().filter(|(key, _)| is_copied(table, key)) {
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use pollster::block_on;

    use super::super::format::MAX_VALUE;
    use super::super::read::Records;
    use super::*;
    use crate::{BackupReader, Write};

    #[derive(Default)]
    struct Parts(VecDeque<SecretVec>);

    impl BackupWriter for Parts {
        async fn write(&mut self, part: SecretVec) -> Result<(), ErrorCode> {
            assert!((1..=MAX_PART).contains(&part.expose().len()));
            self.0.push_back(part);
            Ok(())
        }

        async fn finish(self) -> Result<u64, ErrorCode> {
            Ok(0)
        }
    }

    impl BackupReader for Parts {
        async fn read(&mut self) -> Result<Option<SecretVec>, ErrorCode> {
            Ok(self.0.pop_front())
        }
    }

    async fn through(records: &[Write]) -> Result<Vec<Write>, Error> {
        let root = SecretBytes::copy_of(&[7; 32])?;
        let entries = records.len() as u64;
        let (vault_id, keys) = ([1; 16], 0);
        let facts = Facts { vault_id, vault_created: 2, created: 3, generation: 4, keys, entries };
        let mut output = Output::new(Parts::default());
        output.head(&facts, &root).await?;
        for Write { table, key, value } in records {
            output.record(*table, key, value).await?;
        }
        output.end().await?;
        let (_, _, mut input) = Records::begin(output.writer).await?;
        let mut read = Vec::new();
        while let Some(record) = input.next().await? {
            read.push(record);
        }
        Ok(read)
    }

    fn entry(seq: usize, len: usize) -> Write {
        let key = RecordKey::Number(seq as u64 + 1);
        Write { table: Table::Audit, key, value: vec![0x5a; len] }
    }

    #[test]
    fn records_of_every_length_pass_through_parts() {
        let records: Vec<_> = (0..1500).map(|n| entry(n, n * 97 % 2000)).collect();
        assert_eq!(block_on(through(&records)), Ok(records));
        let longest: Vec<_> = (0..5).map(|n| entry(n, MAX_VALUE)).collect();
        assert_eq!(block_on(through(&longest)), Ok(longest));
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let long = entry(0, MAX_VALUE + 1);
        let stranger = Write { table: Table::Keys, ..entry(0, 5) };
        let header = RecordKey::Text("header".into());
        let header = Write { table: Table::Meta, key: header, value: vec![1] };
        for record in [long, stranger, header] {
            let refused = block_on(through(&[record]));
            assert_eq!(refused, Err(Error::Code(ErrorCode::VaultCorrupt)));
        }
    }
}
