//! The frame page for WEBCAT: the same enclave, with workers that the server sends.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use kms_manifest::{FileKind, Pin, WEBCAT_PATH, WORKER_CSP};
use serde_json::json;

use crate::{
    page::Page as _,
    scenario::scenarios,
    session::{Session, attack},
    signer::Signer,
    stage::serve_changed,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("webcat": for_webcat);

/// What the client and Verify say of a connection by the pin of that page.
const BY_CLIENT: &str = "
    const [{ connect }, { verifyEnclave }] =
        await Promise.all([import('/client/index.js'), import('/client/verify.js')]);
    const kms = await connect({ release: $0, timeoutMs: 60_000 });
    const { pin } = kms.isolation();
    const { level, steps } = await verifyEnclave({ release: $0, kms, timeoutMs: 60_000 });
    kms.close();
    const of = (state) => steps.filter(({ ok }) => ok === state).map(({ id }) => id);
    return { pin, level, failed: of(false), undone: of(null) };";

async fn for_webcat(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let manifest = &stage.release.emitted.manifest;
    let pin = Pin::of_webcat(manifest)?.context("no page for WEBCAT")?;
    stage.visit(page).await?;
    let told = page.eval(BY_CLIENT, &[json!(pin)]).await?;
    ensure!(told["pin"] == "checked" && told["level"] == "checked", "{told}");
    ensure!(told["failed"] == json!([]), "{told}");
    ensure!(told["undone"].to_string().contains("\"extension\""), "{told}");

    let worker = manifest.asset(FileKind::Worker).context("no worker")?;
    let (kms, _server) = serve_changed(&stage.release.emitted, |site| {
        if let Some(asset) = site.files.get_mut(&worker.path) {
            let open = WORKER_CSP.replace("connect-src 'none'", "connect-src *");
            asset.headers.set("Content-Security-Policy", open);
        }
    })?;
    let open = json!({"op": "open", "kms": kms, "attributes": {}, "path": WEBCAT_PATH});
    let refused = attack(page, "session", &open).await.err().context("it started")?.to_string();
    ensure!(refused.contains("isolation_failure"), "a worker under a weaker policy: {refused}");

    let session = Session::unlocked_at(page, &stage, WEBCAT_PATH).await?;
    for spec in ["ed25519", "ec-p256"] {
        Signer::create(&session, spec).await?.still_signs(&session).await?;
    }
    // Made by the tools, whose worker the server sends as well.
    session.begin("vault.backup").await?;
    let (browser, fresh) = (world.browser()?, Way::Passphrase(PASSPHRASE));
    let file = VaultUi(page).back_up(browser, fresh, Some("the passphrase of the file")).await?;
    session.end().await?;
    ensure!(fs::read(&file)?.starts_with(b"age-encryption.org/v1\n"), "it is an age file");

    page.enter_enclave().await?;
    let facts = page.eval("return window.probeWorker('scope');", &[]).await?;
    ensure!(facts["kind"] == "DedicatedWorkerGlobalScope", "{facts}");
    ensure!(facts["address"] == format!("{}{}", stage.kms, worker.path), "{facts}");
    ensure!(facts["secure"] == true && facts["origin"] == stage.kms.as_str(), "{facts}");
    ensure!(facts["reachable"] == json!([]) && facts["frozen"] == true, "{facts}");
    ensure!(facts["grows"] == false, "{facts}");
    Ok(())
}
