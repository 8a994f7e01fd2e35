//! Keys of the vault: in the browser, or in software where it lacks the algorithm.

use kms_crypto::software::{SoftwareKey, form_of, respelled, secret_of};
use kms_crypto::{AeadContext, CryptoError, KeyKind, NewKey, PublicKey, SecretBytes};
use kms_protocol::Protection;
use wasm_bindgen::{JsCast, JsValue};

use super::algorithm::{aes_gcm, form, of_key, private_usages, usages, usages_at_generation};
use super::subtle::{self, CryptoKey, CryptoKeyPair};
use super::{aead, agreement, signing};

/// A key that is ready to be used.
pub(crate) enum Key {
    /// Held by the browser, not extractable.
    Browser(CryptoKey, KeyKind),
    /// Held by the enclave.
    Enclave(SoftwareKey),
}

/// Finds out who can hold keys of this kind.
pub(super) async fn probe(kind: KeyKind) -> Protection {
    match try_browser(kind).await {
        Ok(()) => Protection::Browser,
        Err(_) => Protection::Enclave,
    }
}

/// Generates a private key in the browser and uses it.
pub(super) async fn try_browser(kind: KeyKind) -> Result<(), CryptoError> {
    let pair = generate_pair(kind, false).await?;
    let key = Key::Browser(pair.private_key(), kind);
    if kind.is_agreement() {
        agreement::agree(&key, &public_half(kind, &pair).await?).await.map(drop)
    } else {
        signing::sign(&key, b"probe").await.map(drop)
    }
}

/// WebKitGTK 2.50 fails to generate one Ed25519 key in a hundred (14 of 1,500 when counted); the
/// next try is as good as any other.
const GENERATE_TRIES: u32 = 5;

