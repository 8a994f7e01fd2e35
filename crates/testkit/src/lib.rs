//! Development only: the ports of the vault as fakes that can fail, a tab to drive, hostile
//! messages, the invariants that must hold after every step, and the known answers that every
//! provider must give.

pub mod broker;
mod clock;
mod crypto;
mod files;
pub mod fuzz;
pub mod golden;
pub mod hostile;
pub mod invariants;
mod kdf;
#[cfg(feature = "known-answers")]
pub mod known_answers;
mod lock;
mod outbox;
pub mod passkey;
pub mod person;
mod ports;
mod random;
pub mod releases;
mod store;
pub mod tab;
mod tabs;

pub use broker::FakeLog;
pub use clock::ManualClock;
pub use crypto::{CryptoPlan, TestCrypto};
pub use files::MemoryFiles;
pub use kdf::FastKdf;
pub use lock::TabLock;
pub use outbox::Recorder;
pub use passkey::FakePasskey;
pub use ports::TestPorts;
pub use random::{seeded_provider, watched};
pub use store::{Disk, Fault, MemoryStore};
pub use tab::{PAGE, PASSPHRASE, Tab};
pub use tabs::TabRing;
