//! What the benchmark serves: the enclave, its embedder, the baseline and the other libraries.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use enclave_shell::{
    Asset, Deployment, Emitted, Encoding, Sources, demo, emit,
    serve::{self, Running, ServeOptions, Site},
    transparency::publish::PROOF_PATH,
};
use kms_manifest::{Headers, MANIFEST_PATH};

use crate::{
    driver::free_port,
    vouched::{policy, vouch},
};

/// What of `node_modules` the pages import.
const PEERS: [&str; 5] = [
    "@noble/curves",
    "@noble/hashes",
    "hash-wasm/dist/index.esm.js",
    "libsodium-sumo/dist/modules-sumo-esm",
    "libsodium-wrappers-sumo/dist/modules-sumo-esm",
];

/// Running servers.
pub(super) struct BenchSite {
    /// Origin of the pages that measure.
    pub pwa: String,
    /// Origin of the baseline's frame, cross-site to both others.
    pub bare: String,
    /// Bytes of the enclave's page and module as they travel, compressed with brotli.
    pub wire_bytes: usize,
    /// Bytes of manifest and proof.
    pub evidence_bytes: usize,
    _servers: [Running; 2],
}

impl BenchSite {
    /// Emits and serves the builds.
    pub(super) fn start(enclave: &Path, probe: &Path) -> Result<Self> {
        let (kms_port, port) = (free_port()?, free_port()?);
        let kms = format!("http://kms.localhost:{kms_port}");
        let pwa = format!("http://pwa.localhost:{port}");
        let sources = Sources::load(enclave)?;
        let mut emitted = emit(&sources, &Deployment::new(&kms, &[&pwa])?)?;
        vouch(&mut emitted)?;
        let wire_bytes = wire_bytes(&emitted)?;
        let evidence = [MANIFEST_PATH, PROOF_PATH].map(|path| emitted.files.get(path));
        let evidence_bytes = evidence.into_iter().flatten().map(|asset| asset.bytes.len()).sum();
        let mut site = pages(&emitted, probe)?;
        demo::add_kit(&mut site, &sources.kit.context("no kit: run `cargo xtask build`")?);
        let pages = serve::start_site(site, ServeOptions::loopback(port))?;
        let enclave = serve::start(emitted, ServeOptions::loopback(kms_port))?;
        let bare = format!("http://bare.localhost:{port}");
        Ok(Self { pwa, bare, wire_bytes, evidence_bytes, _servers: [enclave, pages] })
    }
}

fn wire_bytes(emitted: &Emitted) -> Result<usize> {
    ["/", emitted.pin.module.path.as_str()]
        .into_iter()
        .map(|path| {
            let asset = emitted.files.get(path).with_context(|| format!("no {path}"))?;
            let mut encodings = asset.encodings().iter();
            let brotli = encodings.find(|(coding, _)| *coding == Encoding::Brotli);
            Ok(brotli.with_context(|| format!("{path} is not compressed"))?.1.len())
        })
        .sum()
}

fn pages(emitted: &Emitted, probe: &Path) -> Result<Site> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut site = demo::embedder(&emitted.pin)?;
    add(&mut site, "/bench", &tests.join("bench"))?;
    add(&mut site, "/enclave", probe)?;
    let policy = serde_json::to_vec(&policy(emitted)?)?;
    let policy = Asset::new(policy, "application/json", Headers::new());
    site.files.insert("/policy.json".to_owned(), policy);
    for peer in PEERS {
        let path = tests.join("../node_modules").join(peer);
        add(&mut site, &format!("/peer/{peer}"), &path)
            .context("the libraries to compare with come from `npm ci`")?;
    }
    Ok(site)
}

/// Adds a file, or the pages, scripts and wasm anywhere below a folder.
fn add(site: &mut Site, url: &str, path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry: PathBuf = entry?.path();
            let name = entry.file_name().and_then(|name| name.to_str()).context("file name")?;
            add(site, &format!("{url}/{name}"), &entry)?;
        }
        return Ok(());
    }
    let ending = path.extension().and_then(|ending| ending.to_str());
    // As the enclave's: the page is asked for again, the rest comes from the cache.
    let (media_type, cache) = match ending {
        Some("html") => ("text/html; charset=utf-8", "no-cache"),
        Some("js" | "mjs") => ("text/javascript; charset=utf-8", "max-age=31536000, immutable"),
        Some("wasm") => ("application/wasm", "max-age=31536000, immutable"),
        _ => return Ok(()),
    };
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let headers: Headers = [("Cache-Control", cache)].into_iter().collect();
    site.files.insert(url.to_owned(), Asset::new(bytes, media_type, headers));
    Ok(())
}
