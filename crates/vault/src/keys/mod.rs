//! Keys: creating, finding, listing, using, and changing them.

mod cache;
mod change;
mod confirm;
mod create;
mod delete;
mod edits;
mod find;
mod index;
mod list;
mod overview;
mod record;
mod sign;
mod vapid;

use kms_protocol::{KeySpec, KeyUsage};

pub(crate) use cache::Cache;
pub(crate) use change::{By, KeyChange, KeyEdit};
pub(crate) use edits::KeyEdits;
pub(crate) use index::{
    BUCKETS, Bucket, IndexStep, Root, VaultClock, bucket_of, open_bucket, open_root,
};
pub(crate) use record::KeyRecord;
#[cfg(feature = "fuzzing")]
pub(crate) use record::{FIRST, NewKey, PolicyRecord, VersionRecord};
pub(crate) use sign::unlogged;

/// Uses of a new key of this spec, if none are named.
fn usages(spec: KeySpec) -> &'static [KeyUsage] {
    match spec {
        KeySpec::Ed25519 | KeySpec::EcP256 => &[KeyUsage::Sign, KeyUsage::Verify],
    }
}
