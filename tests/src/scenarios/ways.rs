//! Each way to open a vault: set up, use a key, lock, reload, unlock.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fantoccini::Client;
use serde_json::json;

use crate::{
    authenticator::Authenticator,
    engine::Engine,
    page::{Page as _, SOON, eventually},
    scenario::{Skip, scenarios},
    session::Session,
    signer::Signer,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

/// By then there is a wait of eight seconds.
const LONG: Duration = Duration::from_mins(1);

scenarios!("ways":
    passphrase,
    recovery_phrase,
    recovery_phrase_is_proved_first,
    passkey,
    passkey_made_in_its_own_tab,
    passkeys_the_page_forbids,
    passkey_without_prf,
    passkey_of_nobody_present,
    back_off_survives_a_reload [light],
    every_prompt_says_who_asks,
);

async fn passphrase(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    live_with(page, &stage, &session, Way::Passphrase(PASSPHRASE), "passphrase").await
}

async fn recovery_phrase(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    let words = VaultUi(page).set_up_phrase().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    ensure!(words.split(' ').count() == 24, "24 words");
    live_with(page, &stage, &session, Way::Phrase(&words), "recovery-phrase").await?;
    // As a person may type it, and word by word.
    session.lock().await?;
    session.begin("vault.unlock").await?;
    // Without a line break: typed, that is Enter, and the screen may be gone before the press.
    let untidy = format!("  {}  ", words.to_uppercase().replace(' ', "   "));
    VaultUi(page).open(Way::Phrase(&untidy)).await?;
    ensure!(session.end().await?["state"] == "unlocked", "case and spaces do not matter");
    session.lock().await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).open_word_by_word(&words).await?;
    ensure!(session.end().await?["state"] == "unlocked", "word by word");
    Ok(())
}

/// Nothing is stored before the words were proved, and the screens can be gone through again.
async fn recovery_phrase_is_proved_first(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    ui.press_on("setup", "#use-phrase").await?;
    let words = ui.write_down().await?;
    ensure!(session.status().await?["state"] == "uninitialized", "nothing is stored yet");
    ui.press_on("confirm_phrase", "#back").await?;
    ensure!(ui.write_down().await? == words, "the same phrase is shown again");
    ui.confirm_words(&["abandon"; 24].join(" ")).await?;
    ui.complains("not the words that were asked for").await?;
    ensure!(session.status().await?["state"] == "uninitialized", "wrong words make no vault");
    ui.confirm_words(&words).await?;
    ensure!(session.end().await?["state"] == "unlocked", "the right words do");
    session.lock().await?;
    session.begin("vault.unlock").await?;
    ui.open(Way::Phrase(&["abandon"; 24].join(" "))).await?;
    ui.complains("not the 24 words of a recovery phrase").await?;
    ui.open(Way::Phrase(&words)).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}

async fn passkey(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up_passkey().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    live_with(page, &stage, &session, Way::Passkey, "passkey").await?;
    authenticator.unplug().await?;
    // Without the authenticator the vault stays shut, however often one presses.
    session.lock().await?;
    session.begin("vault.unlock").await?;
    let stranger = Authenticator::with_prf(world.engine, page).await?;
    VaultUi(page).open(Way::Passkey).await?;
    VaultUi(page).complains("The passkey was not used").await?;
    ensure!(session.status().await?["state"] == "locked");
    stranger.unplug().await
}

/// `/enrol`, where no passkey is created in a frame; the frame says so, and uses it afterwards.
async fn passkey_made_in_its_own_tab(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    let only_get = json!({"allow": format!("publickey-credentials-get {}", stage.kms)});
    let session = Session::open_with(page, &stage, only_get.clone()).await?;
    session.begin("vault.setup").await?;
    let ui = VaultUi(page);
    ui.press_on("setup", "#use-passkey").await?;
    if world.engine == Engine::Firefox {
        // It does not say so before it is tried.
        ui.press_on("setup", "#submit").await?;
        ui.complains("The passkey was not used").await?;
    }
    page.enter_enclave().await?;
    page.visible("#enrol").await?;
    page.leave_frame().await?;
    page.goto(&format!("{}/enrol", stage.kms)).await?;
    page.press("#create").await?;
    page.visible("#result[data-outcome=ready]").await?;
    let session = Session::open_with(page, &stage, only_get).await?;
    session.begin("vault.setup").await?;
    ui.set_up_with_existing_passkey().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    live_with(page, &stage, &session, Way::Passkey, "passkey").await?;
    authenticator.unplug().await
}

/// A passkey that gives no secret protects nothing, so it is no way to unlock.
/// A page that lets its frame use no passkey: the screens say so, and nobody waits for a prompt. Only
/// Chromium tells a frame what it may do.
async fn passkeys_the_page_forbids(world: &mut World) -> Result<()> {
    ensure!(world.engine == Engine::Chromium, Skip("this engine does not tell"));
    let stage = world.stage()?;
    let page = world.page()?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    let nothing = json!({"allow": ""});
    let session = Session::open_with(page, &stage, nothing.clone()).await?;
    session.begin("vault.setup").await?;
    let ui = VaultUi(page);
    ui.has("setup", "#no-passkey").await?;
    ui.has("setup", "body:not(:has(#use-passkey))").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");

    // One that was enrolled where it may be used.
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    ui.has("setup", "body:not(:has(#no-passkey))").await?;
    ui.set_up_passkey().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    let session = Session::open_with(page, &stage, nothing).await?;
    session.begin("vault.unlock").await?;
    ui.open(Way::Passkey).await?;
    ui.complains("The passkey was not used").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    authenticator.unplug().await
}

