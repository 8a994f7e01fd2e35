//! The audit log: what was done to it on disk is found, and what is exported proves itself.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{audit, verify::Outcome};
use kms_testkit::broker::challenge;
use kms_tlog::VerifierKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    page::Page as _,
    scenario::scenarios,
    session::Session,
    signer::Signer,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("audit":
    altered_on_disk,
    cut_off_exchanged_and_put_back,
    exported_and_checked,
    saved_by_the_person,
);

/// Inside the frame: does something to an entry of the log, and returns what was there.
const ALTER: &str = "
    const [seq, how, bytes] = [$0, $1, $2];
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open('ats-kms'));
    const transaction = database.transaction('audit', 'readwrite');
    const log = transaction.objectStore('audit');
    // The page is left next: what is not committed by then never is.
    const committed = new Promise((resolve) => { transaction.oncomplete = resolve; });
    const entry = await done(log.get(seq));
    if (how === 'delete') await done(log.delete(seq));
    if (how === 'put') await done(log.put(Uint8Array.from(bytes), seq));
    await committed;
    database.close();
    return Array.from(entry ?? []);";

async fn alter(page: &fantoccini::Client, seq: u64, how: &str, bytes: &Value) -> Result<Value> {
    page.enter_enclave().await?;
    let before = page.eval(ALTER, &[json!(seq), json!(how), bytes.clone()]).await?;
    page.leave_frame().await?;
    Ok(before)
}

/// A vault whose log has entries to spoil.
async fn used(session: &Session<'_>) -> Result<Signer> {
    let signer = Signer::create(session, "ed25519").await?;
    for _ in 0..4 {
        signer.still_signs(session).await?;
    }
    Ok(signer)
}

/// Opens the vault again in a new frame.
async fn reopened<'a>(page: &'a fantoccini::Client, stage: &Stage) -> Result<Session<'a>> {
    let session = Session::open(page, stage).await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).unlock(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    Ok(session)
}

/// The same where the log was altered: that may be found before the vault says that it is open.
async fn reopened_altered<'a>(page: &'a fantoccini::Client, stage: &Stage) -> Result<Session<'a>> {
    let session = Session::open(page, stage).await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).unlock(PASSPHRASE).await?;
    session.ended().await?;
    Ok(session)
}

