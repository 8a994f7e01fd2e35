//! X25519 keys as text: the only form in which the age library takes them.

use age::x25519;
use age_core::primitives::bech32_encode;
use bech32::Hrp;
use kms_crypto::{SecretBytes, SecretVec};
use zeroize::Zeroize;

use crate::BackupError;

const PUBLIC: Hrp = Hrp::parse_unchecked("age");
const SECRET: Hrp = Hrp::parse_unchecked("age-secret-key-");

/// The recipient of a public key.
pub(crate) fn recipient(public: &[u8; 32]) -> Result<x25519::Recipient, BackupError> {
    // Nothing can be agreed with this key; the library would stop at it.
    if *public == [0; 32] {
        return Err(BackupError::Unavailable);
    }
    bech32_encode(PUBLIC, public).parse().map_err(|_| BackupError::Unavailable)
}

/// The identity of a private key.
pub(crate) fn identity(secret: &SecretBytes<32>) -> Result<x25519::Identity, BackupError> {
    let mut text = bech32_encode(SECRET, secret.expose());
    let identity = text.parse().map_err(|_| BackupError::Unavailable);
    text.zeroize();
    identity
}

/// Writes a private key as `AGE-SECRET-KEY-1…`, which every age program accepts.
#[must_use]
pub fn phrase_identity(secret: &SecretBytes<32>) -> SecretVec {
    let mut text = bech32_encode(SECRET, secret.expose()).into_bytes();
    text.make_ascii_uppercase();
    SecretVec::new(text)
}
