//! Test builds only: what the end-to-end tests need to look inside.
//!
//! Reports every secret to the script around the wasm, and calls the browser provider with
//! the inputs of published vectors. Each `probe…` function takes one object; bytes are
//! `Uint8Array`s, and anything missing is an empty one.

pub mod ml_kem;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use kms_crypto::software::SoftwareKey;
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NewKey, PublicKey, SecretBytes, SecretVec,
    hkdf, hpke,
};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::js::{self, Dict, Kind};
use crate::provider::{CryptoKey, Key, WebCrypto};

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

/// `{ secret, text, tail }`: keeps both, so that a scan of the memory has something to find, or of
/// the secret its second half alone; without a text it lets go of them.
#[wasm_bindgen(js_name = probeKeep)]
pub fn probe_keep(input: JsValue) {
    let input = Input(input.unchecked_into());
    let Some(text) = input.0.at("text").as_string() else { return KEPT.set(None) };
    let mut secret = SecretVec::new(input.bytes("secret"));
    if input.0.at("tail").is_truthy() {
        secret = SecretVec::copy_of(&secret.expose()[secret.expose().len() / 2..]);
    }
    KEPT.set(Some((secret, text)));
}

/// `{ kind, public, message, signature }`: whether the provider accepts the signature. A
/// public key that is not valid accepts none.
#[wasm_bindgen(js_name = probeVerify)]
pub async fn probe_verify(input: JsValue) -> Result<bool, JsValue> {
    let input = Input(input.unchecked_into());
    let Ok(public) = PublicKey::from_raw(input.kind()?, &input.bytes("public")) else {
        return Ok(false);
    };
    let (message, signature) = (input.bytes("message"), input.bytes("signature"));
    provider().await?.verify(&public, &message, &signature).await.map_err(name)
}

/// `{ kind, key, message }`: a signature.
#[wasm_bindgen(js_name = probeSign)]
pub async fn probe_sign(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (crypto, key) = input.stored(input.kind()?).await?;
    let signature = crypto.sign(&key, &input.bytes("message")).await;
    signature.map(|signature| signature.to_vec()).map_err(name)
}

