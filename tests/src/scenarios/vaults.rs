//! Vaults beside each other: of two sites, in two profiles, in two tabs.

use anyhow::{Result, ensure};
use fantoccini::Client;
use serde_json::json;

use crate::{
    authenticator::Authenticator,
    page::{Page as _, SOON, eventually},
    scenario::scenarios,
    scenarios::lacks::{asked_once, persists},
    session::Session,
    signer::Signer,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("vaults":
    two_sites_share_nothing,
    two_profiles_share_nothing,
    tabs_lock_together,
    health_is_told,
    the_browser_is_asked_to_keep_each,
    nothing_opens_without_the_device_key,
);

const OTHER: &str = "the passphrase of somebody else";

async fn two_sites_share_nothing(world: &mut World) -> Result<()> {
    let (one, two) = (world.stage()?, world.stage()?);
    let page = world.page()?;
    let session = Session::unlocked(page, &one).await?;
    let mine = Signer::create(&session, "ed25519").await?;
    let enrolments = session.status().await?["enrolments"].clone();

    let session = Session::open(page, &two).await?;
    let status = session.status().await?;
    ensure!(status["state"] == "uninitialized", "another site starts from nothing: {status}");
    set_up(page, &session, OTHER).await?;
    ensure!(mine.refusal(&session).await? == "not_found", "its vault knows no key of the other");
    ensure!(session.call("keys.list", json!({})).await?["keys"] == json!([]));
    ensure!(session.status().await?["enrolments"] != enrolments);
    let theirs = Signer::create(&session, "ed25519").await?;
    session.lock().await?;
    unlocks_with(page, &session, PASSPHRASE, OTHER).await?;

    // The first vault is as it was.
    let session = Session::open(page, &one).await?;
    unlocks_with(page, &session, OTHER, PASSPHRASE).await?;
    mine.still_signs(&session).await?;
    ensure!(theirs.refusal(&session).await? == "not_found");
    Ok(())
}

async fn two_profiles_share_nothing(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let mine = Signer::create(&session, "ec-p256").await?;
    let other = world.another_browser().await?;
    let elsewhere = Session::open(&other.client, &stage).await?;
    let status = elsewhere.status().await?;
    ensure!(status["state"] == "uninitialized", "another profile starts from nothing: {status}");
    set_up(&other.client, &elsewhere, PASSPHRASE).await?;
    ensure!(mine.refusal(&elsewhere).await? == "not_found", "the passphrase is no link");
    other.quit().await?;
    mine.still_signs(&session).await
}

async fn set_up(page: &Client, session: &Session<'_>, passphrase: &str) -> Result<()> {
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(passphrase).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}

/// Checks that one passphrase does not open the vault, and that the other does.
async fn unlocks_with(
    page: &Client,
    session: &Session<'_>,
    wrong: &str,
    right: &str,
) -> Result<()> {
    session.begin("vault.unlock").await?;
    VaultUi(page).unlock(wrong).await?;
    VaultUi(page).complains("does not open this vault").await?;
    VaultUi(page).unlock(right).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}

/// Locking in one tab locks all of them, and none of them keeps a key in use.
async fn tabs_lock_together(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let first = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&first, "ed25519").await?;
    let first_tab = page.window().await?;
    page.open_window().await?;
    let second = unlocked_beside(page, &stage).await?;
    signer.still_signs(&second).await?;
    second.lock().await?;
    page.switch_to_window(first_tab.clone()).await?;
    locks(&first).await?;
    ensure!(signer.refusal(&first).await? == "locked");
    let reason = first.lock_reasons().await?;
    ensure!(reason == json!(["other_tab"]), "{reason}");

    // And the other way round, by unlocking again in the tab that was locked by the other.
    first.begin("vault.unlock").await?;
    VaultUi(page).unlock(PASSPHRASE).await?;
    first.end().await?;
    signer.still_signs(&first).await?;
    first.lock().await?;
    page.close_other_windows().await
}

async fn unlocked_beside<'a>(page: &'a Client, stage: &Stage) -> Result<Session<'a>> {
    let session = Session::open(page, stage).await?;
    ensure!(session.status().await?["state"] == "locked", "each tab is unlocked by itself");
    session.unlock().await?;
    Ok(session)
}

