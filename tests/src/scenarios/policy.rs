//! A release by a policy, verified in the page.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{page::Page as _, scenario::scenarios, session::attack, vouched, world::World};

scenarios!("policy": a_release_is_verified_in_the_page);

/// Connects by the policy and returns what the enclave says, or the code of the refusal.
const CONNECT: &str = "
    const { connect } = await import('/client/policy.js');
    try {
        const kms = await connect({ policy: $0 });
        const { state } = await kms.status();
        kms.close();
        return { state, mark: localStorage.getItem($1) };
    } catch ({ name, code, message }) {
        return { name, code, message };
    }";

/// Changes what the page remembers.
const REMEMBER: &str = "
    const mark = JSON.parse(localStorage.getItem($0));
    localStorage.setItem($0, JSON.stringify({ ...mark, ...$1 }));";

/// Under the policy of a careful embedder, who lets its own wasm run and nothing else.
async fn a_release_is_verified_in_the_page(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    page.goto(&format!("{}/cases.html", stage.pwa)).await?;
    let found = attack(page, "cases", &Value::Null).await?;
    ensure!(found["wrong"] == json!([]), "{found}");
    ensure!(found["asked"].as_u64() >= Some(70), "{found}");

    let mut policy = vouched::policy(&stage.release.emitted)?;
    let name = json!(format!("ats-kms mark {}", stage.kms));
    let connected = page.eval(CONNECT, &[policy.clone(), name.clone()]).await?;
    ensure!(connected["state"] == "uninitialized", "{connected}");
    let mark = connected["mark"].as_str().context("nothing is remembered")?;
    let mark: Value = serde_json::from_str(mark)?;
    ensure!(mark["release"]["epoch"] == stage.release.emitted.manifest.epoch, "{mark}");

    let release = json!({ "epoch": 7, "manifest": mark["release"]["manifest"] });
    let root = json!("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    let logs = json!({ "log.example/kms": { "size": 1, "root": root } });
    let known = json!({ "logs": mark["logs"], "release": mark["release"] });
    for (seen, code) in [
        (json!({ "release": release }), "rollback"),
        (json!({ "logs": logs }), "log_split"),
        (json!({ "revoked": [mark["release"]["manifest"]] }), "revoked"),
    ] {
        page.eval(REMEMBER, &[name.clone(), known.clone()]).await?;
        page.eval(REMEMBER, &[name.clone(), seen]).await?;
        let refused = page.eval(CONNECT, &[policy.clone(), name.clone()]).await?;
        ensure!(refused["name"] == "PolicyError" && refused["code"] == code, "{code}: {refused}");
    }
    page.eval(REMEMBER, &[name.clone(), mark]).await?;
    policy["cool_down_hours"] = json!(3);
    let refused = page.eval(CONNECT, &[policy, name]).await?;
    ensure!(refused["code"] == "too_young", "{refused}");
    Ok(())
}
