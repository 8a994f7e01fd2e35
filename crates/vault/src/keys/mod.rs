//! Keys: creating, finding, listing, using.

mod cache;
mod create;
mod find;
mod record;
mod sign;

pub(crate) use cache::{Cache, LoadedKey};
pub(crate) use record::KeyRecord;
