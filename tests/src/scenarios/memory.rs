//! After lock, no secret lies in the enclave's memory, whatever opened the vault.

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    authenticator::Authenticator,
    page::Page as _,
    probe::{helpers_alive, holds_nothing, holds_secrets, scan},
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
    finds_what_is_there(page).await?;
    let texts = [PASSPHRASE.to_owned()];
    let way = Way::Passphrase(PASSPHRASE);
    leaves_nothing(page, &session, way, &texts).await?;
    // Locked in the middle of something, with a fresh unlock that nothing has used yet.
    let ui = VaultUi(page);
    session.unlock().await?;
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#add-passphrase").await?;
    ui.open(way).await?;
    ui.shows("add_passphrase").await?;
    lock_and_look(page, &session, &texts).await?;
    ensure!(helpers_alive(page).await? == 0, "a key derivation goes on");
    Ok(())
}

async fn after_a_recovery_phrase(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.setup").await?;
    let words = ui.set_up_phrase().await?;
    session.end().await?;
    let way = Way::Phrase(&words);
    leaves_nothing(page, &session, way, &pairs(&words)).await?;
    // Locked while another phrase is on the screen.
    session.begin("vault.unlock").await?;
    ui.open(way).await?;
    session.end().await?;
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#add-recovery-phrase").await?;
    ui.open(way).await?;
    let others = ui.shown_words().await?;
    lock_and_look(page, &session, &[pairs(&words), pairs(&others)].concat()).await
}

/// The list of words is in the module, but no two of them with a space between.
fn pairs(words: &str) -> Vec<String> {
    let words: Vec<_> = words.split(' ').collect();
    words.windows(2).map(|pair| pair.join(" ")).collect()
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
    for spec in ["ed25519", "ec-p256"] {
        Signer::create(session, spec).await?.still_signs(session).await?;
    }
    // The longest way over the stack: the enclave itself expands this key, on both sides.
    let id = session.call("keys.create", json!({"spec": "hpke-x-wing"})).await?["keyId"].clone();
    let plaintext = json!({"bytes": "c29tZSB0ZXh0"});
    let sealed = session.call("seal", json!({"keyId": id, "plaintext": plaintext})).await?;
    let opened = json!({"keyId": id, "sealed": sealed["sealed"]});
    ensure!(session.call("open", opened).await?["plaintext"] == plaintext);
    lock_and_look(page, session, texts).await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).open(way).await?;
    session.end().await?;
    lock_and_look(page, session, texts).await
}

async fn lock_and_look(page: &Client, session: &Session<'_>, texts: &[String]) -> Result<()> {
    holds_secrets(page).await?;
    session.lock().await?;
    holds_nothing(page, texts).await.context("after lock")
}

/// Has the enclave keep a secret, or its second half alone, and a text; or let go of them.
const KEEP: &str = "
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const argument = $0 === null ? {} : { secret, text: $0, tail: $1 };
    await window.probeWorker('call', { name: 'probeKeep', argument });";

/// What lies in the memory is found there, for exactly as long as it does; so is what a secret has
/// left behind when its beginning is gone.
async fn finds_what_is_there(page: &Client) -> Result<()> {
    let text = "a text that nothing else contains".to_owned();
    let keeps = async |text: Value, tail: bool| page.eval_inside(KEEP, &[text, json!(tail)]).await;
    // Whether the secret is found that was made as the last but so many, and the text.
    let found = async |later: usize| -> Result<(bool, bool)> {
        let now = scan(page, std::slice::from_ref(&text)).await?;
        let made = now["needles"].as_array().map_or(0, Vec::len);
        let secret = format!("SecretVec {} ", made - 1 - later);
        let found = now["found"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok((found.into_iter().any(|one| one.starts_with(&secret)), now["texts"] == json!([text])))
    };
    // The half that is kept is a secret of its own.
    for (tail, later) in [(false, 0), (true, 1)] {
        keeps(json!(text), tail).await?;
        ensure!(found(later).await? == (true, true), "the scan misses what is there: {tail}");
        keeps(Value::Null, tail).await?;
        ensure!(found(later).await? == (false, false), "what was let go is still there: {tail}");
    }
    Ok(())
}
