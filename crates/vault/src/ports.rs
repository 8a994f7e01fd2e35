//! The ports: everything the vault needs from the outside, each with a fake in the test kit.

use kms_crypto::{CryptoProvider, SecretBytes, SecretVec};
use kms_protocol::{ErrorCode, StorageHealth, Value};

use crate::UiCommand;

/// Number of the last committed batch of a store; a fresh store has 0.
pub type Generation = u64;

/// The tables of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Header and audit head, by name.
    Meta,
    /// Sealed key records, by key id.
    Keys,
    /// Sealed audit entries, by sequence number.
    Audit,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 3] = [Table::Meta, Table::Keys, Table::Audit];

    /// Name of the table in a database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Table::Meta => "meta",
            Table::Keys => "keys",
            Table::Audit => "audit",
        }
    }
}

/// Key of a record in its table. `Meta` and `Keys` use text, `Audit` uses numbers below 2^53.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// A sequence number; listings are in numerical order.
    Number(u64),
    /// ASCII text; listings are in byte order.
    Text(String),
}

/// One record to put, replacing what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// In which table.
    pub table: Table,
    /// Under which key.
    pub key: RecordKey,
    /// Opaque bytes.
    pub value: Vec<u8>,
}

/// What one transaction writes: all of it or nothing.
pub struct Batch<D> {
    /// Whether every record and the device key are deleted first.
    pub clear: bool,
    /// Records, in order.
    pub writes: Vec<Write>,
    /// The device key of a new vault.
    pub device_key: Option<D>,
}

/// Why the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The generation is not the expected one; nothing was written.
    #[error("generation conflict")]
    Conflict,
    /// Nothing was written because the storage is full.
    #[error("quota exceeded")]
    QuotaExceeded,
    /// The storage cannot be opened.
    #[error("storage unavailable")]
    Unavailable,
    /// The connection was closed; nothing is known of a write that was under way.
    #[error("connection lost")]
    ConnectionLost,
    /// The write may have been applied: read again before a retry.
    #[error("outcome unknown")]
    Unknown,
    /// The storage answered something that is not a record of ours.
    #[error("storage corrupt")]
    Corrupt,
    /// The storage cannot hold the device key or give it back; nothing was written.
    #[error("device key cannot be stored")]
    Unsupported,
}

/// Transactional storage of opaque bytes.
#[allow(async_fn_in_trait)] // single-threaded: no Send bound is wanted
pub trait Store {
    /// The device key's handle: stored as it is, never as bytes.
    type Device: Clone;

    /// The generation of the last committed batch.
    async fn generation(&self) -> Result<Generation, StoreError>;

    /// Reads one record.
    async fn read(&self, table: Table, key: &RecordKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Reads up to `limit` records in key order, starting behind `after`.
    async fn list(
        &self,
        table: Table,
        after: Option<&RecordKey>,
        limit: u32,
    ) -> Result<Vec<(RecordKey, Vec<u8>)>, StoreError>;

    /// Applies a batch durably if the generation still is `expect`; the new one is `expect + 1`.
    async fn commit(
        &self,
        expect: Generation,
        batch: Batch<Self::Device>,
    ) -> Result<Generation, StoreError>;

    /// The device key that was committed with the vault's first batch.
    async fn device_key(&self) -> Result<Option<Self::Device>, StoreError>;

    /// What is known of the storage.
    async fn health(&self) -> StorageHealth;
}

/// Time.
#[allow(async_fn_in_trait)]
pub trait Clock {
    /// Milliseconds since 1970-01-01T00:00Z; may jump in both directions.
    fn now_ms(&self) -> u64;

    /// Milliseconds since some fixed moment; never goes back.
    fn monotonic_ms(&self) -> u64;

    /// Returns after at least `ms` milliseconds.
    async fn sleep(&self, ms: u32);
}

/// One Argon2id computation (RFC 9106), version 0x13, 32 bytes of output.
#[derive(Clone, Copy)]
pub struct KdfJob<'a> {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Random salt of the enrolment.
    pub salt: &'a [u8],
    /// NFKC-normalised UTF-8. The caller wipes it; an implementation wipes its copies.
    pub passphrase: &'a [u8],
}

/// The passphrase KDF; the browser computes it in a worker of its own.
#[allow(async_fn_in_trait)]
pub trait Kdf {
    /// Derives the factor secret. The error is usually [`ErrorCode::OutOfMemory`].
    async fn derive(&self, job: KdfJob<'_>) -> Result<SecretBytes<32>, ErrorCode>;
}

/// Messages that leave without having been asked for.
pub trait Outbox {
    /// Sends an event to the page of a session.
    fn event(&self, session: SessionId, event: Value);

