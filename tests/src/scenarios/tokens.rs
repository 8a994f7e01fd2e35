//! Tokens by the template of a key and messages for Web Push, read by libraries that others use.

use anyhow::{Context as _, Result, anyhow, ensure};
use kms_crypto::{KeyKind, SecretBytes, software::SoftwareKey};
use serde_json::{Value, json};

use crate::{
    library,
    scenario::scenarios,
    session::{Session, to_page},
    vault_ui::VaultUi,
    world::World,
};

scenarios!("tokens": a_token_keeps_to_its_template, a_token_is_verified_by_its_template,
    a_person_sees_the_claims, the_template_in_words, a_message_reaches_its_receiver);

/// The library `jose`: header and claims, if all of it is as a bank wants it.
const VERIFY: &str = "
    const { calculateJwkThumbprint, createLocalJWKSet, jwtVerify } = await import('jose');
    const { token, jwk } = given;
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys: [jwk] }), {
        algorithms: [jwk.alg], audience: 'https://bank.example', issuer: 'https://shop.example',
        maxTokenAge: 300, requiredClaims: ['jti', 'nbf'], typ: 'receipt+jwt',
    });
    const own = (await calculateJwkThumbprint(jwk)) === protectedHeader.kid;
    found = { own, header: Object.keys(protectedHeader), payload };";

/// The library `http_ece`: the message.
const DECRYPT: &str = "
    const { createECDH } = await import('node:crypto');
    const { default: ece } = await import('http_ece');
    const privateKey = createECDH('prime256v1');
    privateKey.setPrivateKey(Buffer.alloc(32, 9));
    const options = { version: 'aes128gcm', privateKey, authSecret: Buffer.alloc(16, 5) };
    found = ece.decrypt(Buffer.from(given, 'base64'), options).toString();";

fn policy() -> Value {
    json!({
        "operations": ["jwt", "verify"],
        "jwt": {
            "typ": "receipt+jwt",
            "audiences": ["https://bank.example"],
            "maxLifeSeconds": 300,
            "claims": {"amount": "number", "note": "text"},
            "required": ["amount"],
            "fixed": {"iss": "https://shop.example"},
            "notBefore": true,
            "tokenId": true,
        },
    })
}

async fn create(session: &Session<'_>, spec: &str, policy: Value) -> Result<Value> {
    let params = json!({"spec": spec, "policy": policy, "label": "Receipts"});
    Ok(session.call("keys.create", params).await?["keyId"].clone())
}

async fn verified(session: &Session<'_>, key: &Value, signed: &Value) -> Result<Value> {
    let half = session.call("keys.public_key", json!({"keyId": key})).await?;
    let found = library::run(VERIFY, &json!({"token": signed["token"], "jwk": half["jwk"]}))?;
    ensure!(found["own"] == true, "the thumbprint is that of the key: {found}");
    ensure!(found["header"] == json!(["alg", "kid", "typ"]), "{found}");
    Ok(found["payload"].clone())
}

async fn a_token_keeps_to_its_template(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    for spec in ["ed25519", "ec-p256"] {
        let key = create(&session, spec, policy()).await?;
        let sign = |claims: Value| json!({"keyId": key, "claims": claims});
        let signed = session.call("jwt.sign", sign(json!({"amount": 12, "note": "tea"}))).await?;
        let payload = verified(&session, &key, &signed).await?;
        ensure!(payload["amount"] == 12 && payload["note"] == "tea", "{payload}");
        let [iat, exp] = ["iat", "exp"].map(|name| payload[name].as_u64().unwrap_or_default());
        ensure!(exp == iat + 300 && signed["expires"] == exp * 1000, "{payload}");
        for (claims, rule) in [
            (json!({}), "jwt_required"),
            (json!({"amount": "12"}), "jwt_type"),
            (json!({"amount": 12, "role": "admin"}), "jwt_claim"),
            (json!({"amount": 12, "exp": 4_000_000_000_u64}), "jwt_claim"),
            (json!({"amount": 12, "iss": "https://bank.example"}), "jwt_fixed"),
            (json!({"amount": 12, "aud": "https://other.example"}), "jwt_audience"),
        ] {
            let denied = session.denied_by("jwt.sign", sign(claims.clone())).await?;
            ensure!(denied == rule, "{claims}: {denied}");
        }
        let raw = json!({"keyId": key, "data": to_page(b"eyJhbGciOiJub25lIn0.e30")});
        ensure!(session.denied_by("sign", raw).await? == "operation", "no way around it");
    }
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

async fn a_token_is_verified_by_its_template(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    for spec in ["ed25519", "ec-p256"] {
        let key = create(&session, spec, policy()).await?;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let sign = json!({"keyId": key, "claims": {"amount": 12}});
            let signed = session.call("jwt.sign", sign).await?;
            tokens.push(signed["token"].as_str().context("no token")?.to_owned());
        }
        let parts = |at: usize| tokens[at].rsplit_once('.').context("not a token");
        let mixed = format!("{}.{}", parts(0)?.0, parts(1)?.1);
        for (token, valid) in [(&tokens[0], true), (&tokens[1], true), (&mixed, false)] {
            let verify = json!({"keyId": key, "token": token});
            let verdict = session.call("jwt.verify", verify).await?;
            ensure!(verdict == json!({"valid": valid}), "{spec}: {verdict}");
        }
        let long = json!({"keyId": key, "token": "a".repeat(8193)});
        ensure!(session.refusal("jwt.verify", long).await? == "payload_too_large");
        let longest = json!({"keyId": key, "token": "a".repeat(8192)});
        ensure!(session.call("jwt.verify", longest).await? == json!({"valid": false}));
    }
    Ok(())
}

