//! What only the probe build answers: functions of its wasm, its memory, its helpers.

use anyhow::{Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{page::Page as _, session::Session, world::World};

/// Calls functions by name, one after another. Bytes are `{ bytes: base64 }`, an error is
/// `{ error: name }`.
pub(crate) async fn calls(world: &World, calls: Vec<(&str, Value)>) -> Result<Vec<Value>> {
    calls_lacking(world, "", calls).await
}

/// The same in an enclave that does without some things (`tests/probe/lacks.js`).
pub(crate) async fn calls_lacking(
    world: &World,
    what: &str,
    calls: Vec<(&str, Value)>,
) -> Result<Vec<Value>> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    Session::open_lacking(page, &stage, what).await?;
    page.enter_enclave().await?;
    let count = calls.len();
    let list =
        calls.into_iter().map(|(name, argument)| json!({"name": name, "argument": argument}));
    let list = Value::Array(list.collect()).to_string();
    let answers = page.eval("return window.probeCalls($0);", &[json!(list)]).await?;
    page.leave_frame().await?;
    let answers: Vec<Value> = serde_json::from_str(answers.as_str().unwrap_or_default())?;
    ensure!(answers.len() == count, "{} answers", answers.len());
    Ok(answers)
}

/// Which of the secrets that were ever made (`needles`) lie in the enclave's memory now (`found`),
/// and which of some texts do (`texts`).
pub(crate) async fn scan(page: &Client, texts: &[String]) -> Result<Value> {
    let script = "return window.probeWorker('scan', $0);";
    page.eval_inside(script, &[json!(json!(texts).to_string())]).await
}

/// The positive control: an open vault does hold secrets, and the scan finds them.
pub(crate) async fn holds_secrets(page: &Client) -> Result<()> {
    let open = scan(page, &[]).await?;
    ensure!(open["needles"].as_array().is_some_and(|needles| needles.len() >= 4), "{open}");
    ensure!(open["found"].as_array().is_some_and(|found| !found.is_empty()), "{open}");
    Ok(())
}

/// Checks that the enclave's memory holds no secret and none of some texts.
pub(crate) async fn holds_nothing(page: &Client, texts: &[String]) -> Result<()> {
    let now = scan(page, texts).await?;
    ensure!(now["found"] == json!([]), "secrets are left: {}", now["found"]);
    ensure!(now["texts"] == json!([]), "texts are left: {}", now["texts"]);
    Ok(())
}

/// How many workers still answer, of those that derived a key or worked on a backup.
pub(crate) async fn helpers_alive(page: &Client) -> Result<u64> {
    let found = page.eval_inside("return window.probeHelpers();", &[]).await?;
    ensure!(found["started"].as_u64() >= Some(1), "no helper was started: {found}");
    Ok(found["alive"].as_u64().unwrap_or_default())
}
