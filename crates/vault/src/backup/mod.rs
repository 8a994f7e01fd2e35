//! Backups: the whole vault as one stream of records, over the ports.
//!
//! The stream is the plaintext of an encrypted file. Its head holds the RootKey; every record
//! behind it is copied as it is stored, sealed under keys that are derived from the RootKey.
//! Both directions work in small pieces, so that a vault of any size passes through the
//! enclave's small memory.

mod check;
mod drill;
mod format;
mod index;
mod read;
mod restore;
mod write;

use kms_crypto::SecretBytes;

use self::read::Records;
use crate::header::VaultId;
use crate::ui::BackupInfo;
use crate::{BackupFiles, Ports};

pub(crate) use read::open;
pub(crate) use write::{Written, write};

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
    records: Records<<P::Files as BackupFiles>::Reader>,
}

impl<P: Ports> OpenedBackup<P> {
    /// What the person is shown. `newer` is when this browser made a later one.
    pub(crate) fn info(&self, newer: Option<u64>) -> BackupInfo {
        let (keys, entries) = self.records.claimed();
        BackupInfo { created: self.created, keys, entries, newer }
    }
}
