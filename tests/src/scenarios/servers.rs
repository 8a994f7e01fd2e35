//! Hostile servers of the enclave: pages, policies, redirects and releases of their own.

use anyhow::{Context as _, Result, ensure};
use axum::http::StatusCode;
use enclave_shell::{
    Emitted,
    serve::{self, ServeOptions},
};
use kms_manifest::Pin;
use serde_json::{Value, json};

use crate::{
    driver::free_port,
    page::Page as _,
    remade::{emitted_again, remade, replaced},
    rogue::{Host, Reply, Rogue},
    scenario::scenarios,
    session::attack,
    stage::{Stage, serve_changed, test_pages},
    world::World,
};

scenarios!("servers":
    nothing_of_a_hostile_server_runs,
    another_release_is_told [light],
    no_service_worker_comes_between,
);

/// Reports to the page and to the server; `@` is the number of the server.
const CODE: &str = "top.postMessage('canary @','*');new Image().src='/ran'";
/// An honest server is to be told from a hostile one on a busy machine too.
const LIMIT_MS: u32 = 7_000;
/// Stands for [`CODE`] in a page.
const RUN: &str = "{run}";
/// Stands for the policy of the release in a header.
const PINNED: &str = "{csp}";
/// Stands for that policy with one more source of scripts.
const WIDER: &str = "{wider}";
/// Stands for the element of the page that loads the pinned module.
const MODULE: &str = "{module}";

type Fields = &'static [(&'static str, &'static str)];

/// One page of a hostile server.
#[derive(Clone, Copy)]
struct Variant {
    name: &'static str,
    status: u16,
    headers: Fields,
    media_type: &'static str,
    body: &'static str,
    /// Whether it is a real attack: code of it runs in an engine that is not told the pin.
    runs: bool,
}

const HTML: &str = "text/html";

const fn page(name: &'static str, headers: Fields, body: &'static str) -> Variant {
    Variant { name, status: 200, headers, media_type: HTML, body, runs: true }
}

const fn of_type(name: &'static str, media_type: &'static str, body: &'static str) -> Variant {
    Variant { name, status: 200, headers: ANY_POLICY, media_type, body, runs: true }
}

const fn redirect(name: &'static str, status: u16, headers: Fields) -> Variant {
    Variant { name, status, headers, media_type: HTML, body: "", runs: true }
}

const fn inert(variant: Variant) -> Variant {
    Variant { runs: false, ..variant }
}

/// The server takes any policy that the embedder asks for.
const ANY_POLICY: Fields = &[("Allow-CSP-From", "*")];
/// Where a second page of every server is.
const NEXT: &str = "/next";
const NEXT_PAGE: &str = "<!doctype html><body onload=\"{run}\"><script>{run}</script>";

