//! Keys held by the enclave itself.

use curve25519_dalek::montgomery::MontgomeryPoint;
use ed25519_dalek::Signer;
#[cfg(feature = "software-provider")]
use p256::elliptic_curve::sec1::ToSec1Point;

#[cfg(feature = "software-provider")]
use super::symmetric::Symmetric;
use super::{form, x_wing};
use crate::{
    CryptoError, KeyKind, PublicKey, SIGNATURE_LEN, SecretBytes, SecretVec, SharedSecret,
    wipe_stack,
};

/// A random 32-byte string is a P-256 scalar with probability above 1 − 2⁻³²; a source
/// that misses this often in a row is broken.
const MAX_DRAWS: usize = 8;

/// A key in our own memory, on the heap and wiped on drop.
pub struct SoftwareKey(Inner);

enum Inner {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    #[cfg(feature = "software-provider")]
    EcP256(Box<p256::ecdsa::SigningKey>),
    /// For agreement or for HPKE.
    X25519(KeyKind, SecretBytes<32>),
    /// The seed.
    XWing(SecretBytes<32>),
    #[cfg(feature = "software-provider")]
    EcP256Agreement(Box<p256::SecretKey>),
    #[cfg(feature = "software-provider")]
    Symmetric(Symmetric),
}

impl SoftwareKey {
    /// Generates a key from `random`.
    pub fn generate(
        kind: impl Into<KeyKind>,
        mut random: impl FnMut(&mut [u8]) -> Result<(), CryptoError>,
    ) -> Result<Self, CryptoError> {
        let kind = kind.into();
        for _ in 0..MAX_DRAWS {
            let secret = SecretBytes::try_new_with(|out| random(out))?;
            match Self::from_secret(kind, secret) {
                Err(CryptoError::InvalidKey) => {}
                outcome => return outcome,
            }
        }
        Err(CryptoError::Random)
    }

