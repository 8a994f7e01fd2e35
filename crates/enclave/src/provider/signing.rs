//! Signatures: Ed25519 and ECDSA P-256.

use js_sys::Uint8Array;
use kms_crypto::{CryptoError, PublicKey, SIGNATURE_LEN, strict};
use kms_protocol::Protection;

use super::algorithm::{of_key, of_signature, usages};
use super::keys::Key;
use super::subtle;

pub(super) async fn sign(key: &Key, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
    let (key, algorithm) = match key {
        Key::Browser(key, kind) => (key, of_signature(*kind)?),
        Key::Enclave(key) => return key.sign(message),
    };
    let signature = subtle::buffer(subtle::sign(&algorithm, key, message)).await?;
    copy_signature(&signature)
}

fn copy_signature(view: &Uint8Array) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
    let mut signature = [0; SIGNATURE_LEN];
    if view.length() as usize != SIGNATURE_LEN {
        return Err(CryptoError::Unavailable);
    }
    view.copy_to(&mut signature);
    Ok(signature)
}

/// Engines disagree on malformed signatures, so their form is checked here first.
pub(super) async fn verify(
    held_by: Protection,
    public: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    if !strict::precheck(public, signature) {
        return Ok(false);
    }
    if held_by == Protection::Enclave {
        return Ok(strict::verify(public, message, signature));
    }
    let kind = public.kind();
    let usages = usages(&["verify"]);
    let call = subtle::import_key("raw", public.raw(), &of_key(kind), false, &usages);
    let (key, how) = (subtle::key(call).await?, of_signature(kind)?);
    let call = subtle::verify(&how, &key, signature, message);
    Ok(subtle::done(call).await?.is_truthy())
}
