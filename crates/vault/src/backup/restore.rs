//! Restoring: batch after batch, and nothing is a vault before the last one.

use kms_crypto::CryptoProvider;
use kms_protocol::ErrorCode;

use super::OpenedBackup;
use super::check::Opener;
use crate::header::Header;
use crate::stored::{self, HEAD, HEADER, HISTORY, KEY_INDEX, SETTINGS, header_write};
use crate::{
    Batch, Error, Generation, Ports, RecordKey, Store, StoreError, Table, VaultLock, Write,
};

/// The device key of the provider of these ports.
type DeviceKey<P> = <<P as Ports>::Crypto as CryptoProvider>::DeviceKey;

/// Most records of one batch.
const MAX_RECORDS: usize = 256;
/// Most bytes of their values.
const MAX_BYTES: usize = 512 * 1024;
/// Tries of one batch, the first included.
const TRIES: u32 = 4;

impl<P: Ports> OpenedBackup<P> {
    /// Writes every record, the header and device key last; nothing is a vault before. After a
    /// failure the store holds what it held, or at worst leftovers that the next vault clears.
    pub(crate) async fn restore(
        mut self,
        ports: &P,
        header: &Header,
        device: DeviceKey<P>,
    ) -> Result<Generation, Error> {
        if header.vault_id != self.vault_id {
            return Err(Error::Code(ErrorCode::Internal));
        }
        let mut target = Target::empty(ports).await?;
        let copied = self.copy(&mut target).await;
        let restored = match copied {
            Ok(head) => target.found(head, header, device).await,
            Err(error) => Err(error),
        };
        if restored.is_err() {
            target.clean().await;
        }
        restored
    }

    /// Copies every record but the head of the log, which it returns. A damaged record is
    /// restored as it was, so that one of them never costs the others; but what unlocking needs
    /// must be right.
    async fn copy(&mut self, target: &mut Target<'_, P>) -> Result<Write, Error> {
        let opener = Opener::new(target.ports, self.vault_id, &self.root).await?;
        let mut needed = Needed::default();
        let count = self.records.claimed().1;
        while let Some(record) = self.records.next().await? {
            match (record.table, &record.key) {
                (Table::Meta, RecordKey::Text(name)) if name == HEAD => {
                    needed.head = Some(record);
                    continue;
                }
                (Table::Meta, RecordKey::Text(name)) if name == SETTINGS => {
                    needed.settings = Some(record.clone());
                }
                (Table::Meta, RecordKey::Text(name)) if name == KEY_INDEX => {
                    needed.index = Some(record.clone());
                }
                (Table::Audit, RecordKey::Number(seq)) if *seq == count => {
                    needed.last = Some(record.clone());
                }
                _ => {}
            }
            target.push(record).await?;
        }
        needed.check(&opener, count).await
    }
}

/// The records without which a vault cannot be unlocked.
#[derive(Default)]
struct Needed {
    head: Option<Write>,
    settings: Option<Write>,
    /// The root of the index of keys.
    index: Option<Write>,
    /// The last entry of the log.
    last: Option<Write>,
}

impl Needed {
    /// Returns the head, which opens and fits the others.
    async fn check<P: Ports>(self, opener: &Opener<'_, P>, count: u64) -> Result<Write, Error> {
        let damaged = Error::Code(ErrorCode::BackupDamaged);
        let (Some(record), Some(last)) = (self.head, self.last) else { return Err(damaged) };
        let head = opener.head(&record)?;
        opener.settings(head, self.settings.as_ref()).await?;
        opener.root(head, self.index.as_ref()).await?;
        let link = opener.link(count, &last.value).await?;
        if head.count == count && link.hash() == head.hash { Ok(record) } else { Err(damaged) }
    }
}

/// A store without a vault, in which one is made.
struct Target<'a, P: Ports> {
    ports: &'a P,
    generation: Generation,
    /// What is kept of the vault that was here before.
    history: Option<Write>,
    batch: Vec<Write>,
    bytes: usize,
    /// Whether a batch was committed; the first one clears the store.
    begun: bool,
}

impl<'a, P: Ports> Target<'a, P> {
    /// Refuses a store with a vault. One that another tab makes later changes the generation.
    async fn empty(ports: &'a P) -> Result<Self, Error> {
        let generation = ports.store().generation().await?;
        for name in [HEADER, HEAD] {
            if stored::meta(ports, name).await?.is_some() {
                return Err(Error::Code(ErrorCode::AlreadyInitialized));
            }
        }
        let key = RecordKey::Text(HISTORY.into());
        let history = stored::meta(ports, HISTORY).await?;
        let history = history.map(|value| Write { table: Table::Meta, key, value });
        Ok(Self { ports, generation, history, batch: Vec::new(), bytes: 0, begun: false })
    }

    async fn push(&mut self, record: Write) -> Result<(), Error> {
        let bytes = self.bytes + record.value.len();
        if self.batch.len() >= MAX_RECORDS || bytes > MAX_BYTES {
            self.commit(None).await?;
        }
        self.bytes += record.value.len();
        self.batch.push(record);
        Ok(())
    }

    /// Makes the vault, with the records of the last batch.
    async fn found(
        &mut self,
        head: Write,
        header: &Header,
        device: DeviceKey<P>,
    ) -> Result<Generation, Error> {
        self.batch.extend([head, header_write(header)]);
        self.commit(Some(device)).await?;
        Ok(self.generation)
    }

    async fn commit(&mut self, device: Option<DeviceKey<P>>) -> Result<(), Error> {
        let mut writes = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if !self.begun {
            writes.splice(0..0, self.history.clone());
        }
        // No tab writes between a commit and the look at its outcome.
        let _exclusive = self.ports.lock().acquire().await;
        let mut last = StoreError::Conflict;
        for _ in 0..TRIES {
            let batch =
                Batch { clear: !self.begun, writes: writes.clone(), device_key: device.clone() };
            last = match self.ports.store().commit(self.generation, batch).await {
                Ok(generation) => {
                    self.advance(generation);
                    return Ok(());
                }
                Err(error) => error,
            };
            if self.is_written(last, writes.last()).await? {
                self.advance(self.generation + 1);
                return Ok(());
            }
        }
        Err(last.into())
    }

    fn advance(&mut self, generation: Generation) {
        self.generation = generation;
        self.begun = true;
    }

    /// Whether a batch was written although its commit failed. `false` if it may be tried again.
    async fn is_written(&self, error: StoreError, last: Option<&Write>) -> Result<bool, Error> {
        use StoreError::{Conflict, ConnectionLost, Unknown};
        if !matches!(error, Conflict | ConnectionLost | Unknown) {
            return Err(error.into());
        }
        let store = self.ports.store();
        let generation = store.generation().await?;
        if generation == self.generation {
            return Ok(false);
        }
        if error != Conflict
            && generation == self.generation + 1
            && let Some(write) = last
            && store.read(write.table, &write.key).await?.as_ref() == Some(&write.value)
        {
            return Ok(true);
        }
        let faster = stored::meta(self.ports, HEADER).await?.is_some();
        let conflict = Error::Store(Conflict);
        Err(if faster { Error::Code(ErrorCode::AlreadyInitialized) } else { conflict })
    }

    /// Removes the records of a restore that failed, unless somebody wrote since. If this fails
    /// too they stay; they are no vault, and the next one clears them.
    async fn clean(&self) {
        if self.begun {
            let writes = self.history.clone().into_iter().collect();
            let batch = Batch { clear: true, writes, device_key: None };
            let _exclusive = self.ports.lock().acquire().await;
            let _left = self.ports.store().commit(self.generation, batch).await;
        }
    }
}
