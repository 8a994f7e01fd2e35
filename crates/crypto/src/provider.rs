//! The port behind which all private-key work happens.
//!
//! Two implementations exist: [`crate::software::SoftwareProvider`] (`RustCrypto`) and
//! the `WebCrypto` provider of the enclave crate. The same known-answer suite runs on
//! both. Every byte format on this boundary is the same for both, so a record written
//! by one can be opened by the other: private keys are wrapped as PKCS#8 under
//! AES-256-GCM, nonce and additional data given by the caller.

use kms_protocol::{KeySpec, Protection};

use crate::{CryptoError, PublicKey, SecretBytes, SecretVec};

/// Length in bytes of an AES-GCM nonce (SP 800-38D, section 5.2.1.1).
pub const NONCE_LEN: usize = 12;

/// Length in bytes of an AES-GCM tag.
pub const TAG_LEN: usize = 16;

/// What one AEAD call is bound to.
#[derive(Clone, Copy)]
pub struct AeadContext<'a> {
    /// Random nonce, never used twice under one key.
    pub nonce: &'a [u8; NONCE_LEN],
    /// Additional authenticated data, recomputed from the expected context.
    pub aad: &'a [u8],
}

/// A freshly generated signing key.
pub struct GeneratedKey<S> {
    /// Non-extractable handle, ready to sign.
    pub signer: S,
    /// The public half.
    pub public: PublicKey,
    /// PKCS#8 private key, AES-256-GCM ciphertext with the tag appended.
    pub wrapped: Vec<u8>,
}

/// Cryptography over opaque handles.
#[allow(async_fn_in_trait)] // single-threaded: no Send bound is wanted
pub trait CryptoProvider {
    /// AES-256-GCM key that seals records or wraps private keys.
    type SealingKey;
    /// Private signing key.
    type SigningKey;
    /// HMAC-SHA-256 key that exists only in this browser profile and partition.
    type DeviceKey;

    /// Who enforces non-extractability for keys of this spec.
    fn protection(&self, spec: KeySpec) -> Protection;

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

    /// Generates a signing key, wraps it once, and returns a non-extractable handle.
    async fn generate_signing_key(
        &self,
        spec: KeySpec,
        wrapping: &Self::SealingKey,
        context: AeadContext<'_>,
    ) -> Result<GeneratedKey<Self::SigningKey>, CryptoError>;

    /// Unwraps a key made by [`Self::generate_signing_key`] into a non-extractable handle.
    async fn unwrap_signing_key(
        &self,
        spec: KeySpec,
        wrapping: &Self::SealingKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<Self::SigningKey, CryptoError>;

    /// Imports an Ed25519 seed (RFC 8032, section 5.1.5) as a non-extractable handle; with it
    /// comes the public half.
    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(Self::SigningKey, PublicKey), CryptoError>;

    /// Signs: Ed25519 (RFC 8032) or ECDSA P-256 with SHA-256 as `r ‖ s` (IEEE P1363), 64 bytes.
    async fn sign(&self, key: &Self::SigningKey, message: &[u8]) -> Result<[u8; 64], CryptoError>;

    /// Verifies strictly: wrong length, non-canonical `S` and small-order points are refused
    /// before the platform is asked. `Ok(false)` for every invalid signature.
    async fn verify(
        &self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError>;

    /// Generates a device key. It can be stored by the platform, never exported.
    async fn generate_device_key(&self) -> Result<Self::DeviceKey, CryptoError>;

    /// HMAC-SHA-256 of `input` under the device key.
    async fn device_mac(
        &self,
        key: &Self::DeviceKey,
        input: &[u8],
    ) -> Result<SecretBytes<32>, CryptoError>;
}
