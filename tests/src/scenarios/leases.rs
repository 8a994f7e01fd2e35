//! Leases: allowed by a person who sees the terms, kept to, revoked; and a page that tries more.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{
    engine::Engine,
    page::Page as _,
    scenario::scenarios,
    session::{Session, attack},
    signer::Signer,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("leases":
    allowed_used_extended_and_revoked,
    a_page_gets_no_more_than_its_lease,
    a_lease_is_of_the_site_that_asked_for_it,
);

const PUSH: &str = "https://push.example";
const DAY_MS: u64 = 86_400_000;
const FRESH: Way<'_> = Way::Passphrase(PASSPHRASE);

/// Asks for a lease of a day on a new key; the person allows it. Returns key and lease.
async fn allow(session: &Session<'_>, ui: &VaultUi<'_>, tokens: u32) -> Result<(Signer, Value)> {
    let signer = Signer::for_vapid(session).await?;
    let lease = grant(session, ui, (&signer.key_id, tokens)).await?;
    Ok((signer, lease))
}

/// Asks for a lease of a day; the person allows it.
async fn grant(
    session: &Session<'_>,
    ui: &VaultUi<'_>,
    (key_id, tokens): (&Value, u32),
) -> Result<Value> {
    session.begin_with("vapid.create_lease", terms(key_id, tokens)).await?;
    ui.open(FRESH).await?;
    ui.press_on("lease", "#submit").await?;
    session.end().await
}

fn terms(key_id: &Value, tokens: u32) -> Value {
    json!({"keyId": key_id, "audiences": [PUSH], "lifeMs": DAY_MS, "tokens": tokens})
}

async fn issue(session: &Session<'_>, lease: &Value) -> Result<Value> {
    let params = json!({"leaseId": lease["leaseId"], "audience": PUSH});
    session.call("vapid.issue_token", params).await
}

async fn refusal(session: &Session<'_>, lease: &Value) -> Result<String> {
    let params = json!({"leaseId": lease["leaseId"], "audience": PUSH});
    session.refusal("vapid.issue_token", params).await
}

