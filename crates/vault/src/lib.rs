//! The pure core of ATS KMS: vault, key lifecycle, policy, audit, dispatcher.

mod ports;
mod ui;

pub use ports::{
    Batch, Clock, Generation, Kdf, KdfJob, Outbox, Ports, RecordKey, SessionId, Store, StoreError,
    Table, VaultLock, Write,
};
pub use ui::{UiCommand, UiEvent};
