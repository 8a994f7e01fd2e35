//! The form in which a key is wrapped: PKCS#8 (RFC 5958) of a private key, the one that browsers write;
//! the bytes of a symmetric one and of a seed of X-Wing. Behind each form are 32 secret bytes.

use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use zeroize::Zeroizing;

use super::SoftwareKey;
use crate::kind::CURVE25519_PKCS8_LEN;
use crate::{CryptoError, KeyKind, PublicKey, SecretBytes, SecretVec, wipe_stack};

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

/// The secret that a form holds: the one that [`SoftwareKey::from_secret`] takes.
pub fn secret_of(kind: KeyKind, form: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
    match kind {
        KeyKind::Ed25519 => read(&ED25519, form),
        KeyKind::X25519 | KeyKind::HpkeX25519 => read(&X25519, form),
        KeyKind::EcP256 | KeyKind::EcP256Agreement => read_p256(form),
        KeyKind::Aes256 | KeyKind::HmacSha256 | KeyKind::HpkeXWing => SecretBytes::copy_of(form),
    }
}

/// The form of a secret, and the public half if keys of the kind have one. Every engine reads it:
/// keys on Curve25519 are version 1 without the public key (RFC 8410, section 7), P-256 has it (RFC
/// 5915, section 3).
pub fn form_of(
    kind: KeyKind,
    secret: SecretBytes<32>,
) -> Result<(SecretVec, Option<PublicKey>), CryptoError> {
    match kind {
        KeyKind::Aes256 | KeyKind::HmacSha256 => Ok((SecretVec::copy_of(secret.expose()), None)),
        KeyKind::EcP256 | KeyKind::EcP256Agreement => {
            let key = p256_key(&secret)?;
            let point = key.public_key().to_sec1_point(false);
            wipe_stack();
            let public = PublicKey::from_raw(kind, point.as_bytes())?;
            Ok((write_p256(&*key)?, Some(public)))
        }
        KeyKind::Ed25519 | KeyKind::X25519 | KeyKind::HpkeX25519 | KeyKind::HpkeXWing => {
            let key = SoftwareKey::from_secret(kind, secret)?;
            Ok((key.encode()?, key.public_key()?))
        }
    }
}

/// Another form of the same key, for an engine that takes a scalar of X25519 for a number and loses a
/// zero at its beginning: the three lowest bits there do not count (RFC 7748, section 5). No other key
/// has one.
pub fn respelled(kind: KeyKind, form: &[u8]) -> Result<SecretVec, CryptoError> {
    let secret = match kind {
        KeyKind::X25519 | KeyKind::HpkeX25519 => read(&X25519, form)?,
        _ => return Err(CryptoError::InvalidKey),
    };
    if secret.expose().first() != Some(&0) {
        return Err(CryptoError::InvalidKey);
    }
    let secret = SecretBytes::<32>::new_with(|out| {
        out.copy_from_slice(secret.expose());
        out[0] = 1;
    });
    write(&X25519, secret.expose())
}

/// Reads the secret behind a template.
fn read(template: &Template, der: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
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

/// A scalar that is zero, or not below the order, is no key.
fn p256_key(scalar: &SecretBytes<32>) -> Result<Box<SecretKey>, CryptoError> {
    let key = SecretKey::from_slice(scalar.expose()).map(Box::new);
    wipe_stack();
    key.map_err(|_| CryptoError::InvalidKey)
}

/// Reads the scalar of a P-256 key. A public key that is written beside it has to be its own.
fn read_p256(der: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
    let key = SecretKey::from_pkcs8_der(der).map(Box::new).map_err(|_| CryptoError::InvalidKey);
    let scalar = key.and_then(|key| SecretBytes::copy_of(&Zeroizing::new(key.to_bytes())));
    wipe_stack();
    scalar
}

/// Writes a P-256 key, with its public key (RFC 5915, section 3): some engines want it.
pub(super) fn write_p256(key: &impl EncodePrivateKey) -> Result<SecretVec, CryptoError> {
    let document = key.to_pkcs8_der();
    let der = document
        .map(|document| SecretVec::copy_of(document.as_bytes()))
        .map_err(|_| CryptoError::Unavailable);
    wipe_stack();
    der
}