async fn generate_in_browser(kind: KeyKind, extractable: bool) -> Result<JsValue, CryptoError> {
    let mut failed = CryptoError::Unavailable;
    for _ in 0..GENERATE_TRIES {
        let usages = usages(usages_at_generation(kind));
        match subtle::done(subtle::generate_key(&of_key(kind), extractable, &usages)).await {
            Ok(made) => return Ok(made),
            Err(CryptoError::Unsupported) => return Err(CryptoError::Unsupported),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

pub(super) async fn generate_pair(
    kind: KeyKind,
    extractable: bool,
) -> Result<CryptoKeyPair, CryptoError> {
    generate_in_browser(kind, extractable).await.map(JsCast::unchecked_into)
}

pub(super) async fn public_half(
    kind: KeyKind,
    pair: &CryptoKeyPair,
) -> Result<PublicKey, CryptoError> {
    let raw = subtle::buffer(subtle::export_key("raw", &pair.public_key())).await?;
    PublicKey::from_raw(kind, &raw.to_vec())
}

/// Generates a key in the browser, wraps it once, and takes it back from the ciphertext as
/// a handle that cannot be exported. The extractable one is dropped here; its bytes never
/// were in our memory.
pub(super) async fn generate(
    held_by: Protection,
    kind: KeyKind,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
) -> Result<NewKey<Key>, CryptoError> {
    if held_by == Protection::Enclave {
        return wrap_software(SoftwareKey::generate(kind, random)?, wrapping, context).await;
    }
    let mut failed = CryptoError::Unavailable;
    for _ in 0..GENERATE_TRIES {
        match generate_held(kind, wrapping, context).await {
            Ok(made) => return Ok(made),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// One that the browser does not read again is not kept: see [`is_lost`].
async fn generate_held(
    kind: KeyKind,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
) -> Result<NewKey<Key>, CryptoError> {
    let (key, public) = if kind.is_symmetric() {
        (generate_in_browser(kind, true).await?.unchecked_into(), None)
    } else {
        let pair = generate_pair(kind, true).await?;
        (pair.private_key(), Some(public_half(kind, &pair).await?))
    };
    let call = subtle::wrap_key(form(kind), &key, wrapping, &aes_gcm(context));
    let wrapped = subtle::buffer(call).await?.to_vec();
    let key = unwrap_in_browser(kind, wrapping, context, &wrapped).await?;
    Ok(NewKey { key: Key::Browser(key, kind), public, wrapped })
}

/// Randomness for a key or a secret of the enclave's own.
pub(super) fn random(out: &mut [u8]) -> Result<(), CryptoError> {
    subtle::random(out).map(drop).map_err(|_| CryptoError::Random)
}

async fn wrap_software(
    key: SoftwareKey,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
) -> Result<NewKey<Key>, CryptoError> {
    let public = key.public_key()?;
    let wrapped = aead::seal(wrapping, context, key.encode()?.expose()).await?;
    Ok(NewKey { key: Key::Enclave(key), public, wrapped })
}

/// Wraps a key whose secret is in our memory already, and takes it back as a handle.
pub(super) async fn import(
    held_by: Protection,
    kind: KeyKind,
    secret: SecretBytes<32>,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
) -> Result<NewKey<Key>, CryptoError> {
    let (form, public) = form_of(kind, secret)?;
    let wrapped = aead::seal(wrapping, context, form.expose()).await?;
    drop(form);
    let key = unwrap(held_by, kind, wrapping, context, &wrapped).await?;
    Ok(NewKey { key, public, wrapped })
}

/// The public half cannot be had from a handle that is not extractable, so it is computed here.
pub(super) async fn import_ed25519(
    held_by: Protection,
    seed: &SecretBytes<32>,
) -> Result<(Key, PublicKey), CryptoError> {
    let (key, public) = SoftwareKey::from_ed25519_seed(seed)?;
    if held_by == Protection::Enclave {
        return Ok((Key::Enclave(key), public));
    }
    let kind = KeyKind::Ed25519;
    let (encoded, alg, usages) = (key.encode()?, of_key(kind), usages(private_usages(kind)));
    let call = subtle::import_key(form(kind), encoded.expose(), &alg, false, &usages);
    let key = match subtle::key(call).await {
        Ok(handle) => Key::Browser(handle, kind),
        Err(_) if is_lost(seed) => Key::Enclave(key),
        Err(error) => return Err(error),
    };
    Ok((key, public))
}

/// WebKitGTK 2.50 reads no private key on Curve25519 that begins with a zero byte, which is one in 256.
fn is_lost(secret: &SecretBytes<32>) -> bool {
    secret.expose().first() == Some(&0)
}

/// Unwraps a key. Who holds it is known for its kind: that a browser does not take it is no reason to
/// hold it in another way, but for the keys that WebKitGTK loses.
pub(super) async fn unwrap(
    held_by: Protection,
    kind: KeyKind,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
    wrapped: &[u8],
) -> Result<Key, CryptoError> {
    if !kind.is_wrapped_len(wrapped.len()) {
        return Err(CryptoError::InvalidCiphertext);
    }
    let key = match held_by {
        Protection::Browser => match unwrap_in_browser(kind, wrapping, context, wrapped).await {
            Ok(key) => Ok(Key::Browser(key, kind)),
            Err(_) => unwrap_lost(kind, wrapping, context, wrapped).await,
        },
        Protection::Enclave => {
            let opened = aead::open(wrapping, context, wrapped).await?;
            SoftwareKey::decode(kind, opened.expose()).map(Key::Enclave)
        }
    };
    key.map_err(|_| CryptoError::InvalidCiphertext)
}

async fn unwrap_in_browser(
    kind: KeyKind,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
    wrapped: &[u8],
) -> Result<CryptoKey, CryptoError> {
    let (alg, usages) = (of_key(kind), usages(private_usages(kind)));
    let how = aes_gcm(context);
    let call = subtle::unwrap_key(form(kind), wrapped, wrapping, &how, &alg, false, &usages);
    subtle::key(call).await
}

/// A key that begins with a zero byte. One of X25519 has another spelling, which the browser takes, and
/// its bytes are in our memory for that moment; one of Ed25519 has none, and the enclave holds it. What
/// does not authenticate opens in neither way.
async fn unwrap_lost(
    kind: KeyKind,
    wrapping: &CryptoKey,
    context: AeadContext<'_>,
    wrapped: &[u8],
) -> Result<Key, CryptoError> {
    let opened = aead::open(wrapping, context, wrapped).await?;
    if kind == KeyKind::Ed25519 && is_lost(&secret_of(kind, opened.expose())?) {
        return SoftwareKey::decode(kind, opened.expose()).map(Key::Enclave);
    }
    let other = respelled(kind, opened.expose())?;
    let (alg, usages) = (of_key(kind), usages(private_usages(kind)));
    let call = subtle::import_key(form(kind), other.expose(), &alg, false, &usages);
    Ok(Key::Browser(subtle::key(call).await?, kind))
}
