//! Keys: creating, finding, listing, using, and changing them.

mod cache;
mod change;
mod ciphertext;
mod confirm;
mod create;
mod delete;
mod derive;
mod edits;
mod encrypt;
mod facts;
mod find;
mod hpke;
mod index;
mod jwt;
mod list;
mod mac;
mod overview;
mod poa;
mod protection;
mod record;
mod sign;
mod stream;
mod transfer;
mod using;
mod vapid;

pub(crate) use cache::Cache;
pub(crate) use change::{By, KeyChange, KeyEdit};
pub(crate) use edits::KeyEdits;
pub(crate) use index::{
    BUCKETS, Bucket, IndexStep, Root, VaultClock, bucket_of, open_bucket, open_root,
};
pub(crate) use record::KeyRecord;
#[cfg(feature = "fuzzing")]
pub(crate) use record::{FIRST, NewKey, PolicyRecord, VersionRecord};
pub(crate) use stream::Streams;
pub(crate) use using::unlogged;
