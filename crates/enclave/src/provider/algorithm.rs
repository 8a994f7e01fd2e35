//! Algorithm identifiers and key usages, as `WebCrypto` wants them.

use js_sys::Array;
use kms_crypto::{AeadContext, CryptoError, KeyKind};
use wasm_bindgen::JsValue;

use super::subtle::CryptoKey;
use crate::js::{self, Dict};

/// AES-GCM with a 128-bit tag, the nonce and the additional data of one call.
pub(super) fn aes_gcm(context: AeadContext<'_>) -> Dict {
    let algorithm = js::dict([("name", &"AES-GCM".into())]);
    algorithm.put_view("iv", context.nonce);
    algorithm.put_view("additionalData", context.aad);
    algorithm
}

/// To generate or import a key of this kind. HMAC's own default is a key of 512 bits.
pub(super) fn of_key(kind: KeyKind) -> Dict {
    let named = |name: &str| js::dict([("name", &name.into())]);
    let p256 = |name: &str| js::dict([("name", &name.into()), ("namedCurve", &"P-256".into())]);
    let symmetric = |algorithm: Dict| {
        algorithm.put("length", &256.into());
        algorithm
    };
    match kind {
        KeyKind::Ed25519 => named("Ed25519"),
        KeyKind::EcP256 => p256("ECDSA"),
        KeyKind::X25519 | KeyKind::HpkeX25519 => named("X25519"),
        KeyKind::HpkeXWing => named("X-Wing"),
        KeyKind::EcP256Agreement => p256("ECDH"),
        KeyKind::Aes256 => symmetric(named("AES-GCM")),
        KeyKind::HmacSha256 => symmetric(hmac()),
    }
}

/// To sign or verify with a key of this kind.
pub(super) fn of_signature(kind: KeyKind) -> Result<Dict, CryptoError> {
    match kind {
        KeyKind::Ed25519 => Ok(js::dict([("name", &"Ed25519".into())])),
        KeyKind::EcP256 => Ok(js::dict([("name", &"ECDSA".into()), ("hash", &"SHA-256".into())])),
        _ => Err(CryptoError::InvalidKey),
    }
}

/// To agree with the owner of a public key.
pub(super) fn of_agreement(kind: KeyKind, peer: &CryptoKey) -> Dict {
    let name = if kind == KeyKind::EcP256Agreement { "ECDH" } else { "X25519" };
    js::dict([("name", &name.into()), ("public", peer)])
}

/// HMAC with SHA-256.
pub(super) fn hmac() -> Dict {
    js::dict([("name", &"HMAC".into()), ("hash", &"SHA-256".into())])
}

/// The form in which a key is wrapped.
pub(super) fn form(kind: KeyKind) -> &'static str {
    if kind.is_symmetric() { "raw" } else { "pkcs8" }
}

/// What a private or symmetric key may be used for.
pub(super) fn private_usages(kind: KeyKind) -> &'static [&'static str] {
    match kind {
        KeyKind::Ed25519 | KeyKind::EcP256 => &["sign"],
        KeyKind::X25519 | KeyKind::EcP256Agreement | KeyKind::HpkeX25519 => &["deriveBits"],
        KeyKind::HpkeXWing => &["decapsulateBits"],
        KeyKind::Aes256 => &["encrypt", "decrypt"],
        KeyKind::HmacSha256 => &["sign", "verify"],
    }
}

/// The same when it is generated, together with the uses of a public half.
pub(super) fn usages_at_generation(kind: KeyKind) -> &'static [&'static str] {
    match kind {
        KeyKind::Ed25519 | KeyKind::EcP256 => &["sign", "verify"],
        _ => private_usages(kind),
    }
}

/// A list of usages.
pub(super) fn usages(names: &[&str]) -> Array {
    names.iter().map(|name| JsValue::from_str(name)).collect()
}
