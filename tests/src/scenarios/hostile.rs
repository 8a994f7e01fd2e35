//! Pages that must get nothing. Each attack is a module in `tests/hostile`.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    engine::Engine,
    page::Page as _,
    scenario::{Skip, scenarios},
    session::{Session, attack},
    stage::serve_without,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("hostile":
    wrong_origin [light],
    not_the_parent [light],
    null_origin [light],
    nested_in_another_site [light],
    second_handshake [light],
    malformed_handshakes [light],
    malformed_requests,
    flood,
    internal_messages [light],
    synthetic_clicks [light],
    clock_that_stands_still,
    covered_screens [light],
);

/// The policy that keeps other embedders out by itself; without it the list inside the release
/// still does.
const POLICY: &str = "Content-Security-Policy";

async fn wrong_origin(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    page.goto(&format!("{}/hostile/page.html", stage.evil)).await?;
    let blocked = attack(page, "handshake", &json!({"kms": stage.kms})).await?;
    ensure!(blocked == json!({"port": [], "frame": []}), "frame-ancestors: {blocked}");

    let (careless, _server) = serve_without(&stage.release.emitted, POLICY)?;
    page.refresh().await?;
    let refused = attack(page, "handshake", &json!({"kms": careless})).await?;
    ensure!(
        refused == json!({"port": [], "frame": ["ats-kms/refused origin_refused"]}),
        "the list of the release: {refused}"
    );
    Ok(())
}

async fn not_the_parent(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "sibling", &json!({"kms": stage.kms})).await?;
    ensure!(found["sibling"]["port"] == json!([]), "{found}");
    let told = json!([{"kind": "ats-kms/refused", "code": "origin_refused"}]);
    ensure!(found["sibling"]["heard"] == told, "{found}");
    ensure!(found["parentServed"] == true, "the parent is still served: {found}");
    Ok(())
}

async fn null_origin(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let (careless, _server) = serve_without(&stage.release.emitted, POLICY)?;
    for kms in [&stage.kms, &careless] {
        stage.visit(page).await?;
        let found = attack(page, "null-origin", &json!({"kms": kms})).await?;
        ensure!(found["origin"] == "null", "{found}");
        ensure!(found["said"] == json!([]), "no answer goes to a null origin: {found}");
    }
    Ok(())
}

async fn nested_in_another_site(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let (careless, _server) = serve_without(&stage.release.emitted, POLICY)?;
    page.goto(&format!("{}/hostile/page.html", stage.evil)).await?;
    for kms in [&stage.kms, &careless] {
        let argument = json!({"kms": kms, "pwa": stage.pwa});
        let found = attack(page, "nested", &argument).await?;
        ensure!(found["ready"] == false, "an embedder inside another site: {found}");
    }
    Ok(())
}

async fn second_handshake(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "second", &json!({"kms": stage.kms})).await?;
    ensure!(found["others"] == json!([]), "{found}");
    ensure!(found["frame"] == json!(["ats-kms/refused already_connected"]), "{found}");
    ensure!(found["first"] == json!({}), "the first client is still served: {found}");
    Ok(())
}

async fn malformed_handshakes(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    for (form, code) in [
        ("no port", "invalid_request"),
        ("two ports", "invalid_request"),
        ("extra key", "invalid_request"),
        ("short nonce", "invalid_request"),
        ("no version", "invalid_request"),
        ("other version", "protocol_version"),
    ] {
        let said =
            attack(page, "malformed-handshake", &json!({"kms": stage.kms, "form": form})).await?;
        ensure!(said == json!([format!("ats-kms/refused {code}")]), "{form}: {said}");
    }
    Ok(())
}

/// Codes a request without any right to an answer may get, beside the usual one.
const MALFORMED: &[(&str, &str)] = &[
    ("unknown method", "unknown_method"),
    ("method in capitals", "unknown_method"),
    ("method __proto__", "unknown_method"),
    ("method constructor", "unknown_method"),
    ("method then", "unknown_method"),
    ("unknown parameter", "invalid_params"),
    ("constructor parameter", "invalid_params"),
    ("no data", "invalid_params"),
    ("text as data", "invalid_params"),
    ("unfolding parameters", "payload_too_large"),
    ("data over the limit", "payload_too_large"),
    ("message over the limit", "payload_too_large"),
    ("key id with path", "invalid_params"),
    ("unknown spec", "invalid_params"),
    ("passphrase for unlock", "invalid_params"),
    ("passphrase for setup", "invalid_params"),
    ("key material for setup", "invalid_params"),
    ("file for restore", "invalid_params"),
    ("passphrase for backup", "invalid_params"),
    ("consent for reset", "invalid_params"),
    ("enrolment for manage", "invalid_params"),
    ("enrolment by the page", "unknown_method"),
    ("removal by the page", "unknown_method"),
    ("PRF output for unlock", "invalid_params"),
    ("user for setup", "invalid_params"),
    ("user for unlock", "invalid_params"),
    ("user for reset", "invalid_params"),
    ("credential of a gate", "invalid_params"),
    ("key material for create", "invalid_params"),
];

