//! Releases that others can check: keys of signers, statements, a log on static files, witnesses,
//! and what follows them. The formats are in `docs/releases.md`, the verification in `kms-verify`.

mod error;
mod files;
mod keys;
mod log;
mod source;
mod statement;

pub mod monitor;
pub mod prove;
pub mod publish;
pub mod store;
pub mod submit;
pub mod witness;

pub use error::Error;
pub use files::write_durably;
pub use keys::{create_key, load_key};
pub use log::{EntryLog, LogFault};
pub use source::{DirSource, HttpSource, Source};
pub use statement::{Reproduced, add_signatures, release_statement, revocation_statement};

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 by this machine's clock; 0 if it stands before that.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
