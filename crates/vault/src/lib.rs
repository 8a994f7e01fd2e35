//! The pure core of ATS KMS: vault, key lifecycle, policy, audit, dispatcher.
//!
//! Everything it needs from the outside is a port ([`Ports`]); it knows no browser and does
//! no I/O. It is single-threaded: [`Enclave`] is a cheap handle to one shared state, and
//! every operation is an `async fn` that may be dropped at any await without losing a reply
//! that was released or an audit entry that was promised.

mod approval;
mod attempts;
mod audit;
mod backup;
mod cbor;
mod dispatch;
mod enclave;
mod enrol;
mod error;
mod factor;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod guard;
mod header;
mod keys;
mod lease;
mod lock;
mod map;
mod ports;
mod random;
mod rate;
mod seal;
mod session;
mod settings;
mod setup;
mod sheet;
mod standing;
mod state;
mod stored;
mod time;
mod tripwire;
mod turns;
mod ui;
mod unlock;
mod webpush;

pub use enclave::{Config, Enclave, Names};
pub use error::Error;
pub use kms_verify::Signers;
pub use map::Map;
pub use ports::{
    BackupFiles, BackupIdentity, BackupKdf, BackupReader, BackupWriter, Batch, Clock, Generation,
    Kdf, KdfJob, Outbox, PassphraseRecipient, Ports, Recipients, RecordKey, SessionId, Store,
    StoreError, Table, Tabs, VaultLock, Write,
};
pub use tripwire::{Course, KnownRelease, ReleaseChange, ReleaseNotice};
pub use ui::{
    Action, Approval, Assertion, AuditFilter, AuditRows, BackupInfo, Ceremony, Factor, HeldLease,
    KeyAction, KeyDetails, KeyRow, KeyRows, LeaseTerms, LogReady, Manage, MethodGroup, NewPasskey,
    OperationInfo, Outcome, Part, Passkey, PasskeyAnswer, Payload, PayloadText, RestoreWhy,
    UiCommand, UiEvent, UiScreen, View, Why,
};
