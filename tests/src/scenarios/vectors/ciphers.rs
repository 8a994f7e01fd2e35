//! Vectors of AES-256-GCM as ciphertexts of `decrypt`. `encrypt` draws its nonce, but `decrypt` takes any,
//! and a ciphertext may come from outside. What it is bound to is never the caller's alone: a label, the
//! identifier that the enclave drew for the key, the version, and the context, which are the additional
//! data (docs/formats.md). So no tag of a vector is right here, and another one stands in its place: of the
//! vector's key, nonce and message, its additional data as the context, and damaged as the vector's is.

use anyhow::{Context as _, Result, bail, ensure};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use kms_crypto::{AeadContext, CryptoProvider as _, SecretBytes};
use kms_testkit::{
    known_answers::{Answer, Call, Case},
    seeded_provider,
};
use pollster::block_on;
use serde_json::{Map, Value, json};

use super::{Expected, failed, uses::Use};
use crate::session::to_page;

const TAG: usize = 16;

/// As much of the additional data as goes into one text: less than a text of a context has room for, so
/// that its length has one byte.
const PART: usize = 180;

const REFUSED: Expected = Expected::Refused("invalid_ciphertext");

/// A vector under its key, which has this name in the vault.
struct Vector<'a> {
    secret: &'a [u8],
    id: &'a str,
    nonce: &'a [u8],
    aad: &'a [u8],
}

/// What is asked of `decrypt` for a case.
pub(super) fn decryptions(case: &Case, secret: &[u8], id: &str) -> Result<Vec<Use>> {
    let vector = |nonce, aad| Vector { secret, id, nonce, aad };
    match &case.call {
        Call::Seal { nonce, aad, data, .. } => {
            let vector = vector(nonce, aad);
            let sealed = vector.seal(&vector.bound()?, data)?;
            let mut asked = vec![vector.decrypt(&sealed, plaintext(data))];
            if !aad.is_empty() {
                let params = json!({"ciphertext": vector.ciphertext(&sealed)});
                asked.push(("decrypt", params, REFUSED));
            }
            Ok(asked)
        }
        Call::Open { nonce, aad, data, .. } => vector(nonce, aad).opened(data, &case.expected),
        Call::Decrypt { aad, data, .. } => {
            let (nonce, sealed) = data.split_at_checked(12).context("no nonce")?;
            vector(nonce, aad).opened(sealed, &case.expected)
        }
        other => bail!("{} opens nothing", other.function()),
    }
}

fn plaintext(data: &[u8]) -> Expected {
    Expected::Result("plaintext", to_page(data))
}

impl Vector<'_> {
    /// The ciphertext of the vector as it is, and its like: whole, and with the vector's damage.
    fn opened(&self, sealed: &[u8], expected: &Answer) -> Result<Vec<Use>> {
        let message = self.message(sealed)?;
        let right = self.seal(self.aad, &message)?;
        let like = self.seal(&self.bound()?, &message)?;
        let damage = right.iter().zip(sealed).map(|(right, found)| right ^ found);
        let damaged: Vec<_> = like.iter().zip(damage).map(|(byte, flips)| byte ^ flips).collect();
        let is_whole = damaged == like;
        ensure!(is_whole == matches!(expected, Answer::Bytes(_)), "damaged, or not");
        let ends = if is_whole { plaintext(&message) } else { REFUSED };
        Ok(vec![
            self.decrypt(sealed, REFUSED),
            self.decrypt(&like, plaintext(&message)),
            self.decrypt(&damaged, ends),
        ])
    }

    /// What was encrypted: zeros, encrypted, are what the message was added to.
    fn message(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        let length = sealed.len().checked_sub(TAG).context("no tag")?;
        let stream = self.seal(&[], &vec![0; length])?;
        Ok(sealed[..length].iter().zip(stream).map(|(byte, zero)| byte ^ zero).collect())
    }

    fn seal(&self, aad: &[u8], message: &[u8]) -> Result<Vec<u8>> {
        let software = seeded_provider(42);
        let key = SecretBytes::copy_of(self.secret).map_err(failed)?;
        let key = block_on(software.import_sealing_key(&key)).map_err(failed)?;
        let context = AeadContext { nonce: self.nonce.try_into()?, aad };
        block_on(software.seal(&key, context, message)).map_err(failed)
    }

    fn decrypt(&self, sealed: &[u8], expected: Expected) -> Use {
        let context = Value::Object(self.texts().into_iter().collect::<Map<_, _>>());
        ("decrypt", json!({"ciphertext": self.ciphertext(sealed), "context": context}), expected)
    }

    /// Form, version 1, nonce, ciphertext with tag.
    fn ciphertext(&self, sealed: &[u8]) -> Value {
        to_page(&[&[1, 0, 0, 0, 1], self.nonce, sealed].concat())
    }

    /// The additional data, as texts.
    fn texts(&self) -> Vec<(String, Value)> {
        let parts = self.aad.chunks(PART).enumerate();
        parts
            .map(|(at, part)| (at.to_string(), Base64UrlUnpadded::encode_string(part).into()))
            .collect()
    }

    /// What `encrypt` binds to.
    fn bound(&self) -> Result<Vec<u8>> {
        let texts = self.texts();
        let mut bound = [b"\x84\x72ats-kms/v1/encrypt\x76", self.id.as_bytes(), b"\x01"].concat();
        bound.push(0xa0 + u8::try_from(texts.len())?);
        for (name, value) in &texts {
            for text in [name.as_str(), value.as_str().unwrap_or_default()] {
                let length = u8::try_from(text.len())?;
                match length {
                    0..24 => bound.push(0x60 + length),
                    24.. => bound.extend([0x78, length]),
                }
                bound.extend(text.as_bytes());
            }
        }
        Ok(bound)
    }
}