/// `{ seed, message }`: a signature of the Ed25519 key of this seed.
#[wasm_bindgen(js_name = probeSignWithSeed)]
pub async fn probe_sign_with_seed(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let seed = SecretBytes::copy_of(&input.bytes("seed")).map_err(name)?;
    let crypto = provider().await?;
    let (key, _) = crypto.import_ed25519(&seed).await.map_err(name)?;
    let signature = crypto.sign(&key, &input.bytes("message")).await;
    signature.map(|signature| signature.to_vec()).map_err(name)
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

/// `{ key, nonce, data }`: what a key of 128 bits that is for one message makes of it.
#[wasm_bindgen(js_name = probeSealOnce)]
pub async fn probe_seal_once(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let key = SecretBytes::copy_of(&input.bytes("key")).map_err(name)?;
    provider().await?.seal_once(&key, &input.nonce()?, &input.bytes("data")).await.map_err(name)
}

/// `{ key, aad, data }`: what an AES key of the vault makes of it.
#[wasm_bindgen(js_name = probeEncrypt)]
pub async fn probe_encrypt(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (crypto, key) = input.stored(KeyKind::Aes256).await?;
    crypto.encrypt(&key, &input.bytes("aad"), &input.bytes("data")).await.map_err(name)
}

/// `{ key, aad, data }`: the plaintext.
#[wasm_bindgen(js_name = probeDecrypt)]
pub async fn probe_decrypt(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (crypto, key) = input.stored(KeyKind::Aes256).await?;
    let plaintext = crypto.decrypt(&key, &input.bytes("aad"), &input.bytes("data")).await;
    plaintext.map(|plaintext| plaintext.expose().to_vec()).map_err(name)
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

/// `{ key, message }`: HMAC-SHA-256.
#[wasm_bindgen(js_name = probeMac)]
pub async fn probe_mac(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (crypto, key) = input.stored(KeyKind::HmacSha256).await?;
    let mac = crypto.mac(&key, &input.bytes("message")).await;
    mac.map(|mac| mac.to_vec()).map_err(name)
}

/// `{ key, message, mac }`: whether it is the MAC.
#[wasm_bindgen(js_name = probeVerifyMac)]
pub async fn probe_verify_mac(input: JsValue) -> Result<bool, JsValue> {
    let input = Input(input.unchecked_into());
    let (crypto, key) = input.stored(KeyKind::HmacSha256).await?;
    let (message, mac) = (input.bytes("message"), input.bytes("mac"));
    crypto.verify_mac(&key, &message, &mac).await.map_err(name)
}

/// `{ kind, key, public, info }`: what HKDF makes of the shared secret.
#[wasm_bindgen(js_name = probeAgree)]
pub async fn probe_agree(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let kind = input.kind()?;
    let peer = PublicKey::from_raw(kind, &input.bytes("public")).map_err(name)?;
    let (crypto, key) = input.stored(kind).await?;
    let secret = crypto.agree(&key, &peer).await.map_err(name)?;
    let derived = secret.derive::<32>(&[], &input.bytes("info")).map_err(name)?;
    Ok(derived.expose().to_vec())
}

/// `{ public, info, aad, data }`: an HPKE message.
#[wasm_bindgen(js_name = probeHpkeSeal)]
pub async fn probe_hpke_seal(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let public = PublicKey::from_raw(KeyKind::HpkeX25519, &input.bytes("public")).map_err(name)?;
    let (info, aad) = (input.bytes("info"), input.bytes("aad"));
    let binding = hpke::Binding { info: &info, aad: &aad };
    let crypto = provider().await?;
    hpke::seal(&*crypto, &public, binding, &input.bytes("data")).await.map_err(name)
}

/// `{ kind, key, public, info, aad, data }`: the plaintext of an HPKE message.
#[wasm_bindgen(js_name = probeHpkeOpen)]
pub async fn probe_hpke_open(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let kind = input.kind()?;
    let public = PublicKey::from_raw(kind, &input.bytes("public")).map_err(name)?;
    let (info, aad) = (input.bytes("info"), input.bytes("aad"));
    let binding = hpke::Binding { info: &info, aad: &aad };
    let (crypto, key) = input.stored(kind).await?;
    let opened = hpke::open(&*crypto, (&key, &public), binding, &input.bytes("data")).await;
    opened.map(|plaintext| plaintext.expose().to_vec()).map_err(name)
}

/// `{ key, public, encapsulated, info }`: what HKDF makes of the shared secret of the KEM.
#[wasm_bindgen(js_name = probeDecapsulate)]
pub async fn probe_decapsulate(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let public = PublicKey::from_raw(KeyKind::HpkeX25519, &input.bytes("public")).map_err(name)?;
    let (crypto, key) = input.stored(KeyKind::HpkeX25519).await?;
    let secret = crypto.decapsulate(&key, &public, &input.bytes("encapsulated")).await;
    let secret = secret.map_err(name)?;
    let derived = secret.derive::<32>(&[], &input.bytes("info")).map_err(name)?;
    Ok(derived.expose().to_vec())
}

/// `{ kind, public }`: the thumbprint.
#[wasm_bindgen(js_name = probeThumbprint)]
pub fn probe_thumbprint(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let public = PublicKey::from_raw(input.kind()?, &input.bytes("public")).map_err(name)?;
    Ok(public.thumbprint().into_bytes())
}

/// `{ kind, wrapping, nonce, aad }`: a new key. Its public half, wrapped form and the class of its
/// protection, each after its length in two bytes.
#[wasm_bindgen(js_name = probeGenerate)]
pub async fn probe_generate(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    let (kind, crypto) = (input.kind()?, provider().await?);
    let made = input.generate(&crypto, kind).await?;
    let public = made.public.map(|public| public.raw().to_vec()).unwrap_or_default();
    let protection = crypto.protection(kind).as_str().as_bytes();
    let mut out = Vec::new();
    for part in [&public, &made.wrapped, protection] {
        out.extend(u16::try_from(part.len()).unwrap_or_default().to_be_bytes());
        out.extend(part);
    }
    Ok(out)
}

/// `{ kind, wrapping, nonce, aad, data }`: how `data` fails to unwrap; empty if it does not.
#[wasm_bindgen(js_name = probeUnwrap)]
pub async fn probe_unwrap(input: JsValue) -> Result<String, JsValue> {
    let input = Input(input.unchecked_into());
    let (kind, crypto) = (input.kind()?, provider().await?);
    let (nonce, aad) = (input.nonce()?, input.bytes("aad"));
    let context = AeadContext { nonce: &nonce, aad: &aad };
    let wrapping = input.wrapping(&crypto).await?;
    let unwrapped = crypto.unwrap_key(kind, &wrapping, context, &input.bytes("data")).await;
    Ok(unwrapped.err().map(|error| error.code().as_str().to_owned()).unwrap_or_default())
}

/// `{ kind, wrapping, nonce, aad }`: the operations that a new key of this kind can do, each
/// tried with what it would need. Another error than for a wrong key stands for itself.
#[wasm_bindgen(js_name = probeOperations)]
pub async fn probe_operations(input: JsValue) -> Result<String, JsValue> {
    let input = Input(input.unchecked_into());
    let (kind, crypto) = (input.kind()?, provider().await?);
    let made = input.generate(&crypto, kind).await?;
    let key = &made.key;
    // A peer of the key's own kind, or of one that has a public half.
    let peer = match made.public {
        Some(public) => public,
        None => PublicKey::from_raw(KeyKind::X25519, &base_point()).map_err(name)?,
    };
    let (hpke, encapsulated) = if kind == KeyKind::HpkeXWing {
        (peer.clone(), vec![9; 1120])
    } else {
        let hpke = PublicKey::from_raw(KeyKind::HpkeX25519, &base_point()).map_err(name)?;
        (hpke, base_point().to_vec())
    };
    let outcomes = [
        ("sign", crypto.sign(key, b"").await.err()),
        ("encrypt", crypto.encrypt(key, b"", b"").await.err()),
        ("decrypt", crypto.decrypt(key, b"", &[0; 28]).await.err()),
        ("mac", crypto.mac(key, b"").await.err()),
        ("verify_mac", crypto.verify_mac(key, b"", &[0; 32]).await.err()),
        ("agree", crypto.agree(key, &peer).await.err()),
        ("encapsulate", crypto.encapsulate(&peer).await.err()),
        ("decapsulate", crypto.decapsulate(key, &hpke, &encapsulated).await.err()),
    ];
    let able = outcomes.iter().filter_map(|(operation, error)| match error {
        None => Some((*operation).to_owned()),
        Some(CryptoError::InvalidKey) => None,
        Some(error) => Some(format!("{operation}:{}", error.code().as_str())),
    });
    Ok(able.collect::<Vec<_>>().join(" "))
}

/// The base point of X25519 (RFC 7748, section 4.1).
fn base_point() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 9;
    point
}

/// Ed25519 in wasm, for the benchmark against other libraries.
#[wasm_bindgen]
pub struct BenchSigner(SoftwareKey);

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
        SoftwareKey::decode(KeyKind::Ed25519, &pkcs8).map(Self).map_err(name)
    }

    /// One signature.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.0.sign(message).map(|signature| signature.to_vec()).map_err(name)
    }
}

