//! Enclave and embedders for a scenario, on origins that no other scenario uses.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{
    Asset, Audience, Deployment, Emitted, Sources, demo, emit, emit_plain,
    serve::{self, Running, ServeOptions, Site},
};
use fantoccini::Client;
use kms_manifest::Headers;

use crate::{cases, driver::free_port, vouched::vouch};

const POLICY: &str = "Content-Security-Policy";
/// How many stages one release can give: more than all scenarios of a run ask for.
const EMBEDDERS: u16 = 200;

/// One release, served to many embedders. Emitting compresses hard and takes seconds, so it is
/// done once; storage is partitioned by the embedding site, so each site has a vault of its own.
pub(crate) struct Release {
    /// Origin of the enclave.
    pub kms: String,
    /// The release as it was emitted.
    pub emitted: Emitted,
    port: u16,
    _servers: [Running; 2],
}

impl Release {
    /// Emits and serves the sources, as hosts do.
    pub(crate) fn start(sources: &Sources) -> Result<Arc<Self>> {
        Self::emitted_by(emit, sources, false)
    }

    /// The same without compression, which takes seconds, and with a page for WEBCAT.
    pub(crate) fn start_plain(sources: &Sources) -> Result<Arc<Self>> {
        Self::emitted_by(emit_plain, sources, true)
    }

    fn emitted_by<E>(
        emit: fn(&Sources, &Deployment) -> Result<Emitted, E>,
        sources: &Sources,
        webcat: bool,
    ) -> Result<Arc<Self>>
    where
        anyhow::Error: From<E>,
    {
        let (kms_port, port) = (free_port()?, free_port()?);
        let kms = format!("http://kms.localhost:{kms_port}");
        let embedders = (0..EMBEDDERS).map(|number| embedder(number, port));
        let embedders: Vec<_> = embedders.chain(neighbours(port)).collect();
        let deployment = Deployment { webcat, ..Deployment::new(&kms, &embedders)? };
        let emitted = emit(sources, &deployment)?;
        let mut served = emitted.clone();
        vouch(&mut served)?;
        let enclave = serve::start(served, ServeOptions::loopback(kms_port))?;
        let mut site = test_pages(&emitted)?;
        if let Some(kit) = &sources.kit {
            add_cases(&mut site, kit)?;
        }
        let pages = serve::start_site(site, ServeOptions::loopback(port))?;
        Ok(Arc::new(Self { kms, emitted, port, _servers: [enclave, pages] }))
    }

    /// One of its embedders. None is given twice: the second scenario would find the vault that
    /// the first one left behind.
    pub(crate) fn stage(self: &Arc<Self>, number: u16) -> Result<Stage> {
        ensure!(number < EMBEDDERS, "all {EMBEDDERS} embedders of the release have been used");
        Ok(self.stage_of(embedder(number, self.port)))
    }

    /// Two of its embedders that are one site to a browser, so that they share a vault. One scenario
    /// alone may use them.
    pub(crate) fn neighbours(self: &Arc<Self>) -> [Stage; 2] {
        neighbours(self.port).map(|pwa| self.stage_of(pwa))
    }

    fn stage_of(self: &Arc<Self>, pwa: String) -> Stage {
        let evil = format!("http://evil.localhost:{}", self.port);
        Stage { kms: self.kms.clone(), pwa, evil, release: Arc::clone(self) }
    }
}

fn neighbours(port: u16) -> [String; 2] {
    ["one", "other"].map(|name| format!("http://{name}.shared.localhost:{port}"))
}

fn embedder(number: u16, port: u16) -> String {
    format!("http://pwa{number}.localhost:{port}")
}

/// What one scenario works with.
pub(crate) struct Stage {
    /// Origin of the enclave.
    pub kms: String,
    /// Origin of an embedder on the list of the release.
    pub pwa: String,
    /// An origin with the same pages that is not on the list.
    pub evil: String,
    /// The release that is served.
    pub release: Arc<Release>,
}

