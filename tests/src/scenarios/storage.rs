//! What can happen to storage, done to it for real: full, killed, shared, evicted.

use anyhow::{Result, ensure};
use fantoccini::{Client, wd::WindowHandle};
use serde_json::{Value, json};

use crate::{
    command,
    engine::{Engine, Launch, SiteData},
    page::Page as _,
    scenario::{Skip, scenarios},
    session::{Session, attack},
    signer::Signer,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

const LITTLE_STORAGE: Launch = Launch { site_data: SiteData::Little, ..Launch::ORDINARY };

scenarios!("storage":
    killed_in_the_middle_of_writing,
    two_tabs_write,
    evicted_while_open,
    full with LITTLE_STORAGE,
    full_before_setup with LITTLE_STORAGE,
);

async fn unlock<'a>(page: &'a Client, stage: &Stage) -> Result<Session<'a>> {
    let session = Session::open(page, stage).await?;
    let found = session.status().await?;
    ensure!(found["state"] == "locked", "there is a vault: {found}");
    session.begin("vault.unlock").await?;
    let typed = VaultUi(page).unlock(PASSPHRASE).await;
    let end = session.end().await?;
    ensure!(end["state"] == "unlocked", "{end}");
    typed?;
    Ok(session)
}

/// Checks that the vault holds every key that was acknowledged, that each is readable, and that
/// the log is whole. There may be more: a write may be done before its answer arrives.
async fn holds(session: &Session<'_>, acknowledged: &Value) -> Result<()> {
    let acknowledged = acknowledged.as_array().cloned().unwrap_or_default();
    ensure!(!acknowledged.is_empty(), "keys were made before");
    let mut listed = Vec::new();
    let mut cursor = json!({});
    loop {
        let page = session.call("keys.list", cursor).await?;
        listed
            .extend(page["keys"].as_array().into_iter().flatten().map(|key| key["keyId"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = json!({"cursor": next});
    }
    for key in &acknowledged {
        ensure!(listed.contains(key), "{key} was acknowledged and is lost");
    }
    for key in &listed {
        let data = json!({"keyId": key, "data": {"bytes": "AAAA"}});
        session.call("sign", data).await?;
    }
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

async fn killed_in_the_middle_of_writing(world: &mut World) -> Result<()> {
    if !world.engine.keeps_profile() {
        anyhow::bail!(Skip("under WebDriver this engine keeps website data in memory only"));
    }
    let stage = world.stage()?;
    Session::unlocked(world.page()?, &stage).await?;
    for _ in 0..2 {
        attack(world.page()?, "churn", &json!({"op": "start"})).await?;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        let made = attack(world.page()?, "churn", &json!({"op": "made"})).await?;
        world.browser_mut()?.kill().await?;
        let session = unlock(world.page()?, &stage).await?;
        holds(&session, &made["keys"]).await?;
    }
    Ok(())
}

async fn two_tabs_write(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    Session::unlocked(page, &stage).await?;
    let first_tab = page.window().await?;
    page.open_window().await?;
    let second = unlock(page, &stage).await?;
    let second_tab = page.window().await?;
    let tabs = [first_tab.clone(), second_tab.clone()];
    write_in_both(page, &tabs, 25).await?;
    // The lock only saves work: where nobody gets it any more, nothing is lost all the same.
    page.eval_inside(KEEP_THE_LOCK, &[]).await?;
    let made = write_in_both(page, &tabs, 5).await?;
    ensure!(made.len() == 60, "{} keys", made.len());
    let made = Value::Array(made);
    holds(&second, &made).await?;
    page.close_window().await?;
    page.switch_to_window(first_tab).await?;
    let session = unlock(page, &stage).await?;
    holds(&session, &made).await
}

/// Inside the frame: takes the lock that the tabs share, for as long as the frame lives.
const KEEP_THE_LOCK: &str = "
    await new Promise((held) => {
        navigator.locks.request('ats-kms', () => {
            held();
            return new Promise(() => {});
        });
    });";

/// Makes keys in two tabs at once; every key that was ever acknowledged in either.
async fn write_in_both(page: &Client, tabs: &[WindowHandle], count: u32) -> Result<Vec<Value>> {
    for tab in tabs {
        page.switch_to_window(tab.clone()).await?;
        attack(page, "churn", &json!({"op": "start", "count": count})).await?;
    }
    let mut made = Vec::new();
    for tab in tabs {
        page.switch_to_window(tab.clone()).await?;
        let found = attack(page, "churn", &json!({"op": "end"})).await?;
        ensure!(found["errors"] == json!([]), "{found}");
        made.extend(found["keys"].as_array().into_iter().flatten().cloned());
    }
    Ok(made)
}

async fn evicted_while_open(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    evict(world.engine, page, &stage).await?;
    // An open vault whose header is gone trusts nothing of the storage before the next start.
    let made = session.refusal("keys.create", json!({"spec": "ed25519"})).await?;
    let used = signer.refusal(&session).await?;
    let told = session.refusal("vault.status", json!({})).await?;
    let corrupt = "vault_corrupt";
    ensure!([made, used, told].iter().all(|code| code == corrupt), "not told of the loss");
    ensure!(session.lock_reasons().await? == json!(["fault"]));
    // What is gone is gone, and a new start is possible.
    let session = Session::open(page, &stage).await?;
    ensure!(session.status().await?["state"] == "uninitialized", "half a vault is left");
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}

/// Has the browser throw away what the enclave stored under this embedder.
async fn evict(engine: Engine, page: &Client, stage: &Stage) -> Result<()> {
    match engine {
        Engine::Chromium => {
            let site = stage.pwa.rsplit_once(':').map_or("", |(site, _)| site);
            let key = format!("{}/^0{site}", stage.kms);
            let params = json!({"storageKey": key, "storageTypes": "indexeddb"});
            command::devtools(page, "Storage.clearDataForStorageKey", params).await?;
        }
        Engine::Firefox => {
            let cleared = command::as_firefox(page, CLEAR_STORAGE, json!([stage.kms])).await?;
            ensure!(cleared.as_u64() >= Some(1), "{cleared}");
        }
        // It stores in a process of its own, whose end takes the automation with it.
        Engine::Webkitgtk => anyhow::bail!(Skip("no known way to evict in this engine")),
    }
    Ok(())
}

/// With the rights of Firefox: clears every partition of an origin, and counts them.
const CLEAR_STORAGE: &str = "
    const [origin, done] = arguments;
    const listing = Services.qms.listOrigins();
    listing.callback = () => {
        const known = listing.result.map((entry) => String(entry.origin ?? entry));
        const ours = known.filter((name) => name.startsWith(origin));
        let waiting = ours.length;
        if (waiting === 0) done(0);
        for (const name of ours) {
            const principal = Services.scriptSecurityManager.createContentPrincipalFromOrigin(name);
            Services.qms.clearStoragesForPrincipal(principal).callback = () => {
                waiting -= 1;
                if (waiting === 0) done(ours.length);
            };
        }
    };";

/// Inside the frame: fills the enclave's quota from a database beside its own.
const FILL: &str = "
    const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open('filler');
        request.onupgradeneeded = () => request.result.createObjectStore('bytes', { autoIncrement: true });
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const put = (size) => new Promise((resolve) => {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; at += 65536) {
            crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65536, size)));
        }
        try {
            const transaction = database.transaction('bytes', 'readwrite');
            transaction.oncomplete = () => resolve(true);
            transaction.onabort = () => resolve(false);
            transaction.objectStore('bytes').add(bytes);
        } catch {
            resolve(null);
        }
    });
    let stored = 0;
    for (const size of [4 << 20, 1 << 20, 1 << 17, 1 << 14, 1 << 11, 1 << 9]) {
        // One refusal may be of the transaction after a failed one, and what is small may find
        // a place for a while: it takes several in a row.
        for (let refused = 0; refused < 8 && stored < 200 << 20; ) {
            if (await put(size)) {
                stored += size;
                refused = 0;
            } else refused += 1;
        }
    }
    database.close();
    return stored;";

