//! Development only: the ports of the vault as fakes that can fail, a tab to drive, hostile
//! messages, and the invariants that must hold after every step.

mod clock;
pub mod hostile;
pub mod invariants;
mod kdf;
mod lock;
mod outbox;
mod ports;
mod random;
mod store;
pub mod tab;

pub use clock::ManualClock;
pub use kdf::FastKdf;
pub use lock::TabLock;
pub use outbox::Recorder;
pub use ports::TestPorts;
pub use random::seeded_provider;
pub use store::{Disk, Fault, MemoryStore};
pub use tab::{PAGE, PASSPHRASE, Tab};