async fn allowed_used_extended_and_revoked(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::for_vapid(&session).await?;
    let params = json!({
        "keyId": signer.key_id, "audiences": [PUSH, "https://other.example"],
        "lifeMs": DAY_MS, "tokens": 2, "contact": "https://app.example/contact",
    });
    // Nothing comes of it when the person declines.
    session.begin_with("vapid.create_lease", params.clone()).await?;
    ui.open(FRESH).await?;
    ensure!(ui.site("lease").await? == stage.pwa, "the screen says who asks");
    let terms = ui.text_of("lease", ".contents").await?;
    for part in
        [PUSH, "https://other.example", "24 hours", "2 tokens", "https://app.example/contact"]
    {
        ensure!(terms.contains(part), "{part} is not among the terms: {terms}");
    }
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    ensure!(session.call("leases.list", json!({})).await?["leases"] == json!([]));

    session.begin_with("vapid.create_lease", params).await?;
    ui.open(FRESH).await?;
    ui.press_on("lease", "#submit").await?;
    let lease = session.end().await?;
    let token = issue(&session, &lease).await?;
    signer.signed_token(token["token"].as_str().context("no token")?)?;
    issue(&session, &lease).await?;
    ensure!(refusal(&session, &lease).await? == "lease_exhausted");

    let more = json!({"leaseId": lease["leaseId"], "lifeMs": 2 * DAY_MS, "tokens": 1});
    session.begin_with("leases.extend", more).await?;
    ui.open(FRESH).await?;
    ui.press_on("lease", "#submit").await?;
    ensure!(session.end().await?["tokens"] == 1);
    issue(&session, &lease).await?;

    session.begin("vault.manage").await?;
    let id = lease["leaseId"].as_str().context("no id")?;
    ui.press_on("manage", &format!("[id='revoke-{id}']")).await?;
    ui.open(FRESH).await?;
    ui.shows("manage").await?;
    ui.cancel().await?;
    session.end().await?;
    ensure!(refusal(&session, &lease).await? == "lease_not_found");
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

async fn a_page_gets_no_more_than_its_lease(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let (signer, lease) = allow(&session, &ui, 20).await?;
    ensure!(signer.refusal(&session).await? == "policy_denied", "there is no way around it");
    let argument = json!({"leaseId": lease["leaseId"], "keyId": signer.key_id, "audience": PUSH});
    let found = attack(page, "leases", &argument).await?;
    let expected = json!({
        "ten years": "invalid_params",
        "own claims": "invalid_params",
        "another audience": "lease_audience",
        "no push service": "invalid_params",
        "another lease": "lease_not_found",
        "extension without terms": "invalid_params",
        "extension by a credential": "invalid_params",
        "extension for ever": "invalid_params",
        "lease for ever": "invalid_params",
        "lease for everything": "invalid_params",
        "sender with a name": "invalid_params",
    });
    ensure!(found["answers"] == expected, "{found}");
    ensure!(found["issued"] == 20, "exactly the quota: {found}");
    ensure!(found["refused"] == json!(["lease_exhausted"]), "{found}");
    let all = |name: &str, holds: &dyn Fn(&Value) -> bool| {
        found[name].as_array().is_some_and(|values| values.len() == 20 && values.iter().all(holds))
    };
    ensure!(all("claims", &|claims| claims == "aud exp"), "nothing else is claimed: {found}");
    let short = |life: &Value| life.as_f64().is_some_and(|life| life > 0.0 && life <= 900.0);
    ensure!(all("lives", &short), "15 minutes at most: {found}");
    // A restart gives nothing back, and a locked vault gives nothing at all.
    let again = Session::open(page, &stage).await?;
    ensure!(refusal(&again, &lease).await? == "locked");
    again.begin("vault.unlock").await?;
    ui.unlock(PASSPHRASE).await?;
    again.end().await?;
    ensure!(refusal(&again, &lease).await? == "lease_exhausted");
    // No press of the page's own script answers the person's screen.
    again
        .begin_with(
            "leases.extend",
            json!({"leaseId": lease["leaseId"], "lifeMs": DAY_MS, "tokens": 9}),
        )
        .await?;
    ui.open(FRESH).await?;
    ui.shows("lease").await?;
    page.enter_enclave().await?;
    page.eval("document.querySelector('#submit').click(); return null;", &[]).await?;
    page.leave_frame().await?;
    ui.shows("lease").await?;
    ui.cancel().await?;
    ensure!(again.end_refused().await? == "user_cancelled");
    ensure!(refusal(&again, &lease).await? == "lease_exhausted");
    Ok(())
}

/// Two origins of one site share a vault, and here a key. A lease is of the one that asked for it: the
/// other does not see it, and finds no way to use, extend or revoke it.
async fn a_lease_is_of_the_site_that_asked_for_it(world: &mut World) -> Result<()> {
    let ([one, other], engine) = (world.neighbours(), world.engine);
    let page = world.page()?;
    let ui = VaultUi(page);
    let session = Session::unlocked(page, &one).await?;
    let (own, own_lease) = allow(&session, &ui, 3).await?;
    let policy = json!({"operations": ["vapid"], "callerOrigins": [other.pwa]});
    let shared = session.call("keys.create", json!({"spec": "ec-p256", "policy": policy})).await?;
    let shared = &shared["keyId"];
    let lease = grant(&session, &ui, (shared, 3)).await?;
    issue(&session, &lease).await?;

    // WebKit gives each origin a storage of its own, so that the other one sets up its own vault.
    let apart = engine == Engine::Webkitgtk;
    let guest = if apart {
        Session::unlocked(page, &other).await?
    } else {
        let guest = Session::open(page, &other).await?;
        guest.unlock().await?;
        guest
    };
    ensure!(guest.call("leases.list", json!({})).await?["leases"] == json!([]));
    for lease in [&own_lease, &lease] {
        finds_no_lease(&guest, lease).await?;
    }
    ensure!(guest.refusal("vapid.create_lease", terms(&own.key_id, 1)).await? == "not_found");
    if apart {
        return Ok(());
    }
    let known = guest.call("keys.describe", json!({"keyId": shared})).await?;
    ensure!(known["callerOrigins"] == json!([one.pwa, other.pwa]), "the same vault: {known}");
    ensure!(guest.denied_by("keys.rotate", json!({"keyId": shared})).await? == "owner");
    // A lease of its own on that key shows it no other.
    let guests = grant(&guest, &ui, (shared, 3)).await?;
    issue(&guest, &guests).await?;
    ensure!(listed(&guest).await? == [guests["leaseId"].clone()]);
    finds_no_lease(&guest, &lease).await?;
    let held = [(&own_lease, &one), (&lease, &one), (&guests, &other)];
    the_person_sees(&guest, &ui, &held).await?;

    let session = Session::open(page, &one).await?;
    session.unlock().await?;
    finds_no_lease(&session, &guests).await?;
    let left = [own_lease["leaseId"].clone(), lease["leaseId"].clone()];
    ensure!(listed(&session).await? == left);
    issue(&session, &own_lease).await?;
    issue(&session, &lease).await?;
    ensure!(session.call("audit.verify", json!({})).await?.is_object());
    Ok(())
}

/// The person sees the leases of all sites, each with its site.
async fn the_person_sees(
    session: &Session<'_>,
    ui: &VaultUi<'_>,
    held: &[(&Value, &Stage)],
) -> Result<()> {
    session.begin("vault.manage").await?;
    for (lease, stage) in held {
        let id = lease["leaseId"].as_str().context("no id")?;
        let said = ui.text_of("manage", &format!("li:has([id='revoke-{id}'])")).await?;
        let host = stage.pwa.strip_prefix("http://").context("no host")?;
        ensure!(said.contains(host), "{host}: {said}");
    }
    ui.cancel().await?;
    session.end().await?;
    Ok(())
}

/// Whatever is asked about a lease of another site, it does not exist.
async fn finds_no_lease(session: &Session<'_>, lease: &Value) -> Result<()> {
    let id = &lease["leaseId"];
    for (method, params) in [
        ("vapid.issue_token", json!({"leaseId": id, "audience": PUSH})),
        ("leases.extend", json!({"leaseId": id, "lifeMs": DAY_MS, "tokens": 1})),
        ("leases.revoke", json!({"leaseId": id})),
    ] {
        let refused = session.refusal(method, params).await?;
        ensure!(refused == "lease_not_found", "{method}: {refused}");
    }
    Ok(())
}

/// The ids of the leases that a site sees.
async fn listed(session: &Session<'_>) -> Result<Vec<Value>> {
    let page = session.call("leases.list", json!({})).await?;
    Ok(page["leases"].as_array().into_iter().flatten().map(|one| one["leaseId"].clone()).collect())
}
