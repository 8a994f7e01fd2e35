//! The sheet: the one thing the enclave can ask the person at a time, and the requests that wait
//! for its end. A page can open it and see how it ended; only the person's events drive it.

mod approve;
mod backup;
mod drive;
mod export;
mod fresh;
mod key_action;
mod keys;
mod log;
mod manage;
mod phrase;
mod question;
mod restore;
mod step;

pub(crate) use fresh::Fresh;
pub(crate) use question::{Answer, Sheet};
pub(crate) use step::Subject;
