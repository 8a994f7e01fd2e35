//! Bindings of the part of `WebCrypto` that is used.
//!
//! Byte arguments are views of our own memory: `WebCrypto` copies every buffer source
//! before it returns its promise (Web Cryptography API, section 14.3), so no copy of ours
//! stays behind in the JavaScript heap.

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use kms_crypto::CryptoError;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::js;

#[wasm_bindgen]
extern "C" {
    /// A handle of the platform.
    #[derive(Clone)]
    pub type CryptoKey;

    /// What `generateKey` returns for private keys.
    pub(crate) type CryptoKeyPair;

    #[wasm_bindgen(method, getter, js_name = privateKey)]
    pub(crate) fn private_key(this: &CryptoKeyPair) -> CryptoKey;

    #[wasm_bindgen(method, getter, js_name = publicKey)]
    pub(crate) fn public_key(this: &CryptoKeyPair) -> CryptoKey;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    pub(crate) fn random(out: &mut [u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = encrypt)]
    pub(crate) fn encrypt(alg: &JsValue, key: &CryptoKey, data: &[u8]) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = decrypt)]
    pub(crate) fn decrypt(alg: &JsValue, key: &CryptoKey, data: &[u8]) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = sign)]
    pub(crate) fn sign(alg: &JsValue, key: &CryptoKey, data: &[u8]) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = verify)]
    pub(crate) fn verify(
        alg: &JsValue,
        key: &CryptoKey,
        signature: &[u8],
        data: &[u8],
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = deriveBits)]
    pub(crate) fn derive_bits(
        alg: &JsValue,
        key: &CryptoKey,
        bits: u32,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = generateKey)]
    pub(crate) fn generate_key(
        alg: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    pub(crate) fn import_key(
        format: &str,
        data: &[u8],
        alg: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = exportKey)]
    pub(crate) fn export_key(format: &str, key: &CryptoKey) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = wrapKey)]
    pub(crate) fn wrap_key(
        format: &str,
        key: &CryptoKey,
        wrapping: &CryptoKey,
        alg: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = unwrapKey)]
    pub(crate) fn unwrap_key(
        format: &str,
        wrapped: &[u8],
        wrapping: &CryptoKey,
        wrap_alg: &JsValue,
        key_alg: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;
}

/// What went wrong, by the name of the exception alone.
fn refusal(error: &JsValue) -> CryptoError {
    match js::error_name(error).as_str() {
        "NotSupportedError" => CryptoError::Unsupported,
        "DataError" | "InvalidAccessError" => CryptoError::InvalidKey,
        _ => CryptoError::Unavailable,
    }
}

/// Waits for a call; what it threw is reduced to one of our errors.
pub(crate) async fn done(call: Result<Promise, JsValue>) -> Result<JsValue, CryptoError> {
    let promise = call.map_err(|error| refusal(&error))?;
    js::settled(promise).await.map_err(|error| refusal(&error))
}

/// Waits for a call that returns a key.
pub(crate) async fn key(call: Result<Promise, JsValue>) -> Result<CryptoKey, CryptoError> {
    done(call).await.map(JsCast::unchecked_into)
}

/// Waits for a call that returns an `ArrayBuffer`.
pub(crate) async fn buffer(call: Result<Promise, JsValue>) -> Result<Uint8Array, CryptoError> {
    let buffer: ArrayBuffer = done(call).await?.unchecked_into();
    Ok(Uint8Array::new(&buffer))
}
