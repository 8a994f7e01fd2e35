//! A release by a policy, verified in the page.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{scenario::scenarios, session::attack, world::World};

scenarios!("policy": the_verifier_answers_every_case);

/// Under the policy of a careful embedder, who lets its own wasm run and nothing else.
async fn the_verifier_answers_every_case(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    page.goto(&format!("{}/cases.html", stage.pwa)).await?;
    let found = attack(page, "cases", &Value::Null).await?;
    ensure!(found["wrong"] == json!([]), "{found}");
    ensure!(found["asked"].as_u64() >= Some(70), "{found}");
    Ok(())
}
