//! Ed25519 and ECDSA P-256 private keys held by the enclave itself.

use ed25519_dalek::Signer;
use kms_protocol::KeySpec;

use crate::{CryptoError, PublicKey, SIGNATURE_LEN, SecretBytes, SecretVec, wipe_stack};

/// A random 32-byte string is a P-256 scalar with probability above 1 − 2⁻³²; a source
/// that misses this often in a row is broken.
const MAX_DRAWS: usize = 8;

/// A private key in our own memory, on the heap and wiped on drop.
pub struct SoftwareSigner(Inner);

enum Inner {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    #[cfg(feature = "software-p256")]
    EcP256(Box<p256::ecdsa::SigningKey>),
}

/// PKCS#8 of an Ed25519 key up to its seed: version 1, the algorithm, no public key (RFC 8410,
/// section 7). It is the one form that this type and browsers write.
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl SoftwareSigner {
    /// Generates a key from `random`.
    pub fn generate(
        spec: KeySpec,
        mut random: impl FnMut(&mut [u8]) -> Result<(), CryptoError>,
    ) -> Result<Self, CryptoError> {
        for _ in 0..MAX_DRAWS {
            let secret = SecretBytes::try_new_with(|out| random(out))?;
            match Self::from_secret(spec, &secret) {
                Err(CryptoError::InvalidKey) => {}
                outcome => return outcome,
            }
        }
        Err(CryptoError::Random)
    }

    /// The Ed25519 key of a seed (RFC 8032, section 5.1.5).
    pub fn from_ed25519_seed(seed: &SecretBytes<32>) -> Result<Self, CryptoError> {
        Self::from_secret(KeySpec::Ed25519, seed)
    }

    /// The Ed25519 seed (RFC 8032, section 5.1.5) or the P-256 scalar, big endian.
    fn from_secret(spec: KeySpec, secret: &SecretBytes<32>) -> Result<Self, CryptoError> {
        let inner = match spec {
            KeySpec::Ed25519 => {
                Inner::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret.expose())))
            }
            #[cfg(feature = "software-p256")]
            KeySpec::EcP256 => p256::ecdsa::SigningKey::from_slice(secret.expose())
                .map(|key| Inner::EcP256(Box::new(key)))
                .map_err(|_| CryptoError::InvalidKey)?,
            #[cfg(not(feature = "software-p256"))]
            KeySpec::EcP256 => return Err(CryptoError::Unsupported),
        };
        wipe_stack();
        Ok(Self(inner))
    }

    /// Reads PKCS#8 (RFC 5958) as this type and `WebCrypto` write it.
    pub fn from_pkcs8(spec: KeySpec, der: &[u8]) -> Result<Self, CryptoError> {
        match spec {
            KeySpec::Ed25519 => {
                let seed = der.strip_prefix(&ED25519_PKCS8).ok_or(CryptoError::InvalidKey)?;
                Self::from_secret(spec, &SecretBytes::copy_of(seed)?)
            }
            #[cfg(feature = "software-p256")]
            KeySpec::EcP256 => p256_from_pkcs8(der),
            #[cfg(not(feature = "software-p256"))]
            KeySpec::EcP256 => Err(CryptoError::Unsupported),
        }
    }

    /// Writes PKCS#8 so that every engine reads it: Ed25519 as version 1 without the public
    /// key (RFC 8410, section 7), P-256 with it (RFC 5915, section 3).
    pub fn to_pkcs8(&self) -> Result<SecretVec, CryptoError> {
        match &self.0 {
            Inner::Ed25519(key) => SecretVec::try_new_with(ED25519_PKCS8.len() + 32, |out| {
                let (prefix, seed) = out.split_at_mut(ED25519_PKCS8.len());
                prefix.copy_from_slice(&ED25519_PKCS8);
                seed.copy_from_slice(key.as_bytes());
                Ok(())
            }),
            #[cfg(feature = "software-p256")]
            Inner::EcP256(key) => p256_to_pkcs8(key),
        }
    }

    /// The public half.
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        match &self.0 {
            Inner::Ed25519(key) => {
                PublicKey::from_raw(KeySpec::Ed25519, key.verifying_key().as_bytes())
            }
            #[cfg(feature = "software-p256")]
            Inner::EcP256(key) => {
                PublicKey::from_raw(KeySpec::EcP256, &key.verifying_key().to_sec1_bytes())
            }
        }
    }

    /// Signs: Ed25519, or ECDSA with SHA-256 and the nonce of RFC 6979 as `r ‖ s`.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
        let signature = match &self.0 {
            Inner::Ed25519(key) => key.try_sign(message).map(|signature| signature.to_bytes()),
            #[cfg(feature = "software-p256")]
            Inner::EcP256(key) => key
                .try_sign(message)
                .map(|signature: p256::ecdsa::Signature| signature.to_bytes().into()),
        };
        wipe_stack();
        signature.map_err(|_| CryptoError::Unavailable)
    }
}

#[cfg(feature = "software-p256")]
fn p256_from_pkcs8(der: &[u8]) -> Result<SoftwareSigner, CryptoError> {
    use p256::pkcs8::DecodePrivateKey;

    let key = p256::ecdsa::SigningKey::from_pkcs8_der(der);
    wipe_stack();
    key.map(|key| SoftwareSigner(Inner::EcP256(Box::new(key)))).map_err(|_| CryptoError::InvalidKey)
}

#[cfg(feature = "software-p256")]
fn p256_to_pkcs8(key: &p256::ecdsa::SigningKey) -> Result<SecretVec, CryptoError> {
    use p256::pkcs8::EncodePrivateKey;

    let document = key.to_pkcs8_der();
    let der = document
        .map(|document| SecretVec::copy_of(document.as_bytes()))
        .map_err(|_| CryptoError::Unavailable);
    wipe_stack();
    der
}
