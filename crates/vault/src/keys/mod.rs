//! Keys: creating, finding, listing, using.

mod cache;
mod create;
mod find;
mod record;
mod sign;
mod vapid;

pub(crate) use cache::{Cache, LoadedKey};
pub(crate) use record::KeyRecord;
#[cfg(feature = "fuzzing")]
pub(crate) use record::{NewKey, PolicyRecord};
pub(crate) use sign::unlogged;
