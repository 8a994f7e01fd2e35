//! Keys: creating, finding, listing, using, and changing them.

mod cache;
mod change;
mod create;
mod find;
mod overview;
mod record;
mod sign;

use kms_protocol::{KeySpec, KeyUsage};

pub(crate) use cache::Cache;
pub(crate) use change::{By, KeyChange, KeyEdit};
pub(crate) use record::KeyRecord;

/// Everything that a key of this spec can do.
fn usages(spec: KeySpec) -> &'static [KeyUsage] {
    match spec {
        KeySpec::Ed25519 | KeySpec::EcP256 => &[KeyUsage::Sign, KeyUsage::Verify],
    }
}
