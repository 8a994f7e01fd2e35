//! A release by a policy, verified in the page.

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use kms_manifest::{Sha256, qr_rows, word_code};
use serde_json::{Value, json};

use crate::{
    page::Page as _, scenario::scenarios, session::attack, stage::Stage, vouched, world::World,
};

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

/// What the verifier is asked, as the element shows it.
const QUESTIONS: [&str; 10] = [
    "policy",
    "revocations",
    "policy-manifest",
    "signers",
    "log",
    "witnesses",
    "inclusion",
    "age",
    "growth",
    "order",
];

/// Changes what the page remembers.
const REMEMBER: &str = "
    const mark = JSON.parse(localStorage.getItem($0));
    localStorage.setItem($0, JSON.stringify({ ...mark, ...$1 }));";

/// What the page paints of the digest's QR code: every dark module, inside a light edge of four.
fn dark_modules(digest: &Sha256) -> Result<String> {
    let rows = qr_rows(digest).context("no code")?;
    let dark = rows.lines().enumerate().flat_map(|(y, row)| {
        let dark = row.chars().enumerate().filter(|(_, module)| *module == '1');
        dark.map(move |(x, _)| format!("M{} {}h1v1h-1z", x + 4, y + 4))
    });
    Ok(dark.collect())
}

/// Lets `<kms-verify>` judge by the policy, of a running enclave if it is to connect, and returns what
/// it reports and shows.
async fn show(page: &Client, policy: &Value, connected: bool) -> Result<Value> {
    attack(page, "show", &json!({"policy": policy, "connected": connected})).await
}

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

    let shown = show(page, &policy, true).await?;
    let level = if world.engine.enforces_pin() { "enforced by browser" } else { "checked" };
    for name in ["level", "attribute"] {
        ensure!(shown[name] == level, "{shown}");
    }
    for step in QUESTIONS.into_iter().chain(["manifest", "running"]) {
        ensure!(shown["steps"][step] == "true", "{step}: {shown}");
    }
    ensure!(shown["dark"] == dark_modules(&stage.release.emitted.pin.manifest)?, "{shown}");
    let text = shown["text"].as_str().context("text")?;
    let words = word_code(&stage.release.emitted.pin.manifest);
    for part in [
        "a release that its signers made public",
        "signer.example",
        "log.example/kms",
        "W1, W2",
        &words,
    ] {
        ensure!(text.contains(part), "{part:?} is not in {text:?}");
    }

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
    let refused = page.eval(CONNECT, &[policy.clone(), name]).await?;
    ensure!(refused["code"] == "too_young", "{refused}");
    let shown = show(page, &policy, false).await?;
    ensure!(shown["level"] == "failed" && shown["steps"]["age"] == "false", "{shown}");
    ensure!(shown["steps"]["inclusion"] == "true" && shown["steps"]["order"] == "null", "{shown}");
    ensure!(shown["dark"].is_null(), "a code of no release: {shown}");
    ensure!(shown["words"].is_null(), "nothing was read that could be named: {shown}");
    a_page_that_lets_no_wasm_run_is_told(page, &stage, &policy).await
}

/// A developer who has forgotten a word of the page's policy reads which.
async fn a_page_that_lets_no_wasm_run_is_told(
    page: &Client,
    stage: &Stage,
    policy: &Value,
) -> Result<()> {
    page.goto(&format!("{}/no-wasm.html", stage.pwa)).await?;
    let shown = show(page, policy, false).await?;
    let text = shown["text"].as_str().context("text")?;
    ensure!(shown["level"] == "failed" && text.contains("'wasm-unsafe-eval'"), "{shown}");
    Ok(())
}
