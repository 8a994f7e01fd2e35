//! Backups: saved in one profile, restored in another; whatever is wrong with a file is told.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::{
    probe::{helpers_alive, holds_nothing},
    scenario::scenarios,
    scenarios::intrusion::inject,
    session::Session,
    signer::Signer,
    stage::{Stage, serve_changed},
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("backups":
    restored_elsewhere_by_passphrase,
    restored_elsewhere_by_phrase,
    drill,
    wrong_files,
    an_older_backup_is_shown_as_such,
    changed_tools_make_no_backup,
    reset,
);

const OF_THE_FILE: &str = "the passphrase of the file";
const FRESH: Way<'_> = Way::Passphrase(PASSPHRASE);

/// Makes a backup that a passphrase of its own opens.
async fn back_up(world: &World, session: &Session<'_>) -> Result<PathBuf> {
    session.begin("vault.backup").await?;
    let browser = world.browser()?;
    let file = VaultUi(&browser.client).back_up(browser, FRESH, Some(OF_THE_FILE)).await?;
    let status = session.end().await?;
    ensure!(status["backup"]["lastBackup"].is_number(), "{status}");
    Ok(file)
}

/// The tools are loaded when they are needed: what is changed in them is found then.
async fn changed_tools_make_no_backup(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let release = Arc::clone(&stage.release);
    let tools = release.emitted.files.keys().find(|path| path.ends_with("/tools.js"));
    let tools = tools.context("the release has tools")?;
    let (kms, _server) = serve_changed(&release.emitted, |site| {
        if let Some(asset) = site.files.get_mut(tools) {
            let middle = asset.bytes.len() / 2;
            asset.bytes[middle] ^= 1;
        }
    })?;
    let stage = Stage { kms, ..stage };
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    session.begin("vault.backup").await?;
    VaultUi(page).ask_for_backup(FRESH, Some(OF_THE_FILE)).await?;
    let refused = session.end_refused().await?;
    ensure!(refused == "internal", "the engine tells the frame no more than that: {refused}");
    let status = session.status().await?;
    ensure!(status["backup"]["lastBackup"].is_null(), "no backup was made: {status}");
    Ok(())
}

async fn restored_elsewhere_by_passphrase(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signers =
        [Signer::create(&session, "ed25519").await?, Signer::create(&session, "ec-p256").await?];
    let file = back_up(world, &session).await?;
    let head = fs::read(&file)?;
    ensure!(head.starts_with(b"age-encryption.org/v1\n"), "it is an age file");

    let other = world.another_browser().await?;
    let there = Session::open(&other.client, &stage).await?;
    let ui = VaultUi(&other.client);
    there.begin("vault.setup").await?;
    ui.press_on("setup", "#restore").await?;
    ui.restore(&file, Way::Passphrase(OF_THE_FILE)).await?;
    ensure!(there.end().await?["state"] == "unlocked");
    for signer in &signers {
        signer.still_signs(&there).await?;
    }
    let keys = there.call("keys.list", json!({})).await?;
    ensure!(keys["keys"].as_array().is_some_and(|keys| keys.len() == 2), "{keys}");
    ensure!(there.call("audit.verify", json!({})).await?.is_object(), "the log came along");
    // What opened the file opens this vault; what opened the old vault does not.
    let there = Session::open(&other.client, &stage).await?;
    there.begin("vault.unlock").await?;
    ui.unlock(PASSPHRASE).await?;
    ui.complains("does not open this vault").await?;
    ui.unlock(OF_THE_FILE).await?;
    ensure!(there.end().await?["state"] == "unlocked");
    for signer in &signers {
        signer.still_signs(&there).await?;
    }
    ensure!(there.refusal("vault.restore", json!({})).await? == "already_initialized");
    other.quit().await?;
    signers[0].still_signs(&session).await
}

async fn restored_elsewhere_by_phrase(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    let words = VaultUi(page).set_up_phrase().await?;
    session.end().await?;
    let signer = Signer::create(&session, "ed25519").await?;
    session.begin("vault.backup").await?;
    let file = VaultUi(page).back_up(world.browser()?, Way::Phrase(&words), None).await?;
    session.end().await?;

    let other = world.another_browser().await?;
    let there = Session::open(&other.client, &stage).await?;
    let ui = VaultUi(&other.client);
    there.begin("vault.restore").await?;
    ui.offer_backup(&file, Way::Passphrase(OF_THE_FILE)).await?;
    ui.complains("does not open this backup").await?;
    ui.restore(&file, Way::Phrase(&words)).await?;
    ensure!(there.end().await?["state"] == "unlocked");
    signer.still_signs(&there).await?;
    there.lock().await?;
    there.begin("vault.unlock").await?;
    ui.open(Way::Phrase(&words)).await?;
    ensure!(there.end().await?["state"] == "unlocked");
    other.quit().await
}

