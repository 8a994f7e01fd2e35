//! Keys without a public half: AES-256-GCM and HMAC-SHA-256.

use subtle::ConstantTimeEq;

use super::SealingKey;
use crate::{
    AeadContext, CryptoError, KeyKind, NONCE_LEN, SecretBytes, SecretVec, hkdf, wipe_stack,
};

/// A symmetric key.
pub(super) struct Symmetric {
    secret: SecretBytes<32>,
    /// Only of an AES key.
    cipher: Option<SealingKey>,
}

impl Symmetric {
    /// A key of this kind.
    pub(super) fn new(kind: KeyKind, secret: SecretBytes<32>) -> Self {
        let cipher = (kind == KeyKind::Aes256).then(|| SealingKey::new(&secret));
        Self { secret, cipher }
    }

    /// Its bytes.
    pub(super) fn secret(&self) -> &SecretBytes<32> {
        &self.secret
    }

    /// HMAC-SHA-256 of a message.
    pub(super) fn mac(&self, message: &[u8]) -> Result<[u8; 32], CryptoError> {
        if self.cipher.is_some() {
            return Err(CryptoError::InvalidKey);
        }
        let mut tag = [0; 32];
        hkdf::hmac_sha256(self.secret.expose(), &[message], &mut tag);
        wipe_stack();
        Ok(tag)
    }

    /// Whether a MAC is that of a message, compared in constant time.
    pub(super) fn verify_mac(&self, message: &[u8], mac: &[u8]) -> Result<bool, CryptoError> {
        Ok(self.mac(message)?.ct_eq(mac).into())
    }

    /// Encrypts by AES-256-GCM: the nonce, the ciphertext, the tag.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let cipher = self.cipher.as_ref().ok_or(CryptoError::InvalidKey)?;
        let ciphertext = cipher.seal(AeadContext { nonce, aad }, plaintext)?;
        Ok([&nonce[..], &ciphertext].concat())
    }

    /// Decrypts what [`Self::encrypt`] made.
    pub(super) fn decrypt(&self, aad: &[u8], ciphertext: &[u8]) -> Result<SecretVec, CryptoError> {
        let cipher = self.cipher.as_ref().ok_or(CryptoError::InvalidKey)?;
        let (nonce, ciphertext) =
            ciphertext.split_first_chunk().ok_or(CryptoError::InvalidCiphertext)?;
        cipher.open(AeadContext { nonce, aad }, ciphertext)
    }
}
