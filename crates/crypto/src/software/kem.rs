//! DHKEM(X25519, HKDF-SHA256) (RFC 9180, section 4.1).

use super::key::SoftwareKey;
use crate::hpke::{ENCAPSULATED_LEN, Encapsulated, kem_secret};
use crate::{CryptoError, KeyKind, PublicKey, SharedSecret};

/// A fresh secret for the owner of an HPKE key.
pub fn encapsulate(
    recipient: &PublicKey,
    random: impl FnMut(&mut [u8]) -> Result<(), CryptoError>,
) -> Result<Encapsulated, CryptoError> {
    let ephemeral = SoftwareKey::generate(KeyKind::HpkeX25519, random)?;
    // The recipient's key decides: one of another kind has nothing in common with this.
    let agreed = ephemeral.shared(recipient)?;
    let public = ephemeral.public_key()?.ok_or(CryptoError::InvalidKey)?;
    let key = public.raw().try_into().map_err(|_| CryptoError::InvalidKey)?;
    let secret = kem_secret(&agreed, &key, recipient)?;
    Ok(Encapsulated { key, secret })
}

impl SoftwareKey {
    /// Finds the secret that was encapsulated for this key, whose public half is `public`.
    pub fn decapsulate(
        &self,
        public: &PublicKey,
        encapsulated: &[u8; ENCAPSULATED_LEN],
    ) -> Result<SharedSecret, CryptoError> {
        let ephemeral = PublicKey::from_raw(KeyKind::HpkeX25519, encapsulated)
            .map_err(|_| CryptoError::InvalidCiphertext)?;
        kem_secret(&self.shared(&ephemeral)?, encapsulated, public)
    }
}
