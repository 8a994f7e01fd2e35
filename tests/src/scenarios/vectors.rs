//! Wycheproof's vectors through the methods of the shipped enclave, where these can take them: keys
//! come in by `keys.import`, public keys by `keys.agree`.
//!
//! They can take no other: `verify` is for keys that the vault made; private keys do not come in, so
//! nothing can be opened or agreed on with those of a vector; `encrypt` chooses the nonce, and what is
//! encrypted or derived is bound to a label and the key's name. Those vectors run on the enclave's
//! provider in the probe build (`known_answers`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context as _, Result, anyhow, ensure};
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider as _, KeyKind, PublicKey, SecretBytes,
    hpke::{self, Binding},
    software::SoftwareKey,
};
use kms_testkit::{
    known_answers::{self, Answer, Call, Suite},
    seeded_provider,
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    scenario::scenarios,
    session::{Session, from_base64, to_page},
    world::World,
};

scenarios!("vectors": hmac_sha256, aes_256_gcm, x25519, ecdh_p256);

const TEXT: &[u8] = b"some text";

/// With about as many private keys of vectors is compared what was agreed on.
const OWNERS: usize = 64;

/// Imported keys of one spec, by their bytes.
type Imported = HashMap<Vec<u8>, String>;

fn load(name: &str) -> Result<Suite> {
    known_answers::load(name).map_err(|error| anyhow!(error))
}

fn failed(error: CryptoError) -> anyhow::Error {
    anyhow!("{error}")
}

fn received(value: &Value) -> Result<Vec<u8>> {
    from_base64(value["bytes"].as_str().with_context(|| value.to_string())?)
}

fn code(reply: &Value) -> &str {
    reply["error"]["code"].as_str().unwrap_or_default()
}

async fn create(session: &Session<'_>, spec: &str, uses: &[&str]) -> Result<(Value, Vec<u8>)> {
    let params = json!({"spec": spec, "policy": {"operations": uses}});
    let id = session.call("keys.create", params).await?["keyId"].take();
    let public = session.call("keys.public_key", json!({"keyId": id})).await?;
    Ok((id, received(&public["raw"])?))
}

/// Brings keys in, each once, sealed as docs/formats.md has it.
async fn import(
    session: &Session<'_>,
    spec: &str,
    keys: impl Iterator<Item = &Vec<u8>>,
) -> Result<Imported> {
    let (importing, raw) = create(session, "hpke-x25519", &["import"]).await?;
    let recipient = PublicKey::from_raw(KeyKind::HpkeX25519, &raw).map_err(failed)?;
    let aad = [&[0x82, 0x60 + u8::try_from(spec.len())?], spec.as_bytes(), b"\xa0"].concat();
    let binding = Binding { info: b"ats-kms/v1/key", aad: &aad };
    let software = seeded_provider(41);
    let mut distinct: Vec<_> = keys.collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut requests = Vec::new();
    for key in &distinct {
        let sealed = block_on(hpke::seal(&software, &recipient, binding, key)).map_err(failed)?;
        let params = json!({"keyId": importing, "sealed": to_page(&sealed), "key": {"spec": spec}});
        requests.push(("keys.import", params));
    }
    let replies = session.batch(&requests).await?;
    let named = distinct.into_iter().zip(&replies).map(|(key, reply)| {
        let id = reply["result"]["keyId"].as_str();
        Ok((key.clone(), id.with_context(|| format!("not imported: {reply}"))?.to_owned()))
    });
    named.collect()
}

async fn hmac_sha256(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let mut cases = load("hmac_sha256")?.cases;
    // RFC 4231.
    cases.extend(load("rfc")?.cases.into_iter().filter(|case| case.id == 4231));
    let keys = cases.iter().filter_map(|case| match &case.call {
        Call::Mac { key, .. } | Call::VerifyMac { key, .. } => Some(key),
        _ => None,
    });
    let imported = import(&session, "hmac-sha256", keys).await?;
    let mut requests = Vec::new();
    for case in &cases {
        requests.push(match &case.call {
            Call::Mac { key, message } => {
                ("mac", json!({"keyId": imported[key], "data": to_page(message)}))
            }
            Call::VerifyMac { key, message, mac } => {
                let (data, mac) = (to_page(message), to_page(mac));
                ("verify_mac", json!({"keyId": imported[key], "data": data, "mac": mac}))
            }
            other => return Err(anyhow!("{} is no code", other.function())),
        });
    }
    let replies = session.batch(&requests).await?;
    for (case, reply) in cases.iter().zip(&replies) {
        let right = match &case.expected {
            Answer::Bytes(mac) => reply["result"]["mac"] == to_page(mac),
            Answer::Verdict(valid) => reply["result"]["valid"] == *valid,
            Answer::Refused(expected) => code(reply) == *expected,
        };
        ensure!(right, "{} {}: {reply}", case.call.function(), case.id);
    }
    Ok(())
}

/// What `decrypt` takes of version 1: form, version, nonce, ciphertext with tag (docs/formats.md).
fn ciphertext(nonce: &[u8], sealed: &[u8]) -> Value {
    to_page(&[&[1, 0, 0, 0, 1], nonce, sealed].concat())
}

