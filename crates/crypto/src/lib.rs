//! Suites, envelopes and key derivation of ATS KMS, over a [`CryptoProvider`] port.
//!
//! Private-key work and AEAD happen behind the port, so that the browser can do them where
//! it can. What is the same everywhere lives here: strict checks of signatures and public
//! keys, the HKDF labels, the labelled steps of HPKE, the chunks of a stream, Argon2id, recovery phrases, what a passkey answers, and the envelope that binds a record to its place.

mod agreement;
pub mod backup_key;
pub mod envelope;
mod error;
pub mod hkdf;
pub mod hpke;
pub mod kdf;
mod kind;
pub mod labels;
pub mod passkey;
pub mod phrase;
#[cfg(feature = "probe")]
pub mod probe;
mod provider;
mod public_key;
mod secret;
pub mod software;
pub mod stream;
pub mod strength;
pub mod strict;
pub mod webpush;

pub use agreement::SharedSecret;
pub use envelope::{Envelope, RecordContext, RecordType};
pub use error::CryptoError;
pub use kdf::Argon2Params;
pub use kind::KeyKind;
pub use provider::{AeadContext, CryptoProvider, NONCE_LEN, NewKey, TAG_LEN};
pub use public_key::PublicKey;
pub use secret::{SecretBytes, SecretVec, wipe_stack};
pub use strict::SIGNATURE_LEN;
