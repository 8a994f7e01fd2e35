//! A page that meddles with set-up, enrolments, credentials and deletion, and gets nowhere.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::json;

use crate::{
    scenario::scenarios,
    session::{Session, attack},
    signer::Signer,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("intrusion":
    answers_of_nobody [light],
    managers_of_nobody [light],
    a_vault_is_not_set_up_twice,
    deletion_by_the_page,
    locked_means_locked,
    set_up_is_abandoned,
    set_up_is_cut_off,
);

const FRESH: Way<'_> = Way::Passphrase(PASSPHRASE);

/// Sends all internal messages while a screen is up: nobody answers and the screen stays.
pub(crate) async fn inject(page: &Client, stage: &Stage, screen: &str) -> Result<()> {
    VaultUi(page).shows(screen).await?;
    let found = attack(page, "inject", &json!({"kms": stage.kms})).await?;
    let refused = json!({"answers": [], "said": [], "codes": ["invalid_request"]});
    ensure!(found == refused, "{screen}: {found}");
    VaultUi(page).shows(screen).await.context("the screen went away")
}

/// Nothing that a page can say passes for an answer of the person, on any screen.
async fn answers_of_nobody(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let ui = VaultUi(page);
    let words = set_up_under_attack(page, &stage, &session).await?;
    let before = session.status().await?["enrolments"][0]["id"].clone();
    let way = Way::Phrase(&words);
    session.begin("vault.manage").await?;
    inject(page, &stage, "manage").await?;
    ui.press_on("manage", "#add-passphrase").await?;
    inject(page, &stage, "unlock").await?;
    ui.open(way).await?;
    inject(page, &stage, "add_passphrase").await?;
    ui.cancel().await?;
    session.ended().await?;
    for (method, screens) in
        [("vault.backup", &["backup", "backup_ready"][..]), ("vault.reset", &["reset"])]
    {
        session.begin(method).await?;
        ui.open(way).await?;
        for screen in screens {
            inject(page, &stage, screen).await?;
            if *screen == "backup" {
                ui.press_on(screen, "#submit").await?;
            }
        }
        ui.cancel().await?;
        ensure!(session.end_refused().await? == "user_cancelled", "{method}");
    }
    let status = session.status().await?;
    ensure!(status["enrolments"][0]["id"] == before, "{status}");
    ensure!(status["enrolments"].as_array().is_some_and(|all| all.len() == 1), "{status}");
    Ok(())
}

/// A new vault that a recovery phrase opens, while the page tries to get in between.
async fn set_up_under_attack(
    page: &Client,
    stage: &Stage,
    session: &Session<'_>,
) -> Result<String> {
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    ui.press_on("setup", "#restore").await?;
    inject(page, stage, "restore").await?;
    ui.cancel().await?;
    session.ended().await?;
    session.begin("vault.setup").await?;
    inject(page, stage, "setup").await?;
    ui.press_on("setup", "#use-phrase").await?;
    inject(page, stage, "phrase").await?;
    let words = ui.write_down().await?;
    inject(page, stage, "confirm_phrase").await?;
    ensure!(session.status().await?["state"] == "uninitialized", "nothing was made so far");
    ui.confirm_words(&words).await?;
    session.end().await?;
    Ok(words)
}

/// Nor on the pages of keys, log and leases, which a page can open and not drive.
async fn managers_of_nobody(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ed25519").await?;
    let id = signer.key_id.as_str().context("no id")?;
    session.begin("keys.manage").await?;
    inject(page, &stage, "keys").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    inject(page, &stage, "key").await?;
    ui.press_on("key", "#cancel").await?;
    session.end().await?;
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#audit").await?;
    inject(page, &stage, "audit").await?;
    ui.press_on("audit", "#export").await?;
    inject(page, &stage, "log_ready").await?;
    ui.cancel().await?;
    session.ended().await?;
    signer.still_signs(&session).await?;
    let lent = Signer::for_vapid(&session).await?.key_id;
    let audiences = ["https://push.example"];
    let terms = json!({"keyId": lent, "audiences": audiences, "lifeMs": 60_000, "tokens": 1});
    session.begin_with("vapid.create_lease", terms).await?;
    ui.open(FRESH).await?;
    inject(page, &stage, "lease").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    ensure!(session.call("leases.list", json!({})).await? == json!({"leases": []}));
    Ok(())
}

async fn a_vault_is_not_set_up_twice(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let before = session.status().await?["enrolments"].clone();
    for method in ["vault.setup", "vault.restore"] {
        ensure!(session.refusal(method, json!({})).await? == "already_initialized", "{method}");
    }
    session.lock().await?;
    for method in ["vault.setup", "vault.restore"] {
        ensure!(session.refusal(method, json!({})).await? == "already_initialized", "{method}");
    }
    session.begin("vault.unlock").await?;
    VaultUi(page).open(FRESH).await?;
    ensure!(session.end().await?["enrolments"][0]["id"] == before[0]["id"]);
    signer.still_signs(&session).await
}

/// A page may ask; as often as it likes, and whatever else it does meanwhile.
async fn deletion_by_the_page(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let ui = VaultUi(page);
    for _ in 0..3 {
        session.begin("vault.reset").await?;
        inject(page, &stage, "unlock").await?;
        session.call("ui.dismiss", json!({})).await?;
        ensure!(session.end_refused().await? == "user_cancelled");
    }
    // Even behind the fresh unlock the page cannot finish what the person has not.
    session.begin("vault.reset").await?;
    ui.open(FRESH).await?;
    ui.shows("reset").await?;
    session.call("ui.dismiss", json!({})).await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    signer.still_signs(&session).await?;
    session.begin("vault.reset").await?;
    ui.open(FRESH).await?;
    ui.shows("reset").await?;
    let session = Session::open(page, &stage).await?;
    ensure!(session.status().await?["state"] == "locked", "the vault is still there");
    session.begin("vault.unlock").await?;
    ui.open(FRESH).await?;
    session.end().await?;
    signer.still_signs(&session).await
}

/// No credential has to be guessed to be told the same: without an unlock there is nothing.
async fn locked_means_locked(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    session.lock().await?;
    let key = json!({"keyId": signer.key_id});
    let data = json!({"keyId": signer.key_id, "data": {"bytes": "AAAA"}});
    for (method, params) in [
        ("keys.create", json!({"spec": "ed25519"})),
        ("keys.list", json!({})),
        ("keys.describe", key.clone()),
        ("keys.public_key", key),
        ("sign", data),
        ("audit.list", json!({})),
        ("audit.verify", json!({})),
        ("vault.manage", json!({})),
        ("vault.backup", json!({})),
    ] {
        let code = session.refusal(method, params).await?;
        ensure!(code == "locked", "{method}: {code}");
    }
    Ok(())
}

async fn set_up_is_abandoned(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let ui = VaultUi(page);
    for _ in 0..2 {
        let session = Session::open(page, &stage).await?;
        ensure!(session.status().await?["state"] == "uninitialized", "half a vault");
        session.begin("vault.setup").await?;
        ui.press_on("setup", "#use-phrase").await?;
        ui.write_down().await?;
        ui.shows("confirm_phrase").await?;
    }
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    ui.press_on("setup", "#use-phrase").await?;
    ui.shows("phrase").await?;
    session.call("ui.dismiss", json!({})).await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    ensure!(session.status().await?["state"] == "uninitialized");
    Ok(())
}

/// Whenever the page goes away: afterwards there is a vault that the passphrase opens, or none.
/// Each time half as far from the moment that parts the two, which is that of the write.
async fn set_up_is_cut_off(world: &mut World) -> Result<()> {
    let page = world.page()?;
    let mut late = set_up_whole(page, &world.stage()?).await?;
    let mut early = Duration::ZERO;
    let mut ends = Vec::new();
    for _ in 0..6 {
        let delay = (early + late) / 2;
        let found = cut_off_after(page, &world.stage()?, delay).await?;
        *(if found { &mut late } else { &mut early }) = delay;
        ends.push((delay, found));
    }
    ensure!(!early.is_zero(), "none was cut off in time: {ends:?}");
    Ok(())
}

/// How long a set-up takes from the person's last press.
async fn set_up_whole(page: &Client, stage: &Stage) -> Result<Duration> {
    let session = Session::open(page, stage).await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    let start = Instant::now();
    ensure!(session.end().await?["state"] == "unlocked", "a set-up that nobody disturbs");
    Ok(start.elapsed())
}

/// Leaves the page some time after the person's last press; whether there is a vault then, which
/// opens.
async fn cut_off_after(page: &Client, stage: &Stage, delay: Duration) -> Result<bool> {
    let ui = VaultUi(page);
    let session = Session::open(page, stage).await?;
    session.begin("vault.setup").await?;
    ui.set_up(PASSPHRASE).await?;
    tokio::time::sleep(delay).await;
    let session = Session::open(page, stage).await?;
    let found = session.status().await?["state"].clone();
    if found == "uninitialized" {
        return Ok(false);
    }
    ensure!(found == "locked", "after {delay:?}: {found}");
    session.begin("vault.unlock").await?;
    ui.open(FRESH).await?;
    ensure!(session.end().await?["state"] == "unlocked", "after {delay:?}");
    Ok(true)
}
