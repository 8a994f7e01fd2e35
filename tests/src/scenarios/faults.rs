//! Nothing hangs: each way of failing has its own error, within five seconds.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{
    Asset,
    serve::{self, ServeOptions, Site},
};
use fantoccini::Client;
use kms_manifest::Headers;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    driver::free_port,
    engine::{Engine, Launch},
    page::{FAILURE, Page as _, SOON, eventually},
    scenario::scenarios,
    session::{Session, attack},
    stage::{Stage, serve_without},
    vault_ui::VaultUi,
    world::World,
};

const NO_WASM: Launch = Launch { no_wasm: true, ..Launch::ORDINARY };

scenarios!("faults":
    frame_does_not_load [light],
    embedder_is_refused [light],
    pending_calls_end [light],
    worker_throws,
    worker_falls_silent [light],
    frame_goes_away [light],
    page_is_left_and_found_again,
    browser_without_wasm with NO_WASM,
    frame_without_wasm with NO_WASM,
);

async fn frame_does_not_load(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let nobody = format!("http://kms.localhost:{}", free_port()?);
    let silent = TcpListener::bind(("127.0.0.1", 0)).await?;
    let silent_url = format!("http://kms.localhost:{}", silent.local_addr()?.port());
    let empty = Asset::new(b"<!doctype html>".to_vec(), "text/html", Headers::new());
    let site = Site { files: [("/".to_owned(), empty)].into(), ..Site::default() };
    let empty = serve::start_site(site, ServeOptions::loopback(0))?;
    let empty_url = format!("http://kms.localhost:{}", empty.addr.port());
    let urls = [nobody, silent_url, empty_url];
    let found = attack(page, "connect", &json!({"urls": urls})).await?;
    for (index, url) in urls.iter().enumerate() {
        fails_with(&found[index], "frame_unreachable").with_context(|| url.clone())?;
    }
    let frames = page.eval("return document.querySelectorAll('iframe').length;", &[]).await?;
    ensure!(frames == 0, "the frames are gone: {frames}");
    // Nothing is waited for that the page's own policy forbids.
    page.goto(&format!("{}/hostile/no-frames.html", stage.pwa)).await?;
    let found = attack(page, "connect", &json!({"urls": [null]})).await?;
    fails_with(&found[0], "frame_unreachable")?;
    ensure!(found[0]["detail"].to_string().contains("blocked by frame-src"), "{found}");
    Ok(())
}

async fn embedder_is_refused(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let (careless, _server) = serve_without(&stage.release.emitted, "Content-Security-Policy")?;
    page.goto(&format!("{}/hostile/page.html", stage.evil)).await?;
    let found = attack(page, "connect", &json!({"urls": [null]})).await?;
    fails_with(&found[0], "frame_unreachable")?;
    let found = attack(page, "connect", &json!({"urls": [careless]})).await?;
    fails_with(&found[0], "origin_refused")
}

async fn pending_calls_end(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "pending", &json!({})).await?;
    fails_with(&found["aborted"], "aborted")?;
    fails_with(&found["abortedBefore"], "aborted")?;
    fails_with(&found["deadline"], "deadline_exceeded")?;
    fails_with(&found["swapped"][0], "aborted")?;
    fails_with(&found["swapped"][1], "deadline_exceeded")?;
    ensure!(found["alive"] == "result", "{found}");
    for waiting in found["closed"].as_array().into_iter().flatten() {
        fails_with(waiting, "closed")?;
    }
    ensure!(found["after"] == "closed" && found["frames"] == 0, "{found}");
    Ok(())
}

async fn worker_throws(world: &mut World) -> Result<()> {
    let found = doom(world, "throw").await?;
    ensure!(found["closed"] == "enclave_crashed", "{found}");
    fails_with(&found, "enclave_crashed")
}

async fn worker_falls_silent(world: &mut World) -> Result<()> {
    let found = doom(world, "hang").await?;
    fails_with(&found, "enclave_unresponsive")
}

async fn frame_goes_away(world: &mut World) -> Result<()> {
    // A removed frame is silent; that another page came into it can be seen at once.
    for (end, code) in [("remove", "enclave_unresponsive"), ("navigate", "enclave_crashed")] {
        let stage = world.stage()?;
        let page = world.page()?;
        stage.visit(page).await?;
        attack(page, "doomed", &json!({"op": "open"})).await?;
        attack(page, "doomed", &json!({"op": end})).await?;
        // The worker of a removed frame may live for a moment.
        let mut found = Value::Null;
        eventually(FAILURE, async || {
            found = attack(page, "doomed", &json!({"op": "call"})).await?;
            Ok(found["code"] != "result")
        })
        .await?;
        fails_with(&found, code).with_context(|| end)?;
    }
    Ok(())
}

