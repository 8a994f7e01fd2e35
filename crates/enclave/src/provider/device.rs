//! The device key: HMAC-SHA-256, stored by the browser as a handle, never as bytes.

use kms_crypto::{CryptoError, SecretBytes};
use wasm_bindgen::prelude::*;

use super::algorithm::{hmac, usages};
use super::subtle::{self, CryptoKey};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = structuredClone)]
    fn structured_clone(value: &JsValue) -> Result<JsValue, JsValue>;
}

pub(super) async fn generate() -> Result<CryptoKey, CryptoError> {
    let usages = usages(&["sign"]);
    subtle::key(subtle::generate_key(&hmac(), false, &usages)).await
}

pub(super) async fn mac(key: &CryptoKey, input: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
    let tag = subtle::buffer(subtle::sign(&"HMAC".into(), key, input)).await?;
    if tag.length() != 32 {
        return Err(CryptoError::Unavailable);
    }
    let secret = SecretBytes::new_with(|out| tag.copy_to(&mut out[..]));
    tag.fill(0, 0, 32);
    Ok(secret)
}

/// Checks that a handle can be stored: where structured clone refuses it (Lockdown Mode),
/// so does IndexedDB.
pub(super) async fn probe() -> Result<(), CryptoError> {
    let key = generate().await?;
    let copy = structured_clone(&key).map_err(|_| CryptoError::Unavailable)?;
    mac(copy.unchecked_ref(), b"probe").await.map(drop)
}
