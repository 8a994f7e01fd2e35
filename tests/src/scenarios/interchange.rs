//! Both providers read each other's keys and messages (decision 5), and a key does in the browser
//! what it does in software.

use anyhow::{Context as _, Result, anyhow, ensure};
use base64ct::{Base64, Encoding as _};
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, PublicKey, SecretBytes, hpke,
    software::{SoftwareKey, SoftwareProvider},
};
use kms_testkit::seeded_provider;
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    engine::Engine,
    probe::{calls, holds_nothing},
    scenario::scenarios,
    session::{Session, from_base64},
    signer::Signer,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!(
    "interchange": keys_of_the_browser_open_in_software, keys_of_software_open_in_the_browser,
    messages_pass_both_ways, a_key_does_what_it_is_for_and_nothing_else,
    keys_outlive_what_an_engine_lacks, what_the_browser_does_not_take_is_not_used,
    a_key_shows_who_holds_it_and_not_its_kind,
);

const WRAPPING: [u8; 32] = [0x51; 32];
const NONCE: [u8; 12] = [0x0c; 12];
const AAD: &[u8] = b"place";
const PLACE: AeadContext<'static> = AeadContext { nonce: &NONCE, aad: AAD };

fn bytes(bytes: &[u8]) -> Value {
    json!({"bytes": Base64::encode_string(bytes)})
}

fn answered(answer: &Value) -> Result<Vec<u8>> {
    from_base64(answer["bytes"].as_str().with_context(|| answer.to_string())?)
}

fn failed(error: CryptoError) -> anyhow::Error {
    anyhow!("{error}")
}

/// Where keys of these scenarios are wrapped.
fn place(kind: KeyKind, more: &[(&str, Value)]) -> Value {
    let mut place = json!({
        "kind": kind.as_str(),
        "wrapping": bytes(&WRAPPING),
        "nonce": bytes(&NONCE),
        "aad": bytes(AAD),
    });
    for (name, value) in more {
        place[*name] = value.clone();
    }
    place
}

fn wrapping_key(
    software: &SoftwareProvider,
) -> Result<<SoftwareProvider as CryptoProvider>::SealingKey> {
    let key = SecretBytes::copy_of(&WRAPPING).map_err(failed)?;
    block_on(software.import_sealing_key(&key)).map_err(failed)
}

/// Takes a part off the front, after its length in two bytes.
fn part<'a>(answer: &mut &'a [u8]) -> Result<&'a [u8]> {
    let (len, rest) = answer.split_first_chunk().context("no length")?;
    let len = usize::from(u16::from_be_bytes(*len));
    let (part, rest) = rest.split_at_checked(len).context("too short")?;
    *answer = rest;
    Ok(part)
}

/// The engines of today hold keys of every kind but X-Wing themselves.
async fn keys_of_the_browser_open_in_software(world: &mut World) -> Result<()> {
    let made = KeyKind::ALL.iter().map(|kind| ("probeGenerate", place(*kind, &[]))).collect();
    let software = seeded_provider(1);
    let wrapping = wrapping_key(&software)?;
    for (kind, answer) in KeyKind::ALL.iter().zip(calls(world, made).await?) {
        let answer = answered(&answer)?;
        let mut rest = &answer[..];
        let (public, wrapped) = (part(&mut rest)?, part(&mut rest)?);
        let held_by = if *kind == KeyKind::HpkeXWing { "enclave" } else { "browser" };
        ensure!(part(&mut rest)? == held_by.as_bytes() && rest.is_empty(), "{kind:?}: {held_by}");
        let key =
            block_on(software.unwrap_key(*kind, &wrapping, PLACE, wrapped)).map_err(failed)?;
        let expected = key.public_key().map_err(failed)?;
        let expected = expected.as_ref().map(PublicKey::raw).unwrap_or_default();
        ensure!(public == expected, "{kind:?} has another public half");
    }
    Ok(())
}

async fn keys_of_software_open_in_the_browser(world: &mut World) -> Result<()> {
    let software = seeded_provider(2);
    let wrapping = wrapping_key(&software)?;
    let mut asked = Vec::new();
    let mut expected = Vec::new();
    for kind in KeyKind::ALL {
        let made = block_on(software.generate_key(*kind, &wrapping, PLACE)).map_err(failed)?;
        let mut ask = |wrapped: &[u8], outcome: &'static str, more: &[(&str, Value)]| {
            let mut with = vec![("data", bytes(wrapped))];
            with.extend(more.iter().cloned());
            asked.push(("probeUnwrap", place(*kind, &with)));
            expected.push(json!(outcome));
        };
        ask(&made.wrapped, "", &[]);
        ask(&made.wrapped, "invalid_ciphertext", &[("aad", bytes(b"elsewhere"))]);
        for at in [0, made.wrapped.len() / 2, made.wrapped.len() - 1] {
            let mut flipped = made.wrapped.clone();
            flipped[at] ^= 1;
            ask(&flipped, "invalid_ciphertext", &[]);
        }
        // A key of another form, sealed as it should be.
        let foreign = if kind.is_symmetric() || *kind == KeyKind::HpkeXWing {
            KeyKind::X25519
        } else {
            KeyKind::Aes256
        };
        let foreign = block_on(software.generate_key(foreign, &wrapping, PLACE)).map_err(failed)?;
        ask(&foreign.wrapped, "invalid_ciphertext", &[]);
        for len in [0, 15, 16, 17, 600] {
            ask(&vec![0; len], "invalid_ciphertext", &[]);
        }
    }
    let answers = calls(world, asked).await?;
    ensure!(answers == expected, "{answers:?}");
    Ok(())
}

