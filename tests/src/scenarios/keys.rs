//! The life of keys: versions, states, deletion, and a record that was put back.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{
    page::Page as _,
    scenario::scenarios,
    session::{Session, from_base64},
    signer::Signer,
    verify_signature,
    world::World,
};

scenarios!("keys":
    versions_states_and_deletion,
    policies_refuse_by_rule,
    an_old_record_is_unreadable,
    exchanged_records_are_unreadable,
);

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
    ensure!(session.denied_by("sign", data).await? == "max_uses");
    let checks = json!({"spec": "ed25519", "policy": {"operations": ["verify"]}});
    let key = session.call("keys.create", checks).await?["keyId"].clone();
    let data = json!({"keyId": key, "data": {"bytes": DATA}});
    ensure!(session.denied_by("sign", data).await? == "operation");
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
    session.unlock().await?;
    let data = json!({"keyId": key, "data": {"bytes": DATA}});
    ensure!(session.refusal("sign", data).await? == "unreadable");
    ensure!(session.refusal("keys.enable", json!({"keyId": key})).await? == "unreadable");
    let listed = session.call("keys.list", json!({})).await?;
    ensure!(listed == json!({"keys": [], "unreadable": 1}), "{listed}");
    Ok(())
}

/// Inside the frame: puts the records of two keys each under the other's name.
const EXCHANGE: &str = "
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open('ats-kms'));
    const transaction = database.transaction('keys', 'readwrite');
    const keys = transaction.objectStore('keys');
    // The page is left next: what is not committed by then never is.
    const committed = new Promise((resolve) => { transaction.oncomplete = resolve; });
    const [one, two] = [await done(keys.get($0)), await done(keys.get($1))];
    await done(keys.put(two, $0));
    await done(keys.put(one, $1));
    await committed;
    database.close();
    return one.length > 0 && two.length > 0;";

/// A record opens in its own place only: else a site could have another key used than the one it names.
async fn exchanged_records_are_unreadable(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    // Of one site, one kind, one policy and one generation: nothing but their names tells them apart.
    let mut signers = Vec::new();
    for _ in 0..3 {
        signers.push(Signer::create(&session, "ed25519").await?);
    }
    let names = [signers[0].key_id.clone(), signers[1].key_id.clone()];
    let exchanged = async || -> Result<()> {
        session.lock().await?;
        ensure!(page.eval_inside(EXCHANGE, &names).await? == true, "there are two records");
        session.unlock().await
    };
    exchanged().await?;
    for name in &names {
        let data = json!({"keyId": name, "data": {"bytes": DATA}});
        ensure!(session.refusal("sign", data).await? == "unreadable", "it signs");
        let asked = json!({"keyId": name});
        for method in ["keys.public_key", "keys.describe", "keys.rotate", "keys.disable"] {
            let refused = session.refusal(method, asked.clone()).await?;
            ensure!(refused == "unreadable", "{method}: {refused}");
        }
    }
    let listed = session.call("keys.list", json!({})).await?;
    ensure!(listed["unreadable"] == 2, "{listed}");
    let [left] = listed["keys"].as_array().map_or(&[][..], Vec::as_slice) else {
        bail!("one key is left: {listed}")
    };
    ensure!(left["keyId"] == signers[2].key_id, "{listed}");
    signers[2].still_signs(&session).await?;
    // Nothing was written over.
    exchanged().await?;
    for signer in &signers {
        signer.still_signs(&session).await?;
    }
    Ok(())
}