const VARIANTS: &[Variant] = &[
    page("no policy", &[], NEXT_PAGE),
    page("no policy but the embedder's", ANY_POLICY, NEXT_PAGE),
    // The policy of the release does its work by itself, in all engines: so far all is well.
    inert(page("pinned policy", &[("Content-Security-Policy", PINNED)], NEXT_PAGE)),
    page(
        "scripts of its own host",
        &[("Content-Security-Policy", "script-src 'self'")],
        "<script src=/own.js></script>",
    ),
    page(
        "policy with one more source",
        &[("Content-Security-Policy", WIDER), ("Allow-CSP-From", "*")],
        "{module}<script src=/own.js></script>",
    ),
    page(
        "pinned policy for reports only",
        &[("Content-Security-Policy-Report-Only", PINNED), ("Allow-CSP-From", "*")],
        NEXT_PAGE,
    ),
    page(
        "pinned policy in the page, too late",
        ANY_POLICY,
        "<script>{run}</script><meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
    ),
    page(
        "script beside the pinned module",
        ANY_POLICY,
        "{module}<script>{run}</script><script src=/own.js></script>",
    ),
    page(
        "nonce",
        &[("Content-Security-Policy", "script-src 'nonce-abc'"), ("Allow-CSP-From", "*")],
        "<script nonce=abc>{run}</script>",
    ),
    page(
        "event handlers",
        &[("Content-Security-Policy", "script-src 'unsafe-inline'"), ("Allow-CSP-From", "*")],
        "<body onload=\"{run}\"><img src=x onerror=\"{run}\"><svg onload=\"{run}\"/>",
    ),
    page("address with code", ANY_POLICY, "<iframe src=\"javascript:{run}\"></iframe>"),
    page(
        "page inside an attribute",
        ANY_POLICY,
        "<iframe srcdoc=\"<script>{run}</script>\"></iframe>",
    ),
    page(
        "page inside an address",
        ANY_POLICY,
        "<iframe src=\"data:text/html,<script>{run}</script>\"></iframe>",
    ),
    page("frame of its own", ANY_POLICY, "<iframe src=/next></iframe>"),
    page("object", ANY_POLICY, "<object data=/next type=text/html></object>"),
    of_type(
        "XHTML",
        "application/xhtml+xml",
        "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body><script>{run}</script></body></html>",
    ),
    of_type(
        "SVG",
        "image/svg+xml",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>{run}</script></svg>",
    ),
    page("refresh in the page", ANY_POLICY, "<meta http-equiv=refresh content=\"0;url=/next\">"),
    page(
        "refresh in the page, under the pinned policy",
        &[("Content-Security-Policy", PINNED)],
        "<meta http-equiv=refresh content=\"0;url=/next\">",
    ),
    page("refresh in a header", &[("Refresh", "0;url=/next"), ("Allow-CSP-From", "*")], "<p>Wait"),
    page(
        "refresh in a header, under the pinned policy",
        &[("Refresh", "0;url=/next"), ("Content-Security-Policy", PINNED)],
        "<p>Wait",
    ),
    page("navigation of its own", ANY_POLICY, "<script>location='/next'</script>"),
    redirect("redirect to another page", 302, &[("Location", NEXT), ("Allow-CSP-From", "*")]),
    redirect(
        "redirect that is kept",
        308,
        &[("Location", "/next"), ("Content-Security-Policy", PINNED)],
    ),
];

/// The same to frames only: a check reads what the release holds.
const TWO_FACED: &[Variant] = &[
    page("two faces", ANY_POLICY, NEXT_PAGE),
    page(
        "two faces, one of which imitates the enclave",
        ANY_POLICY,
        "<script>{run};const fact={worker:'{worker}',wasm:'{wasm}'};\
         addEventListener('message',({data:{nonce},ports:[port]})=>{if(!port)return;\
         port.onmessage=({data:{id,params}})=>port.postMessage({id,\
         result:{nonce:params.nonce,release:'{version}',digests:fact}});\
         port.postMessage({event:'ready',data:{protocol:1,nonce,release:'{version}'}})})</script>",
    ),
];

fn reply(emitted: &Emitted, index: usize, variant: &Variant) -> Result<Reply> {
    let pin = &emitted.pin;
    let module = format!(
        "<script type=module crossorigin=anonymous src={} integrity={}></script>",
        pin.module.path, pin.module.integrity
    );
    let fill = |text: &str| {
        text.replace(PINNED, &pin.csp)
            .replace(WIDER, &pin.csp.replace("script-src ", "script-src 'self' "))
            .replace(MODULE, &module)
            .replace("{version}", &pin.version)
            .replace("{worker}", &pin.worker.to_string())
            .replace("{wasm}", &pin.wasm.to_string())
            .replace(RUN, &CODE.replace('@', &index.to_string()))
    };
    let headers: Vec<_> =
        variant.headers.iter().map(|(name, value)| (*name, fill(value))).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut reply = Reply::new(variant.media_type, &headers, &fill(variant.body));
    reply.status = StatusCode::from_u16(variant.status)?;
    Ok(reply)
}

fn host(emitted: &Emitted, index: usize, variant: &Variant, frames_only: bool) -> Result<Host> {
    let mut first = reply(emitted, index, variant)?;
    first.frames_only = frames_only;
    let next = reply(emitted, index, &page("next", &[], NEXT_PAGE))?;
    let code = CODE.replace('@', &index.to_string());
    let own = Reply::new("text/javascript", &[], &code);
    let replies = [("/", first), (NEXT, next), ("/own.js", own)];
    Ok(Host { replies: replies.map(|(path, reply)| (path.to_owned(), reply)).into() })
}

