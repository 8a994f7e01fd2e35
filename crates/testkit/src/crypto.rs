//! The software provider, which a test can let wait, fail or err.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use kms_crypto::hpke::Encapsulated;
use kms_crypto::software::{DeviceKey, SealingKey, SoftwareKey, SoftwareProvider};
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NONCE_LEN, NewKey, PublicKey, SecretBytes,
    SecretVec, SharedSecret,
};
use kms_protocol::Protection;

/// What is to happen to the next call.
#[derive(Default)]
struct Plan {
    /// The next signature is not made before this says so.
    gate: RefCell<Option<oneshot::Receiver<()>>>,
    /// The next seal is not made before this says so.
    seal_gate: RefCell<Option<oneshot::Receiver<()>>>,
    fail_sign: Cell<bool>,
    fail_verify: Cell<bool>,
    /// The browser that it plays: it holds every key but the one with this public half.
    refused: RefCell<Option<PublicKey>>,
    /// Keys that were taken out of their envelopes.
    unwrapped: Cell<u32>,
    /// Seals from now until the one that comes out wrong.
    spoil_seal: Cell<Option<u32>>,
}

/// The software provider with a plan. Clones share the plan, not the provider.
pub struct TestCrypto {
    inner: SoftwareProvider,
    plan: Rc<Plan>,
}

/// The hand of a test on what a provider does.
#[derive(Clone)]
pub struct CryptoPlan(Rc<Plan>);

impl From<SoftwareProvider> for TestCrypto {
    fn from(inner: SoftwareProvider) -> Self {
        Self { inner, plan: Rc::default() }
    }
}

impl TestCrypto {
    /// The hand on this provider.
    #[must_use]
    pub fn plan(&self) -> CryptoPlan {
        CryptoPlan(Rc::clone(&self.plan))
    }
}

impl CryptoPlan {
    /// The next signature waits until the sender says so, or is dropped.
    #[must_use]
    pub fn hold_signature(&self) -> oneshot::Sender<()> {
        let (open, gate) = oneshot::channel();
        self.0.gate.replace(Some(gate));
        open
    }

    /// The next seal waits until the sender says so, or is dropped.
    #[must_use]
    pub fn hold_seal(&self) -> oneshot::Sender<()> {
        let (open, gate) = oneshot::channel();
        self.0.seal_gate.replace(Some(gate));
        open
    }

    /// Plays a browser that holds keys of all kinds, but not the one with this public half.
    pub fn refuse_key(&self, public: PublicKey) {
        self.0.refused.replace(Some(public));
    }

    /// How many keys were taken out of their envelopes.
    #[must_use]
    pub fn unwrapped(&self) -> u32 {
        self.0.unwrapped.get()
    }

    /// The next signature fails.
    pub fn fail_signature(&self) {
        self.0.fail_sign.set(true);
    }

    /// The next check of a signature fails: nobody knows whether it is valid.
    pub fn fail_verification(&self) {
        self.0.fail_verify.set(true);
    }

    /// The `count`-th seal from now (1 is the next) comes out wrong.
    pub fn spoil_seal(&self, count: u32) {
        self.0.spoil_seal.set(Some(count));
    }

    /// Whether a seal that was to come out wrong has not been made yet. Forgets it.
    #[must_use]
    pub fn heal(&self) -> bool {
        self.0.spoil_seal.take().is_some()
    }
}

impl CryptoProvider for TestCrypto {
    type SealingKey = SealingKey;
    type Key = SoftwareKey;
    type DeviceKey = DeviceKey;

    fn protection(&self, kind: KeyKind) -> Protection {
        let plays = self.plan.refused.borrow().is_some();
        if plays { Protection::Browser } else { self.inner.protection(kind) }
    }

    fn held_by(&self, key: &SoftwareKey) -> Protection {
        let refused = self.plan.refused.borrow();
        let holds = |refused: &PublicKey| key.public_key().ok().flatten().as_ref() != Some(refused);
        if refused.as_ref().is_some_and(holds) {
            Protection::Browser
        } else {
            self.inner.held_by(key)
        }
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        self.inner.fill_random(out)
    }

    async fn import_sealing_key(&self, key: &SecretBytes<32>) -> Result<SealingKey, CryptoError> {
        self.inner.import_sealing_key(key).await
    }

