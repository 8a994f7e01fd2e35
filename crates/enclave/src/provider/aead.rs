//! AES-GCM.

use js_sys::Uint8Array;
use kms_crypto::{AeadContext, CryptoError, KeyKind, NONCE_LEN, SecretBytes, SecretVec, TAG_LEN};

use super::algorithm::{aes_gcm, usages};
use super::keys::{self, Key};
use super::subtle::{self, CryptoKey};

/// Uses of a sealing key.
const USAGES: [&str; 4] = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

pub(super) async fn import(key: &SecretBytes<32>) -> Result<CryptoKey, CryptoError> {
    let bytes = key.expose();
    let call = subtle::import_key("raw", bytes, &"AES-GCM".into(), false, &usages(&USAGES));
    subtle::key(call).await
}

pub(super) async fn seal(
    key: &CryptoKey,
    context: AeadContext<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let call = subtle::encrypt(&aes_gcm(context), key, plaintext);
    Ok(subtle::buffer(call).await?.to_vec())
}

pub(super) async fn open(
    key: &CryptoKey,
    context: AeadContext<'_>,
    ciphertext: &[u8],
) -> Result<SecretVec, CryptoError> {
    if ciphertext.len() < TAG_LEN {
        return Err(CryptoError::InvalidCiphertext);
    }
    let call = subtle::decrypt(&aes_gcm(context), key, ciphertext);
    let plaintext = subtle::buffer(call).await.map_err(|_| CryptoError::InvalidCiphertext)?;
    Ok(take(&plaintext))
}

/// Encrypts by AES-128-GCM with a key for one message.
pub(super) async fn seal_once(
    key: &SecretBytes<16>,
    nonce: &[u8; NONCE_LEN],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let usages = usages(&["encrypt"]);
    let call = subtle::import_key("raw", key.expose(), &"AES-GCM".into(), false, &usages);
    let key = subtle::key(call).await?;
    seal(&key, AeadContext { nonce, aad: &[] }, plaintext).await
}

/// Moves a secret out of the JavaScript heap.
pub(super) fn take(view: &Uint8Array) -> SecretVec {
    let secret = SecretVec::new(view.to_vec());
    view.fill(0, 0, view.length());
    secret
}

/// Encrypts with a key of the vault, which the browser holds: the nonce, the ciphertext, the tag.
pub(super) async fn encrypt(
    key: &Key,
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let Key::Browser(key, KeyKind::Aes256) = key else { return Err(CryptoError::InvalidKey) };
    let mut nonce = [0; NONCE_LEN];
    keys::random(&mut nonce)?;
    let ciphertext = seal(key, AeadContext { nonce: &nonce, aad }, plaintext).await?;
    Ok([&nonce[..], &ciphertext].concat())
}

/// Decrypts what [`encrypt`] made.
pub(super) async fn decrypt(
    key: &Key,
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<SecretVec, CryptoError> {
    let Key::Browser(key, KeyKind::Aes256) = key else { return Err(CryptoError::InvalidKey) };
    let (nonce, ciphertext) =
        ciphertext.split_first_chunk().ok_or(CryptoError::InvalidCiphertext)?;
    open(key, AeadContext { nonce, aad }, ciphertext).await
}
