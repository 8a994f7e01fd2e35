//! ML-KEM-768, half of X-Wing: the library in wasm, and X-Wing where it decides.

use kms_crypto::software::{self, SoftwareKey};
use kms_crypto::{CryptoError, KeyKind, PublicKey, SecretBytes};
use ml_kem::array::Array;
use ml_kem::kem::Decapsulate;
use ml_kem::{EncapsulateDeterministic, EncodedSizeUser, KemCore, MlKem768};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::{Input, base_point, name};

type DecapsulationKey = <MlKem768 as KemCore>::DecapsulationKey;
type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;

/// `{ seed }`: both halves of its key, the private one first.
#[wasm_bindgen(js_name = probeMlKemKey)]
pub fn probe_ml_kem_key(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let (private, public) = expand(&Input(input.unchecked_into()).bytes("seed")).map_err(name)?;
    Ok([&private.as_bytes()[..], &public.as_bytes()[..]].concat())
}

/// `{ seed, encapsulated }`: the secret of a ciphertext that X-Wing takes.
#[wasm_bindgen(js_name = probeMlKemDecapsulate)]
pub fn probe_ml_kem_decapsulate(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    decapsulate(&input.bytes("seed"), &input.bytes("encapsulated")).map_err(name)
}

/// `{ public, random }`: what X-Wing encapsulates for a key that it takes, and the secret of that.
#[wasm_bindgen(js_name = probeMlKemEncapsulate)]
pub fn probe_ml_kem_encapsulate(input: JsValue) -> Result<Vec<u8>, JsValue> {
    let input = Input(input.unchecked_into());
    encapsulate(&input.bytes("public"), &input.bytes("random")).map_err(name)
}

fn expand(seed: &[u8]) -> Result<(DecapsulationKey, EncapsulationKey), CryptoError> {
    let halves = seed.split_at_checked(32).map(|(d, z)| (Array::try_from(d), Array::try_from(z)));
    let Some((Ok(d), Ok(z))) = halves else { return Err(CryptoError::InvalidKey) };
    Ok(MlKem768::generate_deterministic(&d, &z))
}

fn decapsulate(seed: &[u8], encapsulated: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let own = SecretBytes::new_with(|out| out.fill(0x55));
    let own = SoftwareKey::from_secret(KeyKind::HpkeXWing, own)?;
    let public = own.public_key()?.ok_or(CryptoError::InvalidKey)?;
    own.decapsulate(&public, &with_point(encapsulated))?;
    let ciphertext = Array::try_from(encapsulated).map_err(|_| CryptoError::InvalidCiphertext)?;
    let secret = expand(seed)?.0.decapsulate(&ciphertext);
    secret.map(|secret| secret.to_vec()).map_err(|()| CryptoError::InvalidCiphertext)
}

fn encapsulate(public: &[u8], random: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let x_wing = PublicKey::from_raw(KeyKind::HpkeXWing, &with_point(public))?;
    let drawn = [random, &[1; 32]].concat();
    let made = software::encapsulate(&x_wing, |out| {
        out.copy_from_slice(&drawn);
        Ok(())
    })?;
    let public = Array::try_from(public).map_err(|_| CryptoError::InvalidKey)?;
    let random = Array::try_from(random).map_err(|_| CryptoError::Random)?;
    let alone = EncapsulationKey::from_bytes(&public).encapsulate_deterministic(&random);
    let (ciphertext, secret) = alone.map_err(|()| CryptoError::Unavailable)?;
    Ok([&made.key[..ciphertext.len()], &secret[..]].concat())
}

/// With the half of X25519 that every key and ciphertext of X-Wing has.
fn with_point(ml_kem: &[u8]) -> Vec<u8> {
    [ml_kem, &base_point()].concat()
}