    async fn seal(
        &self,
        key: &SealingKey,
        context: AeadContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let gate = self.plan.seal_gate.take();
        if let Some(gate) = gate {
            // Dropped is as good as opened.
            let _opened = gate.await;
        }
        let mut sealed = self.inner.seal(key, context, plaintext).await?;
        let left = self.plan.spoil_seal.get().map(|left| left - 1);
        self.plan.spoil_seal.set(left.filter(|left| *left > 0));
        if left == Some(0) {
            sealed.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        }
        Ok(sealed)
    }

    async fn open(
        &self,
        key: &SealingKey,
        context: AeadContext<'_>,
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        self.inner.open(key, context, ciphertext).await
    }

    async fn generate_key(
        &self,
        kind: KeyKind,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<SoftwareKey>, CryptoError> {
        self.inner.generate_key(kind, wrapping, context).await
    }

    async fn import_key(
        &self,
        kind: KeyKind,
        secret: SecretBytes<32>,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
    ) -> Result<NewKey<SoftwareKey>, CryptoError> {
        crate::random::note(secret.expose());
        self.inner.import_key(kind, secret, wrapping, context).await
    }

    async fn unwrap_key(
        &self,
        kind: KeyKind,
        wrapping: &SealingKey,
        context: AeadContext<'_>,
        wrapped: &[u8],
    ) -> Result<SoftwareKey, CryptoError> {
        self.plan.unwrapped.update(|count| count + 1);
        self.inner.unwrap_key(kind, wrapping, context, wrapped).await
    }

    async fn import_ed25519(
        &self,
        seed: &SecretBytes<32>,
    ) -> Result<(SoftwareKey, PublicKey), CryptoError> {
        self.inner.import_ed25519(seed).await
    }

    async fn sign(&self, key: &SoftwareKey, message: &[u8]) -> Result<[u8; 64], CryptoError> {
        let gate = self.plan.gate.take();
        if let Some(gate) = gate {
            // Dropped is as good as opened.
            let _opened = gate.await;
        }
        if self.plan.fail_sign.take() {
            return Err(CryptoError::InvalidKey);
        }
        self.inner.sign(key, message).await
    }

    async fn verify(
        &self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        if self.plan.fail_verify.take() {
            return Err(CryptoError::Unavailable);
        }
        self.inner.verify(public, message, signature).await
    }

    async fn encrypt(
        &self,
        key: &SoftwareKey,
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.inner.encrypt(key, aad, plaintext).await
    }

    async fn decrypt(
        &self,
        key: &SoftwareKey,
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretVec, CryptoError> {
        self.inner.decrypt(key, aad, ciphertext).await
    }

    async fn mac(&self, key: &SoftwareKey, message: &[u8]) -> Result<[u8; 32], CryptoError> {
        self.inner.mac(key, message).await
    }

    async fn verify_mac(
        &self,
        key: &SoftwareKey,
        message: &[u8],
        mac: &[u8],
    ) -> Result<bool, CryptoError> {
        self.inner.verify_mac(key, message, mac).await
    }

    async fn agree(
        &self,
        key: &SoftwareKey,
        peer: &PublicKey,
    ) -> Result<SharedSecret, CryptoError> {
        self.inner.agree(key, peer).await
    }

    async fn agree_once(&self, peer: &PublicKey) -> Result<(PublicKey, SharedSecret), CryptoError> {
        self.inner.agree_once(peer).await
    }

    async fn seal_once(
        &self,
        key: &SecretBytes<16>,
        nonce: &[u8; NONCE_LEN],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.inner.seal_once(key, nonce, plaintext).await
    }

    async fn encapsulate(&self, recipient: &PublicKey) -> Result<Encapsulated, CryptoError> {
        self.inner.encapsulate(recipient).await
    }

    async fn decapsulate(
        &self,
        key: &SoftwareKey,
        public: &PublicKey,
        encapsulated: &[u8],
    ) -> Result<SharedSecret, CryptoError> {
        self.inner.decapsulate(key, public, encapsulated).await
    }

    async fn generate_device_key(&self) -> Result<DeviceKey, CryptoError> {
        self.inner.generate_device_key().await
    }

    async fn device_mac(
        &self,
        key: &DeviceKey,
        input: &[u8],
    ) -> Result<SecretBytes<32>, CryptoError> {
        self.inner.device_mac(key, input).await
    }
}