/// Key, nonce and plaintext of a vector, bound as the enclave binds it, decrypt; the vector's own
/// ciphertext, which is bound to something else, does not, however valid.
async fn aes_256_gcm(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let suite = load("aes_256_gcm")?;
    let keys = suite.cases.iter().filter_map(|case| match &case.call {
        Call::Seal { key, .. } | Call::Open { key, .. } => Some(key),
        _ => None,
    });
    let imported = import(&session, "aes-256", keys).await?;
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for case in &suite.cases {
        let (key, nonce, sealed, result) = match &case.call {
            Call::Seal { key, nonce, data, .. } => {
                (key, nonce, bound(key, nonce, &imported[key], data)?, Some(data))
            }
            Call::Open { key, nonce, data, .. } => (key, nonce, data.clone(), None),
            _ => continue,
        };
        let ciphertext = ciphertext(nonce, &sealed);
        requests.push(("decrypt", json!({"keyId": imported[key], "ciphertext": ciphertext})));
        expected.push((case.id, result));
    }
    let replies = session.batch(&requests).await?;
    for ((id, plaintext), reply) in expected.into_iter().zip(&replies) {
        let right = match plaintext {
            Some(plaintext) => reply["result"]["plaintext"] == to_page(plaintext),
            None => code(reply) == "invalid_ciphertext",
        };
        ensure!(right, "{id}: {reply}");
    }
    Ok(())
}

/// What `encrypt` would make with this nonce, without context.
fn bound(key: &[u8], nonce: &[u8], id: &str, plaintext: &[u8]) -> Result<Vec<u8>> {
    let software = seeded_provider(42);
    let key = SecretBytes::copy_of(key).map_err(failed)?;
    let key = block_on(software.import_sealing_key(&key)).map_err(failed)?;
    let aad = [b"\x84\x72ats-kms/v1/encrypt\x76", id.as_bytes(), b"\x01\xa0"].concat();
    let context = AeadContext { nonce: nonce.try_into()?, aad: &aad };
    block_on(software.seal(&key, context, plaintext)).map_err(failed)
}

async fn x25519(world: &mut World) -> Result<()> {
    agreements(world, KeyKind::X25519, &["x25519"]).await
}

async fn ecdh_p256(world: &mut World) -> Result<()> {
    agreements(world, KeyKind::EcP256Agreement, &["ecdh_p256", "ecdh_p256_der"]).await
}

/// The public keys of all vectors against a key of the vault: what must be refused is, and nothing
/// else. What is agreed on is compared for owners of private keys of the vectors.
async fn agreements(world: &mut World, kind: KeyKind, suites: &[&str]) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let (id, raw) = create(&session, kind.as_str(), &["agree"]).await?;
    let own = PublicKey::from_raw(kind, &raw).map_err(failed)?;
    let mut peers = BTreeMap::new();
    let mut owners = BTreeSet::new();
    for suite in suites {
        for case in load(suite)?.cases {
            let Call::Agree { key, public, .. } = case.call else { continue };
            peers.insert(public, case.expected);
            owners.insert(key);
        }
    }
    let peers: Vec<_> = peers.into_iter().collect();
    let replies = agree(&session, &id, peers.iter().map(|(peer, _)| &peer[..])).await?;
    for ((peer, expected), reply) in peers.iter().zip(&replies) {
        let right = match expected {
            Answer::Refused(expected) => code(reply) == *expected,
            _ => reply["result"]["keyId"].is_string(),
        };
        ensure!(right, "{peer:02x?}: {reply}");
    }
    let step = owners.len().div_ceil(OWNERS);
    let owners: Vec<_> = owners.into_iter().step_by(step).collect();
    compare(&session, &id, &own, &owners).await
}

async fn agree<'a>(
    session: &Session<'_>,
    id: &Value,
    peers: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Value>> {
    let key = json!({"spec": "hmac-sha256", "audit": "deferred"});
    let requests: Vec<_> = peers
        .map(|peer| ("keys.agree", json!({"keyId": id, "peer": to_page(peer), "key": key})))
        .collect();
    session.batch(&requests).await
}

/// The owner of each private key computes by docs/formats.md what the enclave agreed on.
async fn compare(
    session: &Session<'_>,
    id: &Value,
    own: &PublicKey,
    owners: &[Vec<u8>],
) -> Result<()> {
    let software = seeded_provider(43);
    let mut halves = Vec::new();
    let mut codes = Vec::new();
    for form in owners {
        let key = SoftwareKey::decode(own.kind(), form).map_err(failed)?;
        let half = key.public_key().map_err(failed)?.context("no public half")?;
        let shared = block_on(software.agree(&key, own)).map_err(failed)?;
        let secret = shared.derive(&[], &agreed_info(half.raw(), own.raw())?).map_err(failed)?;
        let key = SoftwareKey::from_secret(KeyKind::HmacSha256, secret).map_err(failed)?;
        codes.push(block_on(software.mac(&key, TEXT)).map_err(failed)?);
        halves.push(half);
    }
    let agreed = agree(session, id, halves.iter().map(PublicKey::raw)).await?;
    let asked: Vec<_> = agreed
        .iter()
        .map(|reply| ("mac", json!({"keyId": reply["result"]["keyId"], "data": to_page(TEXT)})))
        .collect();
    for ((reply, code), half) in session.batch(&asked).await?.iter().zip(&codes).zip(&halves) {
        ensure!(reply["result"]["mac"] == to_page(code), "{:02x?}: {reply}", half.raw());
    }
    Ok(())
}

/// `info` of an agreement on a key for codes, without context.
fn agreed_info(one: &[u8], other: &[u8]) -> Result<Vec<u8>> {
    let mut info = b"\x85\x70ats-kms/v1/agree\x6bhmac-sha256".to_vec();
    for half in [one.min(other), one.max(other)] {
        info.extend([0x58, u8::try_from(half.len())?]);
        info.extend(half);
    }
    info.push(0xa0);
    Ok(info)
}
