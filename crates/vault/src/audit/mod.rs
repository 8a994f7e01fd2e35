//! The audit log: a hash chain of sealed entries, its authenticated head, and the journal
//! that is the one writer of an unlocked vault.

mod edit;
mod entry;
mod journal;
mod log;
mod read;
mod search;

pub(crate) use edit::{Change, Edit, Edited};
pub(crate) use entry::{Draft, Head, Link, OK};
pub(crate) use journal::{Journal, Use};
pub(crate) use log::{Log, head_write, link_write, open_head};
pub(crate) use search::Found;
