//! The form in which a private key is wrapped: PKCS#8 (RFC 5958), the one that browsers write.

use crate::kind::CURVE25519_PKCS8_LEN;
#[cfg(feature = "software-provider")]
use crate::wipe_stack;
use crate::{CryptoError, SecretBytes, SecretVec};

/// PKCS#8 up to the 32 secret bytes: version 1, an algorithm, no public key (RFC 8410, section
/// 7).
pub(super) type Template = [u8; CURVE25519_PKCS8_LEN - 32];

/// Of an Ed25519 key.
pub(super) const ED25519: Template = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Of an X25519 key.
pub(super) const X25519: Template = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
];

/// Reads the secret behind a template.
pub(super) fn read(template: &Template, der: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
    SecretBytes::copy_of(der.strip_prefix(template).ok_or(CryptoError::InvalidKey)?)
}

/// Writes a secret behind a template.
pub(super) fn write(template: &Template, secret: &[u8; 32]) -> Result<SecretVec, CryptoError> {
    SecretVec::try_new_with(CURVE25519_PKCS8_LEN, |out| {
        let (start, rest) = out.split_at_mut(template.len());
        start.copy_from_slice(template);
        rest.copy_from_slice(secret);
        Ok(())
    })
}

/// Reads a P-256 key.
#[cfg(feature = "software-provider")]
pub(super) fn read_p256<K: p256::pkcs8::DecodePrivateKey>(
    der: &[u8],
) -> Result<Box<K>, CryptoError> {
    let key = K::from_pkcs8_der(der);
    wipe_stack();
    key.map(Box::new).map_err(|_| CryptoError::InvalidKey)
}

/// Writes a P-256 key, with its public key (RFC 5915, section 3): some engines want it.
#[cfg(feature = "software-provider")]
pub(super) fn write_p256(
    key: &impl p256::pkcs8::EncodePrivateKey,
) -> Result<SecretVec, CryptoError> {
    let document = key.to_pkcs8_der();
    let der = document
        .map(|document| SecretVec::copy_of(document.as_bytes()))
        .map_err(|_| CryptoError::Unavailable);
    wipe_stack();
    der
}