/// Inside the frame: gives the room back.
const EMPTY: &str = "
    await new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase('filler');
        request.onsuccess = resolve;
        request.onerror = () => reject(request.error);
    });";

async fn fill(world: &World) -> Result<()> {
    let stored = world.page()?.eval_inside(FILL, &[]).await?;
    ensure!(stored.as_u64() < Some(200 << 20), "no end of room: {stored}");
    Ok(())
}

fn needs_quota(engine: Engine) -> Result<()> {
    ensure!(engine != Engine::Webkitgtk, Skip("no known way to fill the quota in this engine"));
    Ok(())
}

async fn full(world: &mut World) -> Result<()> {
    needs_quota(world.engine)?;
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    fill(world).await?;
    let mut made = vec![signer.key_id.clone()];
    let code = loop {
        ensure!(made.len() < 2000, "there was room for 2000 keys");
        let call = json!({"op": "call", "method": "keys.create", "params": {"spec": "ed25519"}});
        let reply = attack(page, "session", &call).await?;
        match reply["error"]["code"].as_str() {
            Some(code) => break code.to_owned(),
            None => made.push(reply["result"]["keyId"].clone()),
        }
    };
    ensure!(code == "storage_quota", "{code}");
    ensure!(session.status().await?["state"] == "unlocked", "the vault stays open");
    page.eval_inside(EMPTY, &[]).await?;
    let after = created_again(&session).await?;
    after.still_signs(&session).await?;
    let session = unlock(page, &stage).await?;
    signer.still_signs(&session).await?;
    after.still_signs(&session).await?;
    holds(&session, &json!(made)).await
}

/// Firefox refuses one more transaction after one that was out of room.
async fn created_again(session: &Session<'_>) -> Result<Signer> {
    let mut made = Signer::create(session, "ec-p256").await;
    for _ in 0..2 {
        if made.is_err() {
            made = Signer::create(session, "ec-p256").await;
        }
    }
    made
}

/// No half-made vault.
async fn full_before_setup(world: &mut World) -> Result<()> {
    needs_quota(world.engine)?;
    let small = "what is as small as a new vault finds room in this engine";
    ensure!(world.engine != Engine::Firefox, Skip(small));
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    fill(world).await?;
    session.begin("vault.setup").await?;
    let ui = VaultUi(page);
    ui.set_up(PASSPHRASE).await?;
    let code = session.end_refused().await?;
    ensure!(code == "storage_quota", "{code}");
    ensure!(session.status().await?["state"] == "uninitialized");
    page.eval_inside(EMPTY, &[]).await?;
    let session = Session::open(page, &stage).await?;
    ensure!(session.status().await?["state"] == "uninitialized", "nothing is left of it");
    session.begin("vault.setup").await?;
    ui.set_up(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}
