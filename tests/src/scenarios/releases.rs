//! Another release of the enclave on the same origin, in front of a vault.

use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{
    Emitted,
    serve::{self, Running, ServeOptions, Site},
};

use super::servers::{remade, replaced};
use crate::{
    driver::free_port,
    scenario::scenarios,
    session::Session,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("releases":
    another_release_is_shown_before_it_opens_a_vault,
);

/// Serves a release on this port; nothing of it is cached.
fn serve_at(port: u16, emitted: &Emitted) -> Result<Running> {
    let mut site = Site::from(emitted.clone());
    for asset in site.files.values_mut() {
        asset.headers.set("Cache-Control", "no-store");
    }
    Ok(serve::start_site(site, ServeOptions::loopback(port))?)
}

async fn another_release_is_shown_before_it_opens_a_vault(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let release = Rc::clone(&stage.release);
    let newer = &release.emitted;
    let version = &newer.pin.version;
    let older = remade(newer, |module| {
        replaced(module, &format!("version: \"{version}\""), "version: \"0.0.1\"")
    })?;
    let port = free_port()?;
    let stage = Stage { kms: format!("http://kms.localhost:{port}"), ..stage };
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
    ui.press_on("release", "#submit").await?;
    ui.unlock(PASSPHRASE).await?;
    ensure!(session.end().await?["state"] == "unlocked");
    session.lock().await?;
    // Once: the vault knows it now.
    session.begin("vault.unlock").await?;
    ui.unlock(PASSPHRASE).await?;
    session.end().await.context("the second unlock")?;
    server.stop().await;
    Ok(())
}
