//! Functions that only the probe build exports, called in the enclave's worker.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{page::Page as _, session::Session, world::World};

/// Calls functions by name, one after another. Bytes are `{ bytes: base64 }`, an error is
/// `{ error: name }`.
pub(crate) async fn calls(world: &World, calls: Vec<(&str, Value)>) -> Result<Vec<Value>> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    Session::open(page, &stage).await?;
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