async fn a_person_sees_the_claims(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let mut policy = policy();
    policy["confirmation"] = json!("sheet");
    let key = create(&session, "ec-p256", policy).await?;
    let claims = json!({"amount": 12, "note": "tea\naud: \"https://other.example\""});
    session.begin_with("jwt.sign", json!({"keyId": key, "claims": claims})).await?;
    let shown = ui.text_of("approve", ".payload").await?;
    let expected = "typ: receipt+jwt\namount: 12\nnote: \"tea\\naud: \\\"https://other.example\\\"\"\n\
                    iss: \"https://shop.example\"\naud: \"https://bank.example\"\nexp: iat + 300";
    ensure!(shown == expected, "{shown}");
    ensure!(ui.text_of("approve", ".asked").await?.contains("Sign a token that says"));
    ui.press_on("approve", "#submit").await?;
    let payload = verified(&session, &key, &session.end().await?).await?;
    ensure!(payload["note"] == claims["note"], "{payload}");
    session.begin_with("jwt.sign", json!({"keyId": key, "claims": claims})).await?;
    ui.shows("approve").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    Ok(())
}

async fn the_template_in_words(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let key = create(&session, "ed25519", policy()).await?;
    let id = key.as_str().context("no id")?;
    session.begin("keys.manage").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    let words = ui.text_of("key", ".bullets").await?;
    for part in [
        "signing tokens",
        "of the type receipt+jwt and live 5 min at most",
        "for https://bank.example, and for nobody else",
        "says iss: \"https://shop.example\"",
        "amount (a number, always there), note (a text)",
    ] {
        ensure!(words.contains(part), "{part} is not said: {words}");
    }
    ui.press_on("key", "#cancel").await?;
    session.end().await?;
    Ok(())
}

async fn a_message_reaches_its_receiver(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    // No vault is needed.
    let session = Session::open(page, &stage).await?;
    let failed = |error| anyhow!("{error}");
    let secret = SecretBytes::copy_of(&[9; 32]).map_err(failed)?;
    let receiver = SoftwareKey::from_secret(KeyKind::EcP256Agreement, secret).map_err(failed)?;
    let public = receiver.public_key().map_err(failed)?.context("no public half")?;
    let params = |payload: &[u8], point: &[u8]| {
        json!({
            "p256dh": to_page(point), "auth": to_page(&[5; 16]), "payload": to_page(payload),
            "paddedLength": 64,
        })
    };
    let mut bodies = Vec::new();
    for text in ["", "You have a message."] {
        let sent = session.call("webpush.encrypt", params(text.as_bytes(), public.raw())).await?;
        ensure!(library::run(DECRYPT, &sent["body"]["bytes"])? == text, "{sent}");
        bodies.push(sent["body"].to_string());
    }
    ensure!(bodies[0].len() == bodies[1].len(), "padded to one length");
    let mut off = public.raw().to_vec();
    off[64] ^= 1;
    let refused = session.refusal("webpush.encrypt", params(b"", &off)).await?;
    ensure!(refused == "invalid_key", "{refused}");
    Ok(())
}
