//! [`CryptoProvider`] over `WebCrypto`, with software keys where an engine lacks an algorithm.

mod aead;
mod agreement;
mod algorithm;
mod device;
mod keys;
mod mac;
mod signing;
pub(crate) mod subtle;

use futures_util::future::join4;
use kms_crypto::hpke::Encapsulated;
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NONCE_LEN, NewKey, PublicKey, SecretBytes,
    SecretVec, SharedSecret,
};
use kms_protocol::Protection;

pub(crate) use keys::Key;
pub(crate) use subtle::CryptoKey;

/// The provider. Whether the browser can hold Ed25519 and X25519 keys is found out once, at
/// boot; keys of all other kinds it holds always.
pub(crate) struct WebCrypto {
    ed25519: Protection,
    x25519: Protection,
}

impl WebCrypto {
    /// Generates and uses a key of each kind. Ed25519 and X25519 keys are held by the enclave
    /// where an engine does not have them; without P-256, which all have, and without a device
    /// key that can be stored there is no enclave.
    pub(crate) async fn boot() -> Result<Self, CryptoError> {
        let p256 = keys::try_browser(KeyKind::EcP256);
        let (ed25519, x25519) = (keys::probe(KeyKind::Ed25519), keys::probe(KeyKind::X25519));
        let (device, p256, ed25519, x25519) = join4(device::probe(), p256, ed25519, x25519).await;
        device.and(p256)?;
        Ok(Self { ed25519, x25519 })
    }
}

impl CryptoProvider for WebCrypto {
    type SealingKey = CryptoKey;
    type Key = Key;
    type DeviceKey = CryptoKey;

    fn protection(&self, kind: KeyKind) -> Protection {
        match kind {
            KeyKind::Ed25519 => self.ed25519,
            KeyKind::X25519 | KeyKind::HpkeX25519 => self.x25519,
            // No browser has it yet.
            KeyKind::HpkeXWing => Protection::Enclave,
            _ => Protection::Browser,
        }
    }

    fn held_by(&self, key: &Key) -> Protection {
        match key {
            Key::Browser(..) => Protection::Browser,
            Key::Enclave(_) => Protection::Enclave,
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

    async fn generate_key(
        &self,
        kind: KeyKind,
        wrapping: &CryptoKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<Key>, CryptoError> {
        keys::generate(self.protection(kind), kind, wrapping, context).await
    }

    async fn import_key(
        &self,
        kind: KeyKind,
        secret: SecretBytes<32>,
        wrapping: &CryptoKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<Key>, CryptoError> {
        keys::import(self.protection(kind), kind, secret, wrapping, context).await
    }

    async fn unwrap_key(
        &self,
        kind: KeyKind,
        wrapping: &CryptoKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<Key, CryptoError> {
        keys::unwrap(self.protection(kind), kind, wrapping, context, wrapped).await
    }

    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(Key, PublicKey), CryptoError> {
        keys::import_ed25519(self.ed25519, seed).await
    }

    async fn sign(&self, key: &Key, message: &[u8]) -> Result<[u8; 64], CryptoError> {
        signing::sign(key, message).await
    }

    async fn verify(
        &self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        signing::verify(self.protection(public.kind()), public, message, signature).await
    }

    async fn encrypt(
        &self,
        key: &Key,
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        aead::encrypt(key, aad, plaintext).await
    }

    async fn decrypt(
        &self,
        key: &Key,
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        aead::decrypt(key, aad, ciphertext).await
    }

    async fn mac(&self, key: &Key, message: &[u8]) -> Result<[u8; 32], CryptoError> {
        mac::mac(key, message).await
    }

    async fn verify_mac(&self, key: &Key, message: &[u8], mac: &[u8]) -> Result<bool, CryptoError> {
        mac::verify(key, message, mac).await
    }

    async fn agree(&self, key: &Key, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        agreement::agree(key, peer).await
    }

    async fn agree_once(&self, peer: &PublicKey) -> Result<(PublicKey, SharedSecret), CryptoError> {
        agreement::agree_once(self.protection(peer.kind()), peer).await
    }

    async fn seal_once(
        &self,
        key: &SecretBytes<16>,
        nonce: &[u8; NONCE_LEN],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        aead::seal_once(key, nonce, plaintext).await
    }

    async fn encapsulate(&self, recipient: &PublicKey) -> Result<Encapsulated, CryptoError> {
        agreement::encapsulate(self.protection(recipient.kind()), recipient).await
    }

    async fn decapsulate(
        &self,
        key: &Key,
        public: &PublicKey,
        encapsulated: &[u8],
    ) -> Result<SharedSecret, CryptoError> {
        agreement::decapsulate(key, public, encapsulated).await
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
