//! The other role of this module: one Argon2id computation, in an instance of its own.

use js_sys::Uint8Array;
use kms_crypto::{Argon2Params, CryptoError, SecretBytes, SecretVec};
use wasm_bindgen::prelude::*;

/// Derives 32 bytes from a passphrase, whose buffer is wiped. The caller ends the worker
/// afterwards, and its memory with it. Throws the name of an error.
#[wasm_bindgen]
pub fn kdf(
    passphrase: &Uint8Array,
    salt: &Uint8Array,
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
) -> Result<Uint8Array, JsValue> {
    let params = Argon2Params::new(memory_kib, iterations, parallelism);
    let key = params.and_then(|params| derive(passphrase, salt, params));
    passphrase.fill(0, 0, passphrase.length());
    let key = key.map_err(|error| JsValue::from_str(error.code().as_str()))?;
    Ok(Uint8Array::new_from_slice(key.expose()))
}

fn derive(
    passphrase: &Uint8Array,
    salt: &Uint8Array,
    params: Argon2Params,
) -> Result<SecretBytes<32>, CryptoError> {
    reserve(params)?;
    let passphrase = SecretVec::new(passphrase.to_vec());
    kms_crypto::kdf::derive(passphrase.expose(), &salt.to_vec(), params)
}

/// Grows the memory once, before any secret is in it: growing may move it, and the engine
/// does not wipe what it leaves. The allocator keeps the space for the computation.
fn reserve(params: Argon2Params) -> Result<(), CryptoError> {
    let blocks = params.memory_kib() as usize * 1024;
    Vec::<u8>::new().try_reserve_exact(blocks).map_err(|_| CryptoError::OutOfMemory)
}