impl Stage {
    /// Opens the page that runs the modules of `tests/hostile`.
    pub(crate) async fn visit(&self, page: &Client) -> Result<()> {
        Ok(page.goto(&format!("{}/hostile/page.html", self.pwa)).await?)
    }
}

/// The demo with its client and pin, and beside it the hostile pages, which no policy restrains but
/// one that lets itself embed nothing.
pub(crate) fn test_pages(emitted: &Emitted) -> Result<Site> {
    let mut site = demo::embedder(&emitted.pin)?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("file name")?;
        let page = path.extension().is_some_and(|ending| ending == "html");
        let media_type = if page { "text/html" } else { "text/javascript" };
        let headers = [("Cache-Control", "no-store")].into_iter().collect::<Headers>();
        let asset = Asset::new(fs::read(&path)?, &format!("{media_type}; charset=utf-8"), headers);
        if name == "page.html" {
            let mut strict = asset.clone();
            strict.headers.set("Content-Security-Policy", "frame-src 'none'");
            site.files.insert("/hostile/no-frames.html".to_owned(), strict);
            site.files.insert("/hostile/careful.html".to_owned(), careful(&asset, emitted)?);
        }
        site.files.insert(format!("/hostile/{name}"), asset);
    }
    add_examples(&mut site)?;
    Ok(site)
}

/// The examples of the client, as they stand there.
fn add_examples(site: &mut Site) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/client/examples");
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("file name")?;
        let asset = Asset::new(fs::read(&path)?, "text/javascript", Headers::default());
        site.files.insert(format!("/examples/{name}"), asset);
    }
    Ok(())
}

/// The client's verifier, its cases, a page with the demo's headers that runs them, and one that lets no
/// wasm run.
fn add_cases(site: &mut Site, kit: &[u8]) -> Result<()> {
    demo::add_kit(site, kit);
    let demo = site.files.get("/").context("no demo")?.headers.clone();
    let page = site.files.get("/hostile/page.html").context("no page")?;
    let page = Asset::new(page.bytes.clone(), &page.media_type, demo.clone());
    let mut strict = page.clone();
    let policy = demo.value(POLICY).context("no policy")?;
    strict.headers.set(POLICY, policy.replace(" 'wasm-unsafe-eval'", ""));
    site.files.insert("/no-wasm.html".to_owned(), strict);
    let cases = Asset::new(serde_json::to_vec(&cases::read()?)?, "application/json", demo);
    site.files.insert("/cases.html".to_owned(), page);
    site.files.insert("/cases.json".to_owned(), cases);
    Ok(())
}

/// The page with the headers of a careful embedder, who knows the enclave at any port.
fn careful(page: &Asset, emitted: &Emitted) -> Result<Asset> {
    let url = &emitted.pin.url;
    let mut headers = demo::embedder_headers(url);
    let policy = headers.value(POLICY).context("no policy")?;
    let policy = policy.replace(url.as_str(), &format!("http://{}:*", url.host()));
    headers.set(POLICY, policy);
    headers.set("Cache-Control", "no-store");
    Ok(Asset::new(page.bytes.clone(), &page.media_type, headers))
}

/// Serves the enclave as a careless host would: without the given header, to any destination.
pub(crate) fn serve_without(emitted: &Emitted, header: &str) -> Result<(String, Running)> {
    serve_changed(emitted, |site| {
        if let Some(page) = site.files.get_mut("/") {
            page.audience = Audience::Anyone;
            page.headers.remove(header);
        }
    })
}

/// Serves a changed release on a port of its own; nothing of it is cached.
pub(crate) fn serve_changed(
    emitted: &Emitted,
    change: impl FnOnce(&mut Site),
) -> Result<(String, Running)> {
    let mut site = Site::from(emitted.clone());
    for asset in site.files.values_mut() {
        asset.headers.set("Cache-Control", "no-store");
    }
    change(&mut site);
    let running = serve::start_site(site, ServeOptions::loopback(0))?;
    Ok((format!("http://kms.localhost:{}", running.addr.port()), running))
}
