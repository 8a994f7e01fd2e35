//! Ed25519 and ECDSA P-256 private keys held by the enclave itself.

use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use kms_protocol::KeySpec;

use crate::{CryptoError, PublicKey, SIGNATURE_LEN, SecretBytes, SecretVec, wipe_stack};

/// A random 32-byte string is a P-256 scalar with probability above 1 − 2⁻³²; a source
/// that misses this often in a row is broken.
const MAX_DRAWS: usize = 8;

/// A private key in our own memory, on the heap and wiped on drop.
pub struct SoftwareSigner(Inner);

enum Inner {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    EcP256(Box<p256::ecdsa::SigningKey>),
}

impl SoftwareSigner {
    /// Generates a key from `random`.
    pub fn generate(
        spec: KeySpec,
        mut random: impl FnMut(&mut [u8]) -> Result<(), CryptoError>,
    ) -> Result<Self, CryptoError> {
        for _ in 0..MAX_DRAWS {
            let secret = SecretBytes::try_new_with(|out| random(out))?;
            if let Ok(signer) = Self::from_secret(spec, &secret) {
                return Ok(signer);
            }
        }
        Err(CryptoError::Random)
    }

    /// The Ed25519 seed (RFC 8032, section 5.1.5) or the P-256 scalar, big endian.
    fn from_secret(spec: KeySpec, secret: &SecretBytes<32>) -> Result<Self, CryptoError> {
        let inner = match spec {
            KeySpec::Ed25519 => {
                Inner::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret.expose())))
            }
            KeySpec::EcP256 => p256::ecdsa::SigningKey::from_slice(secret.expose())
                .map(|key| Inner::EcP256(Box::new(key)))
                .map_err(|_| CryptoError::InvalidKey)?,
        };
        wipe_stack();
        Ok(Self(inner))
    }

    /// Reads PKCS#8 (RFC 5958) as this type and `WebCrypto` write it.
    pub fn from_pkcs8(spec: KeySpec, der: &[u8]) -> Result<Self, CryptoError> {
        let inner = match spec {
            KeySpec::Ed25519 => ed25519_dalek::SigningKey::from_pkcs8_der(der)
                .map(|key| Inner::Ed25519(Box::new(key))),
            KeySpec::EcP256 => {
                p256::ecdsa::SigningKey::from_pkcs8_der(der).map(|key| Inner::EcP256(Box::new(key)))
            }
        };
        wipe_stack();
        inner.map(Self).map_err(|_| CryptoError::InvalidKey)
    }

    /// Writes PKCS#8 so that every engine reads it: Ed25519 as version 1 without the public
    /// key (RFC 8410, section 7), P-256 with it (RFC 5915, section 3).
    pub fn to_pkcs8(&self) -> Result<SecretVec, CryptoError> {
        let document = match &self.0 {
            Inner::Ed25519(key) => {
                KeypairBytes { secret_key: key.to_bytes(), public_key: None }.to_pkcs8_der()
            }
            Inner::EcP256(key) => key.to_pkcs8_der(),
        };
        let der = document
            .map(|document| SecretVec::copy_of(document.as_bytes()))
            .map_err(|_| CryptoError::Unavailable);
        wipe_stack();
        der
    }

    /// The public half.
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        match &self.0 {
            Inner::Ed25519(key) => {
                PublicKey::from_raw(KeySpec::Ed25519, key.verifying_key().as_bytes())
            }
            Inner::EcP256(key) => {
                PublicKey::from_raw(KeySpec::EcP256, &key.verifying_key().to_sec1_bytes())
            }
        }
    }

    /// Signs: Ed25519, or ECDSA with SHA-256 and the nonce of RFC 6979 as `r ‖ s`.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
        let signature = match &self.0 {
            Inner::Ed25519(key) => key.try_sign(message).map(|signature| signature.to_bytes()),
            Inner::EcP256(key) => key
                .try_sign(message)
                .map(|signature: p256::ecdsa::Signature| signature.to_bytes().into()),
        };
        wipe_stack();
        signature.map_err(|_| CryptoError::Unavailable)
    }
}
