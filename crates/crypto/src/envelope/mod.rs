//! The form of every sealed record: `COSE_Encrypt0` (RFC 9052, section 5.2) with A256GCM,
//! untagged, encoded so that each value has exactly one byte string.

mod context;

use kms_protocol::KeySpec;

pub use self::context::{RecordContext, RecordType};
use crate::cbor::{Reader, Writer};
use crate::{AeadContext, CryptoError, CryptoProvider, NONCE_LEN, PublicKey, SecretVec, TAG_LEN};

/// Protected header `{1: 3}`: algorithm A256GCM (RFC 9052, section 3.1; RFC 9053, section 4.1).
const PROTECTED: &[u8] = &[0xa1, 0x01, 0x03];

/// Header parameter `IV` (RFC 9052, section 3.1).
const IV: u64 = 5;

/// A sealed record: nonce and ciphertext. Nothing else in it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    nonce: [u8; NONCE_LEN],
    ciphertext: Vec<u8>,
}

/// A new signing key and its wrapped form.
pub struct SealedKey<S> {
    /// Ready to sign.
    pub signer: S,
    /// The public half.
    pub public: PublicKey,
    /// The wrapped private key.
    pub envelope: Envelope,
}

impl Envelope {
    /// Seals `plaintext` for the place `context`, under a random nonce.
    pub async fn seal<P: CryptoProvider>(
        provider: &P,
        key: &P::SealingKey,
        context: &RecordContext<'_>,
        plaintext: &[u8],
    ) -> Result<Self, CryptoError> {
        let (nonce, aad) = (random_nonce(provider)?, context.aad());
        let place = AeadContext { nonce: &nonce, aad: &aad };
        let ciphertext = provider.seal(key, place, plaintext).await?;
        Ok(Self { nonce, ciphertext })
    }

    /// Opens a record that is expected at `context`.
    pub async fn open<P: CryptoProvider>(
        &self,
        provider: &P,
        key: &P::SealingKey,
        context: &RecordContext<'_>,
    ) -> Result<SecretVec, CryptoError> {
        let place = AeadContext { nonce: &self.nonce, aad: &context.aad() };
        provider.open(key, place, &self.ciphertext).await
    }

    /// Generates a signing key and wraps it for the place `context`.
    pub async fn generate_signing_key<P: CryptoProvider>(
        provider: &P,
        spec: KeySpec,
        wrapping: &P::SealingKey,
        context: &RecordContext<'_>,
    ) -> Result<SealedKey<P::SigningKey>, CryptoError> {
        let (nonce, aad) = (random_nonce(provider)?, context.aad());
        let place = AeadContext { nonce: &nonce, aad: &aad };
        let made = provider.generate_signing_key(spec, wrapping, place).await?;
        let envelope = Self { nonce, ciphertext: made.wrapped };
        Ok(SealedKey { signer: made.signer, public: made.public, envelope })
    }

    /// Unwraps a signing key that is expected at `context`.
    pub async fn unwrap_signing_key<P: CryptoProvider>(
        &self,
        provider: &P,
        spec: KeySpec,
        wrapping: &P::SealingKey,
        context: &RecordContext<'_>,
    ) -> Result<P::SigningKey, CryptoError> {
        let place = AeadContext { nonce: &self.nonce, aad: &context.aad() };
        provider.unwrap_signing_key(spec, wrapping, place, &self.ciphertext).await
    }

    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.array(3);
        out.bytes(PROTECTED);
        out.map(1);
        out.uint(IV);
        out.bytes(&self.nonce);
        out.bytes(&self.ciphertext);
        out.finish()
    }

    /// Reads the stored form. Everything but the output of [`Self::encode`] is refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, CryptoError> {
        let envelope = parse(bytes).filter(|envelope| envelope.ciphertext.len() >= TAG_LEN);
        envelope.ok_or(CryptoError::InvalidCiphertext)
    }
}

fn parse(bytes: &[u8]) -> Option<Envelope> {
    let mut input = Reader::new(bytes);
    let framed = input.array()? == 3
        && input.bytes()? == PROTECTED
        && input.map()? == 1
        && input.uint()? == IV;
    let nonce = input.bytes()?.try_into().ok()?;
    let ciphertext = input.bytes()?.to_vec();
    (framed && input.is_done()).then_some(Envelope { nonce, ciphertext })
}

fn random_nonce<P: CryptoProvider>(provider: &P) -> Result<[u8; NONCE_LEN], CryptoError> {
    let mut nonce = [0; NONCE_LEN];
    provider.fill_random(&mut nonce)?;
    Ok(nonce)
}