async fn drill(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let file = back_up(world, &session).await?;
    let ui = VaultUi(page);
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#drill").await?;
    ui.open(FRESH).await?;
    ui.offer_backup(&file, Way::Passphrase("not the passphrase of it")).await?;
    ui.complains("does not open this backup").await?;
    ensure!(session.status().await?["backup"]["lastDrill"].is_null(), "a failure is no drill");
    ui.offer_backup(&file, Way::Passphrase(OF_THE_FILE)).await?;
    ui.shows("manage").await?;
    ui.press_on("manage", "#cancel").await?;
    let status = session.end().await?;
    ensure!(status["backup"]["lastDrill"].is_number(), "{status}");
    signer.still_signs(&session).await?;

    // The backup of another vault proves nothing for this one.
    let stage = world.stage()?;
    let session = Session::unlocked(page, &stage).await?;
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#drill").await?;
    ui.open(FRESH).await?;
    ui.offer_backup(&file, Way::Passphrase(OF_THE_FILE)).await?;
    ui.complains("a backup of another vault").await?;
    ui.cancel().await?;
    session.ended().await?;
    ensure!(session.status().await?["backup"] == json!({}));
    Ok(())
}

/// A file beside the good one, with something done to its bytes.
fn altered(good: &Path, name: &str, alter: impl FnOnce(&mut Vec<u8>)) -> Result<PathBuf> {
    let mut bytes = fs::read(good)?;
    alter(&mut bytes);
    let path = good.with_file_name(name);
    fs::write(&path, bytes)?;
    Ok(path)
}

async fn wrong_files(world: &mut World) -> Result<()> {
    let (stage, fresh) = (world.stage()?, world.stage()?);
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let file = back_up(world, &session).await?;
    let foreign = altered(&file, "foreign.age", |bytes| *bytes = b"not a backup".repeat(9))?;
    let truncated = altered(&file, "truncated.age", |bytes| bytes.truncate(bytes.len() - 40))?;
    let flipped = altered(&file, "flipped.age", |bytes| {
        let middle = bytes.len() - bytes.len() / 4;
        bytes[middle] ^= 1;
    })?;

    let session = Session::open(page, &fresh).await?;
    let ui = VaultUi(page);
    session.begin("vault.restore").await?;
    let right = Way::Passphrase(OF_THE_FILE);
    for (path, way, problem) in [
        (&foreign, right, "not a backup of an ATS KMS vault"),
        (&truncated, right, "The end of this backup is missing"),
        (&flipped, right, "damaged or was altered"),
        (&file, FRESH, "does not open this backup"),
        (&file, Way::Phrase(&["abandon"; 24].join(" ")), "not the 24 words"),
        (&file, Way::Phrase(SOME_PHRASE), "does not open this backup"),
    ] {
        ui.offer_backup(path, way).await?;
        // A file may be read to its end only after the person has agreed.
        if !ui.complains_before("confirm_restore").await? {
            ui.press_on("confirm_restore", "#submit").await?;
        }
        ui.complains(problem).await?;
        let status = session.status().await?;
        ensure!(status["state"] == "uninitialized", "{problem}: {status}");
    }
    ui.restore(&file, right).await?;
    ensure!(session.end().await?["state"] == "unlocked", "the good one is restored");
    // Its keys belong to the site that they were made by.
    ensure!(signer.refusal(&session).await? == "not_found");
    Ok(())
}

/// 24 words with a right checksum (BIP-39, the vector of all zeros).
const SOME_PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon art";

async fn an_older_backup_is_shown_as_such(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let old = back_up(world, &session).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let new = back_up(world, &session).await?;
    reset_vault(&ui, &session).await?;
    session.begin("vault.restore").await?;
    ui.offer_backup(&old, Way::Passphrase(OF_THE_FILE)).await?;
    let warning = ui.text_of("confirm_restore", "#newer").await?;
    ensure!(warning.contains("a later backup"), "{warning}");
    inject(page, &stage, "confirm_restore").await?;
    ensure!(helpers_alive(page).await? == 1, "the tools wait, for what is left of the file");
    ui.cancel().await?;
    session.ended().await?;
    ensure!(helpers_alive(page).await? == 0, "tools or a key derivation go on");
    holds_nothing(page, &[OF_THE_FILE, PASSPHRASE].map(str::to_owned)).await?;
    ensure!(session.status().await?["state"] == "uninitialized", "a look changes nothing");
    session.begin("vault.restore").await?;
    ui.offer_backup(&new, Way::Passphrase(OF_THE_FILE)).await?;
    ensure!(
        ui.text_of("confirm_restore", "#newer").await.is_err(),
        "the last one is as it should be"
    );
    ui.press_on("confirm_restore", "#submit").await?;
    ensure!(session.end().await?["state"] == "unlocked");
    signer.still_signs(&session).await
}

async fn reset_vault(ui: &VaultUi<'_>, session: &Session<'_>) -> Result<()> {
    session.begin("vault.reset").await?;
    ui.reset(FRESH).await?;
    let status = session.end().await?;
    ensure!(status["state"] == "uninitialized" && status["enrolments"] == json!([]), "{status}");
    Ok(())
}

async fn reset(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ed25519").await?;
    session.begin("vault.reset").await?;
    ui.open(FRESH).await?;
    ui.press_on("reset", "#submit").await?;
    ui.complains("Type the word DELETE").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    signer.still_signs(&session).await?;
    // A locked vault can be deleted too, by whoever can open it.
    session.lock().await?;
    reset_vault(&ui, &session).await?;
    let session = Session::open(page, &stage).await?;
    ensure!(session.status().await?["state"] == "uninitialized", "nothing is left");
    session.begin("vault.setup").await?;
    ui.set_up("the passphrase of the next vault").await?;
    ensure!(session.end().await?["state"] == "unlocked");
    ensure!(signer.refusal(&session).await? == "not_found", "the next vault is another one");
    Ok(())
}
