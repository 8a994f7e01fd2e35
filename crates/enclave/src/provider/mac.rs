//! HMAC-SHA-256 with keys of the vault, which the browser holds.

use kms_crypto::{CryptoError, KeyKind};
use wasm_bindgen::JsValue;

use super::keys::Key;
use super::subtle;

/// Length in bytes of a MAC.
const MAC_LEN: usize = 32;

fn hmac() -> JsValue {
    JsValue::from_str("HMAC")
}

pub(super) async fn mac(key: &Key, message: &[u8]) -> Result<[u8; MAC_LEN], CryptoError> {
    let Key::Browser(key, KeyKind::HmacSha256) = key else { return Err(CryptoError::InvalidKey) };
    let tag = subtle::buffer(subtle::sign(&hmac(), key, message)).await?;
    tag.to_vec().try_into().map_err(|_| CryptoError::Unavailable)
}

/// The browser compares in constant time (Web Cryptography API, section 31.6.2).
pub(super) async fn verify(key: &Key, message: &[u8], mac: &[u8]) -> Result<bool, CryptoError> {
    let Key::Browser(key, KeyKind::HmacSha256) = key else { return Err(CryptoError::InvalidKey) };
    if mac.len() != MAC_LEN {
        return Ok(false);
    }
    Ok(subtle::done(subtle::verify(&hmac(), key, mac, message)).await?.is_truthy())
}
