//! The person looks after the keys of the vault in the enclave's own pages.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{
    scenario::scenarios,
    session::Session,
    signer::Signer,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("key_manager":
    a_key_the_person_disables_is_refused,
    a_rotated_key_is_told_to_its_site,
    a_deletion_waits_and_is_cancelled,
    a_script_presses_nothing,
);

/// A fresh unlock with the first passphrase.
const FRESH: Way<'_> = Way::Passphrase(PASSPHRASE);

async fn a_key_the_person_disables_is_refused(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ed25519").await?;
    signer.still_signs(&session).await?;
    let id = signer.key_id.as_str().context("no id")?;
    let missing = json!({"keyId": "AAECAwQFBgcICQoLDA0ODw"});
    ensure!(session.refusal("keys.manage", missing).await? == "not_found");

    session.begin("keys.manage").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.press_on("key", "#disable").await?;
    ui.has("key", "#enable").await?;
    ui.press_on("key", "#cancel").await?;
    ensure!(session.end().await?["state"] == "unlocked");
    let data = json!({"keyId": id, "data": {"bytes": "c29tZSB0ZXh0"}});
    ensure!(session.refusal("sign", data).await? == "invalid_key_state");

    // The log says who did it, and what became of the request.
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#audit").await?;
    ui.has("audit", "[data-method='keys.disable'][data-outcome=ok]").await?;
    ui.has("audit", "[data-method=sign][data-outcome=invalid_key_state]").await?;
    let refused = ui.text_of("audit", "[data-outcome=invalid_key_state]").await?;
    ensure!(refused.contains("Refused"), "{refused}");
    ui.press_on("audit", "#back").await?;
    ui.press_on("manage", "#keys").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.press_on("key", "#enable").await?;
    ui.open(FRESH).await?;
    ui.has("key", "#disable").await?;
    ui.press_on("key", "#cancel").await?;
    session.end().await?;
    signer.still_signs(&session).await
}

async fn a_rotated_key_is_told_to_its_site(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ec-p256").await?;
    let id = signer.key_id.as_str().context("no id")?;
    session.begin("keys.manage").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.press_on("key", "#rename").await?;
    ui.name("key", "Deploy").await?;
    ui.has("key", "#rename").await?;
    ui.press_on("key", "#rotate").await?;
    ui.open(FRESH).await?;
    ui.has("key", "#raise").await?;
    let public = session.call("keys.public_key", json!({"keyId": id})).await?;
    let pem = public["pem"].as_str().context("no PEM")?.trim();
    ui.value_on("key", "#public-key", |shown| shown.trim() == pem).await?;
    ui.select_on("key", "#format", "JWK").await?;
    let shown = ui.value_on("key", "#public-key", |shown| shown.starts_with('{')).await?;
    ensure!(serde_json::from_str::<Value>(&shown)? == public["jwk"], "{shown}");
    ui.select_on("key", "#which", "0").await?;
    let first = format!("\"{}\"", signer.kid().context("no kid")?);
    ui.value_on("key", "#public-key", |shown| shown.contains(&first)).await?;
    ui.press_on("key", "#cancel").await?;
    session.end().await?;
    let key = session.call("keys.describe", json!({"keyId": id})).await?;
    ensure!(key["version"] == 2 && key["label"] == "Deploy", "{key}");
    let recorded = session.recorded().await?.to_string();
    ensure!(recorded.contains("keys_changed"), "{recorded}");
    Ok(())
}

async fn a_deletion_waits_and_is_cancelled(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ed25519").await?;
    let id = signer.key_id.as_str().context("no id")?;
    session.begin("keys.manage").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.select_on("key", "#wait", "14").await?;
    ui.press_on("key", "#remove").await?;
    ui.open(FRESH).await?;
    ui.has("key", "#keep").await?;
    ui.press_on("key", "#cancel").await?;
    session.end().await?;
    let key = session.call("keys.describe", json!({"keyId": id})).await?;
    ensure!(key["state"] == "pending-deletion", "{key}");
    let wait = key["deletionDate"].as_u64().zip(key["created"].as_u64());
    let days = wait.map(|(date, created)| (date - created) / 86_400_000);
    ensure!(days == Some(14), "{key}");
    session.begin("keys.manage").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.press_on("key", "#keep").await?;
    ui.has("key", "#enable").await?;
    ui.press_on("key", "#cancel").await?;
    session.end().await?;
    let key = session.call("keys.describe", json!({"keyId": id})).await?;
    ensure!(key["state"] == "disabled", "{key}");
    Ok(())
}

/// Whatever screen of the manager is up, and however much of it a person has filled in.
async fn a_script_presses_nothing(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let ui = VaultUi(page);
    let signer = Signer::create(&session, "ed25519").await?;
    let id = signer.key_id.as_str().context("no id")?;
    let key = json!({"keyId": id});
    // With a second version there is more to press.
    session.call("keys.rotate", key.clone()).await?;
    let before = session.call("keys.describe", key.clone()).await?;

    session.begin("keys.manage").await?;
    ui.heeds_no_script("keys").await?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.heeds_no_script("key").await.context("as it is")?;
    ui.press_on("key", "#rename").await?;
    ui.type_on("key", "#label", "Another name").await?;
    ui.heeds_no_script("key").await.context("while it is renamed")?;
    ui.press_on("key", "#keep-label").await?;
    ui.press_on("key", "#remove").await?;
    ui.type_on("unlock", "#passphrase", PASSPHRASE).await?;
    ui.heeds_no_script("unlock").await.context("before it is deleted")?;
    ui.cancel().await?;
    session.ended().await?;
    ensure!(session.call("keys.describe", key.clone()).await? == before, "the key has changed");

    waits_unheeding(&session, &ui, &key).await?;
    session.begin("vault.manage").await?;
    ui.heeds_no_script("manage").await?;
    ui.press_on("manage", "#reset").await?;
    ui.open(FRESH).await?;
    ui.type_on("reset", "#delete-word", "DELETE").await?;
    ui.heeds_no_script("reset").await?;
    ui.cancel().await?;
    session.ended().await?;
    ensure!(session.status().await?["state"] == "unlocked", "the vault is still there");
    Ok(())
}

/// The page of a key that waits for its deletion.
async fn waits_unheeding(session: &Session<'_>, ui: &VaultUi<'_>, key: &Value) -> Result<()> {
    let waits = session.call("keys.schedule_deletion", key.clone()).await?;
    session.begin("keys.manage").await?;
    let id = key["keyId"].as_str().context("no id")?;
    ui.press_on("keys", &format!("[id='key-{id}']")).await?;
    ui.has("key", "#keep").await?;
    ui.heeds_no_script("key").await.context("while it waits for its deletion")?;
    ui.cancel().await?;
    session.ended().await?;
    let after = session.call("keys.describe", key.clone()).await?;
    ensure!(after == waits, "the key has changed: {after}");
    Ok(())
}
