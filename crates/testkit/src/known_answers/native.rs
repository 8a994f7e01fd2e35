//! Calls on a provider that is at hand.

use kms_crypto::{
    AeadContext, Argon2Params, CryptoError, CryptoProvider, KeyKind, PublicKey, SecretBytes,
    SecretVec, hkdf, hpke, kdf,
};

use super::{AGREED_INFO, Answer, Call, ml_kem};

/// What a provider answers.
pub async fn answer<P: CryptoProvider>(provider: &P, call: &Call) -> Answer {
    match asked(provider, call).await {
        Ok(answer) => answer,
        Err(error) => Answer::Refused(error.code().as_str()),
    }
}

async fn asked<P: CryptoProvider>(provider: &P, call: &Call) -> Result<Answer, CryptoError> {
    Ok(match call {
        Call::Verify { kind, public, message, signature } => {
            let Ok(public) = PublicKey::from_raw(*kind, public) else {
                return Ok(Answer::Verdict(false));
            };
            Answer::Verdict(provider.verify(&public, message, signature).await?)
        }
        Call::Sign { kind, key, message } => {
            let key = import(provider, *kind, key).await?;
            Answer::Bytes(provider.sign(&key, message).await?.to_vec())
        }
        Call::SignWithSeed { seed, message } => {
            let (key, _) = provider.import_ed25519(&SecretBytes::copy_of(seed)?).await?;
            Answer::Bytes(provider.sign(&key, message).await?.to_vec())
        }
        Call::Seal { key, nonce, aad, data } => {
            let key = provider.import_sealing_key(&SecretBytes::copy_of(key)?).await?;
            Answer::Bytes(provider.seal(&key, context(nonce, aad)?, data).await?)
        }
        Call::Open { key, nonce, aad, data } => {
            let key = provider.import_sealing_key(&SecretBytes::copy_of(key)?).await?;
            bytes(&provider.open(&key, context(nonce, aad)?, data).await?)
        }
        Call::SealOnce { key, nonce, data } => {
            let nonce = nonce.as_slice().try_into().map_err(|_| CryptoError::InvalidParameters)?;
            Answer::Bytes(provider.seal_once(&SecretBytes::copy_of(key)?, nonce, data).await?)
        }
        Call::Argon2id { passphrase, salt, memory_kib, iterations, parallelism } => {
            let params = Argon2Params::new(*memory_kib, *iterations, *parallelism)?;
            Answer::Bytes(kdf::derive(passphrase, salt, params)?.expose().to_vec())
        }
        Call::Decrypt { key, aad, data } => {
            let key = import(provider, KeyKind::Aes256, key).await?;
            bytes(&provider.decrypt(&key, aad, data).await?)
        }
        Call::Hkdf { salt, ikm, info, length } => {
            let mut out = vec![0; *length];
            hkdf::derive_into(salt, &[ikm], info, &mut out)?;
            Answer::Bytes(out)
        }
        Call::Mac { key, message } => {
            let key = import(provider, KeyKind::HmacSha256, key).await?;
            Answer::Bytes(provider.mac(&key, message).await?.to_vec())
        }
        Call::VerifyMac { key, message, mac } => {
            let key = import(provider, KeyKind::HmacSha256, key).await?;
            Answer::Verdict(provider.verify_mac(&key, message, mac).await?)
        }
        Call::Agree { kind, key, public } => {
            let key = import(provider, *kind, key).await?;
            let secret = provider.agree(&key, &PublicKey::from_raw(*kind, public)?).await?;
            Answer::Bytes(secret.derive::<32>(&[], AGREED_INFO)?.expose().to_vec())
        }
        Call::HpkeOpen { kind, key, public, info, aad, data } => {
            let key = import(provider, *kind, key).await?;
            let public = PublicKey::from_raw(*kind, public)?;
            let binding = hpke::Binding { info, aad };
            bytes(&hpke::open(provider, (&key, &public), binding, data).await?)
        }
        Call::Decapsulate { key, public, encapsulated } => {
            let key = import(provider, KeyKind::HpkeX25519, key).await?;
            let public = PublicKey::from_raw(KeyKind::HpkeX25519, public)?;
            let secret = provider.decapsulate(&key, &public, encapsulated).await?;
            Answer::Bytes(secret.derive::<32>(&[], AGREED_INFO)?.expose().to_vec())
        }
        Call::MlKemKey { seed } => Answer::Bytes(ml_kem::key(seed)?),
        Call::MlKemDecapsulate { seed, encapsulated } => {
            Answer::Bytes(ml_kem::decapsulate(seed, encapsulated)?)
        }
        Call::MlKemEncapsulate { public, random } => {
            Answer::Bytes(ml_kem::encapsulate(public, random)?)
        }
        Call::Thumbprint { kind, public } => {
            Answer::Bytes(PublicKey::from_raw(*kind, public)?.thumbprint().into_bytes())
        }
    })
}

fn bytes(secret: &SecretVec) -> Answer {
    Answer::Bytes(secret.expose().to_vec())
}

fn context<'a>(nonce: &'a [u8], aad: &'a [u8]) -> Result<AeadContext<'a>, CryptoError> {
    let nonce = nonce.try_into().map_err(|_| CryptoError::InvalidParameters)?;
    Ok(AeadContext { nonce, aad })
}

/// The way in is that of every stored key: wrapped, then unwrapped.
async fn import<P: CryptoProvider>(
    provider: &P,
    kind: KeyKind,
    form: &[u8],
) -> Result<P::Key, CryptoError> {
    let wrapping = SecretBytes::new_with(|out| out.fill(0x33));
    let wrapping = provider.import_sealing_key(&wrapping).await?;
    let context = AeadContext { nonce: &[0; 12], aad: kind.as_str().as_bytes() };
    let wrapped = provider.seal(&wrapping, context, form).await?;
    provider.unwrap_key(kind, &wrapping, context, &wrapped).await
}
