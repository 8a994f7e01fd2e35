//! ECDSA P-256 keys in the browser; Ed25519 keys too, or in software where it has none.

use js_sys::Uint8Array;
use kms_crypto::software::SoftwareSigner;
use kms_crypto::{
    AeadContext, CryptoError, GeneratedKey, PublicKey, SIGNATURE_LEN, SecretBytes, TAG_LEN, strict,
};
use kms_protocol::{KeySpec, Protection};
use wasm_bindgen::JsCast;

use super::aead;
use super::algorithm::{aes_gcm, of_key, of_signature, usages};
use super::subtle::{self, CryptoKey, CryptoKeyPair};

/// A private key that is ready to sign.
pub(crate) enum SigningKey {
    /// Held by the browser, not extractable.
    Browser(CryptoKey, KeySpec),
    /// Held by the enclave.
    Enclave(SoftwareSigner),
}

/// Longest wrapped key: PKCS#8 of P-256 has 138 bytes.
const MAX_WRAPPED: usize = 512;

/// Finds out who can hold keys of this kind.
pub(super) async fn probe(spec: KeySpec) -> Protection {
    match try_browser(spec).await {
        Ok(()) => Protection::Browser,
        Err(_) => Protection::Enclave,
    }
}

/// Generates a key in the browser and signs with it.
pub(super) async fn try_browser(spec: KeySpec) -> Result<(), CryptoError> {
    let pair = generate_pair(spec, false).await?;
    let key = SigningKey::Browser(pair.private_key(), spec);
    sign(&key, b"probe").await.map(drop)
}

/// WebKitGTK 2.50 fails to generate one Ed25519 key in a hundred (14 of 1,500 when counted); the
/// next try is as good as any other.
const GENERATE_TRIES: u32 = 5;

async fn generate_pair(spec: KeySpec, extractable: bool) -> Result<CryptoKeyPair, CryptoError> {
    let mut failed = CryptoError::Unavailable;
    for _ in 0..GENERATE_TRIES {
        let call = subtle::generate_key(&of_key(spec), extractable, &usages(&["sign", "verify"]));
        match subtle::done(call).await {
            Ok(pair) => return Ok(pair.unchecked_into()),
            Err(CryptoError::Unsupported) => return Err(CryptoError::Unsupported),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Generates a key in the browser, wraps it once, and takes it back from the ciphertext as
/// a handle that cannot be exported. The extractable one is dropped here; its bytes never
/// were in our memory.
pub(super) async fn generate(
    held_by: Protection,
    spec: KeySpec,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
) -> Result<GeneratedKey<SigningKey>, CryptoError> {
    if held_by == Protection::Enclave {
        return generate_software(spec, wrapping, context).await;
    }
    let pair = generate_pair(spec, true).await?;
    let raw = subtle::buffer(subtle::export_key("raw", &pair.public_key())).await?;
    let public = PublicKey::from_raw(spec, &raw.to_vec())?;
    let call = subtle::wrap_key("pkcs8", &pair.private_key(), wrapping, &aes_gcm(context));
    let wrapped = subtle::buffer(call).await?.to_vec();
    let signer = unwrap(held_by, spec, wrapping, context, &wrapped).await?;
    Ok(GeneratedKey { signer, public, wrapped })
}

async fn generate_software(
    spec: KeySpec,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
) -> Result<GeneratedKey<SigningKey>, CryptoError> {
    let signer = SoftwareSigner::generate(spec, |out| {
        subtle::random(out).map(drop).map_err(|_| CryptoError::Random)
    })?;
    let public = signer.public_key()?;
    let wrapped = aead::seal(wrapping, context, signer.to_pkcs8()?.expose()).await?;
    Ok(GeneratedKey { signer: SigningKey::Enclave(signer), public, wrapped })
}

pub(super) async fn unwrap(
    held_by: Protection,
    spec: KeySpec,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
    wrapped: &[u8],
) -> Result<SigningKey, CryptoError> {
    if !(TAG_LEN + 1..=MAX_WRAPPED).contains(&wrapped.len()) {
        return Err(CryptoError::InvalidCiphertext);
    }
    if held_by == Protection::Enclave {
        let pkcs8 = aead::open(wrapping, context, wrapped).await?;
        return SoftwareSigner::from_pkcs8(spec, pkcs8.expose()).map(SigningKey::Enclave);
    }
    let (alg, usages) = (of_key(spec), usages(&["sign"]));
    let how = aes_gcm(context);
    let call = subtle::unwrap_key("pkcs8", wrapped, wrapping, &how, &alg, false, &usages);
    let key = subtle::key(call).await.map_err(|_| CryptoError::InvalidCiphertext)?;
    Ok(SigningKey::Browser(key, spec))
}

/// The public half cannot be had from a handle that is not extractable, so it is computed here.
pub(super) async fn import_ed25519(
    held_by: Protection,
    seed: &SecretBytes<32>,
) -> Result<(SigningKey, PublicKey), CryptoError> {
    let signer = SoftwareSigner::from_ed25519_seed(seed)?;
    let public = signer.public_key()?;
    if held_by == Protection::Enclave {
        return Ok((SigningKey::Enclave(signer), public));
    }
    let spec = KeySpec::Ed25519;
    let (pkcs8, alg, usages) = (signer.to_pkcs8()?, of_key(spec), usages(&["sign"]));
    let call = subtle::import_key("pkcs8", pkcs8.expose(), &alg, false, &usages);
    let key = subtle::key(call).await?;
    Ok((SigningKey::Browser(key, spec), public))
}

pub(super) async fn sign(
    key: &SigningKey,
    message: &[u8],
) -> Result<[u8; SIGNATURE_LEN], CryptoError> {
    let (key, spec) = match key {
        SigningKey::Browser(key, spec) => (key, *spec),
        SigningKey::Enclave(signer) => return signer.sign(message),
    };
    let signature = subtle::buffer(subtle::sign(&of_signature(spec), key, message)).await?;
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
    let spec = public.spec();
    let usages = usages(&["verify"]);
    let call = subtle::import_key("raw", public.raw(), &of_key(spec), false, &usages);
    let key = subtle::key(call).await?;
    let call = subtle::verify(&of_signature(spec), &key, signature, message);
    Ok(subtle::done(call).await?.is_truthy())
}