/// Lets the page connect to every host and check it. For those in `next` it pins that release too.
async fn meet(
    world: &World,
    stage: &Stage,
    mut hosts: Vec<Host>,
    next: Value,
) -> Result<(Rogue, Value, Vec<Value>)> {
    let count = hosts.len();
    // The same server with nothing changed: it is not the way of serving that fails.
    hosts.push(Host::default());
    let rogue = Rogue::start(0, &stage.release.emitted, hosts).await?;
    let urls: Vec<_> = (0..count).map(|index| rogue.origin(index)).collect();
    let argument =
        json!({"urls": urls, "timeoutMs": LIMIT_MS, "control": rogue.origin(count), "next": next});
    let page = world.page()?;
    stage.visit(page).await?;
    let mut found = attack(page, "rogue", &argument).await?;
    let honest = found["honest"].take();
    let found = found["found"].as_array().cloned().context("no findings")?;
    ensure!(found.len() == count, "{} findings", found.len());
    Ok((rogue, honest, found))
}

async fn nothing_of_a_hostile_server_runs(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let emitted = &stage.release.emitted;
    let mut hosts = Vec::new();
    for (index, variant) in VARIANTS.iter().chain(TWO_FACED).enumerate() {
        hosts.push(host(emitted, index, variant, index >= VARIANTS.len())?);
    }
    let (rogue, honest, found) = meet(world, &stage, hosts, json!({})).await?;
    let enforced = world.engine.enforces_pin();
    let level = if enforced { "enforced by browser" } else { "checked" };
    ensure!(honest["code"] == "ready" && honest["level"] == level, "honest: {honest}");
    let mut wrong = Vec::new();
    for (index, variant) in VARIANTS.iter().chain(TWO_FACED).enumerate() {
        let found = &found[index];
        let ran = found["ran"] == true || rogue.reported(index);
        let two_faced = index >= VARIANTS.len();
        let level = found["level"] == if two_faced { "checked" } else { "failed" };
        if ran != (variant.runs && !enforced) || !level {
            wrong.push(format!("{}: ran {ran}, {found}", variant.name));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Where the browser is not told the pin, no check can see the second face, and it says so.
    for found in &found[VARIANTS.len()..] {
        ensure!(found["told"] == true && found["pinned"] != "enforced", "{found}");
        ensure!(!enforced || found["code"] == "frame_unreachable", "{found}");
    }
    Ok(())
}

async fn another_release_is_told(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let emitted = &stage.release.emitted;
    let old = emitted_again(world, emitted, "0.0.1", "")?;
    let other = emitted_again(world, emitted, &emitted.pin.version, "// Another.\n")?;
    let mut hosts = Vec::new();
    for (release, frames_only) in [(&old, false), (&old, true), (&other, false), (&other, true)] {
        hosts.push(Host::of(&release.files, frames_only));
    }
    let told_alone = hosts.len();
    hosts.extend(roll_out(world, emitted, &old)?);
    let next: serde_json::Map<_, _> = (told_alone..hosts.len())
        .map(|index| Ok((index.to_string(), serde_json::to_value(&old.pin)?)))
        .collect::<Result<_>>()?;
    let (_rogue, _, mut found) = meet(world, &stage, hosts, next.into()).await?;
    roll_out_is_told(world, &found.split_off(told_alone), [&emitted.pin, &old.pin])?;
    // Without the pin the old one says itself that it is another, the other by its digests.
    let codes = if world.engine.enforces_pin() {
        ["frame_unreachable"; 4]
    } else {
        ["integrity_failure", "integrity_failure", "ready", "ready"]
    };
    // A check that reads the right files, and asks no enclave because there is none.
    let unconnected = |index: usize| index % 2 == 1 && codes[index] != "ready";
    for (index, found) in found.iter().enumerate() {
        ensure!(found["code"] == codes[index], "{index}: {found}");
        let level = if unconnected(index) { "checked" } else { "failed" };
        ensure!(found["level"] == level, "{index}: {found}");
    }
    Ok(())
}

/// Hosts in the middle of a roll-out from one release to the other: with the one, with the other, with
/// the other under its own policy alone, and with a third.
fn roll_out(world: &World, pinned: &Emitted, other: &Emitted) -> Result<[Host; 4]> {
    let mut own_policy = Host::of(&other.files, false);
    let page = own_policy.replies.get_mut("/").context("page")?;
    page.headers.retain(|(name, _)| name != "Allow-CSP-From");
    let third = emitted_again(world, pinned, "0.0.2", "")?;
    let files = [&other.files, &third.files].map(|files| Host::of(files, false));
    let [other, third] = files;
    Ok([Host::default(), other, own_policy, third])
}

/// Both releases run under the list of both, and Verify says which; a third does not run.
fn roll_out_is_told(world: &World, found: &[Value], [first, second]: [&Pin; 2]) -> Result<()> {
    let enforced = world.engine.enforces_pin();
    let [level, refused] = if enforced {
        ["enforced by browser", "frame_unreachable"]
    } else {
        ["checked", "integrity_failure"]
    };
    let versions = [first, second, second].map(|pin| &pin.version);
    for (found, version) in found.iter().zip(versions) {
        ensure!(found["code"] == "ready" && found["level"] == level, "{version}: {found}");
        let all = json!({"version": version, "running": version, "runs": version});
        ensure!(found["versions"] == all, "{version}: {found}");
    }
    let third = found.get(3).context("no third")?;
    ensure!(third["code"] == refused && third["level"] == "failed", "a third: {third}");
    Ok(())
}

/// Tries to put a service worker between this origin and its server.
const REGISTER: &str = "
    const outcomes = [];
    for (const path of $0) {
        outcomes.push(await navigator.serviceWorker
            .register(path, { scope: '/' }).then(() => 'registered', () => 'refused'));
    }
    const known = await navigator.serviceWorker.getRegistrations().catch(() => []);
    return { outcomes, known: known.length };";

async fn no_service_worker_comes_between(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    no_worker_of_the_enclave(page, &stage).await?;
    let (kms_port, port) = (free_port()?, free_port()?);
    let embedder = format!("http://rogue0.localhost:{port}");
    let mut emitted = remade(&stage.release.emitted, |module| {
        replaced(module, &format!("\"{}\"", stage.pwa), &format!("\"{embedder}\""))
    })?;
    let page_headers = &mut emitted.files.get_mut("/").context("page")?.headers;
    page_headers.set("Content-Security-Policy", &emitted.pin.csp);
    emitted.pin.url = format!("http://kms.localhost:{kms_port}").parse()?;
    let _enclave = serve::start(emitted.clone(), ServeOptions::loopback(kms_port))?;
    let host = Host::of(&test_pages(&emitted)?.files, false);
    let rogue = Rogue::start(port, &emitted, vec![host]).await?;
    page.goto(&format!("{}/hostile/page.html", rogue.origin(0))).await?;
    let found = attack(page, "interceptor", &json!({"kms": emitted.pin.url})).await?;
    ensure!(found["controlled"] == true, "the page's own loads go through it: {found}");
    ensure!(found["own"] == true, "it changes what the page loads: {found}");
    ensure!(found["code"] == "ready" && found["seen"] == json!([]), "{found}");
    Ok(())
}

/// Nobody registers one for the enclave's origin, whatever its host allows.
async fn no_worker_of_the_enclave(page: &fantoccini::Client, stage: &Stage) -> Result<()> {
    let emitted = &stage.release.emitted;
    let (careless, _server) = serve_changed(emitted, |site| {
        for asset in site.files.values_mut() {
            asset.headers.set("Service-Worker-Allowed", "/");
        }
    })?;
    let paths = json!([emitted.pin.module.path, emitted.pin.tools.path, "/enrol", "/"]);
    let none = json!({"outcomes": ["refused", "refused", "refused", "refused"], "known": 0});
    for kms in [&stage.kms, &careless] {
        page.goto(&format!("{kms}/enrol")).await?;
        let found = page.eval(REGISTER, std::slice::from_ref(&paths)).await?;
        ensure!(found == none, "{kms}, its own tab: {found}");
        stage.visit(page).await?;
        attack(page, "session", &json!({"op": "open", "kms": kms, "attributes": {}})).await?;
        let found = page.eval_inside(REGISTER, std::slice::from_ref(&paths)).await?;
        ensure!(found == none, "{kms}, the frame: {found}");
    }
    Ok(())
}
