//! Ciphertexts that move to another version of their key, and keys that leave and come in.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{KEMS, ROUNDS, Sides, compare};
use crate::{scenarios::pairs::PAIRS, session::to_page, world::World};

/// How often a key of each spec leaves and comes in, by each KEM.
const MOVES: usize = 2;

pub(super) async fn rewrapped_ciphertexts(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        let Sides { session, peer, inputs } = sides;
        let (id, _) = sides.create("aes-256", &["encrypt", "decrypt", "export"]).await?;
        let old = sides.take_out(&id, "aes-256").await?;
        session.call("keys.rotate", json!({"keyId": id})).await?;
        let new = sides.take_out(&id, "aes-256").await?;
        for _ in 0..ROUNDS {
            let ((_, plaintext), context) = (inputs.message()?, inputs.context()?);
            let bound = |key: &Value| {
                json!({
                    "key": key, "label": "ats-kms/v1/encrypt", "keyId": id, "context": context,
                })
            };
            let mut asked = bound(&old);
            asked["version"] = json!(1);
            asked["nonce"] = to_page(&inputs.bytes(12)?);
            asked["plaintext"] = plaintext.clone();
            let theirs = peer.ask("encrypt", asked)?;
            let params = json!({"keyId": id, "ciphertext": theirs, "context": context});
            let made = session.call("rewrap", params).await?;
            ensure!(made["version"] == 2, "{made}");
            let read = |key: &Value| {
                let mut asked = bound(key);
                asked["ciphertext"] = made["ciphertext"].clone();
                peer.ask("decrypt", asked)
            };
            ensure!(read(&new)? == plaintext, "{context}");
            ensure!(read(&old).is_err(), "the old version opens it");
        }
        Ok(())
    })
    .await
}

pub(super) async fn keys_that_move(world: &mut World) -> Result<()> {
    compare(world, async |sides| {
        let (wrapping, _) = sides.create("aes-256", &["wrap", "unwrap", "export"]).await?;
        let wrapping_key = sides.take_out(&wrapping, "aes-256").await?;
        let wrapping = (&wrapping, &wrapping_key);
        for kem in KEMS {
            let (importing, public) = sides.create(kem, &["import"]).await?;
            for (spec, usage) in PAIRS {
                for _ in 0..MOVES {
                    leaves(sides, (spec, usage), kem, wrapping).await.context(spec)?;
                    let receiving = (kem, &importing, &public["raw"]);
                    comes_in(sides, (spec, usage), receiving, wrapping).await.context(spec)?;
                }
            }
        }
        Ok(())
    })
    .await
}

/// The secret that `@hpke/core` opens, and that noble unwraps, is that of the public key.
async fn leaves(
    sides: &Sides<'_>,
    (spec, usage): (&str, &str),
    kem: &str,
    (wrapping, wrapping_key): (&Value, &Value),
) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (id, public) = sides.create(spec, &[usage, "export"]).await?;
    let exported = sides.take_out_to(kem, &id, spec).await?;
    let half = peer.ask("half", json!({"spec": spec, "secret": exported}))?;
    ensure!(half == public["raw"], "another key was exported to {kem}");
    let context = inputs.context()?;
    let params = json!({"keyId": wrapping, "targetKeyId": id, "context": context});
    let wrapped = session.call("keys.wrap", params).await?["wrapped"].take();
    let asked = json!({
        "key": wrapping_key, "label": format!("ats-kms/v1/wrap/{spec}"), "keyId": wrapping,
        "context": context, "ciphertext": wrapped,
    });
    ensure!(peer.ask("decrypt", asked)? == exported, "another key was wrapped");
    Ok(())
}

/// A key that `@hpke/core` seals, or noble wraps, is held with the public half that noble computes.
async fn comes_in(
    sides: &Sides<'_>,
    (spec, usage): (&str, &str),
    (kem, importing, raw): (&str, &Value, &Value),
    (wrapping, wrapping_key): (&Value, &Value),
) -> Result<()> {
    let Sides { session, peer, inputs } = sides;
    let (secret, context) = (to_page(&inputs.bytes(32)?), inputs.context()?);
    let half = peer.ask("half", json!({"spec": spec, "secret": secret}))?;
    let key = json!({"spec": spec, "policy": {"operations": [usage]}});
    let asked = json!({"raw": raw, "to": kem, "spec": spec, "context": context, "key": secret});
    let sealed = peer.ask("sealKey", asked)?;
    let params = json!({"keyId": importing, "sealed": sealed, "context": context, "key": key});
    let imported = session.call("keys.import", params).await?;
    let asked = json!({
        "key": wrapping_key, "label": format!("ats-kms/v1/wrap/{spec}"), "keyId": wrapping,
        "version": 1, "context": context, "nonce": to_page(&inputs.bytes(12)?),
        "plaintext": secret,
    });
    let wrapped = peer.ask("encrypt", asked)?;
    let params = json!({"keyId": wrapping, "wrapped": wrapped, "context": context, "key": key});
    let unwrapped = session.call("keys.unwrap", params).await?;
    for made in [imported, unwrapped] {
        let public = session.call("keys.public_key", json!({"keyId": made["keyId"]})).await?;
        ensure!(public["raw"] == half, "another key came in");
    }
    Ok(())
}
