//! The demo, from a new vault to a signature, as a person would use it.

use anyhow::{Result, ensure};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use kms_manifest::{Pin, word_code};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    demo::{Demo, ListedKey},
    page::Page as _,
    scenario::{Skip, scenarios},
    vault_ui::{PASSPHRASE, VaultUi},
    verify_signature,
    world::World,
};

scenarios!("flow": whole_demo, keys_survive_a_reload, keys_survive_a_restart, a_sheet_can_be_closed,
    every_key_of_many_is_made);

const TEXT: &str = "Pay 10 € to Alice";

async fn whole_demo(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let demo = Demo::open(world.page()?, &stage.pwa).await?;
    demo.set_up().await?;

    let ed25519 = demo.create("#create-ed25519").await?;
    sign_and_check(&demo, &ed25519).await?;
    let p256 = demo.create("#create-p256").await?;
    sign_and_check(&demo, &p256).await?;
    ensure!(demo.keys().await?.len() == 2, "two keys are listed");

    let log = demo.audit(7).await?;
    for method in ["keys.create", "sign", "verify"] {
        ensure!(log.iter().filter(|entry| *entry == method).count() >= 2, "{method} in {log:?}");
    }
    ensure!(demo.check_audit().await?, "the log verifies");
    check_verify(world, &stage.release.emitted.pin, &demo).await?;

    demo.lock().await?;
    ensure!(demo.keys().await?.is_empty(), "a locked page shows no keys");
    unlock_after_a_wrong_try(&demo).await?;
    demo.lists(2).await?;
    demo.select(&ed25519).await?;
    sign_and_check(&demo, &ed25519).await
}

async fn keys_survive_a_reload(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let demo = Demo::open(page, &stage.pwa).await?;
    demo.set_up().await?;
    let key = demo.create("#create-p256").await?;
    page.refresh().await?;
    demo.settled().await?;
    demo.unlock().await?;
    demo.lists(1).await?;
    ensure!(demo.keys().await? == [key.clone()], "the same key is listed");
    sign_and_check(&demo, &key).await
}

async fn keys_survive_a_restart(world: &mut World) -> Result<()> {
    if !world.engine.keeps_profile() {
        anyhow::bail!(Skip("under WebDriver this engine keeps website data in memory only"));
    }
    let stage = world.stage()?;
    let demo = Demo::open(world.page()?, &stage.pwa).await?;
    demo.set_up().await?;
    let key = demo.create("#create-ed25519").await?;
    world.browser_mut()?.restart().await?;
    let demo = Demo::open(world.page()?, &stage.pwa).await?;
    demo.unlock().await?;
    demo.lists(1).await?;
    ensure!(demo.keys().await? == [key.clone()], "the same key is listed");
    sign_and_check(&demo, &key).await
}

async fn a_sheet_can_be_closed(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let demo = Demo::open(page, &stage.pwa).await?;
    demo.reaches("uninitialized").await?;
    crate::page::Page::press(page, "#setup").await?;
    VaultUi(page).cancel().await?;
    crate::page::eventually(
        crate::page::SOON,
        async || Ok(demo.error().await? == "user_cancelled"),
    )
    .await?;
    ensure!(demo.state().await? == "uninitialized", "nothing was made");
    demo.set_up().await
}

/// Signs, has the enclave check, and checks against the public key without the enclave.
async fn sign_and_check(demo: &Demo<'_>, key: &ListedKey) -> Result<()> {
    let signature = demo.sign(TEXT).await?;
    let jwk = demo.public_key().await?;
    verify_signature::with_jwk(&jwk, TEXT.as_bytes(), &signature)?;
    ensure!(verify_signature::with_jwk(&jwk, b"another text", &signature).is_err());
    ensure!(thumbprint(&jwk) == key.kid, "kid is the RFC 7638 thumbprint");
    ensure!(demo.check_signature().await?, "the enclave accepts its own signature");
    Ok(())
}

/// RFC 7638, section 3: the required members in lexicographic order, without spaces.
fn thumbprint(jwk: &Value) -> String {
    let members: Vec<_> = ["crv", "kty", "x", "y"]
        .into_iter()
        .filter(|name| jwk[*name].is_string())
        .map(|name| format!("\"{name}\":{}", jwk[name]))
        .collect();
    let digest = Sha256::digest(format!("{{{}}}", members.join(",")));
    Base64UrlUnpadded::encode_string(&digest)
}

async fn unlock_after_a_wrong_try(demo: &Demo<'_>) -> Result<()> {
    let ui = VaultUi(demo.page);
    crate::page::Page::press(demo.page, "#unlock").await?;
    ui.unlock("not the passphrase at all").await?;
    ensure!(!ui.problem().await?.is_empty());
    ensure!(demo.state().await? == "locked", "a wrong passphrase opens nothing");
    ui.unlock(PASSPHRASE).await?;
    demo.reaches("unlocked").await
}

async fn check_verify(world: &World, pin: &Pin, demo: &Demo<'_>) -> Result<()> {
    let expected = if world.engine.enforces_pin() { "enforced by browser" } else { "checked" };
    let (level, failed) = demo.verify().await?;
    ensure!(level == expected, "level {level:?} instead of {expected:?}: {failed:?}");
    let shown = demo.verify_report().await?;
    let (words, digest) = (word_code(&pin.manifest), pin.manifest.to_string());
    let hex = pin.manifest.to_hex();
    for text in [&words, &digest, &hex, "Verified for the first time", "cargo xtask repro"] {
        ensure!(shown.contains(text), "{text:?} is not shown: {shown}");
    }
    let (level, failed) = demo.verify_by_key().await?;
    ensure!(level == expected, "level {level:?} instead of {expected:?}: {failed:?}");
    let shown = demo.verify_report().await?;
    ensure!(shown.contains("The same release as on "), "not remembered: {shown}");
    Ok(())
}

/// WebKitGTK fails to generate one Ed25519 key in a hundred; nobody may notice.
async fn every_key_of_many_is_made(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    Demo::open(page, &stage.pwa).await?.set_up().await?;
    let failed = page.eval(MAKE_MANY, &[]).await?;
    ensure!(failed == 0, "{failed} of 300 keys were not made, or of 100 pages not read");
    Ok(())
}

const MAKE_MANY: &str = "
    const requests = Array(60).fill({ method: 'keys.create', params: { spec: 'ed25519' } });
    let failed = 0;
    for (let i = 0; i < 5; i++) {
        for (const { error } of await kms.batch(requests)) if (error) failed += 1;
    }
    // As many pages at once as a page may ask for would not fit into the enclave's memory.
    const pages = await Promise.all(Array.from({ length: 100 }, () => kms.keys.list()));
    return failed + pages.filter(({ keys }) => keys.length !== 100).length;
";
