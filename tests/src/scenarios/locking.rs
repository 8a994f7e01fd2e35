//! Vaults that lock by themselves, after a time that a test does not wait for.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::json;

use crate::{
    page::{Page as _, eventually},
    probe::{holds_nothing, holds_secrets},
    scenario::scenarios,
    session::Session,
    signer::Signer,
    vault_ui::PASSPHRASE,
    world::World,
};

scenarios!("locking": by_the_clock, by_another_tab);

const MINUTE_MS: u64 = 60_000;

/// The enclave looks at the clock every second.
const A_FEW_TICKS: Duration = Duration::from_secs(3);

/// Lets time pass in the enclave; at its end the person presses something.
const PASS: &str = "
    await window.probeWorker('pass', $0);
    window.probeActivity();";

async fn pass(page: &Client, minutes: u64) -> Result<()> {
    page.eval_inside(PASS, &[json!(minutes * MINUTE_MS)]).await?;
    Ok(())
}

/// Waits for the event: a question would look at the clock, too. Nothing secret is left then.
async fn locks(page: &Client, session: &Session<'_>, reasons: &[&str]) -> Result<()> {
    eventually(A_FEW_TICKS, async || Ok(session.lock_reasons().await? == json!(reasons)))
        .await
        .with_context(|| format!("not locked: {reasons:?}"))?;
    let texts = [PASSPHRASE.to_owned()];
    holds_nothing(page, &texts).await.with_context(|| format!("after {reasons:?}"))
}

async fn by_the_clock(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    pass(page, 14).await?;
    pass(page, 14).await?;
    signer.still_signs(&session).await.context("while it is used")?;
    holds_secrets(page).await?;
    // What a person does after it is too late, and the clock had no time to look.
    pass(page, 15).await?;
    locks(page, &session, &["idle"]).await?;
    ensure!(signer.refusal(&session).await? == "locked");

    session.unlock().await?;
    for _ in 0..34 {
        pass(page, 14).await?;
    }
    signer.still_signs(&session).await.context("for eight hours")?;
    holds_secrets(page).await?;
    pass(page, 5).await?;
    locks(page, &session, &["idle", "absolute"]).await?;
    ensure!(signer.refusal(&session).await? == "locked");
    Ok(())
}

async fn by_another_tab(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = Signer::create(&session, "ed25519").await?;
    let here = page.window().await?;
    page.open_window().await?;
    let there = page.window().await?;
    let other = Session::open(page, &stage).await?;
    other.unlock().await?;
    page.switch_to_window(here.clone()).await?;
    signer.still_signs(&session).await?;
    holds_secrets(page).await?;
    page.switch_to_window(there).await?;
    other.lock().await?;
    page.switch_to_window(here).await?;
    locks(page, &session, &["other_tab"]).await?;
    ensure!(signer.refusal(&session).await? == "locked");
    page.close_other_windows().await
}
