//! What a person types, pastes, sees of it, and waits for; with a pointer or without.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    demo::Demo,
    keyboard::Keyboard,
    page::{Page as _, SOON, eventually},
    scenario::scenarios,
    session::{Session, attack},
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("typing": fields_help_and_nothing_freezes, by_keyboard_alone);

const STRONG: &str = "correct Horse battery staple 7";

/// By then a new screen takes presses.
const OPEN: Duration = Duration::from_millis(600);

async fn fields_help_and_nothing_freezes(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    paste_a_phrase(page, &ui).await?;
    ui.cancel().await?;
    session.ended().await?;

    session.begin("vault.setup").await?;
    ui.press_on("setup", "#use-passphrase").await?;
    judge_and_show(page).await?;
    page.enter_enclave().await?;
    page.press("#submit").await?;
    let hidden = "const { type, value } = document.querySelector('#passphrase');\
         return [type, value];";
    ensure!(page.eval(hidden, &[]).await? == json!(["password", ""]), "it is still to be seen");
    page.leave_frame().await?;
    session.end().await?;

    session.lock().await?;
    session.begin("vault.unlock").await?;
    ui.shows("unlock").await?;
    page.enter_enclave().await?;
    has_all(page, &["#passphrase[autocomplete=current-password]", USER, "#reveal"]).await?;
    can_be_pasted(page, &["#passphrase"]).await?;
    page.fill("#passphrase", STRONG).await?;
    reveal_toggles(page, &["#passphrase"]).await?;
    page.leave_frame().await?;
    wait_without_freezing(page, &ui).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(())
}

/// Under what a password manager files a passphrase.
const USER: &str = "input[name=username][autocomplete=username]";

/// Checks, inside the frame, that the screen has some elements.
async fn has_all(page: &Client, elements: &[&str]) -> Result<()> {
    let missing = "return $0.filter((css) => document.querySelector(css) === null);";
    let missing = page.eval(missing, &[json!(elements)]).await?;
    ensure!(missing == json!([]), "the screen has no {missing}");
    Ok(())
}

/// Inside the frame: pastes a text into a field; whether the field takes it over from the browser.
const PASTE: &str = "
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', $1);
    // Firefox wants the text in a way of its own.
    const content = { clipboardData, data: $1, dataType: 'text/plain' };
    const paste = new ClipboardEvent('paste', { ...content, bubbles: true, cancelable: true });
    return !document.querySelector($0).dispatchEvent(paste);";

const CELLS: &str =
    "return [...document.querySelectorAll('.cell input')].map(({ value }) => value).join(' ');";

/// Pastes 24 words into the first of 24 fields: all of them have one then.
async fn paste_a_phrase(page: &Client, ui: &VaultUi<'_>) -> Result<()> {
    let words: Vec<_> = (1..=24).map(|number| format!("word{number}")).collect();
    ui.press_on("setup", "#restore").await?;
    ui.press_on("restore", "#by-phrase").await?;
    ui.press_on("restore", "#phrase-mode").await?;
    let clipboard = format!("  {}\n", words.join("  "));
    page.enter_enclave().await?;
    let taken_over = page.eval(PASTE, &[json!("#word-1"), json!(clipboard)]).await?;
    ensure!(taken_over == true, "the browser pastes all into one field");
    let cells = page.eval(CELLS, &[]).await?;
    ensure!(cells == words.join(" "), "each word has its field: {cells}");
    page.leave_frame().await
}

/// Checks, inside the frame, that a password manager or a person can paste into some fields.
async fn can_be_pasted(page: &Client, fields: &[&str]) -> Result<()> {
    for field in fields {
        let taken_over = page.eval(PASTE, &[json!(field), json!(STRONG)]).await?;
        ensure!(taken_over == false, "{field} keeps the browser from pasting");
    }
    Ok(())
}

/// A passphrase is judged while it is typed, and shown for as long as the person wants.
async fn judge_and_show(page: &Client) -> Result<()> {
    page.enter_enclave().await?;
    let new = ["#passphrase[autocomplete=new-password]", "#confirm[autocomplete=new-password]"];
    has_all(page, &[new[0], new[1], USER]).await?;
    for (passphrase, judgement) in [("aaaaaaaaaaaa", "weak"), (STRONG, "strong")] {
        page.fill("#passphrase", passphrase).await?;
        page.visible(&format!("progress.{judgement}")).await.context(passphrase)?;
        ensure!(!page.read("#passphrase-hint").await?.is_empty(), "nothing is said of it");
    }
    page.fill("#confirm", STRONG).await?;
    let fields = ["#passphrase", "#confirm"];
    can_be_pasted(page, &fields).await?;
    reveal_toggles(page, &fields).await?;
    page.leave_frame().await
}

/// Shows what is typed, hides it, and shows it again, inside the frame.
async fn reveal_toggles(page: &Client, fields: &[&str]) -> Result<()> {
    let types = "return $0.map((css) => document.querySelector(css).type);";
    for shown in ["text", "password", "text"] {
        page.press("#reveal").await?;
        let found = page.eval(types, &[json!(fields)]).await?;
        ensure!(found == json!(vec![shown; fields.len()]), "not {shown}: {found}");
    }
    Ok(())
}

