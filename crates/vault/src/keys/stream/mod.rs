//! Streams: messages of any length, encrypted and decrypted in chunks under a key of their own. The
//! key of the vault is used once, when a stream is opened: it encrypts that key.

mod open;
mod table;
mod write;

pub(crate) use table::Streams;