/// How the vault tells of its log within a few seconds.
async fn checked(session: &Session<'_>) -> Result<String> {
    for _ in 0..40 {
        let Ok(status) = session.status().await else {
            return session.refusal("vault.status", json!({})).await;
        };
        let audit = &status["audit"];
        ensure!(audit["count"].is_u64(), "nothing is told of the log: {status}");
        if audit["checked"] == audit["count"] {
            return Ok("whole".into());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok("nothing".into())
}

/// Checks that what was altered is found and keeps the key from being used, and that the next frame
/// has not forgotten it.
async fn is_found(page: &fantoccini::Client, stage: &Stage, signer: &Signer) -> Result<()> {
    for frame in ["first", "next"] {
        let session = reopened_altered(page, stage).await?;
        let found = checked(&session).await?;
        ensure!(found == "audit_corrupt", "{frame}: {found}");
        let used = signer.refusal(&session).await?;
        ensure!(used == "audit_corrupt", "{frame}: the key answers {used}");
    }
    Ok(())
}

async fn altered_on_disk(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = used(&session).await?;
    let session = reopened(page, &stage).await?;
    let found = checked(&session).await?;
    ensure!(found == "whole", "{found}");
    let entry = alter(page, 3, "look", &Value::Null).await?;
    let other = alter(page, 4, "look", &Value::Null).await?;
    let mut edited: Vec<u64> = serde_json::from_value(entry.clone())?;
    *edited.last_mut().context("an entry has bytes")? ^= 1;
    for (how, bytes) in [("delete", json!([])), ("put", json!(edited)), ("put", other)] {
        alter(page, 3, how, &bytes).await?;
        is_found(page, &stage, &signer).await.context(how)?;
        alter(page, 3, "put", &entry).await?;
    }
    let session = reopened(page, &stage).await?;
    let found = checked(&session).await?;
    ensure!(found == "whole", "put back: {found}");
    signer.still_signs(&session).await
}

/// Inside the frame: the log, and in its place another one if one is given. Both as text: Firefox keeps
/// a driver's script away from a page's arrays.
const LOG: &str = "
    const wanted = JSON.parse($0);
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open('ats-kms'));
    const transaction = database.transaction(['audit', 'meta'], 'readwrite');
    const [audit, meta] = ['audit', 'meta'].map((name) => transaction.objectStore(name));
    const committed = new Promise((resolve) => { transaction.oncomplete = resolve; });
    const [head, entries] = [await done(meta.get('audit-head')), await done(audit.getAll())];
    if (wanted !== null) {
        await done(audit.clear());
        for (const [at, entry] of wanted.entries.entries()) {
            await done(audit.put(Uint8Array.from(entry), at + 1));
        }
        await done(meta.put(Uint8Array.from(wanted.head), 'audit-head'));
    }
    await committed;
    database.close();
    const plain = { head: Array.from(head), entries: entries.map((entry) => Array.from(entry)) };
    return JSON.stringify(plain);";

/// The log of a locked vault as it is stored. An open one might write in between.
#[derive(Clone, Deserialize, Serialize)]
struct StoredLog {
    head: Vec<u8>,
    entries: Vec<Vec<u8>>,
}

impl StoredLog {
    async fn read(page: &fantoccini::Client) -> Result<Self> {
        let text = page.eval_inside(LOG, &[json!("null")]).await?;
        Ok(serde_json::from_str(text.as_str().context("no log")?)?)
    }

    async fn put(&self, page: &fantoccini::Client) -> Result<()> {
        page.eval_inside(LOG, &[json!(serde_json::to_string(self)?)]).await?;
        Ok(())
    }
}

/// Puts two entries that have others behind them each in the other's place.
async fn exchange(page: &fantoccini::Client) -> Result<()> {
    let mut log = StoredLog::read(page).await?;
    ensure!(log.entries.len() > 4, "{} entries", log.entries.len());
    log.entries.swap(2, 3);
    log.put(page).await
}

/// Checks that a new frame does not open the vault, and the next one neither.
async fn stays_shut(
    page: &fantoccini::Client,
    stage: &Stage,
    signer: &Signer,
    code: &str,
) -> Result<()> {
    for frame in ["first", "next"] {
        let session = Session::open(page, stage).await?;
        session.begin("vault.unlock").await?;
        VaultUi(page).unlock(PASSPHRASE).await?;
        let refused = session.end_refused().await?;
        ensure!(refused == code, "{frame}: {refused}");
        ensure!(session.status().await?["state"] == "locked", "{frame}: it is open");
        let used = signer.refusal(&session).await?;
        ensure!(used == "locked", "{frame}: the key answers {used}");
    }
    Ok(())
}

/// A log whose end does not fit keeps the vault shut; what is wrong before that is found later.
async fn cut_off_exchanged_and_put_back(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    let signer = used(&session).await?;
    session.lock().await?;
    let old = StoredLog::read(page).await?;
    session.unlock().await?;
    signer.still_signs(&session).await?;
    session.lock().await?;
    let whole = StoredLog::read(page).await?;
    ensure!(whole.entries.len() >= old.entries.len() + 2, "{} entries", whole.entries.len());

    let mut cut = whole.clone();
    cut.entries.truncate(whole.entries.len() - 2);
    cut.put(page).await?;
    stays_shut(page, &stage, &signer, "audit_corrupt").await.context("the end was cut off")?;
    whole.put(page).await?;
    reopened(page, &stage).await?.lock().await?;

    // Whole and authentic in itself; but the settings are those of a later head.
    let whole = StoredLog::read(page).await?;
    old.put(page).await?;
    stays_shut(page, &stage, &signer, "vault_corrupt").await.context("an old log was put back")?;
    whole.put(page).await?;

    exchange(page).await?;
    is_found(page, &stage, &signer).await.context("two entries were exchanged")?;
    exchange(page).await?;
    let session = reopened(page, &stage).await?;
    let found = checked(&session).await?;
    ensure!(found == "whole", "put back: {found}");
    signer.still_signs(&session).await?;
    // An open vault remembers how far it had come.
    session.call("audit.verify", json!({})).await?;
    old.put(page).await?;
    let found = session.refusal("audit.verify", json!({})).await?;
    ensure!(found == "audit_corrupt", "under an open vault: {found}");
    Ok(())
}

async fn exported_and_checked(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let pinned = session.call("audit.checkpoint", json!({})).await?;
    used(&session).await?;
    let signed = session.call("audit.checkpoint", json!({})).await?;
    ensure!(signed["verifierKey"] == pinned["verifierKey"], "one key: {signed} {pinned}");
    let page = session.call("audit.list", json!({})).await?;
    let mut export = String::new();
    for mut entry in page["entries"].as_array().cloned().unwrap_or_default() {
        for member in ["hash", "leaf"] {
            let bytes = entry[member]["bytes"].take();
            entry[member] = bytes;
        }
        writeln!(export, "{entry}")?;
    }
    writeln!(export, "{}", json!({"checkpoint": signed["note"]}))?;
    let key = VerifierKey::parse(signed["verifierKey"].as_str().context("no key")?)?;
    let report = audit::verify(&export, &key, pinned["note"].as_str());
    ensure!(report.outcome == Outcome::Match, "{report}{export}");
    // The set-up, the key and its four uses; the checkpoint before was of the set-up alone.
    ensure!((report.entries, report.since) == (6, Some(1)), "{report}");
    let forged = export.replacen("\"ok\"", "\"not_found\"", 1);
    ensure!(audit::verify(&forged, &key, None).outcome == Outcome::Mismatch);
    Ok(())
}

async fn saved_by_the_person(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let signer = used(&session).await?;
    let data = json!({"bytes": ""});
    let sign = ("sign", json!({"keyId": signer.key_id, "data": data}));
    session.batch(&vec![sign; 30]).await?;
    let ui = VaultUi(world.page()?);
    did_not_reject(&session, &ui).await?;
    session.begin("vault.manage").await?;
    ui.press_on("manage", "#audit").await?;
    looked_through(&ui).await?;
    ui.press_on("audit", "#export").await?;
    let key = VerifierKey::parse(&ui.text_of("log_ready", "#verifier").await?)?;
    let file = ui.save_on("log_ready", world.browser()?, "jsonl").await?;
    let report = audit::verify(&fs::read_to_string(file)?, &key, None);
    ensure!(report.outcome == Outcome::Match, "{report}");
    ensure!(report.entries == 38, "{report}");
    let [decided] = &report.approved[..] else { anyhow::bail!("{report}") };
    ensure!(decided.about.digest == Some(challenge(1).digest().to_string()), "{report}");
    ui.press_on("log_ready", "#back").await?;
    ui.press_on("audit", "#cancel").await?;
    session.end().await?;
    Ok(())
}

/// An approver does not even reject: two entries, of which the second one says what it was about.
async fn did_not_reject(session: &Session<'_>, ui: &VaultUi<'_>) -> Result<()> {
    let policy = json!({"operations": ["approve"]});
    let key = session.call("keys.create", json!({"spec": "ed25519", "policy": policy})).await?;
    let asked = json!({"keyId": key["keyId"], "challenge": challenge(1).to_json()});
    session.begin_with("poa.reject", asked).await?;
    ui.shows("approve").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    Ok(())
}

/// The pages of the log, and what a filter leaves of it.
async fn looked_through(ui: &VaultUi<'_>) -> Result<()> {
    let decided = "li[value='38'][data-method='poa.reject.approval']";
    ui.has("audit", &format!("{decided} [data-authorization=digest] > code")).await?;
    ui.press_on("audit", "#more").await?;
    ui.has("audit", "ol:has(li[value='13']) > li[value='1']").await?;
    ui.press_on("audit", "#before").await?;
    ui.has("audit", "ol:has(li[value='38']):not(:has(li[value='13']))").await?;
    ui.press_on("audit", "details:not([open]) > summary").await?;
    let both =
        "ol > li[data-method='keys.create']:first-child + li[data-method='keys.create']:last-child";
    ui.select_on("audit", "#group", "keys").await?;
    ui.has("audit", both).await?;
    ui.select_on("audit", "#outcome", "failed").await?;
    ui.has("audit", "main:not(:has(ol.log)), body:not(:has(ol.log))").await?;
    ui.select_on("audit", "#outcome", "").await?;
    ui.has("audit", both).await?;
    ui.select_on("audit", "#group", "").await?;
    ui.has("audit", decided).await
}
