//! A key that signs as RFC 6979 says: the same message gives the same signature.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use rcgen::{Error, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use sigstore_verify::types::DerPublicKey;

pub(crate) struct Key {
    secret: SigningKey,
    point: Vec<u8>,
}

impl Key {
    pub(crate) fn new(number: u8) -> Self {
        let secret = SigningKey::from_slice(&[number; 32]).unwrap();
        let point = secret.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Self { secret, point }
    }

    pub(crate) fn signed(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.secret.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        self.subject_public_key_info()
    }

    pub(crate) fn pem(&self) -> String {
        DerPublicKey::new(self.spki()).to_pem().replace("\r\n", "\n")
    }

    /// The name of a log: the digest of its key.
    pub(crate) fn id(&self) -> [u8; 32] {
        sha256(&self.spki())
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.signed(message))
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().try_into().unwrap()
}
