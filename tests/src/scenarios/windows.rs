//! Windows and frames of the enclave's origin that somebody else opened: they give nothing.

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{Audience, Emitted, serve::Running};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    authenticator::Authenticator,
    demo::Demo,
    engine::Engine,
    http,
    page::{Page as _, SOON, eventually},
    scenario::{Skip, scenarios},
    session::{Session, attack},
    stage::serve_changed,
    vault_ui::{VaultUi, Way},
    world::World,
};

scenarios!("windows":
    opened_by_anybody [light],
    opened_with_no_headers_that_protect [light],
    enrolment_page_in_a_frame [light],
    enrolment_page_has_nothing [light],
    enrolment_page_by_its_link [light],
    frame_opens_no_window,
    passkeys_of_the_enclave,
);

/// Whether the enclave's database exists; it is not made by asking.
const HAS_A_DATABASE: &str = "
    return new Promise((resolve, reject) => {
        const request = indexedDB.open('ats-kms');
        request.onupgradeneeded = () => {
            request.transaction.abort();
            resolve(false);
        };
        request.onsuccess = () => resolve(true);
        request.onerror = () => reject(request.error);
    });";

/// Everything the enclave's origin serves to look at.
const PAGES: &[&str] = &["/", "/?mode=unlock&parentOrigin=http://evil.localhost", "/enrol"];

/// Opens each page in a window and talks to it; whatever comes back is too much. A page of the
/// opener's own, which it does reach into, shows that there would be something to see.
async fn speak_to_windows(page: &Client, opener: &str, kms: &str) -> Result<()> {
    let found = speak_to(page, opener, &format!("{opener}/hostile/page.html")).await?;
    ensure!(found["reached"] == json!(["document", "storage", "location"]), "of its own: {found}");
    for path in PAGES {
        let found = speak_to(page, opener, &format!("{kms}{path}")).await?;
        // A frame page that no header keeps back may say once that it refuses.
        let said = found["said"].as_array().cloned().unwrap_or_default();
        let refusal = json!({"kind": "ats-kms/refused", "code": "origin_refused"});
        ensure!(said.iter().all(|one| *one == refusal), "{path}: it answers: {found}");
        ensure!(found["reached"] == json!([]), "{path}: its opener reaches into it: {found}");
    }
    Ok(())
}

/// Opens a window as a person's press lets any page, and says to it all that an opener can.
async fn speak_to(page: &Client, opener: &str, url: &str) -> Result<Value> {
    page.goto(&format!("{opener}/hostile/page.html")).await?;
    attack(page, "window", &json!({"op": "prepare", "url": url})).await?;
    page.press("#open").await?;
    let found = attack(page, "window", &json!({"op": "speak", "url": url})).await?;
    ensure!(found["opened"] == true, "{url}: no window came up: {found}");
    page.close_other_windows().await?;
    Ok(found)
}

async fn opened_by_anybody(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    for opener in [&stage.pwa, &stage.evil] {
        speak_to_windows(page, opener, &stage.kms).await?;
    }
    Ok(())
}

/// Headers sever the opener; the pages answer nobody even if a careless host drops them all.
async fn opened_with_no_headers_that_protect(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let (careless, _server) = serve_bare(&stage.release.emitted)?;
    speak_to_windows(page, &stage.evil, &careless).await?;
    // As a tab the frame page has no vault either: it refuses to run at all.
    page.goto(&format!("{careless}/")).await?;
    let mut screen = Value::Null;
    eventually(SOON, async || {
        screen = page.eval("return document.documentElement.dataset.screen;", &[]).await?;
        Ok(screen == "fault")
    })
    .await?;
    ensure!(page.eval(HAS_A_DATABASE, &[]).await? == false, "it stored nothing");
    Ok(())
}

/// Serves every page to any destination and without the headers that keep others out.
fn serve_bare(emitted: &Emitted) -> Result<(String, Running)> {
    serve_changed(emitted, |site| {
        for path in ["/", "/enrol"] {
            let Some(asset) = site.files.get_mut(path) else { continue };
            asset.audience = Audience::Anyone;
            for header in ["Content-Security-Policy", "Cross-Origin-Opener-Policy"] {
                asset.headers.remove(header);
            }
        }
    })
}

async fn enrolment_page_in_a_frame(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let (careless, _server) = serve_bare(&stage.release.emitted)?;
    let offers = "return document.querySelector('#create') !== null;";
    for (kms, sandbox) in
        [(&stage.kms, true), (&stage.kms, false), (&careless, true), (&careless, false)]
    {
        stage.visit(page).await?;
        let argument = json!({"url": format!("{kms}/enrol"), "sandbox": sandbox});
        let said = attack(page, "framed", &argument).await?;
        ensure!(said == json!([]), "{kms}: it answers nobody: {said}");
        page.enter_frame(0).await?;
        ensure!(page.eval(offers, &[]).await? == false, "{kms}: it offers nothing in a frame");
        page.leave_frame().await?;
    }
    Ok(())
}

