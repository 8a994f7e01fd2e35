//! The file of a backup: an [age](https://age-encryption.org/v1) file, encrypted to a recovery
//! phrase, a passphrase or both.
//!
//! - **Recovery phrase:** an X25519 recipient of age itself, so any age program opens the file
//!   with the identity that [`phrase_identity`] writes out.
//! - **Passphrase:** a stanza of our own, [`passphrase::TAG`], because age's own is scrypt and may
//!   not stand beside another recipient.
//! - **Content:** the bytes that were written, then one byte `0x80` and zeros up to a multiple of
//!   64 KiB (the padding of ISO/IEC 7816-4). So every chunk of the file is full, a missing end
//!   shows in the length, and the size of a vault shows only roughly.
//!
//! What the bytes mean is not known here.

mod error;
mod key_text;
mod open;
pub mod passphrase;
mod recipients;
mod seal;

pub use error::BackupError;
pub use key_text::phrase_identity;
pub use open::{BackupFile, Plaintext};
pub use recipients::{Identity, Kdf, PassphraseRecipient, Recipients};
pub use seal::Seal;

/// Plaintext in one chunk of an age file.
pub const CHUNK: usize = 64 * 1024;

/// Longest header that is looked at. One with all recipients has less than 800 bytes.
pub const MAX_HEADER: usize = 4096;

/// First byte of the padding; the others are zero.
const PADDING: u8 = 0x80;
