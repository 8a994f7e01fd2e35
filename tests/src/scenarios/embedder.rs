//! What an embedding page leaves open to windows and frames of the enclave's own origin, on which a
//! compromised host runs code of its own; and what the check of the page says of it.

use anyhow::{Context as _, Result, ensure};
use enclave_shell::Audience;
use fantoccini::Client;
use kms_manifest::Headers;
use serde_json::{Value, json};

use crate::{
    page::{Page as _, SOON, eventually},
    scenario::scenarios,
    session::attack,
    stage::{Stage, serve_changed},
    world::World,
};

scenarios!("embedder": a_careful_page_is_not_robbed [light]);

/// Whether code of the enclave's origin, in this window or frame, reaches the frame that has the
/// vault: who does can use its keys.
const REACHES: &str = "
    const { frames } = opener ?? top;
    for (let i = 0; i < 8; i++) {
        try {
            const other = frames[i];
            if (other && other !== window && other.origin === origin && other.indexedDB) return true;
        } catch {
            // Of another origin.
        }
    }
    return false;";

/// What the check says of the page.
const CHECK: &str = "
    const { checkEmbedder } = await import('/client/embedder.js');
    const release = await (await fetch('/release.json')).json();
    const found = await checkEmbedder({ release });
    if (found.some(({ problem, fix }) => !problem || !fix)) throw new Error('no words');
    return found.map(({ id }) => id);";

async fn a_careful_page_is_not_robbed(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    // A host without any header that protects, but for the policy without which the enclave does not
    // start. It also answers with code of its own: the scripts that the test runs in its pages.
    let (kms, _server) = serve_changed(&stage.release.emitted, |site| {
        for path in ["/", "/enrol"] {
            let Some(asset) = site.files.get_mut(path) else { continue };
            asset.audience = Audience::Anyone;
            asset.headers = Headers::new();
            if path == "/" {
                asset.headers.set("Content-Security-Policy", &stage.release.emitted.pin.csp);
            }
        }
    })?;
    for (name, careful) in [("page", false), ("careful", true)] {
        page.goto(&format!("{}/hostile/{name}.html", stage.pwa)).await?;
        let open = json!({"op": "open", "kms": kms, "attributes": {}});
        attack(page, "session", &open).await?;
        let window = window_reaches(page, &kms).await.context("window")?;
        ensure!(window != careful, "{name}: a window of the enclave's origin reaches it: {window}");
        let frame = frame_reaches(page, &stage, &kms).await.context("frame")?;
        ensure!(frame != careful, "{name}: a frame of a stranger reaches it: {frame}");
        if !careful {
            let found = page.eval(CHECK, &[]).await?;
            let expected = json!(["opener", "any_frame", "framed", "has_frames"]);
            ensure!(found == expected, "{name}: {found}");
        }
    }
    page.goto(&format!("{}/", stage.pwa)).await?;
    ensure!(page.eval(CHECK, &[]).await? == json!([]), "the demo lacks something");
    Ok(())
}

async fn window_reaches(page: &Client, kms: &str) -> Result<bool> {
    let own = page.window().await?;
    let prepare = json!({"op": "prepare", "url": format!("{kms}/enrol")});
    attack(page, "window", &prepare).await?;
    page.press("#open").await?;
    let mut other = None;
    eventually(SOON, async || {
        other = page.windows().await?.into_iter().find(|window| *window != own);
        Ok(other.is_some())
    })
    .await?;
    page.switch_to_window(other.context("no window")?).await?;
    eventually(SOON, async || {
        let there = "return origin === $0 && document.readyState === 'complete';";
        Ok(page.eval(there, &[json!(kms)]).await? == true)
    })
    .await?;
    let reaches = page.eval(REACHES, &[]).await?;
    page.switch_to_window(own).await?;
    page.close_other_windows().await?;
    Ok(reaches == true)
}

async fn frame_reaches(page: &Client, stage: &Stage, kms: &str) -> Result<bool> {
    attack(page, "stranger", &json!({"url": kms, "evil": stage.evil})).await?;
    let mut reaches = Value::Bool(false);
    if page.enter_frame(1).await.is_ok() && page.enter_frame(0).await.is_ok() {
        reaches = page.eval(REACHES, &[]).await?;
    }
    page.leave_frame().await?;
    page.leave_frame().await?;
    Ok(reaches == true)
}