async fn passkey_without_prf(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let authenticator = Authenticator::without_prf(world.engine, page).await?;
    if world.engine == Engine::Firefox {
        // Its virtual authenticator always evaluates the PRF.
        page.eval_inside(WITHOUT_PRF, &[]).await?;
    }
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    ui.set_up_passkey().await?;
    ui.complains("This passkey cannot open a vault").await?;
    ensure!(session.status().await?["state"] == "uninitialized", "no vault was made");
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    authenticator.unplug().await
}

const WITHOUT_PRF: &str = "PublicKeyCredential.prototype.getClientExtensionResults = () => ({});";

/// User verification is required: a touch alone opens nothing.
async fn passkey_of_nobody_present(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    ui.set_up_passkey().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    session.lock().await?;
    authenticator.verifies(false).await?;
    session.begin("vault.unlock").await?;
    ui.open(Way::Passkey).await?;
    ui.complains("The passkey was not used").await?;
    ensure!(session.status().await?["state"] == "locked");
    authenticator.unplug().await
}

async fn back_off_survives_a_reload(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    Session::unlocked(page, &stage).await?;
    // A machine may now and then be slower than the wait. Then nothing is seen of it.
    for _ in 0..3 {
        if waits_after_a_reload(page, &stage).await? {
            return Ok(());
        }
    }
    bail!("the frame was slower than the wait, each time")
}

/// Tries in vain until there is a long wait, loads the page again, and sees that it goes on; false if
/// that took longer than the wait.
async fn waits_after_a_reload(page: &Client, stage: &Stage) -> Result<bool> {
    let ui = VaultUi(page);
    let session = Session::open(page, stage).await?;
    session.begin("vault.unlock").await?;
    // The third costs a second, the fourth two, the fifth four, the sixth eight. What is tried within a
    // wait costs nothing and tells how long it still is.
    let mut left = 0;
    eventually(LONG, async || {
        ui.unlock("not the passphrase at all").await?;
        left = seconds_in(&ui.problem().await?);
        Ok(left >= 6)
    })
    .await?;
    let end = Instant::now() + Duration::from_secs(left - 1);
    let session = Session::open(page, stage).await?;
    session.begin("vault.unlock").await?;
    ui.unlock(PASSPHRASE).await?;
    if Instant::now() > end {
        return Ok(false);
    }
    ui.complains("Too many wrong attempts").await?;
    ui.waits("unlock").await?;
    ensure!(session.status().await?["state"] == "locked", "even the right one has to wait");
    ui.unlock(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(true)
}

/// How long a screen asks to wait; 0 if it does not.
fn seconds_in(problem: &str) -> u64 {
    problem.split(' ').find_map(|word| word.parse().ok()).unwrap_or(0)
}

async fn every_prompt_says_who_asks(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    ensure!(ui.site("setup").await? == stage.pwa, "setup");
    ui.set_up(PASSPHRASE).await?;
    session.end().await?;
    for (method, screen) in
        [("vault.manage", "manage"), ("vault.backup", "unlock"), ("vault.reset", "unlock")]
    {
        session.begin(method).await?;
        ensure!(ui.site(screen).await? == stage.pwa, "{method}");
        ui.cancel().await?;
        session.ended().await?;
    }
    session.lock().await?;
    session.begin("vault.unlock").await?;
    ensure!(ui.site("unlock").await? == stage.pwa, "unlock");
    Ok(())
}

/// Key, lock, unlock, reload, unlock: the key signs whenever the vault is open, and only then.
async fn live_with(
    page: &fantoccini::Client,
    stage: &Stage,
    session: &Session<'_>,
    way: Way<'_>,
    kind: &str,
) -> Result<()> {
    let status = session.status().await?;
    ensure!(status["enrolments"][0]["kind"] == kind, "{status}");
    ensure!(status["enrolments"].as_array().is_some_and(|all| all.len() == 1), "{status}");
    let signers =
        [Signer::create(session, "ed25519").await?, Signer::create(session, "ec-p256").await?];
    session.lock().await?;
    for signer in &signers {
        ensure!(signer.refusal(session).await? == "locked");
    }
    unlock(page, session, way).await?;
    for signer in &signers {
        signer.still_signs(session).await?;
    }
    let session = Session::open(page, stage).await?;
    ensure!(session.status().await?["state"] == "locked", "a reload locks");
    unlock(page, &session, way).await?;
    for signer in &signers {
        signer.still_signs(&session).await?;
    }
    let keys = session.call("keys.list", json!({})).await?;
    ensure!(keys["keys"].as_array().is_some_and(|keys| keys.len() == 2), "{keys}");
    Ok(())
}

async fn unlock(page: &fantoccini::Client, session: &Session<'_>, way: Way<'_>) -> Result<()> {
    session.begin("vault.unlock").await?;
    VaultUi(page).open(way).await?;
    let mut status = session.end().await?;
    ensure!(status["state"] == "unlocked", "{status}");
    eventually(SOON, async || {
        status = session.status().await?;
        Ok(status["enrolments"][0]["lastUsed"].is_number())
    })
    .await
}
