//! Key agreement, and the KEM of HPKE that is made of it.

use kms_crypto::hpke::{Encapsulated, kem_secret};
use kms_crypto::software::{self, SoftwareKey};
use kms_crypto::{CryptoError, KeyKind, PublicKey, SecretBytes, SharedSecret};
use kms_protocol::Protection;

use super::algorithm::{of_agreement, of_key, usages};
use super::keys::{self, Key};
use super::subtle::{self, CryptoKey};

pub(super) async fn agree(key: &Key, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
    match key {
        Key::Browser(key, kind) if kind.is_agreement() => shared(key, *kind, peer).await,
        Key::Browser(..) => Err(CryptoError::InvalidKey),
        Key::Enclave(key) => key.agree(peer),
    }
}

/// The peer's key has been checked when it was made: it is a point, and not of small order.
async fn shared(
    key: &CryptoKey,
    kind: KeyKind,
    peer: &PublicKey,
) -> Result<SharedSecret, CryptoError> {
    if peer.kind() != kind {
        return Err(CryptoError::InvalidKey);
    }
    let call = subtle::import_key("raw", peer.raw(), &of_key(kind), false, &usages(&[]));
    let peer = subtle::key(call).await?;
    let call = subtle::derive_bits(&of_agreement(kind, &peer), key, 256);
    let bits = subtle::buffer(call).await?;
    if bits.length() != 32 {
        return Err(CryptoError::Unavailable);
    }
    let secret = SecretBytes::new_with(|out| bits.copy_to(&mut out[..]));
    bits.fill(0, 0, 32);
    SharedSecret::new(kind, secret)
}

/// Agrees by a pair of keys that is dropped afterwards.
pub(super) async fn agree_once(
    held_by: Protection,
    peer: &PublicKey,
) -> Result<(PublicKey, SharedSecret), CryptoError> {
    let kind = peer.kind();
    if !kind.is_agreement() {
        return Err(CryptoError::InvalidKey);
    }
    if held_by == Protection::Enclave {
        let key = SoftwareKey::generate(kind, keys::random)?;
        return Ok((key.public_key()?.ok_or(CryptoError::InvalidKey)?, key.agree(peer)?));
    }
    let pair = keys::generate_pair(kind, false).await?;
    let public = keys::public_half(kind, &pair).await?;
    Ok((public, shared(&pair.private_key(), kind, peer).await?))
}

pub(super) async fn encapsulate(
    held_by: Protection,
    recipient: &PublicKey,
) -> Result<Encapsulated, CryptoError> {
    // No browser has X-Wing, and the provider says so.
    if held_by == Protection::Enclave {
        return software::encapsulate(recipient, keys::random);
    }
    let kind = KeyKind::HpkeX25519;
    let pair = keys::generate_pair(kind, false).await?;
    let public = keys::public_half(kind, &pair).await?;
    let agreed = shared(&pair.private_key(), kind, recipient).await?;
    let secret = kem_secret(&agreed, public.raw(), recipient)?;
    Ok(Encapsulated { key: public.raw().to_vec(), secret })
}

pub(super) async fn decapsulate(
    key: &Key,
    public: &PublicKey,
    encapsulated: &[u8],
) -> Result<SharedSecret, CryptoError> {
    let key = match key {
        Key::Browser(key, KeyKind::HpkeX25519) => key,
        Key::Browser(..) => return Err(CryptoError::InvalidKey),
        Key::Enclave(key) => return key.decapsulate(public, encapsulated),
    };
    let ephemeral = PublicKey::from_raw(KeyKind::HpkeX25519, encapsulated)
        .map_err(|_| CryptoError::InvalidCiphertext)?;
    let agreed = shared(key, KeyKind::HpkeX25519, &ephemeral).await?;
    kem_secret(&agreed, encapsulated, public)
}
