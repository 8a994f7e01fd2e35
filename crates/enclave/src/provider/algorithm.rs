//! Algorithm identifiers and key usages, as `WebCrypto` wants them.

use js_sys::Array;
use kms_crypto::AeadContext;
use kms_protocol::KeySpec;
use wasm_bindgen::JsValue;

use crate::js::{self, Dict};

/// AES-GCM with a 128-bit tag, the nonce and the additional data of one call.
pub(super) fn aes_gcm(context: AeadContext<'_>) -> Dict {
    let algorithm = js::dict([("name", &"AES-GCM".into())]);
    algorithm.put_view("iv", context.nonce);
    algorithm.put_view("additionalData", context.aad);
    algorithm
}

/// To generate or import a key of this kind.
pub(super) fn of_key(spec: KeySpec) -> Dict {
    match spec {
        KeySpec::Ed25519 => js::dict([("name", &"Ed25519".into())]),
        KeySpec::EcP256 => js::dict([("name", &"ECDSA".into()), ("namedCurve", &"P-256".into())]),
    }
}

/// To sign or verify with a key of this kind.
pub(super) fn of_signature(spec: KeySpec) -> Dict {
    match spec {
        KeySpec::Ed25519 => js::dict([("name", &"Ed25519".into())]),
        KeySpec::EcP256 => js::dict([("name", &"ECDSA".into()), ("hash", &"SHA-256".into())]),
    }
}

/// HMAC with SHA-256.
pub(super) fn hmac() -> Dict {
    js::dict([("name", &"HMAC".into()), ("hash", &"SHA-256".into())])
}

/// What a key may be used for.
pub(super) fn usages(names: &[&str]) -> Array {
    names.iter().map(|name| JsValue::from_str(name)).collect()
}
