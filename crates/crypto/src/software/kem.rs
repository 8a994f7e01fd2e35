//! The KEMs of HPKE: DHKEM(X25519, HKDF-SHA256) (RFC 9180, section 4.1), and X-Wing.

use super::key::SoftwareKey;
use super::x_wing;
use crate::hpke::{Encapsulated, kem_secret};
use crate::{CryptoError, KeyKind, PublicKey, SharedSecret};

/// A fresh secret for the owner of an HPKE key.
pub fn encapsulate(
    recipient: &PublicKey,
    random: impl FnMut(&mut [u8]) -> Result<(), CryptoError>,
) -> Result<Encapsulated, CryptoError> {
    if recipient.kind() == KeyKind::HpkeXWing {
        return x_wing::encapsulate(recipient, random);
    }
    let ephemeral = SoftwareKey::generate(KeyKind::HpkeX25519, random)?;
    // The recipient's key decides: one of another kind has nothing in common with this.
    let agreed = ephemeral.shared(recipient)?;
    let public = ephemeral.public_key()?.ok_or(CryptoError::InvalidKey)?;
    let secret = kem_secret(&agreed, public.raw(), recipient)?;
    Ok(Encapsulated { key: public.raw().to_vec(), secret })
}

impl SoftwareKey {
    /// Finds the secret that was encapsulated for this key, whose public half is `public`.
    pub fn decapsulate(
        &self,
        public: &PublicKey,
        encapsulated: &[u8],
    ) -> Result<SharedSecret, CryptoError> {
        if let Some(seed) = self.x_wing_seed() {
            if public.kind() != KeyKind::HpkeXWing {
                return Err(CryptoError::InvalidKey);
            }
            return x_wing::decapsulate(seed, encapsulated);
        }
        let ephemeral = PublicKey::from_raw(KeyKind::HpkeX25519, encapsulated)
            .map_err(|_| CryptoError::InvalidCiphertext)?;
        kem_secret(&self.shared(&ephemeral)?, encapsulated, public)
    }
}
