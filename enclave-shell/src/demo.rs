//! The embedder of the demo: a PWA on an origin of its own that pins the release it embeds.

use kms_manifest::{Headers, Origin, Pin};

use crate::asset::Asset;
use crate::embedded;
use crate::emit::{Emitted, parse_origin};
use crate::error::Error;
use crate::serve::{ServeOptions, Site};
#[cfg(unix)]
use crate::workloads::Ports;

const POLICY: &str = "Content-Security-Policy";

/// Content type by file ending.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// The headers a careful embedder sends: nothing but itself runs, nothing but the enclave is
/// framed, and no other window of the enclave's origin can reach its frame. Firefox and `WebKit` hold
/// a backup that is saved out of the frame for a frame too: `blob:` lets it pass.
#[must_use]
pub fn embedder_headers(enclave: &Origin) -> Headers {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' {enclave}; frame-src {enclave} blob:; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    [
        ("Cache-Control", "no-cache"),
        ("Content-Security-Policy", &policy),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    .into_iter()
    .collect()
}

/// The demo PWA, the client under `/client/` and the pin as `/release.json`, byte for byte.
/// Callers may add files and change headers: the site is plain data.
pub fn embedder(pin: &Pin) -> Result<Site, Error> {
    let headers = embedder_headers(&pin.url);
    let mut site = Site::default();
    let mut add = |path: String, bytes: &[u8]| {
        let media_type = media_type(if path == "/" { "index.html" } else { &path });
        site.files.insert(path, Asset::new(bytes.to_vec(), media_type, headers.clone()));
    };
    for (name, bytes) in embedded::DEMO {
        add(format!("/{name}"), bytes);
        if *name == "index.html" {
            add("/".to_owned(), bytes);
        }
    }
    for (name, bytes) in embedded::CLIENT {
        add(format!("/client/{name}"), bytes);
    }
    add("/release.json".to_owned(), pin.to_json()?.as_bytes());
    Ok(site)
}

/// Adds the wasm of the client's verifier, and lets the pages run it.
pub fn add_kit(site: &mut Site, wasm: &[u8]) {
    let path = "/client/kit.wasm".to_owned();
    let headers = site.files.values().next().map(|asset| asset.headers.clone()).unwrap_or_default();
    let asset = Asset::new(wasm.to_vec(), media_type(&path), headers);
    site.files.insert(path, asset);
    for asset in site.files.values_mut() {
        if let Some(policy) = asset.headers.value(POLICY) {
            let wider = policy.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'");
            asset.headers.set(POLICY, wider);
        }
    }
}

/// An HTML page with an embedder's headers, for pages beside the demo.
#[must_use]
pub fn page(html: &str, headers: Headers) -> Asset {
    Asset::new(html.as_bytes().to_vec(), media_type("page.html"), headers)
}

/// The two origins of the demo, which are cross-site to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOrigins {
    /// Origin of the PWA.
    pub pwa: Origin,
    /// Origin of the enclave.
    pub kms: Origin,
}

impl DemoOrigins {
    /// `http://pwa.localhost` and `http://kms.localhost` on the given ports.
    pub fn new(port_pwa: u16, port_kms: u16) -> Result<Self, Error> {
        Ok(Self {
            pwa: parse_origin(&format!("http://pwa.localhost:{port_pwa}"))?,
            kms: parse_origin(&format!("http://kms.localhost:{port_kms}"))?,
        })
    }
}

/// Lets the pages of a demo know where its workloads are, and connect there.
#[cfg(unix)]
pub fn add_workloads(site: &mut Site, ports: Ports) -> Result<(), Error> {
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let (relay, agent) = (at(ports.relay), at(ports.agent));
    for asset in site.files.values_mut() {
        if let Some(policy) = asset.headers.value(POLICY) {
            let wider = format!("connect-src 'self' {relay} {agent} ");
            let policy = policy.replace("connect-src 'self' ", &wider);
            asset.headers.set(POLICY, policy);
        }
    }
    let places = serde_json::to_vec(&serde_json::json!({ "relay": relay, "agent": agent }))?;
    let headers = [("Cache-Control", "no-cache")].into_iter().collect();
    let asset = Asset::new(places, media_type("workloads.json"), headers);
    site.files.insert("/workloads.json".to_owned(), asset);
    Ok(())
}

/// Serves enclave and PWA until the returned servers are stopped.
pub fn start(
    emitted: Emitted,
    origins: &DemoOrigins,
    access_log: bool,
) -> Result<[crate::serve::Running; 2], Error> {
    let site = embedder(&emitted.pin)?;
    start_with(emitted, site, (origins, access_log))
}

/// The same with a site of the embedder that was changed.
pub fn start_with(
    emitted: Emitted,
    site: Site,
    (origins, access_log): (&DemoOrigins, bool),
) -> Result<[crate::serve::Running; 2], Error> {
    let options =
        |origin: &Origin| ServeOptions { access_log, ..ServeOptions::loopback(origin.port()) };
    let enclave = crate::serve::start(emitted, options(&origins.kms))?;
    let pwa = crate::serve::start_site(site, options(&origins.pwa))?;
    Ok([enclave, pwa])
}