    /// Tells the enclave's own user interface what to show.
    fn ui(&self, command: UiCommand);
}

/// The exclusive lock that all tabs of one vault share.
#[allow(async_fn_in_trait)]
pub trait VaultLock {
    /// Holds the lock until it is dropped.
    type Guard;

    /// Waits for the lock.
    async fn acquire(&self) -> Self::Guard;
}

/// The other tabs of the same vault.
#[allow(async_fn_in_trait)]
pub trait Tabs {
    /// Tells every other tab to lock. Called when this one locks.
    fn announce_lock(&self);

    /// Returns when another tab tells this one to lock. Called again after each return.
    async fn lock_announced(&self);
}

/// To whom a backup is encrypted; at least one of them.
pub struct Recipients {
    /// X25519 public key that belongs to the recovery phrase.
    pub phrase: Option<[u8; 32]>,
    /// Argon2id of a passphrase.
    pub passphrase: Option<PassphraseRecipient>,
}

/// A passphrase that a backup is encrypted to.
pub struct PassphraseRecipient {
    /// How the key came from the passphrase; written into the file.
    pub kdf: BackupKdf,
    /// HKDF of the Argon2id output under [`kms_crypto::labels::Label::BackupPassphrase`].
    pub key: SecretBytes<32>,
}

/// Argon2id parameters in a backup. Read from a file they are not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupKdf {
    /// Random salt.
    pub salt: [u8; 16],
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// What opens a backup.
pub enum BackupIdentity {
    /// X25519 private key, derived from the recovery phrase.
    Phrase(SecretBytes<32>),
    /// As [`PassphraseRecipient::key`].
    Passphrase(SecretBytes<32>),
}

/// Encrypted files in the age format. The bytes of a file never pass through the enclave: a new
/// one is offered to the person, and one to open was chosen by the person, in the frame.
#[allow(async_fn_in_trait)]
pub trait BackupFiles {
    /// A file that is being written.
    type Writer: BackupWriter;
    /// A file that is being read.
    type Reader: BackupReader;

    /// Starts a file.
    async fn create(&self, recipients: Recipients) -> Result<Self::Writer, ErrorCode>;

    /// The passphrase parameters of the chosen file; `None` if it has no such recipient.
    /// [`ErrorCode::BackupForeign`] if it is not an age file.
    async fn kdf(&self) -> Result<Option<BackupKdf>, ErrorCode>;

    /// Opens the chosen file from its start; [`ErrorCode::BackupWrongFactor`] if this opens
    /// nothing in it.
    async fn open(&self, identity: BackupIdentity) -> Result<Self::Reader, ErrorCode>;
}

/// A file that is being written; dropping it throws it away.
#[allow(async_fn_in_trait)]
pub trait BackupWriter {
    /// Adds plaintext, at most 64 KiB at a time.
    async fn write(&mut self, part: SecretVec) -> Result<(), ErrorCode>;

    /// Ends the file and hands it to the frame, which offers it after
    /// [`crate::UiScreen::BackupReady`]; returns its length.
    async fn finish(self) -> Result<u64, ErrorCode>;
}

/// A file that is being read.
#[allow(async_fn_in_trait)]
pub trait BackupReader {
    /// The next plaintext, at most 64 KiB; `None` after the last.
    /// [`ErrorCode::BackupTruncated`] or [`ErrorCode::BackupDamaged`] otherwise.
    async fn read(&mut self) -> Result<Option<SecretVec>, ErrorCode>;
}

/// All ports together.
pub trait Ports: 'static {
    /// Storage.
    type Store: Store<Device = <Self::Crypto as CryptoProvider>::DeviceKey>;
    /// Cryptography.
    type Crypto: CryptoProvider<DeviceKey: Clone>;
    /// Time.
    type Clock: Clock;
    /// Passphrase KDF.
    type Kdf: Kdf;
    /// Events.
    type Outbox: Outbox;
    /// Lock between tabs.
    type Lock: VaultLock;
    /// Other tabs.
    type Tabs: Tabs;
    /// Backup files.
    type Files: BackupFiles;

    /// The store.
    fn store(&self) -> &Self::Store;
    /// The cryptography provider.
    fn crypto(&self) -> &Self::Crypto;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// The KDF.
    fn kdf(&self) -> &Self::Kdf;
    /// The outbox.
    fn outbox(&self) -> &Self::Outbox;
    /// The lock.
    fn lock(&self) -> &Self::Lock;
    /// The other tabs.
    fn tabs(&self) -> &Self::Tabs;
    /// The backup files.
    fn files(&self) -> &Self::Files;
}

/// A connected page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u32);
