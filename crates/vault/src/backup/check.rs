//! Opening the records of a backup with its RootKey.

use kms_crypto::SecretBytes;
use kms_protocol::{ErrorCode, KeyId};

use crate::audit::{Head, Link, open_head};
use crate::header::VaultId;
use crate::keys::{Bucket, KeyRecord, Root, open_bucket, open_root};
use crate::state::Secrets;
use crate::{Error, Ports, Write, cbor, enrol, seal, settings};

/// The keys of the vault in a backup.
pub(super) struct Opener<'a, P: Ports> {
    ports: &'a P,
    vault_id: VaultId,
    secrets: Secrets<P>,
}

impl<'a, P: Ports> Opener<'a, P> {
    pub(super) async fn new(
        ports: &'a P,
        vault_id: VaultId,
        root: &SecretBytes<32>,
    ) -> Result<Self, Error> {
        Ok(Self { ports, vault_id, secrets: enrol::derive(ports, root).await? })
    }

    /// The head of the log.
    pub(super) fn head(&self, record: &Write) -> Result<Head, ErrorCode> {
        open_head(&self.vault_id, &self.secrets.audit, Some(&record.value))
            .map_err(|_| ErrorCode::BackupDamaged)
    }

    /// An entry of the log.
    pub(super) async fn link(&self, seq: u64, sealed: &[u8]) -> Result<Link, Error> {
        let context = seal::audit_context(&self.vault_id, seq);
        let plain = seal::open(self.ports.crypto(), &self.secrets.record, &context, sealed).await;
        let plain = plain.map_err(|_| ErrorCode::BackupDamaged)?;
        cbor::decode(plain.expose()).ok_or(Error::Code(ErrorCode::BackupDamaged))
    }

    /// The settings that belong to a head.
    pub(super) async fn settings(&self, head: Head, record: Option<&Write>) -> Result<(), Error> {
        if head.settings == 0 {
            return Ok(());
        }
        let damaged = Error::Code(ErrorCode::BackupDamaged);
        let record = record.ok_or(damaged.clone())?;
        let place = (&*self.secrets.record, head.settings);
        let opened = settings::open(self.ports.crypto(), &self.vault_id, place, &record.value);
        opened.await.map(|_| ()).map_err(|_| damaged)
    }

    /// The root of the index of keys that belongs to a head; `None` in the backup of a release that
    /// had no index.
    pub(super) async fn root(
        &self,
        head: Head,
        record: Option<&Write>,
    ) -> Result<Option<Root>, Error> {
        if head.index == 0 {
            return Ok(None);
        }
        let damaged = Error::Code(ErrorCode::BackupDamaged);
        let record = record.ok_or(damaged.clone())?;
        let place = (&*self.secrets.record, head.index);
        let root = open_root(self.ports.crypto(), &self.vault_id, place, &record.value).await;
        root.ok().filter(Root::is_built).map(Some).ok_or(damaged)
    }

    /// A bucket of the index of keys.
    pub(super) async fn bucket(
        &self,
        (root, number): (&Root, u8),
        record: &Write,
    ) -> Result<Bucket, Error> {
        let place = (&*self.secrets.record, number, root.generation(number));
        let bucket = open_bucket(self.ports.crypto(), &self.vault_id, place, &record.value).await;
        bucket.map_err(|_| Error::Code(ErrorCode::BackupDamaged))
    }

    /// A key of a generation: its record, its policy, and the private keys that are wrapped in it.
    pub(super) async fn key(
        &self,
        (key_id, generation): (&KeyId, u64),
        record: &Write,
    ) -> Result<(), Error> {
        let opened = self.try_key((key_id, generation), record).await;
        opened.map_err(|_| Error::Code(ErrorCode::BackupDamaged))
    }

    async fn try_key(
        &self,
        (key_id, generation): (&KeyId, u64),
        record: &Write,
    ) -> Result<(), Error> {
        let crypto = self.ports.crypto();
        let context = seal::key_context(&self.vault_id, key_id, generation);
        let plain = seal::open(crypto, &self.secrets.record, &context, &record.value).await?;
        let key = KeyRecord::decode(plain.expose())?;
        key.info(key_id, crypto)?;
        let (spec, policy) = (key.spec()?, key.policy().digest());
        for version in key.versions().iter().filter(|version| !version.is_destroyed()) {
            let place = (version.number(), (spec, &policy));
            let context = seal::signing_key_context(&self.vault_id, key_id, place.0, place.1);
            let wrapped = version.wrapped()?;
            wrapped.unwrap_signing_key(crypto, spec, &self.secrets.wrap, &context).await?;
        }
        Ok(())
    }
}
