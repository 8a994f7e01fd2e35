//! The audit log: a Merkle tree over sealed entries, its authenticated head, and the journal
//! that is the one writer of an unlocked vault.

mod about;
mod chain;
mod check;
mod edit;
mod entry;
mod export;
mod group;
mod head;
mod journal;
mod log;
mod migrate;
mod prove;
mod read;
mod search;
mod tiles;

pub(crate) use about::Naming;
pub(crate) use chain::ChainHead;
pub(crate) use edit::{Change, Edit, Edited};
pub(crate) use entry::{Draft, Head, Link, OK};
pub(crate) use export::Exported;
pub(crate) use head::{StoredHead, head_write, open_head};
pub(crate) use journal::{Journal, Use};
pub(crate) use log::{Log, link_write};
pub(crate) use prove::CheckpointKey;
pub(crate) use search::Found;
pub(crate) use tiles::{open_tile, tile_named};