async fn messages_pass_both_ways(world: &mut World) -> Result<()> {
    let software = seeded_provider(3);
    let key = |kind: KeyKind| {
        SoftwareKey::generate(kind, |out| software.fill_random(out)).map_err(failed)
    };
    let (aes, ecdsa, owner) =
        (key(KeyKind::Aes256)?, key(KeyKind::EcP256)?, key(KeyKind::HpkeX25519)?);
    let form = |key: &SoftwareKey| key.encode().map(|form| bytes(form.expose())).map_err(failed);
    let public = |key: &SoftwareKey| key.public_key().map_err(failed)?.context("no public half");
    let recipient = public(&owner)?;
    let binding = hpke::Binding { info: b"info", aad: AAD };
    let message = b"message";
    let sealed = block_on(hpke::seal(&software, &recipient, binding, message)).map_err(failed)?;
    let encrypted = block_on(software.encrypt(&aes, AAD, message)).map_err(failed)?;
    let (info, aad) = (bytes(b"info"), bytes(AAD));
    let asked = vec![
        ("probeEncrypt", json!({"key": form(&aes)?, "aad": aad, "data": bytes(message)})),
        ("probeDecrypt", json!({"key": form(&aes)?, "aad": aad, "data": bytes(&encrypted)})),
        ("probeSign", json!({"kind": "ec-p256", "key": form(&ecdsa)?, "message": bytes(message)})),
        (
            "probeHpkeSeal",
            json!({
                "public": bytes(recipient.raw()), "info": info, "aad": aad, "data": bytes(message),
            }),
        ),
        (
            "probeHpkeOpen",
            json!({
                "kind": "hpke-x25519", "key": form(&owner)?, "public": bytes(recipient.raw()),
                "info": info, "aad": aad,
                "data": bytes(&sealed),
            }),
        ),
    ];
    let answers = calls(world, asked).await?;
    let answers = answers.iter().map(answered).collect::<Result<Vec<_>>>()?;
    let [encrypted, decrypted, signature, sealed, opened] = &answers[..] else {
        return Err(anyhow!("{} answers", answers.len()));
    };
    let plain = block_on(software.decrypt(&aes, AAD, encrypted)).map_err(failed)?;
    ensure!(plain.expose() == message && decrypted == message, "AES-256-GCM");
    let valid = block_on(software.verify(&public(&ecdsa)?, message, signature));
    ensure!(valid.map_err(failed)?, "ECDSA");
    let plain = block_on(hpke::open(&software, (&owner, &recipient), binding, sealed));
    ensure!(plain.map_err(failed)?.expose() == message && opened == message, "HPKE");
    Ok(())
}

async fn a_key_does_what_it_is_for_and_nothing_else(world: &mut World) -> Result<()> {
    let asked = KeyKind::ALL.iter().map(|kind| ("probeOperations", place(*kind, &[]))).collect();
    for (kind, answer) in KeyKind::ALL.iter().zip(calls(world, asked).await?) {
        let expected = match kind {
            KeyKind::Ed25519 | KeyKind::EcP256 => "sign",
            KeyKind::X25519 | KeyKind::EcP256Agreement => "agree",
            // What it was given to decrypt was no ciphertext of its own.
            KeyKind::Aes256 => "encrypt decrypt:invalid_ciphertext",
            KeyKind::HmacSha256 => "mac verify_mac",
            KeyKind::HpkeX25519 | KeyKind::HpkeXWing => "encapsulate decapsulate",
        };
        ensure!(answer == json!(expected), "{kind:?}: {answer}");
    }
    Ok(())
}