async fn malformed_requests(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "requests", &json!({"kms": stage.kms})).await?;
    ensure!(found["echoes"] == json!([]), "replies repeat no input: {found}");
    ensure!(found["alive"] == json!({}), "the line lives on: {found}");
    ensure!(found["state"] == "uninitialized", "nothing was made: {found}");
    let answers = found["answers"].as_object().cloned().unwrap_or_default();
    ensure!(answers.len() > 50);
    let mut wrong = Vec::new();
    for (name, answer) in &answers {
        let special = MALFORMED.iter().find(|(known, _)| known == name);
        let good = match special {
            Some((_, code)) => answer == code,
            None => REFUSALS.iter().any(|code| answer == code),
        };
        if !good {
            wrong.push(format!("{name}: {answer}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

/// What any malformed request may be answered with.
const REFUSALS: &[&str] =
    &["invalid_request", "invalid_params", "payload_too_large", "unknown_method", "DataCloneError"];

async fn flood(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "flood", &json!({"kms": stage.kms})).await?;
    ensure!(found["distinct"] == 10_000, "every message has its answer: {found}");
    let codes = found["codes"].as_object().cloned().unwrap_or_default();
    let known = codes.keys().all(|code| code == "result" || code == "too_many_requests");
    ensure!(known && codes.contains_key("result"), "{found}");
    ensure!(found["alive"] == json!({}), "{found}");
    Ok(())
}

async fn internal_messages(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "internal", &json!({"kms": stage.kms})).await?;
    ensure!(found == json!({"said": [], "unasked": 0, "same": true}), "{found}");
    Ok(())
}

/// A script inside the frame, which no page has, plays a person: the form does not fall for it.
const PLAY_A_PERSON: &str = "
    for (const id of ['passphrase', 'confirm']) {
        const field = document.getElementById(id);
        field.value = $0;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    }
    await new Promise((resolve) => setTimeout(resolve, 600));
    const button = document.getElementById('submit');
    button.click();
    for (const name of ['pointerdown', 'pointerup', 'click']) {
        button.dispatchEvent(new PointerEvent(name, { bubbles: true, cancelable: true }));
    }
    document.querySelector('form').requestSubmit();
    await new Promise((resolve) => setTimeout(resolve, 600));
    return [button.disabled, document.documentElement.dataset.screen];";

const PRESS_A_CHOICE: &str = "
    await new Promise((resolve) => setTimeout(resolve, 600));
    document.getElementById('use-passphrase').click();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return document.getElementById('use-passphrase') !== null;";

async fn synthetic_clicks(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    ui.heeds_no_script("setup").await?;
    ui.press_on("setup", "#restore").await?;
    ui.press_on("restore", "#by-phrase").await?;
    ui.heeds_no_script("restore").await?;
    ui.cancel().await?;
    session.ended().await?;
    session.begin("vault.setup").await?;
    page.enter_enclave().await?;
    page.visible("#use-passphrase").await?;
    let shown = page.eval(PRESS_A_CHOICE, &[]).await?;
    ensure!(shown == true, "a script chooses nothing");
    page.press("#use-passphrase").await?;
    page.visible("#submit").await?;
    let after = page.eval(PLAY_A_PERSON, &[json!(PASSPHRASE)]).await?;
    ensure!(after == json!([false, "setup"]), "the screen still waits: {after}");
    page.press("#back").await?;
    page.leave_frame().await?;
    let status = session.call("vault.status", json!({})).await?;
    ensure!(status["state"] == "uninitialized", "{status}");
    ui.set_up(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked", "a person gets through");
    Ok(())
}

/// The button opens some time after the screen, whatever the page's clock does: an engine may
/// round it, and a timer then seems to come early.
async fn clock_that_stands_still(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    page.enter_enclave().await?;
    page.eval("performance.now = () => 1000;", &[]).await?;
    page.leave_frame().await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked", "the button opened");
    Ok(())
}

const TELLS_COVER: &str = "return 'isVisible' in IntersectionObserverEntry.prototype;";

/// Whether the button of the screen stays closed, for longer than it takes to open.
const STAYS_CLOSED: &str = "
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return document.getElementById('submit').disabled;";

/// Where the engine tells, nothing can be pressed on a screen that the page covers or fades.
async fn covered_screens(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    session.lock().await?;
    session.begin("vault.unlock").await?;
    page.enter_enclave().await?;
    page.visible("#passphrase").await?;
    let told = page.eval(TELLS_COVER, &[]).await? == true;
    ensure!(told == (world.engine == Engine::Chromium), "what the engine tells has changed");
    ensure!(told, Skip("this engine does not tell what covers a frame"));
    page.fill("#passphrase", PASSPHRASE).await?;
    for how in ["overlay", "faint", "filtered"] {
        page.leave_frame().await?;
        attack(page, "cover", &json!({"how": how})).await?;
        page.enter_enclave().await?;
        ensure!(page.eval(STAYS_CLOSED, &[]).await? == true, "{how}: the button opened");
        page.leave_frame().await?;
        attack(page, "cover", &json!({"how": "none"})).await?;
        page.enter_enclave().await?;
        ensure!(page.eval(STAYS_CLOSED, &[]).await? == false, "{how}: the button stays closed");
    }
    page.press("#submit").await?;
    page.leave_frame().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}