async fn locks(session: &Session<'_>) -> Result<()> {
    eventually(SOON, async || Ok(session.status().await?["state"] == "locked")).await
}

async fn health_is_told(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let status = session.status().await?;
    let storage = &status["storage"];
    if world.engine.tells_storage() {
        ensure!(storage["persisted"] == false, "no engine promises a frame anything: {status}");
        ensure!(storage["quota"].as_f64() > storage["usage"].as_f64(), "{status}");
    } else {
        ensure!(storage["persisted"].is_null() && storage["quota"].is_null(), "{status}");
    }
    ensure!(storage["partitioned"] == true, "every engine keeps it apart, and says so: {status}");
    ensure!(status["backup"] == json!({}), "no backup was ever made: {status}");
    let enrolment = status["enrolments"][0].as_object().cloned().unwrap_or_default();
    let known = ["id", "kind", "label", "created", "lastUsed"];
    ensure!(enrolment.keys().all(|key| known.contains(&key.as_str())), "nothing else: {status}");
    Ok(())
}

/// Takes the device key out of the enclave's storage, as losing it would, or puts another one in
/// its place.
const DROP_DEVICE_KEY: &str = "
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const hmac = { name: 'HMAC', hash: 'SHA-256' };
    const other = $0 ? await crypto.subtle.generateKey(hmac, false, ['sign']) : null;
    const database = await done(indexedDB.open('ats-kms'));
    let dropped = 0;
    for (const name of database.objectStoreNames) {
        const store = database.transaction(name, 'readwrite').objectStore(name);
        // The page is left next: what is not committed by then never is.
        const committed = new Promise((resolve) => { store.transaction.oncomplete = resolve; });
        for (const key of await done(store.getAllKeys())) {
            const held = await done(store.get(key));
            const values = held instanceof CryptoKey ? [held] : Object.values(held ?? {});
            if (!values.some((value) => value instanceof CryptoKey)) continue;
            await done(other === null ? store.delete(key) : store.put(other, key));
            dropped += 1;
        }
        await committed;
    }
    database.close();
    return dropped;";

async fn nothing_opens_without_the_device_key(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.manage").await?;
    let words = ui.add_phrase(Way::Passphrase(PASSPHRASE)).await?;
    ui.press_on("manage", "#cancel").await?;
    session.end().await?;
    let ways = [Way::Passphrase(PASSPHRASE), Way::Phrase(&words)];
    // The key of another browser is as good as none.
    let replaced = page.eval_inside(DROP_DEVICE_KEY, &[json!(true)]).await?;
    ensure!(replaced == 1, "there is one device key: {replaced}");
    let session = Session::open(page, &stage).await?;
    session.begin("vault.unlock").await?;
    for way in ways {
        ui.open(way).await?;
        ui.complains("does not open this vault").await?;
    }
    let dropped = page.eval_inside(DROP_DEVICE_KEY, &[json!(false)]).await?;
    ensure!(dropped == 1, "there is one device key: {dropped}");
    for way in ways {
        let session = Session::open(page, &stage).await?;
        session.begin("vault.unlock").await?;
        ui.open(way).await?;
        ensure!(session.end_refused().await? == "device_key_lost");
        ensure!(session.status().await?["state"] == "locked");
    }
    Ok(())
}

/// Whatever opens a new vault, and where it came from: the browser is asked once to keep it.
async fn the_browser_is_asked_to_keep_each(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let ui = VaultUi(page);
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    let words = ui.set_up_phrase().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    ensure!(persists(page).await? == asked_once(world.engine), "for a phrase");
    session.begin("vault.backup").await?;
    let file = ui.back_up(world.browser()?, Way::Phrase(&words), None).await?;
    session.end().await?;
    ensure!(persists(page).await? == asked_once(world.engine), "for nothing else");

    let stage = world.probe_stage()?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.restore").await?;
    ui.restore(&file, Way::Phrase(&words)).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    ensure!(persists(page).await? == asked_once(world.engine), "for a restored one");
    if !world.engine.has_passkeys() {
        return Ok(());
    }

    let stage = world.probe_stage()?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    ui.set_up_passkey().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    ensure!(persists(page).await? == asked_once(world.engine), "for a passkey");
    authenticator.unplug().await
}
