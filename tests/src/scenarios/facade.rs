//! The adapters of the client and its examples, through the shipped enclave: what is shaped like Web
//! Cryptography, tokens for `jose`, and Web Push.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    peer::Peer,
    scenario::scenarios,
    session::attack,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("facade": adapters_and_examples);

async fn adapters_and_examples(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    page.goto(&format!("{}/hostile/examples.html", stage.pwa)).await?;
    attack(page, "facade", &json!({"op": "open", "url": stage.kms})).await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    let found = attack(page, "facade", &json!({"op": "run"})).await?;
    let expected = json!({
        "encryption": {
            "handle": "encrypt decrypt",
            "read": true,
            "elsewhere": "OperationError",
            "own nonce": "NotSupportedError",
            "no ciphertext": "OperationError",
            "not for it": "InvalidAccessError",
            "context": true,
        },
        "agreement": true,
        "x25519": {
            "agreed": true,
            "with itself": false,
            "to leave": "InvalidAccessError",
        },
        "copies": {
            "original": true,
            "copy": "OperationError",
        },
        "wrapping": {
            "derived again": true,
            "derived otherwise": false,
            "unwrapped": true,
            "another code": false,
            "elsewhere": "OperationError",
            "another kind": "OperationError",
            "wrapped again": "InvalidAccessError",
            "by a handle for less": "InvalidAccessError",
        },
    });
    ensure!(found == expected, "{found}");
    let peer = Peer::start()?;
    examples(page, &peer).await?;
    push(page, &peer).await?;
    let found = attack(page, "facade", &json!({"op": "promises"})).await?;
    let expected = json!({
        "supported": true,
        "unsupported": false,
        "public raw": 32,
        "secret raw": "InvalidAccessError",
        "locked vault": "KmsError",
    });
    ensure!(found == expected, "{found}");
    Ok(())
}

/// Each example of the client does what it says. Its tokens are verified by the library `jose`.
async fn examples(page: &Client, peer: &Peer) -> Result<()> {
    let found = attack(page, "facade", &json!({"op": "examples"})).await?;
    let signature = json!({"valid": true, "outside": true, "altered": false, "supported": true});
    ensure!(found["signature"] == signature, "{found}");
    ensure!(found["secrets"] == json!({"talk": true, "hide": true, "keep": true}), "{found}");
    ensure!(found["file"] == json!({"back": true, "encrypted": true}), "{found}");
    let tokens = found["tokens"].as_array().context("no tokens")?;
    ensure!(tokens.len() == 3, "{found}");
    for (made, typ) in tokens.iter().zip(["JWT", "JWT", "receipt+jwt"]) {
        let asked = |audience: &str| {
            json!({
                "token": made["token"], "keys": made["keys"], "typ": typ,
                "issuer": "https://shop.example", "audience": audience,
                "requiredClaims": ["iat", "exp"],
            })
        };
        let read = peer.ask("jwt", asked("https://bank.example"))?;
        ensure!(read["payload"]["amount"] == 12, "{read}");
        ensure!(peer.ask("jwt", asked("https://other.example")).is_err(), "{made}");
    }
    Ok(())
}

/// A message under a lease, as the push service and the receiver read it.
async fn push(page: &Client, peer: &Peer) -> Result<()> {
    const AUDIENCE: &str = "https://push.example";
    attack(page, "facade", &json!({"op": "allow", "audience": AUDIENCE})).await?;
    let ui = VaultUi(page);
    ui.open(Way::Passphrase(PASSPHRASE)).await?;
    ui.press_on("lease", "#submit").await?;
    let sent = attack(page, "facade", &json!({"op": "push"})).await?;
    ensure!(peer.ask("pushed", sent.clone())? == "hello", "{sent}");
    let asked =
        |audience: &str| json!({"authorization": sent["authorization"], "audience": audience});
    let mut claims = peer.ask("sender", asked(AUDIENCE))?["payload"].take();
    ensure!(peer.ask("sender", asked("https://other.example")).is_err(), "{sent}");
    let life = claims["exp"].take().as_u64().context("no end")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    ensure!(life.checked_sub(now).is_some_and(|left| left <= 900), "15 minutes at most: {life}");
    let expected =
        json!({"aud": AUDIENCE, "sub": "https://app.example/contact", "exp": Value::Null});
    ensure!(claims == expected, "{claims}");
    Ok(())
}
