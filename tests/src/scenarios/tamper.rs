//! A server that sends something else than the release.

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{
    Asset, Deployment, Emitted, emit_plain,
    serve::{self, ServeOptions, Site},
    verify::{self, Outcome, VerifyOptions},
};
use kms_manifest::{Headers, MANIFEST_PATH};
use serde_json::json;

use crate::{
    driver::free_port,
    engine::Engine,
    page::FAILURE,
    scenario::{Skip, scenarios},
    session::attack,
    stage::serve_changed,
    world::World,
};

scenarios!("tamper":
    nothing_changed_runs,
    terminal_names_the_file [light],
    own_code_of_a_hostile_server [light],
);

/// The three files of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    Page,
    Module,
    Manifest,
}

/// One change of one file.
struct Variant {
    name: &'static str,
    file: File,
    change: fn(&mut Asset),
    /// Whether the enclave may run all the same: what runs is still the pinned module.
    harmless: bool,
}

impl File {
    fn path(self, emitted: &Emitted) -> &str {
        match self {
            Self::Page => "/",
            Self::Module => &emitted.pin.module.path,
            Self::Manifest => MANIFEST_PATH,
        }
    }
}

const fn fatal(name: &'static str, file: File, change: fn(&mut Asset)) -> Variant {
    Variant { name, file, change, harmless: false }
}

const fn harmless(name: &'static str, file: File, change: fn(&mut Asset)) -> Variant {
    Variant { name, file, change, harmless: true }
}

const VARIANTS: &[Variant] = &[
    fatal("module, first bit", File::Module, |asset| asset.bytes[0] ^= 1),
    fatal("module, a bit in the middle", File::Module, |asset| {
        let middle = asset.bytes.len() / 2;
        asset.bytes[middle] ^= 1;
    }),
    fatal("module, last bit", File::Module, |asset| {
        if let Some(last) = asset.bytes.last_mut() {
            *last ^= 1;
        }
    }),
    fatal("module, one byte short", File::Module, |asset| {
        asset.bytes.pop();
    }),
    fatal("module, one byte long", File::Module, |asset| asset.bytes.push(b'\n')),
    fatal("module, half", File::Module, |asset| asset.bytes.truncate(asset.bytes.len() / 2)),
    fatal("module, empty", File::Module, |asset| asset.bytes.clear()),
    fatal("module, other script", File::Module, |asset| asset.bytes = b"export {};\n".to_vec()),
    fatal("module, wrong type", File::Module, plain_text),
    fatal("page, a bit of the digest", File::Page, |asset| {
        flip_after(asset, b"integrity=\"sha384-");
    }),
    fatal("page, a bit of the address", File::Page, |asset| flip_after(asset, b"src=\"/r/")),
    fatal("page, half", File::Page, |asset| asset.bytes.truncate(asset.bytes.len() / 2)),
    fatal("page, without the digest", File::Page, |asset| {
        let page = String::from_utf8_lossy(&asset.bytes).replace("integrity=", "data-was=");
        asset.bytes = page.into_bytes();
    }),
    fatal("page, wrong type", File::Page, plain_text),
    harmless("page, a bit of its title", File::Page, |asset| flip_after(asset, b"<title>")),
    harmless("manifest, first bit", File::Manifest, |asset| asset.bytes[0] ^= 1),
    harmless("manifest, half", File::Manifest, |asset| {
        asset.bytes.truncate(asset.bytes.len() / 2);
    }),
];

fn plain_text(asset: &mut Asset) {
    asset.media_type = String::from("text/plain");
}

/// Flips one bit of the byte that follows a text in the page.
fn flip_after(asset: &mut Asset, text: &[u8]) {
    let found = asset.bytes.windows(text.len()).position(|window| window == text);
    if let Some(start) = found {
        asset.bytes[start + text.len()] ^= 1;
    }
}

fn change(site: &mut Site, emitted: &Emitted, variant: &Variant) -> Result<()> {
    let path = variant.file.path(emitted);
    let asset = site.files.get_mut(path).with_context(|| path.to_owned())?;
    let before = (asset.bytes.clone(), asset.media_type.clone());
    (variant.change)(asset);
    let changed = before != (asset.bytes.clone(), asset.media_type.clone());
    ensure!(changed, "{}: nothing changed", variant.name);
    Ok(())
}

async fn nothing_changed_runs(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let emitted = &stage.release.emitted;
    let mut servers = vec![serve_changed(emitted, |_| ())?];
    for variant in VARIANTS {
        let mut changed = Ok(());
        servers.push(serve_changed(emitted, |site| changed = change(site, emitted, variant))?);
        changed?;
    }
    let urls: Vec<_> = servers.iter().map(|(url, _)| url).collect();
    let page = world.page()?;
    stage.visit(page).await?;
    let found = attack(page, "tamper", &json!({"urls": urls})).await?;
    ensure!(found[0]["code"] == "ready", "the unchanged release runs: {}", found[0]);
    for (index, variant) in VARIANTS.iter().enumerate() {
        let (name, found) = (variant.name, &found[index + 1]);
        let ready = found["code"] == "ready";
        ensure!(ready == variant.harmless, "{name}: {found}");
        let in_time = found["ms"].as_f64() < Some(FAILURE.as_secs_f64() * 1000.0);
        ensure!(in_time, "{name}: failed too late: {found}");
        ensure!(found["level"] == "failed", "{name}: the page's own check: {found}");
    }
    Ok(())
}