thread_local! {
    static KEPT: RefCell<Option<(SecretVec, String)>> = const { RefCell::new(None) };
    static PROVIDER: RefCell<Option<Rc<WebCrypto>>> = const { RefCell::new(None) };
}

/// The provider, started once.
async fn provider() -> Result<Rc<WebCrypto>, JsValue> {
    if let Some(provider) = PROVIDER.with_borrow(Clone::clone) {
        return Ok(provider);
    }
    let provider = Rc::new(WebCrypto::boot().await.map_err(name)?);
    PROVIDER.set(Some(Rc::clone(&provider)));
    Ok(provider)
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

    fn kind(&self) -> Result<KeyKind, JsValue> {
        let wanted = self.0.at("kind").as_string();
        let known = KeyKind::ALL.iter().find(|kind| Some(kind.as_str()) == wanted.as_deref());
        known.copied().ok_or_else(|| name(CryptoError::Unsupported))
    }

    fn key(&self) -> Result<SecretBytes<32>, JsValue> {
        SecretBytes::copy_of(&self.bytes("key")).map_err(name)
    }

    fn nonce(&self) -> Result<[u8; 12], JsValue> {
        self.bytes("nonce").try_into().map_err(|_| name(CryptoError::InvalidParameters))
    }

    async fn wrapping(&self, crypto: &WebCrypto) -> Result<CryptoKey, JsValue> {
        let key = SecretBytes::copy_of(&self.bytes("wrapping")).map_err(name)?;
        crypto.import_sealing_key(&key).await.map_err(name)
    }

    async fn generate(&self, crypto: &WebCrypto, kind: KeyKind) -> Result<NewKey<Key>, JsValue> {
        let (nonce, aad) = (self.nonce()?, self.bytes("aad"));
        let context = AeadContext { nonce: &nonce, aad: &aad };
        let wrapping = self.wrapping(crypto).await?;
        crypto.generate_key(kind, &wrapping, context).await.map_err(name)
    }

    /// A key that comes in the way of every stored one: wrapped, then unwrapped.
    async fn stored(&self, kind: KeyKind) -> Result<(Rc<WebCrypto>, Key), JsValue> {
        let crypto = provider().await?;
        let wrapping = SecretBytes::new_with(|out| out.fill(0x33));
        let wrapping = crypto.import_sealing_key(&wrapping).await.map_err(name)?;
        let context = AeadContext { nonce: &[0; 12], aad: kind.as_str().as_bytes() };
        let wrapped = crypto.seal(&wrapping, context, &self.bytes("key")).await.map_err(name)?;
        let key = crypto.unwrap_key(kind, &wrapping, context, &wrapped).await.map_err(name)?;
        Ok((crypto, key))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, then checked
    fn zeros(&self, name: &str) -> Vec<u8> {
        let length = self.0.at(name).as_f64().unwrap_or_default() as usize;
        vec![0; length.min(hkdf::MAX_OUTPUT + 1)]
    }
}
