//! The port behind which all private-key work happens.
//!
//! Two implementations exist: [`crate::software::SoftwareProvider`] (`RustCrypto`) and
//! the `WebCrypto` provider of the enclave crate. The same known-answer suite runs on
//! both. Every byte format on this boundary is the same for both, so a record written
//! by one can be opened by the other: private keys are wrapped as PKCS#8, symmetric ones as
//! their bytes, under AES-256-GCM, nonce and additional data given by the caller.

use kms_protocol::Protection;

use crate::hpke::Encapsulated;
use crate::{CryptoError, KeyKind, PublicKey, SecretBytes, SecretVec, SharedSecret};

/// Length in bytes of an AES-GCM nonce (SP 800-38D, section 5.2.1.1).
pub const NONCE_LEN: usize = 12;

/// Length in bytes of an AES-GCM tag.
pub const TAG_LEN: usize = 16;

/// What one AEAD call is bound to.
#[derive(Clone, Copy)]
pub struct AeadContext<'a> {
    /// Never used twice under one key: random, or a count where the key is for one message.
    pub nonce: &'a [u8; NONCE_LEN],
    /// Additional authenticated data, recomputed from the expected context.
    pub aad: &'a [u8],
}

/// A new key: generated, or imported from a secret.
pub struct NewKey<K> {
    /// Non-extractable handle, ready to be used.
    pub key: K,
    /// The public half; a symmetric key has none.
    pub public: Option<PublicKey>,
    /// The key in its form (PKCS#8, or raw), as AES-256-GCM ciphertext with the tag appended.
    pub wrapped: Vec<u8>,
}

/// Cryptography over opaque handles.
///
/// Every operation on a key answers [`CryptoError::InvalidKey`] if the key is of a kind that it
/// is not for.
#[allow(async_fn_in_trait)] // single-threaded: no Send bound is wanted
pub trait CryptoProvider {
    /// AES-256-GCM key that seals records or the chunks of one message, or wraps keys.
    type SealingKey;
    /// A key of the vault, of one [`KeyKind`].
    type Key;
    /// HMAC-SHA-256 key that exists only in this browser profile and partition.
    type DeviceKey;

    /// Who enforces non-extractability for keys of this kind.
    fn protection(&self, kind: KeyKind) -> Protection;

    /// Who enforces it for this key: the one that its kind has, or the enclave where that does not
    /// take the key.
    fn held_by(&self, key: &Self::Key) -> Protection;

    /// Fills `out` from the platform's cryptographic random number generator.
    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError>;

    /// Imports raw AES-256 key bytes as a non-extractable handle.
    async fn import_sealing_key(
        &self,
        key: &SecretBytes<32>,
    ) -> Result<Self::SealingKey, CryptoError>;

    /// Encrypts `plaintext`; the tag is appended.
    async fn seal(
        &self,
        key: &Self::SealingKey,
        context: AeadContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError>;

    /// Decrypts; any failure is [`CryptoError::InvalidCiphertext`].
    async fn open(
        &self,
        key: &Self::SealingKey,
        context: AeadContext<'_>,
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError>;

    /// Generates a key, wraps it once, and returns a non-extractable handle.
    async fn generate_key(
        &self,
        kind: KeyKind,
        wrapping: &Self::SealingKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<Self::Key>, CryptoError>;

    /// Makes a key of a secret that was derived or received, and wraps it. What the secret is
    /// stands at [`crate::software::secret_of`]; one that is no key is [`CryptoError::InvalidKey`].
    async fn import_key(
        &self,
        kind: KeyKind,
        secret: SecretBytes<32>,
        wrapping: &Self::SealingKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<Self::Key>, CryptoError>;

    /// Unwraps a key made by [`Self::generate_key`] or [`Self::import_key`] into a
    /// non-extractable handle.
    async fn unwrap_key(
        &self,
        kind: KeyKind,
        wrapping: &Self::SealingKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<Self::Key, CryptoError>;

    /// Imports an Ed25519 seed (RFC 8032, section 5.1.5) as a non-extractable handle; with it
    /// comes the public half.
    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(Self::Key, PublicKey), CryptoError>;

    /// Signs: Ed25519 (RFC 8032) or ECDSA P-256 with SHA-256 as `r ‖ s` (IEEE P1363), 64 bytes.
    async fn sign(&self, key: &Self::Key, message: &[u8]) -> Result<[u8; 64], CryptoError>;

    /// Verifies strictly: wrong length, non-canonical `S` and small-order points are refused
    /// before the platform is asked. `Ok(false)` for every invalid signature.
    async fn verify(
        &self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError>;

    /// Encrypts by AES-256-GCM under a random nonce: the nonce, the ciphertext, the tag. One key
    /// may do this 2³² times (SP 800-38D, section 8.3).
    async fn encrypt(
        &self,
        key: &Self::Key,
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError>;

    /// Decrypts what [`Self::encrypt`] made. Any failure that is not the key's kind is
    /// [`CryptoError::InvalidCiphertext`].
    async fn decrypt(
        &self,
        key: &Self::Key,
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError>;

    /// HMAC-SHA-256 of a message.
    async fn mac(&self, key: &Self::Key, message: &[u8]) -> Result<[u8; 32], CryptoError>;

    /// Whether a MAC is that of a message, compared in constant time. Only the whole MAC is one.
    async fn verify_mac(
        &self,
        key: &Self::Key,
        message: &[u8],
        mac: &[u8],
    ) -> Result<bool, CryptoError>;

    /// Agrees on a secret with the owner of `peer`, whose key is of the same kind: X25519 (RFC
    /// 7748) or ECDH on P-256 (SP 800-56A, section 5.7.1.2).
    async fn agree(&self, key: &Self::Key, peer: &PublicKey) -> Result<SharedSecret, CryptoError>;

    /// Agrees on a secret with the owner of `peer`, a key for agreement, by a pair of keys that is made
    /// for this and dropped; with it comes the public half of that pair.
    async fn agree_once(&self, peer: &PublicKey) -> Result<(PublicKey, SharedSecret), CryptoError>;

    /// Encrypts by AES-128-GCM without additional data; the tag is appended. The key is for one
    /// message.
    async fn seal_once(
        &self,
        key: &SecretBytes<16>,
        nonce: &[u8; NONCE_LEN],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError>;

    /// A fresh secret for the owner of an HPKE key: `Encap` (RFC 9180, section 4.1).
    async fn encapsulate(&self, recipient: &PublicKey) -> Result<Encapsulated, CryptoError>;

    /// Finds that secret: `Decap`. `public` is the public half of `key`. A bad encapsulated key
    /// is [`CryptoError::InvalidCiphertext`].
    async fn decapsulate(
        &self,
        key: &Self::Key,
        public: &PublicKey,
        encapsulated: &[u8],
    ) -> Result<SharedSecret, CryptoError>;

    /// Generates a device key. It can be stored by the platform, never exported.
    async fn generate_device_key(&self) -> Result<Self::DeviceKey, CryptoError>;

    /// HMAC-SHA-256 of `input` under the device key.
    async fn device_mac(
        &self,
        key: &Self::DeviceKey,
        input: &[u8],
    ) -> Result<SecretBytes<32>, CryptoError>;
}