/// Inside the frame: for how long it is busy, what it says then, and how long it ever stands still.
const WATCH: &str = "
    window.watched = { busy: 0, still: 0, said: '' };
    let last = performance.now();
    setInterval(() => {
        const passed = performance.now() - last;
        last += passed;
        if (document.querySelector('.busy') === null) return;
        window.watched.busy += passed;
        window.watched.still = Math.max(window.watched.still, passed);
        window.watched.said = document.querySelector('#status').textContent;
    }, 10);";

/// While the passphrase is checked both documents go on, and the enclave answers.
async fn wait_without_freezing(page: &Client, ui: &VaultUi<'_>) -> Result<()> {
    page.eval_inside(WATCH, &[]).await?;
    attack(page, "steady", &json!({"op": "start"})).await?;
    ui.unlock(STRONG).await?;
    attack(page, "session", &json!({"op": "end"})).await?;
    let page_saw = attack(page, "steady", &json!({"op": "end"})).await?;
    let saw = page.eval_inside("return JSON.stringify(window.watched);", &[]).await?;
    let saw: Value = serde_json::from_str(saw.as_str().unwrap_or_default())?;
    let busy = saw["busy"].as_f64().unwrap_or_default();
    ensure!(busy > 100.0, "it was never seen busy: {saw}");
    ensure!(saw["said"].as_str().is_some_and(|text| !text.is_empty()), "it says nothing: {saw}");
    for still in [&saw["still"], &page_saw["still"], &page_saw["slowest"]] {
        // Whatever waits for the derivation waits for about all of it.
        ensure!(still.as_f64() < Some(busy * 0.7), "{saw} {page_saw}");
    }
    Ok(())
}

async fn by_keyboard_alone(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let demo = Demo::open(page, &stage.pwa).await?;
    let keys = Keyboard(page);
    demo.reaches("uninitialized").await?;
    ask(page, "#setup", "setup").await?;
    keys.choose("#use-passphrase").await?;
    tokio::time::sleep(OPEN).await;
    for _ in 0..2 {
        keys.types(PASSPHRASE).await?;
        keys.enter().await?;
    }
    page.leave_frame().await?;
    demo.reaches("unlocked").await?;

    keys.choose("#lock").await?;
    demo.reaches("locked").await?;
    ask(page, "#unlock", "unlock").await?;
    keys.escape().await?;
    page.leave_frame().await?;
    eventually(SOON, async || Ok(demo.error().await? == "user_cancelled")).await?;
    // The button takes no press before its call has ended.
    eventually(SOON, async || Ok(page.eval(AT_REST, &[]).await? == true)).await?;
    ask(page, "#unlock", "unlock").await?;
    keys.types(PASSPHRASE).await?;
    keys.enter().await?;
    page.leave_frame().await?;
    demo.reaches("unlocked").await?;

    ask(page, "#manage", "manage").await?;
    goes_round(page, &keys).await?;
    keys.escape().await?;
    page.leave_frame().await?;
    eventually(SOON, async || Ok(page.eval(NO_SHEET, &[]).await? == true)).await
}

const AT_REST: &str = "return !document.querySelector('#unlock').hasAttribute('aria-busy');";
const NO_SHEET: &str = "return document.querySelector('dialog[open]') === null;";

/// Chooses a button of the demo, waits for the screen and enters the frame.
async fn ask(page: &Client, button: &str, screen: &str) -> Result<()> {
    Keyboard(page).choose(button).await?;
    VaultUi(page).shows(screen).await?;
    tokio::time::sleep(OPEN).await;
    page.enter_enclave().await
}

/// Inside the frame: notes where the focus goes.
const TRAIL: &str = "
    window.trail = [];
    document.addEventListener('focusin', ({ target }) => {
        window.trail.push(target.closest('.card') === null ? 'outside' : target.id || target.tagName);
    });
    window.addEventListener('blur', () => window.trail.push('left'));";

/// The focus stays in the card however often one goes on, or back.
async fn goes_round(page: &Client, keys: &Keyboard<'_>) -> Result<()> {
    page.eval(TRAIL, &[]).await?;
    let trail = "return JSON.stringify(window.trail.splice(0));";
    keys.tab(30).await?;
    let on = page.eval(trail, &[]).await?;
    keys.tab_back(30).await?;
    let back = page.eval(trail, &[]).await?;
    for way in [on, back] {
        let stops: Vec<String> = serde_json::from_str(way.as_str().unwrap_or_default())?;
        ensure!(stops.len() == 30, "{} stops: {stops:?}", stops.len());
        let lost = stops.iter().any(|stop| stop == "outside" || stop == "left");
        ensure!(!lost, "the focus left the card: {stops:?}");
        ensure!(stops.iter().filter(|stop| **stop == stops[0]).count() >= 2, "{stops:?}");
    }
    Ok(())
}
