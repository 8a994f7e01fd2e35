//! Another release of the enclave on the same origin, in front of a vault.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{
    Asset, Emitted, earlier_path,
    serve::{self, Running, ServeOptions, Site},
    transparency::publish::REVOCATIONS_PATH,
};
use kms_manifest::{Manifest, Sha256};
use kms_tlog::{Note, SignerKey};
use serde_json::json;

use super::accessibility::check_elsewhere;
use crate::{
    driver::free_port,
    remade::{remade, replaced},
    scenario::scenarios,
    session::{Session, attack},
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("releases":
    another_release_is_shown_before_it_opens_a_vault_and_a_revoked_one_opens_none,
);

/// Serves a release on this port; nothing of it is cached.
fn serve_at(port: u16, emitted: &Emitted) -> Result<Running> {
    let mut site = Site::from(emitted.clone());
    for asset in site.files.values_mut() {
        asset.headers.set("Cache-Control", "no-store");
    }
    Ok(serve::start_site(site, ServeOptions::loopback(port))?)
}

fn signer() -> Result<SignerKey> {
    Ok(SignerKey::new("signer.example", &[7; 32])?)
}

/// The one signer of the older release, in the form that a release is emitted with.
fn signers() -> Result<String> {
    let key = signer()?.verifier().to_string();
    Ok(json!({"threshold": 1, "keys": [key]}).to_string())
}

/// Publishes that the older release is revoked, beside the manifest of the newer one: as much of its own
/// manifest as an enclave reads, and the signed statement. Returns the digest of that manifest.
fn revoke(older: &mut Emitted, origin: &str) -> Result<Sha256> {
    let Manifest { worker, wasm, headers, .. } = &older.manifest;
    let manifest = json!({"version": "0.0.1", "worker": worker, "wasm": wasm}).to_string();
    let digest = Sha256::of(manifest.as_bytes());
    let text =
        format!("ats-kms/revocation/v1\norigin {origin}\nmanifest {digest}\nreason it leaks\n");
    let note = Note::new(&text, vec![signer()?.sign(&text)])?.to_string();
    let headers = headers.manifest.clone();
    for (path, text) in [
        (earlier_path(&digest), manifest),
        (REVOCATIONS_PATH.to_owned(), json!([note]).to_string()),
    ] {
        let asset = Asset::new(text.into_bytes(), "application/json", headers.clone());
        older.files.insert(path, asset);
    }
    Ok(digest)
}

async fn another_release_is_shown_before_it_opens_a_vault_and_a_revoked_one_opens_none(
    world: &mut World,
) -> Result<()> {
    let stage = world.stage()?;
    let release = Arc::clone(&stage.release);
    let newer = &release.emitted;
    let version = &newer.pin.version;
    let mut older = remade(newer, |module| {
        let named = format!("signers: {}", serde_json::to_string(&signers()?)?);
        let module = replaced(module, "signers: ''", &named)?;
        replaced(&module, &format!("version: \"{version}\""), "version: \"0.0.1\"")
    })?;
    let port = free_port()?;
    let stage = Stage { kms: format!("http://kms.localhost:{port}"), ..stage };
    let revoked = revoke(&mut older, &stage.kms)?;
    let page = world.page()?;
    let ui = VaultUi(page);

    let server = serve_at(port, newer)?;
    let session = Session::unlocked(page, &stage).await?;
    session.lock().await?;
    server.stop().await;

    let server = serve_at(port, &older)?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.unlock").await?;
    let shown = ui.text_of("release", "main").await?;
    for part in [version, "0.0.1", "An older release is running", "manifest.json"] {
        ensure!(shown.contains(part), "{part:?} is not in {shown:?}");
    }
    check_elsewhere(page, world.engine, "an older release").await?;
    ui.press_on("release", "#submit").await?;
    ui.unlock(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    session.lock().await?;
    // Once: the vault knows it now.
    session.begin("vault.unlock").await?;
    ui.unlock(PASSPHRASE).await?;
    session.end().await.context("the second unlock")?;

    let told = json!({"op": "tell", "release": {"url": stage.kms, "manifest": revoked}});
    let standing = attack(page, "session", &told).await?;
    ensure!(standing == "revoked", "{standing}");
    ensure!(session.status().await?["state"] == "locked", "it locks at once");
    // Withheld from then on, it still counts.
    let session = Session::open(page, &stage).await?;
    session.begin("vault.unlock").await?;
    let shown = ui.text_of("release", "main").await?;
    ensure!(shown.contains("This release must not run"), "{shown:?}");
    ensure!(!shown.contains("all the same"), "there is no way on: {shown:?}");
    check_elsewhere(page, world.engine, "a revoked release").await?;
    ui.cancel().await?;
    ensure!(session.end_refused().await? == "user_cancelled");
    server.stop().await;
    Ok(())
}
