//! Keys: creating, finding, listing, using, and changing them.

mod cache;
mod change;
mod create;
mod delete;
mod find;
mod index;
mod list;
mod record;
mod sign;

use kms_protocol::{KeySpec, KeyUsage};

pub(crate) use cache::Cache;
pub(crate) use change::KeyChange;
pub(crate) use index::{BUCKETS, Bucket, IndexStep, Root, bucket_of, open_bucket, open_root};
pub(crate) use record::KeyRecord;

/// Everything that a key of this spec can do.
fn usages(spec: KeySpec) -> &'static [KeyUsage] {
    match spec {
        KeySpec::Ed25519 | KeySpec::EcP256 => &[KeyUsage::Sign, KeyUsage::Verify],
    }
}