async fn terminal_names_the_file(world: &mut World) -> Result<()> {
    ensure!(world.engine == Engine::Chromium, Skip("no browser has a part in it"));
    let port = free_port()?;
    let kms = format!("http://kms.localhost:{port}");
    let emitted = emit_plain(&world.sources, &Deployment::new(&kms, &["http://pwa.localhost"])?)?;
    let options = VerifyOptions { pins: emitted.pin.clone().into(), ..VerifyOptions::default() };
    let check = async |site: Site| -> Result<verify::Report> {
        let running = serve::start_site(site, ServeOptions::loopback(port))?;
        let (kms, options) = (kms.clone(), options.clone());
        let report = tokio::task::spawn_blocking(move || verify::verify(&kms, &options)).await??;
        running.stop().await;
        Ok(report)
    };
    let honest = check(emitted.clone().into()).await?;
    ensure!(honest.outcome == Outcome::Match, "{honest}");
    for variant in VARIANTS {
        let mut site = Site::from(emitted.clone());
        change(&mut site, &emitted, variant)?;
        let report = check(site).await?;
        let path = variant.file.path(&emitted);
        let named = report.mismatches.iter().any(|mismatch| mismatch.file == path);
        ensure!(report.outcome == Outcome::Mismatch && named, "{}: {report}", variant.name);
    }
    // Whatever else is served, one bit of it.
    for path in emitted.manifest.assets.iter().map(|asset| &asset.path) {
        let mut site = Site::from(emitted.clone());
        let asset = site.files.get_mut(path).context("an asset")?;
        let middle = asset.bytes.len() / 2;
        asset.bytes[middle] ^= 1;
        let report = check(site).await?;
        let named = report.mismatches.iter().any(|mismatch| mismatch.file == *path);
        ensure!(report.outcome == Outcome::Mismatch && named, "{path}: {report}");
    }
    for header in ["Content-Security-Policy", "Cross-Origin-Opener-Policy", "Integrity-Policy"] {
        let mut site = Site::from(emitted.clone());
        site.files.get_mut("/").context("page")?.headers.remove(header);
        let report = check(site).await?;
        let named = report.mismatches.iter().any(|mismatch| mismatch.problem.contains(header));
        ensure!(report.outcome == Outcome::Mismatch && named, "without {header}: {report}");
    }
    Ok(())
}

const OWN_PAGE: &str = "<!doctype html><title>Key vault</title>\
    <script type=\"module\" src=\"/own.js\"></script>\
    <script>parent.postMessage('hostile code ran', '*')</script>\
    <body onload=\"parent.postMessage('hostile code ran', '*')\">";
const OWN_CODE: &str = "parent.postMessage('hostile code ran', '*');";

/// What a hostile server may send in place of the page's policy.
const OWN_POLICIES: &[&[(&str, &str)]] = &[
    &[],
    &[("Allow-CSP-From", "*")],
    &[("Allow-CSP-From", "*"), ("Content-Security-Policy", "script-src * 'unsafe-inline'")],
    &[("Content-Security-Policy", "script-src 'self' 'unsafe-inline'")],
];

async fn own_code_of_a_hostile_server(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let enforced = world.engine.enforces_pin();
    let mut servers = Vec::new();
    for policy in OWN_POLICIES {
        let headers: Headers = policy.iter().copied().collect();
        let file = |path: &str, text: &str, media_type| {
            let asset = Asset::new(text.as_bytes().to_vec(), media_type, headers.clone());
            (path.to_owned(), asset)
        };
        let files =
            [file("/", OWN_PAGE, "text/html"), file("/own.js", OWN_CODE, "text/javascript")];
        let site = Site { files: files.into(), ..Site::default() };
        servers.push(serve::start_site(site, ServeOptions::loopback(0))?);
    }
    let url = |server: &serve::Running| format!("http://kms.localhost:{}", server.addr.port());
    let urls: Vec<_> = servers.iter().map(url).collect();
    stage.visit(page).await?;
    let found = attack(page, "own-code", &json!({"urls": urls})).await?;
    for (index, policy) in OWN_POLICIES.iter().enumerate() {
        let found = &found[index];
        ensure!(found["ran"] != enforced, "pin enforced: {enforced}, {policy:?}: {found}");
        ensure!(found["code"] == "frame_unreachable", "{policy:?}: {found}");
        ensure!(found["level"] == "failed", "{policy:?}: {found}");
    }
    Ok(())
}
