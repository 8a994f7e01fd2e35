//! The life of keys: versions, states, deletion, and a record that was put back.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{
    page::Page as _,
    scenario::scenarios,
    session::{Session, from_base64},
    vault_ui::{PASSPHRASE, VaultUi},
    verify_signature,
    world::World,
};

scenarios!("keys": versions_states_and_deletion, policies_refuse_by_rule, an_old_record_is_unreadable);

/// `some text`, as a page sends bytes.
const DATA: &str = "c29tZSB0ZXh0";

async fn sign(session: &Session<'_>, key: &Value, version: Option<u32>) -> Result<Value> {
    let params = json!({"keyId": key, "data": {"bytes": DATA}, "version": version});
    session.call("sign", params).await
}

async fn valid(session: &Session<'_>, key: &Value, signed: &Value, version: u32) -> Result<bool> {
    let params = json!({
        "keyId": key, "data": {"bytes": DATA}, "signature": signed["signature"], "version": version,
    });
    Ok(session.call("verify", params).await?["valid"] == true)
}

async fn versions_states_and_deletion(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    for spec in ["ed25519", "ec-p256"] {
        let key = session.call("keys.create", json!({"spec": spec})).await?["keyId"].clone();
        let only = json!({"keyId": key});
        let old = sign(&session, &key, None).await?;
        let rotated = session.call("keys.rotate", only.clone()).await?;
        ensure!(rotated["keyId"] == key && rotated["version"] == 2, "{rotated}");
        let new = sign(&session, &key, None).await?;
        ensure!(old["version"] == 1 && new["version"] == 2, "{old} {new}");
        ensure!(valid(&session, &key, &old, 1).await?, "an old signature under its version");
        ensure!(!valid(&session, &key, &old, 2).await?, "not under another one");
        ensure!(valid(&session, &key, &new, 2).await?);
        outside(&session, &key, (&old, 1)).await?;
        outside(&session, &key, (&new, 2)).await?;
        session.call("keys.disable", only.clone()).await?;
        let data = json!({"keyId": key, "data": {"bytes": DATA}});
        ensure!(session.refusal("sign", data.clone()).await? == "invalid_key_state");
        session.call("keys.enable", only.clone()).await?;
        let waits =
            session.call("keys.schedule_deletion", json!({"keyId": key, "days": 7})).await?;
        ensure!(waits["state"] == "pending-deletion" && waits["deletionDate"].is_u64(), "{waits}");
        ensure!(session.refusal("sign", data).await? == "invalid_key_state");
        let kept = session.call("keys.cancel_deletion", only.clone()).await?;
        ensure!(kept["state"] == "disabled" && kept["deletionDate"].is_null(), "{kept}");
        session.call("keys.enable", only).await?;
        sign(&session, &key, Some(1)).await?;
    }
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

/// Verifies without the enclave, with the public half of a version.
async fn outside(
    session: &Session<'_>,
    key: &Value,
    (signed, version): (&Value, u32),
) -> Result<()> {
    let params = json!({"keyId": key, "version": version});
    let public = session.call("keys.public_key", params).await?;
    let signature = signed["signature"]["bytes"].as_str().context("no signature")?;
    verify_signature::with_jwk(&public["jwk"], b"some text", &from_base64(signature)?)
}

async fn policies_refuse_by_rule(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let policy = json!({"operations": ["sign"], "maxUses": 2});
    let key = session.call("keys.create", json!({"spec": "ed25519", "policy": policy})).await?;
    for _ in 0..2 {
        sign(&session, &key["keyId"], None).await?;
    }
    let data = json!({"keyId": key["keyId"], "data": {"bytes": DATA}});
    ensure!(session.refusal("sign", data).await? == "policy_denied");
    for asks in [json!({"confirmation": "always"}), json!({"exportable": true})] {
        let mut policy = asks.clone();
        policy["operations"] = json!(["sign"]);
        let made = json!({"spec": "ed25519", "policy": policy});
        ensure!(session.refusal("keys.create", made).await? == "invalid_params", "{asks}");
    }
    Ok(())
}

/// Keeps every key record, or puts back the ones that were kept.
const KEEP_OR_PUT_BACK: &str = "
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open('ats-kms'));
    // The page is left next: what is not committed by then never is.
    const committed = (store) => new Promise((resolve) => { store.transaction.oncomplete = resolve; });
    const keys = database.transaction('keys').objectStore('keys');
    const [names, values] = [await done(keys.getAllKeys()), await done(keys.getAll())];
    const opening = indexedDB.open('kept');
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
    const shelf = await done(opening);
    const kept = shelf.transaction('keys', 'readwrite').objectStore('keys');
    const [old, records] = [await done(kept.getAllKeys()), await done(kept.getAll())];
    for (const [at, name] of names.entries()) kept.put(values[at], name);
    await committed(kept);
    shelf.close();
    const back = database.transaction('keys', 'readwrite').objectStore('keys');
    for (const [at, name] of old.entries()) back.put(records[at], name);
    if (old.length > 0) await committed(back);
    database.close();
    return old.length;";

async fn an_old_record_is_unreadable(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let key = session.call("keys.create", json!({"spec": "ed25519"})).await?["keyId"].clone();
    page.enter_enclave().await?;
    let none = page.eval(KEEP_OR_PUT_BACK, &[]).await?;
    page.leave_frame().await?;
    session.call("keys.disable", json!({"keyId": key})).await?;
    session.lock().await?;
    page.enter_enclave().await?;
    let put_back = page.eval(KEEP_OR_PUT_BACK, &[]).await?;
    page.leave_frame().await?;
    ensure!(none == 0 && put_back == 1, "{none} {put_back}");
    session.begin("vault.unlock").await?;
    VaultUi(page).unlock(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    let data = json!({"keyId": key, "data": {"bytes": DATA}});
    ensure!(session.refusal("sign", data).await? == "unreadable");
    ensure!(session.refusal("keys.enable", json!({"keyId": key})).await? == "unreadable");
    let listed = session.call("keys.list", json!({})).await?;
    ensure!(listed == json!({"keys": [], "unreadable": 1}), "{listed}");
    Ok(())
}
