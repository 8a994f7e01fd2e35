//! The provider over `RustCrypto`.

use std::rc::Rc;

use kms_protocol::Protection;

use super::aead::seal_once;
use super::{SealingKey, SoftwareKey, encapsulate};
use crate::hpke::Encapsulated;
use crate::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NONCE_LEN, NewKey, PublicKey, SecretBytes,
    SecretVec, SharedSecret, hkdf, strict, wipe_stack,
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
    type Key = SoftwareKey;
    type DeviceKey = DeviceKey;

    fn protection(&self, _kind: KeyKind) -> Protection {
        Protection::Enclave
    }

    fn held_by(&self, _key: &SoftwareKey) -> Protection {
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

    async fn generate_key(
        &self,
        kind: KeyKind,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<SoftwareKey>, CryptoError> {
        wrap(SoftwareKey::generate(kind, |out| self.fill_random(out))?, wrapping, context)
    }

    async fn import_key(
        &self,
        kind: KeyKind,
        secret: SecretBytes<32>,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<SoftwareKey>, CryptoError> {
        wrap(SoftwareKey::from_secret(kind, secret)?, wrapping, context)
    }

    async fn unwrap_key(
        &self,
        kind: KeyKind,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<SoftwareKey, CryptoError> {
        if !kind.is_wrapped_len(wrapped.len()) {
            return Err(CryptoError::InvalidCiphertext);
        }
        SoftwareKey::decode(kind, wrapping.open(context, wrapped)?.expose())
    }

    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(SoftwareKey, PublicKey), CryptoError> {
        SoftwareKey::from_ed25519_seed(seed)
    }

    async fn sign(&self, key: &SoftwareKey, message: &[u8]) -> Result<[u8; 64], CryptoError> {
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

    async fn encrypt(
        &self,
        key: &SoftwareKey,
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let key = key.symmetric()?;
        let mut nonce = [0; NONCE_LEN];
        self.fill_random(&mut nonce)?;
        key.encrypt(&nonce, aad, plaintext)
    }

    async fn decrypt(
        &self,
        key: &SoftwareKey,
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        key.symmetric()?.decrypt(aad, ciphertext)
    }

    async fn mac(&self, key: &SoftwareKey, message: &[u8]) -> Result<[u8; 32], CryptoError> {
        key.symmetric()?.mac(message)
    }

    async fn verify_mac(
        &self,
        key: &SoftwareKey,
        message: &[u8],
        mac: &[u8],
    ) -> Result<bool, CryptoError> {
        key.symmetric()?.verify_mac(message, mac)
    }

    async fn agree(
        &self,
        key: &SoftwareKey,
        peer: &PublicKey,
    ) -> Result<SharedSecret, CryptoError> {
        key.agree(peer)
    }

    async fn agree_once(&self, peer: &PublicKey) -> Result<(PublicKey, SharedSecret), CryptoError> {
        let key = SoftwareKey::generate(peer.kind(), |out| self.fill_random(out))?;
        // A key of another kind has nothing to agree with, and may have no public half.
        let secret = key.agree(peer)?;
        Ok((key.public_key()?.ok_or(CryptoError::InvalidKey)?, secret))
    }

    async fn seal_once(
        &self,
        key: &SecretBytes<16>,
        nonce: &[u8; NONCE_LEN],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        seal_once(key, nonce, plaintext)
    }

    async fn encapsulate(&self, recipient: &PublicKey) -> Result<Encapsulated, CryptoError> {
        encapsulate(recipient, |out| self.fill_random(out))
    }

    async fn decapsulate(
        &self,
        key: &SoftwareKey,
        public: &PublicKey,
        encapsulated: &[u8],
    ) -> Result<SharedSecret, CryptoError> {
        key.decapsulate(public, encapsulated)
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

fn wrap(
    key: SoftwareKey,
    wrapping: &SealingKey,
    context: AeadContext<'_>,
) -> Result<NewKey<SoftwareKey>, CryptoError> {
    let public = key.public_key()?;
    let wrapped = wrapping.seal(context, key.encode()?.expose())?;
    Ok(NewKey { key, public, wrapped })
}
