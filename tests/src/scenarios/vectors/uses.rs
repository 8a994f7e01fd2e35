//! Vectors of every operation but agreements, as requests.

use anyhow::{Context as _, Result, bail};
use kms_crypto::{
    KeyKind, PublicKey,
    hpke::{self, Binding},
    software::secret_of,
};
use kms_testkit::{
    known_answers::{Answer, Call, Case, Owners, twin},
    seeded_provider,
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{Asked, Expected, TEXT, ciphers::decryptions, failed, keys::Keys};
use crate::session::to_page;

/// Kind and secret bytes of the key that a call is about.
pub(super) fn key_of(owners: &Owners, call: &Call) -> Result<Option<(KeyKind, Vec<u8>)>> {
    Ok(Some(match call {
        Call::Mac { key, .. } | Call::VerifyMac { key, .. } => (KeyKind::HmacSha256, key.clone()),
        Call::Seal { key, .. } | Call::Open { key, .. } | Call::Decrypt { key, .. } => {
            (KeyKind::Aes256, key.clone())
        }
        Call::SignWithSeed { seed, .. } => (KeyKind::Ed25519, seed.clone()),
        Call::Verify { kind, public, message, signature } => match owners.secret(public) {
            Some(secret) => (*kind, secret.to_vec()),
            None => (*kind, twin(message, signature).context("nobody owns it")?.secret),
        },
        Call::Thumbprint { kind, public } => {
            (*kind, owners.secret(public).context("nobody owns it")?.to_vec())
        }
        Call::Sign { kind, key, .. } | Call::HpkeOpen { kind, key, .. } => {
            (*kind, secret(*kind, key)?)
        }
        Call::Decapsulate { key, .. } => (KeyKind::HpkeX25519, secret(KeyKind::HpkeX25519, key)?),
        _ => return Ok(None),
    }))
}

fn secret(kind: KeyKind, form: &[u8]) -> Result<Vec<u8>> {
    Ok(secret_of(kind, form).map_err(failed)?.expose().to_vec())
}

/// What is asked of the methods for a case.
pub(super) fn requests(
    what: &str,
    case: &Case,
    owners: &Owners,
    keys: &Keys<'_>,
) -> Result<Vec<Asked>> {
    let (kind, secret) = key_of(owners, &case.call)?.context("a call without a key")?;
    let id = keys.id(kind, &secret)?;
    let asked = |method, mut params: Value, expected| {
        params["keyId"] = json!(id);
        Asked { what: what.to_owned(), method, params, expected }
    };
    let all = |uses: Vec<Use>| {
        uses.into_iter().map(|(method, params, expected)| asked(method, params, expected)).collect()
    };
    Ok(match &case.call {
        Call::Mac { message, .. } => {
            vec![asked("mac", json!({"data": to_page(message)}), result("mac", case))]
        }
        Call::VerifyMac { message, mac, .. } => {
            let params = json!({"data": to_page(message), "mac": to_page(mac)});
            vec![asked("verify_mac", params, result("valid", case))]
        }
        Call::Sign { message, .. } | Call::SignWithSeed { message, .. } => {
            vec![asked("sign", json!({"data": to_page(message)}), result("signature", case))]
        }
        Call::Verify { .. } => all(verifications(case, owners)?),
        Call::Thumbprint { .. } => {
            let Answer::Bytes(text) = &case.expected else { bail!("no thumbprint") };
            let expected = Expected::Kid(String::from_utf8(text.clone())?);
            vec![asked("keys.public_key", json!({}), expected)]
        }
        Call::Seal { .. } | Call::Open { .. } | Call::Decrypt { .. } => {
            all(decryptions(case, &secret, id)?)
        }
        Call::HpkeOpen { public, data, .. } => {
            let own = json!({"sealed": to_page(data)});
            let sealed = json!({"sealed": sealed(kind, public)?});
            vec![
                asked("open", sealed, Expected::Result("plaintext", to_page(TEXT))),
                asked("open", own, Expected::Refused("invalid_ciphertext")),
            ]
        }
        Call::Decapsulate { public, .. } => {
            let sealed = json!({"sealed": sealed(kind, public)?});
            vec![asked("open", sealed, Expected::Result("plaintext", to_page(TEXT)))]
        }
        other => bail!("no method is for {}", other.function()),
    })
}

/// Method, parameters but the key, and answer.
pub(super) type Use = (&'static str, Value, Expected);

/// A signature under its key, or its twin where nobody knows that.
fn verifications(case: &Case, owners: &Owners) -> Result<Vec<Use>> {
    let Call::Verify { kind, public, message, signature } = &case.call else {
        bail!("no signature")
    };
    let verify = |message: &[u8], signature: &[u8], verdict: bool| {
        let params = json!({"data": to_page(message), "signature": to_page(signature)});
        ("verify", params, Expected::Result("valid", verdict.into()))
    };
    let longer = [&message[..], &[0]].concat();
    if owners.secret(public).is_none() {
        let twin = twin(message, signature).context("a signature without a twin")?;
        return Ok(vec![
            verify(message, &twin.signature, true),
            verify(&longer, &twin.signature, false),
            verify(message, signature, false),
        ]);
    }
    let valid = case.expected == Answer::Verdict(true);
    let mut all = vec![verify(message, signature, valid), verify(&longer, signature, false)];
    // Ed25519 is deterministic: whoever has the key makes the one valid signature.
    if valid && *kind == KeyKind::Ed25519 {
        let expected = Expected::Result("signature", to_page(signature));
        all.push(("sign", json!({"data": to_page(message)}), expected));
    }
    Ok(all)
}

/// The member of the result that has the answer.
fn result(name: &'static str, case: &Case) -> Expected {
    match &case.expected {
        Answer::Bytes(bytes) => Expected::Result(name, to_page(bytes)),
        Answer::Verdict(verdict) => Expected::Result(name, json!(verdict)),
        Answer::Refused(code) => Expected::Refused(code),
    }
}

/// What anybody seals to this public key, without context.
fn sealed(kind: KeyKind, public: &[u8]) -> Result<Value> {
    let recipient = PublicKey::from_raw(kind, public).map_err(failed)?;
    let binding = Binding { info: b"ats-kms/v1/seal", aad: b"\xa0" };
    let sealed = block_on(hpke::seal(&seeded_provider(44), &recipient, binding, TEXT));
    Ok(to_page(&sealed.map_err(failed)?))
}
