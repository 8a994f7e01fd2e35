//! All fakes together.

use kms_crypto::software::DeviceKey;
use kms_vault::Ports;

use crate::{
    FastKdf, ManualClock, MemoryFiles, MemoryStore, Recorder, TabLock, TabRing, TestCrypto,
    seeded_provider,
};

/// The ports of one tab. What clones share is shared between tabs.
pub struct TestPorts {
    /// Storage.
    pub store: MemoryStore<DeviceKey>,
    /// Cryptography.
    pub crypto: TestCrypto,
    /// Time.
    pub clock: ManualClock,
    /// Passphrase KDF.
    pub kdf: FastKdf,
    /// Events.
    pub outbox: Recorder,
    /// Lock between tabs.
    pub lock: TabLock,
    /// The other tabs.
    pub tabs: TabRing,
    /// Backup files.
    pub files: MemoryFiles,
}

impl TestPorts {
    /// Fresh ports over an empty store.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            store: MemoryStore::default(),
            crypto: seeded_provider(seed).into(),
            clock: ManualClock::default(),
            kdf: FastKdf::default(),
            outbox: Recorder::default(),
            lock: TabLock::default(),
            tabs: TabRing::default(),
            files: MemoryFiles::default(),
        }
    }
}

impl Ports for TestPorts {
    type Store = MemoryStore<DeviceKey>;
    type Crypto = TestCrypto;
    type Clock = ManualClock;
    type Kdf = FastKdf;
    type Outbox = Recorder;
    type Lock = TabLock;
    type Tabs = TabRing;
    type Files = MemoryFiles;

    fn store(&self) -> &Self::Store {
        &self.store
    }

    fn crypto(&self) -> &Self::Crypto {
        &self.crypto
    }

    fn clock(&self) -> &Self::Clock {
        &self.clock
    }

    fn kdf(&self) -> &Self::Kdf {
        &self.kdf
    }

    fn outbox(&self) -> &Self::Outbox {
        &self.outbox
    }

    fn lock(&self) -> &Self::Lock {
        &self.lock
    }

    fn tabs(&self) -> &Self::Tabs {
        &self.tabs
    }

    fn files(&self) -> &Self::Files {
        &self.files
    }
}
