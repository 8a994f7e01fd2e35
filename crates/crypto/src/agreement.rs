//! What two parties have agreed on. It is never a key itself: only HKDF sees it.

use subtle::ConstantTimeEq;

use crate::{CryptoError, KeyKind, SecretBytes, hkdf};

/// A secret that two parties share: the output of a key agreement or of a KEM.
pub struct SharedSecret(SecretBytes<32>);

impl SharedSecret {
    /// Takes what an agreement with a key of this kind gave. On Curve25519 zero means that the
    /// other side chose it, and is refused (RFC 7748, section 6.1; RFC 9180, section 7.1.4). On
    /// P-256 it is the x coordinate of a point like any other.
    pub fn new(kind: KeyKind, secret: SecretBytes<32>) -> Result<Self, CryptoError> {
        let is_zero = bool::from(secret.expose().ct_eq(&[0; 32]));
        if is_zero && kind != KeyKind::EcP256Agreement {
            return Err(CryptoError::InvalidKey);
        }
        Ok(Self(secret))
    }

    /// Derives key material by HKDF-SHA-256 (RFC 5869): extract with `salt`, expand with `info`.
    pub fn derive<const N: usize>(
        &self,
        salt: &[u8],
        info: &[u8],
    ) -> Result<SecretBytes<N>, CryptoError> {
        SecretBytes::try_new_with(|out| hkdf::derive_into(salt, &[self.expose()], info, out))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(kind: KeyKind, byte: u8) -> Result<SharedSecret, CryptoError> {
        SharedSecret::new(kind, SecretBytes::new_with(|out| out.fill(byte)))
    }

    #[test]
    fn zero_is_refused_where_the_other_side_can_force_it() {
        for kind in [KeyKind::X25519, KeyKind::HpkeX25519] {
            assert_eq!(shared(kind, 0).err(), Some(CryptoError::InvalidKey));
            assert!(shared(kind, 1).is_ok());
        }
        assert!(shared(KeyKind::EcP256Agreement, 0).is_ok());
    }

    #[test]
    fn derives_by_hkdf() {
        let secret = shared(KeyKind::X25519, 7).unwrap();
        let mut expected = [0; 42];
        hkdf::derive_into(b"salt", &[&[7; 32]], b"info", &mut expected).unwrap();
        assert_eq!(secret.derive::<42>(b"salt", b"info").unwrap().expose(), &expected);
        let too_long = secret.derive::<{ hkdf::MAX_OUTPUT + 1 }>(b"", b"");
        assert_eq!(too_long.err(), Some(CryptoError::InvalidParameters));
    }
}
