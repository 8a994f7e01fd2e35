//! Test builds only: what the end-to-end tests need to look inside.
//!
//! Reports every secret to the script around the wasm, and calls the browser provider with
//! the inputs of published vectors. Each `probe…` function takes one object; bytes are
//! `Uint8Array`s, and anything missing is an empty one.

use js_sys::Uint8Array;
use kms_crypto::software::SoftwareSigner;
use kms_crypto::{AeadContext, CryptoError, CryptoProvider, PublicKey, SecretBytes, hkdf};
use kms_protocol::KeySpec;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::js::{self, Dict, Kind};
use crate::provider::WebCrypto;

#[wasm_bindgen]
extern "C" {
    /// A global of the probe's worker part. The bytes are a view of wasm memory.
    #[wasm_bindgen(catch, js_name = probeNote)]
    fn probe_note(label: &str, bytes: &[u8]) -> Result<(), JsValue>;
}

/// Reports secrets from now on; where nobody listens (benchmarks), nothing happens.
pub(crate) fn report_secrets() {
    kms_crypto::probe::set(|label, bytes| drop(probe_note(label, bytes)));
}

/// `{ spec, public, message, signature }`: whether the provider accepts the signature. A
/// public key that is not valid accepts none.
#[wasm_bindgen(js_name = probeVerify)]
pub async fn probe_verify(input: JsValue) -> Result<bool, JsValue> {
    let input = Input(input.unchecked_into());
    let Ok(public) = PublicKey::from_raw(input.spec(), &input.bytes("public")) else {
        return Ok(false);
    };
    let (message, signature) = (input.bytes("message"), input.bytes("signature"));
    provider().await?.verify(&public, &message, &signature).await.map_err(name)
}

/// `{ key, nonce, aad, data }`: the ciphertext with its tag.
#[wasm_bindgen(js_name = probeSeal)]
pub async fn probe_seal(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (nonce, aad) = (input.nonce()?, input.bytes("aad"));
    let (crypto, context) = (provider().await?, AeadContext { nonce: &nonce, aad: &aad });
    let key = crypto.import_sealing_key(&input.key()?).await.map_err(name)?;
    crypto.seal(&key, context, &input.bytes("data")).await.map_err(name)
}

/// `{ key, nonce, aad, data }`: the plaintext.
#[wasm_bindgen(js_name = probeOpen)]
pub async fn probe_open(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (nonce, aad) = (input.nonce()?, input.bytes("aad"));
    let (crypto, context) = (provider().await?, AeadContext { nonce: &nonce, aad: &aad });
    let key = crypto.import_sealing_key(&input.key()?).await.map_err(name)?;
    let plaintext = crypto.open(&key, context, &input.bytes("data")).await.map_err(name)?;
    Ok(plaintext.expose().to_vec())
}

/// `{ salt, ikm, info, length }`: HKDF-SHA-256 as this engine computes it in wasm.
#[wasm_bindgen(js_name = probeHkdf)]
pub fn probe_hkdf(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let mut out = input.zeros("length");
    let (salt, ikm, info) = (input.bytes("salt"), input.bytes("ikm"), input.bytes("info"));
    hkdf::derive_into(&salt, &[&ikm], &info, &mut out).map_err(name)?;
    Ok(out)
}

/// Ed25519 in wasm, for the benchmark against other libraries.
#[wasm_bindgen]
pub struct BenchSigner(SoftwareSigner);

/// PKCS#8 of an Ed25519 key, up to its seed (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

#[wasm_bindgen]
impl BenchSigner {
    /// A key of a 32-byte seed.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: &[u8]) -> Result<Self, JsValue> {
        let pkcs8 = [&PKCS8_PREFIX, seed].concat();
        SoftwareSigner::from_pkcs8(KeySpec::Ed25519, &pkcs8).map(Self).map_err(name)
    }

    /// One signature.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.0.sign(message).map(|signature| signature.to_vec()).map_err(name)
    }
}

async fn provider() -> Result<WebCrypto, JsValue> {
    WebCrypto::boot().await.map_err(name)
}

fn name(error: CryptoError) -> JsValue {
    JsValue::from_str(error.code().as_str())
}

struct Input(Dict);

impl Input {
    fn bytes(&self, name: &str) -> Vec<u8> {
        let value = self.0.member(name).filter(|value| js::kind(value) == Kind::Bytes);
        value.map(|value| value.unchecked_ref::<Uint8Array>().to_vec()).unwrap_or_default()
    }

    fn spec(&self) -> KeySpec {
        let wanted = self.0.at("spec").as_string();
        let known = KeySpec::ALL.iter().find(|spec| Some(spec.as_str()) == wanted.as_deref());
        known.copied().unwrap_or(KeySpec::Ed25519)
    }

    fn key(&self) -> Result<SecretBytes<32>, JsValue> {
        SecretBytes::copy_of(&self.bytes("key")).map_err(name)
    }

    fn nonce(&self) -> Result<[u8; 12], JsValue> {
        self.bytes("nonce").try_into().map_err(|_| name(CryptoError::InvalidParameters))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, then checked
    fn zeros(&self, name: &str) -> Vec<u8> {
        let length = self.0.at(name).as_f64().unwrap_or_default() as usize;
        vec![0; length.min(hkdf::MAX_OUTPUT + 1)]
    }
}
