//! AES-GCM (SP 800-38D) with 96-bit nonces and 128-bit tags.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::{AeadCore, Aes128Gcm, Aes256Gcm, KeyInit};

use crate::{AeadContext, CryptoError, NONCE_LEN, SecretBytes, SecretVec, TAG_LEN, wipe_stack};

/// An expanded AES-256 key, on the heap and wiped on drop.
pub struct SealingKey(Box<Aes256Gcm>);

impl SealingKey {
    pub(super) fn new(key: &SecretBytes<32>) -> Self {
        let expanded = Self(Box::new(Aes256Gcm::new(key.expose().into())));
        wipe_stack();
        expanded
    }

    pub(super) fn seal(
        &self,
        context: AeadContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        seal(&*self.0, context, plaintext)
    }

    pub(super) fn open(
        &self,
        context: AeadContext<'_>,
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        let (body, tag) =
            ciphertext.split_last_chunk::<TAG_LEN>().ok_or(CryptoError::InvalidCiphertext)?;
        SecretVec::try_new_with(body.len(), |out| {
            out.copy_from_slice(body);
            self.0
                .decrypt_inout_detached(context.nonce.into(), context.aad, out.into(), tag.into())
                .map_err(|_| CryptoError::InvalidCiphertext)
        })
    }
}

/// AES-128-GCM with a key for one message, without additional data.
pub(super) fn seal_once(
    key: &SecretBytes<16>,
    nonce: &[u8; NONCE_LEN],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let expanded = Box::new(Aes128Gcm::new(key.expose().into()));
    let sealed = seal(&*expanded, AeadContext { nonce, aad: &[] }, plaintext);
    drop(expanded);
    wipe_stack();
    sealed
}

fn seal<A: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16>>(
    key: &A,
    context: AeadContext<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    // Room for the tag, so that the plaintext is never moved.
    let mut out = Vec::with_capacity(plaintext.len() + TAG_LEN);
    out.extend_from_slice(plaintext);
    let tag = key
        .encrypt_inout_detached(context.nonce.into(), context.aad, out.as_mut_slice().into())
        .map_err(|_| CryptoError::Unavailable)?;
    out.extend_from_slice(&tag);
    Ok(out)
}
