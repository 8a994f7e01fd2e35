//! Backups: the whole vault as one stream of records, over the ports.
//!
//! The stream is the plaintext of an encrypted file. Its head holds the RootKey; every record
//! behind it is copied as it is stored, sealed under keys that are derived from the RootKey.
//! Both directions work in small pieces, so that a vault of any size passes through the
//! enclave's small memory.

use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::ErrorCode;

use crate::header::{Header, VaultId};
use crate::ui::{BackupInfo, Factor};
use crate::{BackupFiles, Error, Generation, Ports, Recipients};

/// The device key of the provider of these ports.
type DeviceKey<P> = <<P as Ports>::Crypto as CryptoProvider>::DeviceKey;
/// The reader of these ports.
type Reader<P> = <<P as Ports>::Files as BackupFiles>::Reader;

/// A backup whose head was read.
pub(crate) struct OpenedBackup<P: Ports> {
    /// Whose backup it is.
    pub(crate) vault_id: VaultId,
    /// The RootKey of that vault.
    pub(crate) root: SecretBytes<32>,
    /// When the backup was made.
    pub(crate) created: u64,
    /// When the vault was made.
    pub(crate) vault_created: u64,
    keys: u64,
    entries: u64,
    _reader: Reader<P>,
}

/// Writes a backup; returns the length of the file. The caller does not hold the lock.
pub(crate) async fn write<P: Ports>(
    _ports: &P,
    _header: &Header,
    _root: &SecretBytes<32>,
    _recipients: Recipients,
) -> Result<u64, Error> {
    Err(Error::Code(ErrorCode::Internal))
}

/// Opens the chosen file and reads its head.
pub(crate) async fn open<P: Ports>(
    _ports: &P,
    _factor: &Factor,
) -> Result<OpenedBackup<P>, Error> {
    Err(Error::Code(ErrorCode::Internal))
}

impl<P: Ports> OpenedBackup<P> {
    /// What the person is shown. `newer` is when this browser made a later one.
    pub(crate) fn info(&self, newer: Option<u64>) -> BackupInfo {
        BackupInfo { created: self.created, keys: self.keys, entries: self.entries, newer }
    }

    /// Writes every record, the header and device key last; nothing is a vault before.
    pub(crate) async fn restore(
        self,
        _ports: &P,
        _header: &Header,
        _device: DeviceKey<P>,
    ) -> Result<Generation, Error> {
        Err(Error::Code(ErrorCode::Internal))
    }

    /// Reads all of it and opens every record, without writing.
    pub(crate) async fn drill(self, _ports: &P) -> Result<(), Error> {
        Err(Error::Code(ErrorCode::Internal))
    }
}