/// What the page can do to others, or keep.
const ENROL_FACTS: &str = "
    const refuses = async (action) => { try { await action(); return false; } catch { return true; } };
    const answered = new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(true);
        setTimeout(() => resolve(false), 700);
        const hello = { kind: 'ats-kms/connect', protocol: { min: 1, max: 1 }, nonce: 'A'.repeat(22) };
        window.postMessage(hello, location.origin, [port2]);
    });
    return {
        scripts: document.scripts.length,
        opener: window.opener,
        fetch: await refuses(() => fetch('/')),
        inline: await refuses(() => { document.body.innerHTML = '<p>'; }),
        stored: localStorage.length + sessionStorage.length + document.cookie.length,
        answered: await answered,
    };";

async fn enrolment_page_has_nothing(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    for (destination, status) in [("document", 200), ("iframe", 403), ("embed", 403)] {
        let headers = [("Sec-Fetch-Dest", destination), ("Sec-Fetch-Mode", "navigate")];
        let answer = http::get(&stage.kms, "/enrol", &headers).await?;
        ensure!(answer.status == status, "{destination}: {}", answer.status);
    }
    let headers = [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate")];
    let answer = http::get(&stage.kms, "/enrol", &headers).await?;
    ensure!(answer.one("Cross-Origin-Opener-Policy")? == "same-origin");
    let policy = answer.one("Content-Security-Policy")?;
    for part in ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for"] {
        ensure!(policy.contains(part), "{part} in {policy}");
    }
    ensure!(!policy.contains("worker-src blob:") && !policy.contains("wasm"), "{policy}");
    page.goto(&format!("{}/enrol", stage.kms)).await?;
    page.visible("#title").await?;
    let facts = page.eval(ENROL_FACTS, &[]).await?;
    let expected = json!({"scripts": 1, "opener": null, "fetch": true, "inline": true,
        "stored": 0, "answered": false});
    ensure!(facts == expected, "{facts}");
    ensure!(page.eval(HAS_A_DATABASE, &[]).await? == false, "it has no vault");
    Ok(())
}

/// Engines refuse with an exception or with nothing.
const OPEN_A_WINDOW: &str = "
    try { return window.open('/enrol') !== null; } catch { return false; }";

/// All that the enclave asks, it asks in its frame.
async fn frame_opens_no_window(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    Session::open(page, &stage).await?;
    page.enter_enclave().await?;
    let opened = page.eval(OPEN_A_WINDOW, &[]).await?;
    page.leave_frame().await?;
    ensure!(opened == false && page.windows().await?.len() == 1, "a window came up");
    Ok(())
}

/// Passkeys of the enclave's host work for the enclave's origin only.
async fn passkeys_of_the_enclave(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    let session = Session::open(page, &stage).await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up_passkey().await?;
    session.end().await?;
    for origin in [&stage.pwa, &stage.evil] {
        page.goto(&format!("{origin}/hostile/page.html")).await?;
        let found = attack(page, "passkey", &json!({"host": "kms.localhost"})).await?;
        let refused = json!({"used": "SecurityError", "made": "SecurityError"});
        ensure!(found == refused, "{origin}: {found}");
    }
    let session = Session::open(page, &stage).await?;
    session.begin("vault.unlock").await?;
    VaultUi(page).open(Way::Passkey).await?;
    ensure!(session.end().await?["state"] == "unlocked", "the enclave itself may");
    authenticator.unplug().await
}

/// Has a page find that its frame may create no passkey.
const NO_CREATION: &str = "
    const allowsFeature = () => false;
    Object.defineProperty(HTMLIFrameElement.prototype, 'featurePolicy', {
        get: () => ({ allowsFeature }),
    });";

/// The client's sheet leads to the page, which learns nothing of where the person comes from.
async fn enrolment_page_by_its_link(world: &mut World) -> Result<()> {
    // Firefox creates passkeys in frames, WebKitGTK has none.
    ensure!(world.engine == Engine::Chromium, Skip("this engine needs no such link"));
    let stage = world.stage()?;
    let page = world.page()?;
    let demo = Demo::open(page, &stage.pwa).await?;
    demo.reaches("uninitialized").await?;
    page.eval(NO_CREATION, &[]).await?;
    page.press("#setup").await?;
    VaultUi(page).shows("setup").await?;
    let demo_page = page.window().await?;
    page.press("dialog header a").await?;
    let mut opened = None;
    eventually(SOON, async || {
        opened = page.windows().await?.into_iter().find(|window| *window != demo_page);
        Ok(opened.is_some())
    })
    .await
    .context("no tab was opened")?;
    page.switch_to_window(opened.context("gone")?).await?;
    page.visible("#create").await?;
    let found = "return [location.href, opener, document.referrer, history.length];";
    let alone = json!([format!("{}/enrol", stage.kms), null, "", 1]);
    ensure!(page.eval(found, &[]).await? == alone);
    page.close_window().await?;
    Ok(page.switch_to_window(demo_page).await?)
}
