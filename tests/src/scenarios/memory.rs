//! After lock, no secret lies in the enclave's memory, whatever opened the vault.

use anyhow::{Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    authenticator::Authenticator,
    page::Page as _,
    scenario::scenarios,
    session::Session,
    signer::Signer,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("memory": after_a_passphrase, after_a_recovery_phrase, after_a_passkey);

async fn after_a_passphrase(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let texts = [PASSPHRASE.to_owned()];
    leaves_nothing(page, &session, Way::Passphrase(PASSPHRASE), &texts).await
}

async fn after_a_recovery_phrase(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    let words = VaultUi(page).set_up_phrase().await?;
    session.end().await?;
    // The list of words is in the module, but no two of them with a space between.
    let words_alone: Vec<_> = words.split(' ').collect();
    let pairs: Vec<_> = words_alone.windows(2).map(|pair| pair.join(" ")).collect();
    leaves_nothing(page, &session, Way::Phrase(&words), &pairs).await
}

async fn after_a_passkey(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up_passkey().await?;
    session.end().await?;
    leaves_nothing(page, &session, Way::Passkey, &[]).await?;
    // The output of the PRF came as bytes of no fixed length, and was noted as such.
    let needles = scan(page, &[]).await?["needles"].clone();
    let noted = needles.as_array().is_some_and(|all| all.contains(&json!("SecretVec of 32")));
    ensure!(noted, "{needles}");
    authenticator.unplug().await
}

/// Uses the vault, locks it, looks; and the same once more after an unlock.
async fn leaves_nothing(
    page: &Client,
    session: &Session<'_>,
    way: Way<'_>,
    texts: &[String],
) -> Result<()> {
    for text in texts {
        ensure!(probe(page, "control", text).await? == true, "the search for texts works");
    }
    for spec in ["ed25519", "ec-p256"] {
        Signer::create(session, spec).await?.still_signs(session).await?;
    }
    lock_and_look(page, session, texts).await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).open(way).await?;
    session.end().await?;
    lock_and_look(page, session, texts).await
}

async fn lock_and_look(page: &Client, session: &Session<'_>, texts: &[String]) -> Result<()> {
    // The positive control: an open vault does hold secrets, and the scan finds them.
    let open = scan(page, texts).await?;
    ensure!(open["needles"].as_array().is_some_and(|needles| needles.len() >= 4), "{open}");
    ensure!(open["found"].as_array().is_some_and(|found| !found.is_empty()), "{open}");
    session.lock().await?;
    let locked = scan(page, texts).await?;
    ensure!(locked["found"] == json!([]), "after lock: {}", locked["found"]);
    ensure!(locked["texts"] == json!([]), "after lock: {}", locked["texts"]);
    Ok(())
}

async fn scan(page: &Client, texts: &[String]) -> Result<Value> {
    probe(page, "scan", &json!(texts).to_string()).await
}

async fn probe(page: &Client, command: &str, argument: &str) -> Result<Value> {
    page.enter_enclave().await?;
    let script = "return window.probeWorker($0, $1);";
    let found = page.eval(script, &[json!(command), json!(argument)]).await?;
    page.leave_frame().await?;
    Ok(found)
}
