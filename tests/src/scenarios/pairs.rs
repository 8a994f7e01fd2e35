//! Pairs of keys that leave the vault and come back: the same pairs, held as others of their spec.

use anyhow::{Context as _, Result, ensure};
use kms_crypto::{
    KeyKind, PublicKey,
    hpke::{self, Binding},
    strict,
};
use kms_testkit::seeded_provider;
use pollster::block_on;
use serde_json::{Value, json};

use super::operations::{TEXT, create, failed, mac, received, sent};
use crate::session::Session;

/// Keys with a public half, and what each is used for here.
pub(super) const PAIRS: [(&str, &str); 6] = [
    ("ed25519", "sign"),
    ("ec-p256", "sign"),
    ("x25519", "agree"),
    ("ec-p256-agreement", "agree"),
    ("hpke-x25519", "open"),
    ("hpke-x-wing", "open"),
];

/// Moves a pair of each spec, wrapped under a key and sealed to another one.
pub(super) async fn move_each(
    session: &Session<'_>,
    (wrapping, receiving, recipient): (&Value, &Value, &Value),
) -> Result<()> {
    for pair in PAIRS {
        move_one(session, pair, (wrapping, receiving, recipient)).await?;
    }
    Ok(())
}

/// A pair that came back is the same pair, held as every other of its spec, and it works.
async fn move_one(
    session: &Session<'_>,
    (spec, usage): (&str, &str),
    (wrapping, receiving, recipient): (&Value, &Value, &Value),
) -> Result<()> {
    let key = create(session, spec, &[usage, "export"]).await?;
    let described = session.call("keys.describe", json!({"keyId": key})).await?;
    let new = json!({"spec": spec, "policy": {"operations": [usage]}});
    let asked = json!({"keyId": wrapping, "targetKeyId": key});
    let wrapped = session.call("keys.wrap", asked).await?["wrapped"].take();
    let copy = json!({"keyId": wrapping, "wrapped": wrapped, "key": new});
    let asked = json!({"keyId": key, "recipient": recipient});
    let sealed = session.call("keys.export", asked).await?["sealed"].take();
    let moved = json!({"keyId": receiving, "sealed": sealed, "key": new});
    for made in
        [session.call("keys.unwrap", copy).await?, session.call("keys.import", moved).await?]
    {
        ensure!(
            made["versions"][0]["kid"] == described["versions"][0]["kid"],
            "{spec}: another key"
        );
        ensure!(made["protection"] == described["protection"], "{spec}: {}", made["protection"]);
        works(session, (spec, &key), &made["keyId"]).await.with_context(|| spec.to_owned())?;
    }
    Ok(())
}

/// What the copy makes is what the first key takes, or the other way round.
async fn works(session: &Session<'_>, (spec, key): (&str, &Value), copy: &Value) -> Result<()> {
    let public = session.call("keys.public_key", json!({"keyId": key})).await?;
    match spec {
        "ed25519" | "ec-p256" => {
            let signed = session.call("sign", json!({"keyId": copy, "data": sent(TEXT)})).await?;
            let raw = received(&public["raw"])?;
            let kind = if spec == "ed25519" { KeyKind::Ed25519 } else { KeyKind::EcP256 };
            let public = PublicKey::from_raw(kind, &raw).map_err(failed)?;
            let signature = received(&signed["signature"])?;
            ensure!(strict::verify(&public, TEXT, &signature), "a wrong signature");
        }
        "x25519" | "ec-p256-agreement" => {
            let other = create(session, spec, &["agree"]).await?;
            let half = session.call("keys.public_key", json!({"keyId": other})).await?;
            let codes = json!({"spec": "hmac-sha256"});
            let one = json!({"keyId": copy, "peer": half["raw"], "key": codes});
            let one = session.call("keys.agree", one).await?;
            let two = json!({"keyId": other, "peer": public["raw"], "key": codes});
            let two = session.call("keys.agree", two).await?;
            ensure!(mac(session, &one["keyId"]).await? == mac(session, &two["keyId"]).await?);
        }
        _ => {
            let raw = received(&public["raw"])?;
            let kind = if raw.len() == 32 { KeyKind::HpkeX25519 } else { KeyKind::HpkeXWing };
            let recipient = PublicKey::from_raw(kind, &raw).map_err(failed)?;
            let binding = Binding { info: b"ats-kms/v1/seal", aad: b"\xa0" };
            let sealed = block_on(hpke::seal(&seeded_provider(3), &recipient, binding, TEXT));
            let opened = json!({"keyId": copy, "sealed": sent(&sealed.map_err(failed)?)});
            ensure!(received(&session.call("open", opened).await?["plaintext"])? == TEXT);
        }
    }
    Ok(())
}
