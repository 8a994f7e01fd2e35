//! [`CryptoProvider`] over `WebCrypto`, with software keys where an engine lacks an algorithm.

mod aead;
mod algorithm;
mod device;
mod signing;
pub(crate) mod subtle;

use futures_util::future::join3;
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider, GeneratedKey, PublicKey, SecretBytes, SecretVec,
};
use kms_protocol::{KeySpec, Protection};

pub(crate) use signing::SigningKey;
pub(crate) use subtle::CryptoKey;

/// The provider. Whether the browser can hold Ed25519 keys is found out once, at boot; P-256
/// keys it holds always.
pub(crate) struct WebCrypto {
    ed25519: Protection,
}

impl WebCrypto {
    /// Generates and uses a key of each kind. Ed25519 keys are held by the enclave where an
    /// engine does not have them; without P-256, which all have, and without a device key that
    /// can be stored there is no enclave.
    pub(crate) async fn boot() -> Result<Self, CryptoError> {
        let p256 = signing::try_browser(KeySpec::EcP256);
        let ed25519 = signing::probe(KeySpec::Ed25519);
        let (device, p256, ed25519) = join3(device::probe(), p256, ed25519).await;
        device.and(p256)?;
        Ok(Self { ed25519 })
    }
}

impl CryptoProvider for WebCrypto {
    type SealingKey = CryptoKey;
    type SigningKey = SigningKey;
    type DeviceKey = CryptoKey;

    fn protection(&self, spec: KeySpec) -> Protection {
        match spec {
            KeySpec::Ed25519 => self.ed25519,
            KeySpec::EcP256 => Protection::Browser,
        }
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        // One call gives at most 65,536 bytes (Web Cryptography API, section 10.1.1).
        for part in out.chunks_mut(65_536) {
            subtle::random(part).map_err(|_| CryptoError::Random)?;
        }
        Ok(())
    }

    async fn import_sealing_key(&self, key: &SecretBytes<32>) -> Result<CryptoKey, CryptoError> {
        aead::import(key).await
    }

    async fn seal(
        &self,
        key: &CryptoKey,
        context: AeadContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        aead::seal(key, context, plaintext).await
    }

    async fn open(
        &self,
        key: &CryptoKey,
        context: AeadContext<'_>,
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        aead::open(key, context, ciphertext).await
    }

    async fn generate_signing_key(
        &self,
        spec: KeySpec,
        wrapping: &CryptoKey,
        context: AeadContext<'_>,
    ) -> Result<GeneratedKey<SigningKey>, CryptoError> {
        signing::generate(self.protection(spec), spec, wrapping, context).await
    }

    async fn unwrap_signing_key(
        &self,
        spec: KeySpec,
        wrapping: &CryptoKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<SigningKey, CryptoError> {
        signing::unwrap(self.protection(spec), spec, wrapping, context, wrapped).await
    }

    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(SigningKey, PublicKey), CryptoError> {
        signing::import_ed25519(self.ed25519, seed).await
    }

    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<[u8; 64], CryptoError> {
        signing::sign(key, message).await
    }

    async fn verify(
        &self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        signing::verify(self.protection(public.spec()), public, message, signature).await
    }

    async fn generate_device_key(&self) -> Result<CryptoKey, CryptoError> {
        device::generate().await
    }

    async fn device_mac(
        &self,
        key: &CryptoKey,
        input: &[u8],
    ) -> Result<SecretBytes<32>, CryptoError> {
        device::mac(key, input).await
    }
}
