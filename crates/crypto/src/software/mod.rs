//! The provider in Rust, for tests and for engines that lack an algorithm.

mod aead;
mod signing;

use std::rc::Rc;

use kms_protocol::{KeySpec, Protection};

pub use self::aead::SealingKey;
pub use self::signing::SoftwareSigner;
use crate::{
    AeadContext, CryptoError, CryptoProvider, GeneratedKey, PublicKey, SecretBytes, SecretVec,
    hkdf, strict, wipe_stack,
};

type Random = dyn Fn(&mut [u8]) -> Result<(), CryptoError>;

/// [`CryptoProvider`] over `RustCrypto`. Its only outside need is randomness, so a test that
/// gives it a fixed source gets fixed results.
pub struct SoftwareProvider {
    random: Box<Random>,
}

/// HMAC-SHA-256 key. Cloning copies the handle, not the key.
#[derive(Clone)]
pub struct DeviceKey(Rc<SecretBytes<32>>);

impl SoftwareProvider {
    /// A provider that draws all randomness from `random`.
    #[must_use]
    pub fn new(random: impl Fn(&mut [u8]) -> Result<(), CryptoError> + 'static) -> Self {
        Self { random: Box::new(random) }
    }
}

impl CryptoProvider for SoftwareProvider {
    type SealingKey = SealingKey;
    type SigningKey = SoftwareSigner;
    type DeviceKey = DeviceKey;

    fn protection(&self, _spec: KeySpec) -> Protection {
        Protection::Enclave
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        (self.random)(out)
    }

    async fn import_sealing_key(&self, key: &SecretBytes<32>) -> Result<SealingKey, CryptoError> {
        Ok(SealingKey::new(key))
    }

    async fn seal(
        &self,
        key: &SealingKey,
        context: AeadContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        key.seal(context, plaintext)
    }

    async fn open(
        &self,
        key: &SealingKey,
        context: AeadContext<'_>,
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        key.open(context, ciphertext)
    }

    async fn generate_signing_key(
        &self,
        spec: KeySpec,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
    ) -> Result<GeneratedKey<SoftwareSigner>, CryptoError> {
        let signer = SoftwareSigner::generate(spec, |out| self.fill_random(out))?;
        let public = signer.public_key()?;
        let wrapped = wrapping.seal(context, signer.to_pkcs8()?.expose())?;
        Ok(GeneratedKey { signer, public, wrapped })
    }

    async fn unwrap_signing_key(
        &self,
        spec: KeySpec,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<SoftwareSigner, CryptoError> {
        SoftwareSigner::from_pkcs8(spec, wrapping.open(context, wrapped)?.expose())
    }

    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(SoftwareSigner, PublicKey), CryptoError> {
        let signer = SoftwareSigner::from_ed25519_seed(seed)?;
        let public = signer.public_key()?;
        Ok((signer, public))
    }

    async fn sign(&self, key: &SoftwareSigner, message: &[u8]) -> Result<[u8; 64], CryptoError> {
        key.sign(message)
    }

    async fn verify(
        &self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        Ok(strict::verify(public, message, signature))
    }

    async fn generate_device_key(&self) -> Result<DeviceKey, CryptoError> {
        let key = SecretBytes::try_new_with(|out| self.fill_random(out))?;
        Ok(DeviceKey(Rc::new(key)))
    }

    async fn device_mac(
        &self,
        key: &DeviceKey,
        input: &[u8],
    ) -> Result<SecretBytes<32>, CryptoError> {
        let tag = SecretBytes::new_with(|out| hkdf::hmac_sha256(key.0.expose(), &[input], out));
        wipe_stack();
        Ok(tag)
    }
}
