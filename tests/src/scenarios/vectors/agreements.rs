//! Vectors of key agreement. What is agreed on never comes out: the key that is made of it makes a
//! code, which is computed outside from the secret of the vector by docs/formats.md.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use kms_crypto::{
    CryptoProvider as _, KeyKind, PublicKey,
    software::{SoftwareKey, secret_of},
};
use kms_testkit::{
    known_answers::{AGREED_INFO, Answer, Call, Case},
    seeded_provider,
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{Asked, Expected, TEXT, ask, failed, keys::Keys};
use crate::{
    engine::Engine,
    session::{Session, to_page},
};

/// Two keys, of which one is private.
struct Pair<'a> {
    what: &'a str,
    kind: KeyKind,
    form: &'a [u8],
    peer: &'a [u8],
    expected: &'a Answer,
}

/// Both lists of vectors on P-256 have many pairs in common: each is asked once.
fn distinct(cases: &[(String, Case)]) -> Result<Vec<Pair<'_>>> {
    let mut pairs = BTreeMap::new();
    for (what, Case { call, expected, .. }) in cases {
        let Call::Agree { kind, key, public } = call else { bail!("{what} is no agreement") };
        let pair = Pair { what, kind: *kind, form: key, peer: public, expected };
        if let Some(other) = pairs.insert((kind.as_str(), &key[..], &public[..]), pair) {
            ensure!(other.expected == expected, "{what} is not {}", other.what);
        }
    }
    Ok(pairs.into_values().collect())
}

/// What must be refused in every engine, and of the many pairs that agree a third, another in each.
pub(super) async fn run(
    session: &Session<'_>,
    cases: &[(String, Case)],
    engine: Engine,
) -> Result<()> {
    let third = match engine {
        Engine::Chromium => 0,
        Engine::Firefox => 1,
        Engine::Webkitgtk => 2,
    };
    let is_refused = |pair: &Pair<'_>| matches!(pair.expected, Answer::Refused(_));
    let (refused, agreed): (Vec<_>, Vec<_>) = distinct(cases)?.into_iter().partition(is_refused);
    let pairs: Vec<_> =
        refused.into_iter().chain(agreed.into_iter().skip(third).step_by(3)).collect();
    let mut keys = Keys::new(session).await?;
    for Pair { kind, form, .. } in &pairs {
        keys.want(*kind, secret_of(*kind, form).map_err(failed)?.expose());
    }
    keys.import().await?;
    let mut requests = Vec::new();
    for Pair { kind, form, peer, .. } in &pairs {
        let id = keys.id(*kind, secret_of(*kind, form).map_err(failed)?.expose())?;
        let key = json!({"spec": "hmac-sha256", "audit": "deferred"});
        requests.push(("keys.agree", json!({"keyId": id, "peer": to_page(peer), "key": key})));
    }
    let agreed = session.batch(&requests).await?;
    let mut codes = Vec::new();
    for (pair, reply) in pairs.iter().zip(&agreed) {
        match pair.expected {
            Answer::Refused(code) => {
                ensure!(Expected::Refused(code).is_met(reply), "{}: {reply}", pair.what);
            }
            Answer::Bytes(known) => codes.push(code(pair, known, &reply["result"]["keyId"])?),
            Answer::Verdict(_) => bail!("{} has a verdict", pair.what),
        }
    }
    ask(session, codes).await
}

/// The code of the key that was agreed on.
fn code(pair: &Pair<'_>, known: &[u8], id: &Value) -> Result<Asked> {
    let software = seeded_provider(43);
    let key = SoftwareKey::decode(pair.kind, pair.form).map_err(failed)?;
    let own = key.public_key().map_err(failed)?.context("no public half")?;
    let peer = PublicKey::from_raw(pair.kind, pair.peer).map_err(failed)?;
    let shared = key.agree(&peer).map_err(failed)?;
    let answer = shared.derive::<32>(&[], AGREED_INFO).map_err(failed)?;
    ensure!(answer.expose() == known, "{}: another secret than that of the vector", pair.what);
    let secret = shared.derive(&[], &info(own.raw(), peer.raw())?).map_err(failed)?;
    let key = SoftwareKey::from_secret(KeyKind::HmacSha256, secret).map_err(failed)?;
    let code = block_on(software.mac(&key, TEXT)).map_err(failed)?;
    let params = json!({"keyId": id, "data": to_page(TEXT)});
    let expected = Expected::Result("mac", to_page(&code));
    Ok(Asked { what: pair.what.to_owned(), method: "mac", params, expected })
}

/// `info` of an agreement on a key for codes, without context.
fn info(one: &[u8], other: &[u8]) -> Result<Vec<u8>> {
    let mut info = b"\x85\x70ats-kms/v1/agree\x6bhmac-sha256".to_vec();
    for half in [one.min(other), one.max(other)] {
        info.extend([0x58, u8::try_from(half.len())?]);
        info.extend(half);
    }
    info.push(0xa0);
    Ok(info)
}
