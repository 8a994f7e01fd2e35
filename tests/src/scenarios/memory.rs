//! After lock, no secret lies in the enclave's memory.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{page::Page as _, scenario::scenarios, session::Session, world::World};

scenarios!("memory": no_secret_after_lock);

async fn no_secret_after_lock(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    for spec in ["ed25519", "ec-p256"] {
        let key = session.call("keys.create", json!({"spec": spec})).await?;
        let data = json!({"keyId": key["keyId"], "data": {"bytes": "AAAA"}});
        session.call("sign", data).await?;
    }
    // The positive control: an open vault does hold secrets, and the scan finds them.
    let open = scan(page).await?;
    ensure!(open["needles"].as_array().is_some_and(|needles| needles.len() >= 4), "{open}");
    ensure!(open["found"].as_array().is_some_and(|found| !found.is_empty()), "{open}");
    session.call("vault.lock", json!({})).await?;
    let locked = scan(page).await?;
    ensure!(locked["found"] == json!([]), "after lock: {locked}");
    Ok(())
}

async fn scan(page: &fantoccini::Client) -> Result<Value> {
    page.enter_enclave().await?;
    let found = page.eval("return window.probeWorker('scan');", &[]).await?;
    page.leave_frame().await?;
    Ok(found)
}
