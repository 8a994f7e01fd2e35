//! Several ways to open one vault: added, proved, renamed, removed.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    authenticator::Authenticator,
    scenario::scenarios,
    session::Session,
    signer::Signer,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("enrolments":
    two_passphrases,
    phrase_beside_a_passphrase,
    passkey_beside_a_passphrase,
    a_wrong_fresh_unlock_changes_nothing,
    times_of_locking_get_shorter_only,
);

const SECOND: &str = "another long enough passphrase";
const FRESH: Way<'_> = Way::Passphrase(PASSPHRASE);

/// The enrolments as the page around the frame learns of them.
async fn enrolments(session: &Session<'_>) -> Result<Vec<Value>> {
    let status = session.status().await?;
    Ok(status["enrolments"].as_array().context("no enrolments")?.clone())
}

fn id(enrolment: &Value) -> Result<&str> {
    enrolment["id"].as_str().context("no id")
}

/// Locks, and opens again in the given way with the given enrolment.
async fn opens(
    ui: &VaultUi<'_>,
    session: &Session<'_>,
    enrolment: &str,
    way: Way<'_>,
) -> Result<()> {
    session.lock().await?;
    session.begin("vault.unlock").await?;
    ui.open_with(enrolment, way).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}

async fn two_passphrases(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ed25519").await?;
    session.begin("vault.manage").await?;
    ensure!(ui.removable().await?.is_empty(), "the only way cannot be removed");
    ui.add_passphrase(FRESH, SECOND).await?;
    let both = enrolments(&session).await?;
    ensure!(both.len() == 2, "{both:?}");
    let (first, second) = (id(&both[0])?, id(&both[1])?);
    // The one that was made or used last is offered first.
    ui.rename(second, "Office", Way::Passphrase(SECOND)).await?;
    ui.press_on("manage", "#cancel").await?;
    ensure!(session.end().await?["enrolments"][1]["label"] == "Office", "renamed");

    // Each opens the vault with its own passphrase, and with no other.
    opens(&ui, &session, first, FRESH).await?;
    opens(&ui, &session, second, Way::Passphrase(SECOND)).await?;
    signer.still_signs(&session).await?;
    session.lock().await?;
    session.begin("vault.unlock").await?;
    ui.open_with(second, FRESH).await?;
    ui.complains("does not open this vault").await?;
    ui.open_with(second, Way::Passphrase(SECOND)).await?;
    session.end().await?;

    session.begin("vault.manage").await?;
    ui.remove(first, Way::Passphrase(SECOND)).await?;
    ensure!(ui.removable().await?.is_empty(), "the last one stays");
    ui.press_on("manage", "#cancel").await?;
    session.end().await?;
    let left = enrolments(&session).await?;
    ensure!(left.len() == 1 && id(&left[0])? == second, "{left:?}");
    let session = Session::open(page, &stage).await?;
    session.begin("vault.unlock").await?;
    ui.open(FRESH).await?;
    ui.complains("does not open this vault").await?;
    ui.open(Way::Passphrase(SECOND)).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    signer.still_signs(&session).await
}

async fn phrase_beside_a_passphrase(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.manage").await?;
    let words = ui.add_phrase(FRESH).await?;
    ui.press_on("manage", "#cancel").await?;
    session.end().await?;
    let both = enrolments(&session).await?;
    ensure!(both[1]["kind"] == "recovery-phrase", "{both:?}");
    opens(&ui, &session, id(&both[1])?, Way::Phrase(&words)).await?;
    opens(&ui, &session, id(&both[0])?, FRESH).await
}

async fn passkey_beside_a_passphrase(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    let ui = VaultUi(page);
    session.begin("vault.manage").await?;
    ui.add_passkey(FRESH).await?;
    // The passkey is as good as the passphrase from now on, also for a fresh unlock.
    let words = ui.add_phrase(Way::Passkey).await?;
    ui.press_on("manage", "#cancel").await?;
    session.end().await?;
    let three = enrolments(&session).await?;
    ensure!(three.len() == 3 && three[1]["kind"] == "passkey", "{three:?}");
    session.lock().await?;
    session.begin("vault.unlock").await?;
    ui.open(Way::Passkey).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    opens(&ui, &session, id(&three[0])?, FRESH).await?;
    session.begin("vault.manage").await?;
    ui.remove(id(&three[1])?, Way::Phrase(&words)).await?;
    ui.press_on("manage", "#cancel").await?;
    session.end().await?;
    let left = enrolments(&session).await?;
    ensure!(left.len() == 2 && left.iter().all(|one| one["kind"] != "passkey"), "{left:?}");
    authenticator.unplug().await
}

/// Being unlocked is not enough: nothing changes without opening the vault once more.
async fn a_wrong_fresh_unlock_changes_nothing(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let before = enrolments(&session).await?;
    session.begin("vault.manage").await?;
    for action in ["#add-passphrase", "#add-recovery-phrase", "#backup", "#reset"] {
        ui.press_on("manage", action).await?;
        if action == "#add-passphrase" {
            ui.open(Way::Passphrase("not the passphrase at all")).await?;
            ui.complains("does not open this vault").await?;
        }
        ui.shows("unlock").await?;
        ui.cancel().await?;
        session.ended().await?;
        session.begin("vault.manage").await?;
    }
    ui.press_on("manage", "#cancel").await?;
    ensure!(session.end().await?["state"] == "unlocked", "looking is free");
    ensure!(enrolments(&session).await? == before, "nothing changed");
    Ok(())
}

async fn times_of_locking_get_shorter_only(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let status = session.status().await?;
    ensure!(status["autoLock"]["idleMs"] == 15 * 60_000, "{status}");
    ensure!(status["autoLock"]["absoluteMs"] == 8 * 3_600_000, "{status}");
    session.begin("vault.manage").await?;
    ui.lock_after(5, FRESH).await?;
    ui.press_on("manage", "#cancel").await?;
    let status = session.end().await?;
    ensure!(status["autoLock"]["idleMs"] == 5 * 60_000, "{status}");
    // The times are part of the vault.
    let session = Session::open(page, &stage).await?;
    session.begin("vault.unlock").await?;
    ui.open(FRESH).await?;
    let status = session.end().await?;
    ensure!(status["autoLock"]["idleMs"] == 5 * 60_000, "{status}");
    Ok(())
}