/// A key that the enclave had to hold itself is the browser's as soon as that can: nobody waits for a new
/// one. Until then nothing of it is left after lock either.
async fn keys_outlive_what_an_engine_lacks(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::open_lacking(page, &stage, "worker:no-curve25519").await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    session.end().await?;
    let signer = Signer::create(&session, "ed25519").await?;
    signer.still_signs(&session).await?;
    held_by(&session, &signer, "enclave").await?;
    for spec in ["x25519", "hpke-x25519"] {
        let made = session.call("keys.create", json!({"spec": spec})).await?;
        ensure!(made["protection"] == "enclave", "{made}");
    }
    session.lock().await?;
    holds_nothing(page, &[]).await?;
    let session = Session::open(page, &stage).await?;
    session.unlock().await?;
    signer.still_signs(&session).await?;
    held_by(&session, &signer, "browser").await
}

/// The browser is to hold these keys, so nobody else does, not even for want of anything better.
async fn what_the_browser_does_not_take_is_not_used(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let mut signers = Vec::new();
    for spec in ["ed25519", "ec-p256"] {
        signers.push(Signer::create(&session, spec).await?);
    }
    let session = Session::open_lacking(page, &stage, "worker:unwrap-throws").await?;
    session.unlock().await?;
    for signer in &signers {
        held_by(&session, signer, "browser").await?;
        let refused = signer.refusal(&session).await?;
        ensure!(refused == "unreadable", "{refused}");
    }
    Ok(())
}

/// Where a browser does not read what it wrapped, the enclave holds the Ed25519 keys that WebKitGTK loses
/// and nobody the others. A list, the key and the person's page say so of each key.
async fn a_key_shows_who_holds_it_and_not_its_kind(world: &mut World) -> Result<()> {
    let (engine, stage) = (world.engine, world.probe_stage()?);
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let receiving = json!({"spec": "hpke-x25519", "policy": {"operations": ["import"]}});
    let receiving = session.call("keys.create", receiving).await?["keyId"].clone();
    let mut seed = [7; 32];
    let usual = import(&session, &receiving, &seed).await?;
    seed[0] = 0;
    let lost = import(&session, &receiving, &seed).await?;
    let here = if engine == Engine::Webkitgtk { "enclave" } else { "browser" };
    shows(&session, &usual, "browser").await?;
    shows(&session, &lost, here).await?;
    ensure!(lost["protection"] == here, "as it came in: {lost}");

    let session = Session::open_lacking(page, &stage, "worker:unwrap-throws").await?;
    session.unlock().await?;
    shows(&session, &usual, "browser").await?;
    shows(&session, &lost, "enclave").await?;
    let data = json!({"bytes": "c29tZSB0ZXh0"});
    session.call("sign", json!({"keyId": lost["keyId"], "data": data})).await?;
    let ui = VaultUi(page);
    let id = lost["keyId"].as_str().context("no id")?;
    session.begin("keys.manage").await?;
    let row = ui.text_of("keys", &format!("[id='key-{id}']")).await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    let versions = ui.text_of("key", "[aria-labelledby=versions-title]").await?;
    for said in [row, ui.text_of("key", ".contents").await?, versions] {
        ensure!(said.contains("held by the enclave"), "{said}");
    }
    ui.press_on("key", "#cancel").await?;
    session.end().await.map(drop)
}

/// Seals an Ed25519 seed to a key of the vault (docs/formats.md, "Keys that leave"), which takes it in.
async fn import(session: &Session<'_>, receiving: &Value, seed: &[u8]) -> Result<Value> {
    let public = session.call("keys.public_key", json!({"keyId": receiving})).await?;
    let recipient = PublicKey::from_raw(KeyKind::HpkeX25519, &answered(&public["raw"])?);
    let recipient = recipient.map_err(failed)?;
    let aad = [b"\x82\x67ed25519".as_slice(), b"\xa0"].concat();
    let binding = hpke::Binding { info: b"ats-kms/v1/key", aad: &aad };
    let software = seeded_provider(4);
    let sealed = block_on(hpke::seal(&software, &recipient, binding, seed)).map_err(failed)?;
    let key = json!({"spec": "ed25519"});
    let params = json!({"keyId": receiving, "sealed": bytes(&sealed), "key": key});
    session.call("keys.import", params).await
}

/// What the key and the list of keys say of who holds it.
async fn shows(session: &Session<'_>, key: &Value, whom: &str) -> Result<()> {
    let told = session.call("keys.describe", json!({"keyId": key["keyId"]})).await?;
    let page = session.call("keys.list", json!({})).await?;
    let mut keys = page["keys"].as_array().into_iter().flatten();
    let listed = keys.find(|one| one["keyId"] == key["keyId"]).context("not listed")?;
    for said in [&told["protection"], &told["versions"][0]["protection"], &listed["protection"]] {
        ensure!(said == whom, "not {whom}: {told} and {listed}");
    }
    Ok(())
}

async fn held_by(session: &Session<'_>, signer: &Signer, whom: &str) -> Result<()> {
    let told = session.call("keys.describe", json!({"keyId": signer.key_id})).await?;
    ensure!(told["protection"] == whom, "not {whom}: {told}");
    Ok(())
}
