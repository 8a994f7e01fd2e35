//! The form of every sealed record: `COSE_Encrypt0` (RFC 9052, section 5.2) with A256GCM,
//! untagged, encoded so that each value has exactly one byte string.

mod context;

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, encode};

pub use self::context::{RecordContext, RecordType};
use crate::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NONCE_LEN, NewKey, PublicKey, SecretBytes,
    SecretVec, TAG_LEN,
};

/// Protected header `{1: 3}`: algorithm A256GCM (RFC 9052, section 3.1; RFC 9053, section 4.1).
const PROTECTED: &[u8] = &[0xa1, 0x01, 0x03];

/// Header parameter `IV` (RFC 9052, section 3.1).
const IV: u8 = 5;

/// A sealed record: nonce and ciphertext. Nothing else in it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    nonce: [u8; NONCE_LEN],
    ciphertext: Vec<u8>,
}

/// A new key and its wrapped form.
pub struct SealedKey<K> {
    /// Ready to be used.
    pub key: K,
    /// The public half; a symmetric key has none.
    pub public: Option<PublicKey>,
    /// The wrapped key.
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

    /// Generates a key and wraps it for the place `context`, to which its kind belongs.
    pub async fn generate_key<P: CryptoProvider>(
        provider: &P,
        kind: impl Into<KeyKind>,
        wrapping: &P::SealingKey,
        context: &RecordContext<'_>,
    ) -> Result<SealedKey<P::Key>, CryptoError> {
        let kind = kind.into();
        let (nonce, aad) = (random_nonce(provider)?, context.of_key(kind).aad());
        let place = AeadContext { nonce: &nonce, aad: &aad };
        Ok(sealed(nonce, provider.generate_key(kind, wrapping, place).await?))
    }

    /// Makes a key of a secret and wraps it for the place `context`.
    pub async fn import_key<P: CryptoProvider>(
        provider: &P,
        (kind, secret): (KeyKind, SecretBytes<32>),
        wrapping: &P::SealingKey,
        context: &RecordContext<'_>,
    ) -> Result<SealedKey<P::Key>, CryptoError> {
        let (nonce, aad) = (random_nonce(provider)?, context.of_key(kind).aad());
        let place = AeadContext { nonce: &nonce, aad: &aad };
        Ok(sealed(nonce, provider.import_key(kind, secret, wrapping, place).await?))
    }

    /// Unwraps a key of the kind that is expected at `context`.
    pub async fn unwrap_key<P: CryptoProvider>(
        &self,
        provider: &P,
        kind: impl Into<KeyKind>,
        wrapping: &P::SealingKey,
        context: &RecordContext<'_>,
    ) -> Result<P::Key, CryptoError> {
        let kind = kind.into();
        let place = AeadContext { nonce: &self.nonce, aad: &context.of_key(kind).aad() };
        provider.unwrap_key(kind, wrapping, place, &self.ciphertext).await
    }

    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor(|encoder| {
            encoder.array(3)?.bytes(PROTECTED)?;
            encoder.map(1)?.u8(IV)?.bytes(&self.nonce)?;
            encoder.bytes(&self.ciphertext)?;
            Ok(())
        })
    }

    /// Reads the stored form. Everything but the output of [`Self::encode`] is refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, CryptoError> {
        let envelope = parse(bytes).map_err(|_| CryptoError::InvalidCiphertext)?;
        // One byte string per value: this catches long forms, other headers and trailing bytes.
        if envelope.ciphertext.len() < TAG_LEN || envelope.encode() != bytes {
            return Err(CryptoError::InvalidCiphertext);
        }
        Ok(envelope)
    }
}

fn sealed<K>(nonce: [u8; NONCE_LEN], made: NewKey<K>) -> SealedKey<K> {
    let envelope = Envelope { nonce, ciphertext: made.wrapped };
    SealedKey { key: made.key, public: made.public, envelope }
}

fn parse(bytes: &[u8]) -> Result<Envelope, minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    decoder.array()?;
    decoder.bytes()?;
    decoder.map()?;
    decoder.u8()?;
    let nonce = decoder.bytes()?;
    let nonce = nonce.try_into().map_err(minicbor::decode::Error::custom)?;
    Ok(Envelope { nonce, ciphertext: decoder.bytes()?.to_vec() })
}

fn random_nonce<P: CryptoProvider>(provider: &P) -> Result<[u8; NONCE_LEN], CryptoError> {
    let mut nonce = [0; NONCE_LEN];
    provider.fill_random(&mut nonce)?;
    Ok(nonce)
}

type CborResult = Result<(), encode::Error<Infallible>>;

/// Writes CBOR (RFC 8949). The encoder chooses the shortest form of every length and number.
fn cbor(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> CborResult) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail, and the closures here raise no error of their own.
    let _: CborResult = write(&mut Encoder::new(&mut bytes));
    bytes
}
