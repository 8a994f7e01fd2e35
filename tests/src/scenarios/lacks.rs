//! Browsers that lack something or refuse it: a typed answer in time, and never half a vault.

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    engine::{Engine, Launch, SiteData},
    page::Page as _,
    probe::helpers_alive,
    scenario::{Skip, scenarios},
    scenarios::faults::fails_with,
    session::{Session, attack},
    signer::Signer,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

const BLOCKED: Launch = Launch { site_data: SiteData::Blocked, ..Launch::ORDINARY };
const PRIVATE: Launch = Launch { site_data: SiteData::Private, ..Launch::ORDINARY };

scenarios!("lacks":
    told_before_anything_is_asked [light],
    a_device_key_that_cannot_be_stored,
    little_memory,
    a_helper_that_never_runs [light],
    a_helper_that_fails_to_start,
    storage_is_blocked with BLOCKED,
    private_window with PRIVATE,
);

/// What is lacking, and what a client is told of it.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("frame:no-indexeddb", "unsupported_environment", "indexeddb"),
    ("worker:no-indexeddb", "unsupported_environment", "indexeddb"),
    ("frame:no-locks", "unsupported_environment", "locks"),
    ("worker:no-locks", "unsupported_environment", "locks"),
    ("worker:no-clone", "unsupported_environment", ""),
    ("worker:open-throws", "storage_unavailable", ""),
];

/// The enclave waits for as long as a start may take, in vain.
const STUCK: (&str, &str) = ("worker:open-hangs", "enclave_crashed");

async fn told_before_anything_is_asked(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let names: Vec<_> = REFUSALS.iter().map(|(name, ..)| name).collect();
    let argument = json!({"kms": stage.kms, "names": names, "slow": STUCK.0});
    let found = attack(page, "lacking", &argument).await?;
    for (name, code, detail) in REFUSALS {
        fails_with(&found[name], code).context(*name)?;
        let told = found[name]["detail"].as_str().unwrap_or_default();
        ensure!(told == *detail, "{name}: {found}");
    }
    fails_with(&found[STUCK.0], STUCK.1).context(STUCK.0)
}

/// The browser finds out only when the vault is made; it is asked to keep it in that very press.
async fn a_device_key_that_cannot_be_stored(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    for what in ["worker:put-throws", "worker:gives-no-handle"] {
        let session = Session::open_lacking(page, &stage, what).await?;
        ensure!(persists(page).await? == json!([]), "nothing is asked before there is a reason");
        session.begin("vault.setup").await?;
        VaultUi(page).set_up(PASSPHRASE).await?;
        let code = session.end_refused().await?;
        ensure!(code == "unsupported_environment", "{what}: {code}");
        ensure!(session.status().await?["state"] == "uninitialized", "{what}");
        ensure!(
            persists(page).await? == asked_once(world.engine),
            "asked once, as the person presses"
        );
    }
    let session = Session::open(page, &stage).await?;
    ensure!(session.status().await?["state"] == "uninitialized", "half a vault is left");
    Ok(())
}

/// For each time the browser was asked to keep the storage: whether the person had just pressed.
pub(super) async fn persists(page: &Client) -> Result<Value> {
    let asked = page.eval_inside("return JSON.stringify(window.probePersists);", &[]).await?;
    Ok(serde_json::from_str(asked.as_str().unwrap_or_default())?)
}

/// Argon2id of 19 MiB, two passes, one lane, and of 64 MiB and three, as the header says it (CBOR).
const LITTLE: &str = "83194c000201";
const DEFAULT: &str = "831a000100000301";

/// Where the browser gives no 64 MiB, 19 are enough, until it does.
async fn little_memory(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::open_lacking(page, &stage, "worker:memory").await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    session.lock().await?;
    session.unlock().await.context("with as little")?;
    let stored = stored(page).await?;
    ensure!(stored.contains(LITTLE) && !stored.contains(DEFAULT), "not by 19 MiB: {stored}");
    let session = Session::open(page, &stage).await?;
    session.unlock().await.context("with more")?;
    let stored = self::stored(page).await?;
    ensure!(stored.contains(DEFAULT) && !stored.contains(LITTLE), "not by 64 MiB: {stored}");
    Ok(())
}

async fn a_helper_that_never_runs(world: &mut World) -> Result<()> {
    another_helper_does_it(world, "frame:first-kdf").await?;
    no_helper_ever_runs(world, "frame:every-kdf").await
}

async fn a_helper_that_fails_to_start(world: &mut World) -> Result<()> {
    another_helper_does_it(world, "frame:first-kdf-fails").await?;
    no_helper_ever_runs(world, "frame:every-kdf-fails").await
}

/// A derivation whose worker does not start is done by another one, and the first is ended.
async fn another_helper_does_it(world: &World, lack: &str) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::open_lacking(page, &stage, lack).await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    ensure!(helpers_alive(page).await? == 0, "the silent one is still there");
    session.lock().await?;
    session.unlock().await
}

/// Where none ever starts, nobody is left to wait.
async fn no_helper_ever_runs(world: &World, lack: &str) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let (session, ui) = (Session::open_lacking(page, &stage, lack).await?, VaultUi(page));
    session.begin("vault.setup").await?;
    ui.set_up(PASSPHRASE).await?;
    ensure!(session.end_refused().await? == "internal");
    ensure!(helpers_alive(page).await? == 0, "silent ones are still there");
    ensure!(session.status().await?["state"] == "uninitialized");
    Ok(())
}

/// A browser that can be asked, was, when the person had just pressed.
pub(super) fn asked_once(engine: Engine) -> Value {
    if engine.tells_storage() { json!([true]) } else { json!([]) }
}

/// All that is stored, in hexadecimal.
async fn stored(page: &Client) -> Result<String> {
    let stored = page.eval_inside("return window.probeStored();", &[]).await?;
    Ok(stored.as_str().unwrap_or_default().to_owned())
}

async fn storage_is_blocked(world: &mut World) -> Result<()> {
    let played = "no switch for it; told_before_anything_is_asked plays it";
    ensure!(world.engine != Engine::Webkitgtk, Skip(played));
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "connect", &json!({"urls": [null]})).await?;
    fails_with(&found[0], "storage_unavailable")
}

/// A vault like any other, for as long as the window is open.
async fn private_window(world: &mut World) -> Result<()> {
    let always = "every window of this engine is private while it is automated";
    ensure!(world.engine != Engine::Webkitgtk, Skip(always));
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let session = Session::open(page, &stage).await?;
    session.unlock().await?;
    signer.still_signs(&session).await
}