    /// The Ed25519 seed (RFC 8032, section 5.1.5), the scalar of X25519 (RFC 7748, section 5) or,
    /// big endian, of P-256, the seed of X-Wing, or the symmetric key.
    pub fn from_secret(kind: KeyKind, secret: SecretBytes<32>) -> Result<Self, CryptoError> {
        let inner = match kind {
            KeyKind::Ed25519 => {
                Inner::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret.expose())))
            }
            KeyKind::X25519 | KeyKind::HpkeX25519 => Inner::X25519(kind, secret),
            KeyKind::HpkeXWing => Inner::XWing(secret),
            #[cfg(feature = "software-provider")]
            KeyKind::Aes256 | KeyKind::HmacSha256 => Inner::Symmetric(Symmetric::new(kind, secret)),
            #[cfg(feature = "software-provider")]
            KeyKind::EcP256 => p256::ecdsa::SigningKey::from_slice(secret.expose())
                .map(|key| Inner::EcP256(Box::new(key)))
                .map_err(|_| CryptoError::InvalidKey)?,
            #[cfg(feature = "software-provider")]
            KeyKind::EcP256Agreement => p256::SecretKey::from_slice(secret.expose())
                .map(|key| Inner::EcP256Agreement(Box::new(key)))
                .map_err(|_| CryptoError::InvalidKey)?,
            #[cfg(not(feature = "software-provider"))]
            _ => return Err(CryptoError::Unsupported),
        };
        wipe_stack();
        Ok(Self(inner))
    }

    /// The Ed25519 key of a seed (RFC 8032, section 5.1.5), with its public half.
    pub fn from_ed25519_seed(seed: &SecretBytes<32>) -> Result<(Self, PublicKey), CryptoError> {
        let key = Self::from_secret(KeyKind::Ed25519, SecretBytes::copy_of(seed.expose())?)?;
        let public = key.public_key()?.ok_or(CryptoError::InvalidKey)?;
        Ok((key, public))
    }

    /// Reads the form in which this type and `WebCrypto` wrap a key: PKCS#8 (RFC 5958) of a
    /// private key, the bytes of a symmetric one and of a seed of X-Wing.
    pub fn decode(kind: impl Into<KeyKind>, bytes: &[u8]) -> Result<Self, CryptoError> {
        let kind = kind.into();
        Self::from_secret(kind, form::secret_of(kind, bytes)?)
    }

    /// Writes that form: see [`form_of`](super::form_of).
    pub fn encode(&self) -> Result<SecretVec, CryptoError> {
        match &self.0 {
            Inner::Ed25519(key) => form::write(&form::ED25519, key.as_bytes()),
            Inner::X25519(_, secret) => form::write(&form::X25519, secret.expose()),
            Inner::XWing(seed) => Ok(SecretVec::copy_of(seed.expose())),
            #[cfg(feature = "software-provider")]
            Inner::Symmetric(key) => Ok(SecretVec::copy_of(key.secret().expose())),
            #[cfg(feature = "software-provider")]
            Inner::EcP256(key) => form::write_p256(&**key),
            #[cfg(feature = "software-provider")]
            Inner::EcP256Agreement(key) => form::write_p256(&**key),
        }
    }

    /// The public half; a symmetric key has none.
    pub fn public_key(&self) -> Result<Option<PublicKey>, CryptoError> {
        let public = match &self.0 {
            Inner::Ed25519(key) => {
                PublicKey::from_raw(KeyKind::Ed25519, key.verifying_key().as_bytes())
            }
            Inner::X25519(kind, secret) => {
                let point = MontgomeryPoint::mul_base_clamped(*secret.expose());
                wipe_stack();
                PublicKey::from_raw(*kind, point.as_bytes())
            }
            Inner::XWing(seed) => x_wing::public_key(seed),
            #[cfg(feature = "software-provider")]
            Inner::Symmetric(_) => return Ok(None),
            #[cfg(feature = "software-provider")]
            Inner::EcP256(key) => {
                PublicKey::from_raw(KeyKind::EcP256, &key.verifying_key().to_sec1_bytes())
            }
            #[cfg(feature = "software-provider")]
            Inner::EcP256Agreement(key) => {
                let point = key.public_key().to_sec1_point(false);
                PublicKey::from_raw(KeyKind::EcP256Agreement, point.as_bytes())
            }
        };
        public.map(Some)
    }

    /// Signs: Ed25519, or ECDSA with SHA-256 and the nonce of RFC 6979 as `r ‖ s`.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
        let signature = match &self.0 {
            Inner::Ed25519(key) => key.try_sign(message).map(|signature| signature.to_bytes()),
            #[cfg(feature = "software-provider")]
            Inner::EcP256(key) => key
                .try_sign(message)
                .map(|signature: p256::ecdsa::Signature| signature.to_bytes().into()),
            _ => return Err(CryptoError::InvalidKey),
        };
        wipe_stack();
        signature.map_err(|_| CryptoError::Unavailable)
    }

    /// The symmetric key that this is.
    #[cfg(feature = "software-provider")]
    pub(super) fn symmetric(&self) -> Result<&Symmetric, CryptoError> {
        match &self.0 {
            Inner::Symmetric(key) => Ok(key),
            _ => Err(CryptoError::InvalidKey),
        }
    }

    /// The seed, if the key is one of X-Wing.
    pub(super) fn x_wing_seed(&self) -> Option<&SecretBytes<32>> {
        match &self.0 {
            Inner::XWing(seed) => Some(seed),
            _ => None,
        }
    }

    /// Agrees with the owner of `peer`, whose key must be of the same kind.
    pub fn agree(&self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        if peer.kind().is_agreement() { self.shared(peer) } else { Err(CryptoError::InvalidKey) }
    }

    /// The same with keys for HPKE as well.
    pub(super) fn shared(&self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        let kind = peer.kind();
        let secret = match &self.0 {
            Inner::X25519(own, secret) if *own == kind => x25519(secret, peer)?,
            #[cfg(feature = "software-provider")]
            Inner::EcP256Agreement(key) if kind == KeyKind::EcP256Agreement => {
                ecdh_p256(key, peer)?
            }
            _ => return Err(CryptoError::InvalidKey),
        };
        SharedSecret::new(kind, secret)
    }
}

/// X25519 (RFC 7748, section 5).
fn x25519(secret: &SecretBytes<32>, peer: &PublicKey) -> Result<SecretBytes<32>, CryptoError> {
    let peer = peer.raw().try_into().map_err(|_| CryptoError::InvalidKey)?;
    let shared = SecretBytes::new_with(|out| {
        out.copy_from_slice(MontgomeryPoint(peer).mul_clamped(*secret.expose()).as_bytes());
    });
    wipe_stack();
    Ok(shared)
}

/// The x coordinate of the shared point (SP 800-56A, section 5.7.1.2).
#[cfg(feature = "software-provider")]
fn ecdh_p256(key: &p256::SecretKey, peer: &PublicKey) -> Result<SecretBytes<32>, CryptoError> {
    let peer = p256::PublicKey::from_sec1_bytes(peer.raw()).map_err(|_| CryptoError::InvalidKey)?;
    let shared = SecretBytes::copy_of(key.diffie_hellman(&peer).raw_secret_bytes());
    wipe_stack();
    shared
}