/// A browser may keep a page that is left, with its worker asleep. The enclave does not sleep: it
/// is gone when the page comes back, and stands in nobody's way meanwhile.
async fn page_is_left_and_found_again(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    leave(page, &session).await?;
    // A script of Firefox's driver does not live to hear it.
    if world.engine != Engine::Firefox {
        is_told_of_the_browsers_own(page, &stage).await?;
    }
    attack(page, "doomed", &json!({"op": "open"})).await?;
    page.goto(&format!("{}/hostile/page.html", stage.evil)).await?;
    page.back().await?;
    let found = attack(page, "doomed", &json!({"op": "call"})).await?;
    if found["code"] != "another page" {
        fails_with(&found, "enclave_crashed")?;
    }
    let start = Instant::now();
    let session = Session::open(page, &stage).await?;
    session.unlock().await?;
    ensure!(start.elapsed() < SOON, "the page that was left holds this one up");
    Ok(())
}

/// Tells the frame that its page goes away or comes back.
pub(crate) const TURN: &str = "dispatchEvent(new PageTransitionEvent($0, { persisted: $1 }));";

/// What the enclave does of itself when its page is left, whether it is kept or not.
async fn leave(page: &Client, session: &Session<'_>) -> Result<()> {
    page.eval_inside(TURN, &[json!("pagehide"), json!(false)]).await?;
    eventually(SOON, async || Ok(session.status().await?["state"] == "locked")).await?;
    ensure!(session.lock_reasons().await? == json!(["hidden"]));
    session.begin("vault.unlock").await?;
    VaultUi(page).shows("unlock").await?;
    page.eval_inside(TURN, &[json!("pagehide"), json!(true)]).await?;
    let screen = "return document.documentElement.dataset.screen;";
    ensure!(page.eval_inside(screen, &[]).await? == "idle", "nothing is left to look at");
    page.eval_inside(TURN, &[json!("pageshow"), json!(true)]).await?;
    eventually(SOON, async || {
        let recorded = session.recorded().await?;
        Ok(recorded["window"].to_string().contains("enclave_crashed"))
    })
    .await
    .context("it goes on as if nothing had been")
}

/// The same handler hears the event that the browser itself sends, and leaves nothing to look at.
async fn is_told_of_the_browsers_own(page: &Client, stage: &Stage) -> Result<()> {
    let session = Session::open(page, stage).await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).shows("unlock").await?;
    page.eval_inside(NOTE_THE_END, &[]).await?;
    page.goto(&format!("{}/hostile/page.html", stage.evil)).await?;
    Session::open(page, stage).await?;
    let left = page.eval_inside("return localStorage.getItem('left');", &[]).await?;
    ensure!(left == "true idle", "{left}");
    Ok(())
}

/// Inside the frame: keeps whether its end was real, and which screen it ended with.
const NOTE_THE_END: &str = "
    addEventListener('pagehide', ({ isTrusted }) => {
        localStorage.setItem('left', `${isTrusted} ${document.documentElement.dataset.screen}`);
    });";

/// Lets the worker come to harm, then asks it something.
async fn doom(world: &World, harm: &str) -> Result<Value> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    attack(page, "doomed", &json!({"op": "open"})).await?;
    page.enter_enclave().await?;
    page.eval("window.tellWorker($0);", &[json!(harm)]).await?;
    page.leave_frame().await?;
    attack(page, "doomed", &json!({"op": "call"})).await
}

async fn browser_without_wasm(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "connect", &json!({"urls": [null]})).await?;
    fails_with(&found[0], "unsupported_environment")
}

/// The frame says so itself, whatever its client checks.
async fn frame_without_wasm(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "handshake", &json!({"kms": stage.kms})).await?;
    let refusal = &found["port"][0];
    ensure!(refusal["event"] == "refused", "{found}");
    ensure!(refusal["data"]["code"] == "unsupported_environment", "{found}");
    ensure!(refusal["data"]["detail"].as_str().is_some_and(|detail| detail.contains("wasm")));
    Ok(())
}

/// Checks that an attempt failed in its own way, in time.
pub(crate) fn fails_with(found: &Value, code: &str) -> Result<()> {
    ensure!(found["code"] == code, "{code} was expected: {found}");
    let in_time = found["ms"].as_f64() < Some(FAILURE.as_secs_f64() * 1000.0);
    ensure!(in_time, "too late: {found}");
    Ok(())
}
