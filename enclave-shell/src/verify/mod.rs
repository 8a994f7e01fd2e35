//! Compares a live server with its release: every byte and every header.

mod asset;
mod attested;
mod embedder;
mod fetch;
mod logs;
mod page;
mod pins;
mod policy;
mod report;

use std::time::Duration;

use kms_manifest::{
    FileKind, Headers, MANIFEST_LIMIT, MANIFEST_PATH, Manifest, Origin, Pin, Sha256, lint,
};

pub(crate) use embedder::split;
pub(crate) use fetch::Client;
use fetch::Reply;

use crate::webcat;

pub use attested::{Attestation, Attested};
pub use embedder::{EmbedderReport, verify_embedder};
pub use pins::Pins;
pub use policy::{PolicyOptions, PolicyVerdict, verify_by_policy};
pub use report::{Mismatch, Outcome, Report};

/// Why a verification could not even start.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The URL is not an origin.
    #[error("{url}: {source}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        source: kms_manifest::OriginError,
    },
    /// The address of the embedding page is not one of a page.
    #[error("{0}: not the address of a web page")]
    Page(String),
    /// Releases that no embedder could pin together.
    #[error("the pins: {0}")]
    Pins(&'static str),
    /// The CA file holds no certificate.
    #[error("the CA file holds no certificate")]
    Ca,
}

/// How to verify.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// What an embedder pinned. Without it only consistency is checked.
    pub pins: Pins,
    /// Certificates to trust instead of the public authorities, PEM.
    pub ca: Option<Vec<u8>>,
    /// Time for each request.
    pub timeout: Duration,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { pins: Pins::default(), ca: None, timeout: Duration::from_secs(20) }
    }
}

/// Verifies the deployment at `url`. Blocks while it fetches; follows no redirect.
pub fn verify(url: &str, options: &VerifyOptions) -> Result<Report, VerifyError> {
    let origin = parse_url(url)?;
    let client = Client::new(&origin, options)?;
    let mut report = Report::new(&origin, !options.pins.is_empty());
    if let Some(manifest) = check_manifest(&client, &origin, &options.pins, &mut report) {
        for entry in &manifest.assets {
            asset::check(&client, &manifest, entry, &mut report);
        }
        asset::check_cors(&client, &manifest, &mut report);
        if manifest.asset(FileKind::Webcat).is_some() {
            check_bundle(&client, &manifest, &mut report);
        }
    }
    Ok(report)
}

fn parse_url(url: &str) -> Result<Origin, VerifyError> {
    let url = url.strip_suffix('/').unwrap_or(url);
    url.parse().map_err(|source| VerifyError::Url { url: url.to_owned(), source })
}

/// The manifest, if it could be read; what is wrong with it goes to the report.
fn check_manifest(
    client: &Client,
    origin: &Origin,
    pins: &Pins,
    report: &mut Report,
) -> Option<Manifest> {
    let reply = match client.fetch(MANIFEST_PATH, MANIFEST_LIMIT as u64, &[]) {
        Ok(reply) => reply,
        Err(problem) => {
            report.unreachable(MANIFEST_PATH, problem);
            return None;
        }
    };
    if !check_status(&reply, MANIFEST_PATH, report) {
        return None;
    }
    let digest = Sha256::of(&reply.body);
    report.set_manifest(&digest);
    let pin = pins.of_manifest(&digest);
    if pin.is_none() && !pins.is_empty() {
        report.mismatch(MANIFEST_PATH, format!("is {digest}, the pin says {}", pins.named()));
        // What this manifest says of the other files counts for nothing; the pin knows them too.
        asset::check_pinned(client, pins, report);
        return None;
    }
    let manifest = match Manifest::parse(&reply.body) {
        Ok(manifest) => manifest,
        Err(error) => {
            report.mismatch(MANIFEST_PATH, error.to_string());
            return None;
        }
    };
    report.set_version(&manifest.version);
    if let Err(error) = manifest.check_waict() {
        report.mismatch(MANIFEST_PATH, error.to_string());
    }
    let here = &manifest.deployment.origin;
    if here != origin {
        report.mismatch(MANIFEST_PATH, format!("describes {here}"));
    }
    if let Some(pin) = pin {
        check_pin(&manifest, pin, report);
    }
    let expected = &manifest.headers.manifest;
    check_headers(FileKind::Manifest, origin, &reply, expected, MANIFEST_PATH, report);
    Some(manifest)
}

/// What the extension reads, where the host is enrolled: it must fit the release.
fn check_bundle(client: &Client, manifest: &Manifest, report: &mut Report) {
    const PATH: &str = webcat::BUNDLE_PATH;
    let reply = match client.fetch(PATH, webcat::BUNDLE_LIMIT as u64, &[]) {
        Ok(reply) => reply,
        Err(problem) => return report.unreachable(PATH, problem),
    };
    // Not enrolled: the page works as it is, and nothing is claimed.
    if reply.status == 404 {
        return;
    }
    report.checked.push(PATH.to_owned());
    if !check_status(&reply, PATH, report) {
        return;
    }
    for fault in webcat::check(&reply.body, manifest) {
        report.mismatch(PATH, fault.to_string());
    }
    let origin = &manifest.deployment.origin;
    check_headers(FileKind::Manifest, origin, &reply, &manifest.headers.manifest, PATH, report);
}

/// The pin's own digests must be those of the manifest it pins.
fn check_pin(manifest: &Manifest, pin: &Pin, report: &mut Report) {
    let actual = if pin.webcat { Pin::of_webcat(manifest) } else { Pin::of(manifest).map(Some) };
    let Ok(Some(actual)) = actual else {
        report.mismatch(MANIFEST_PATH, "cannot be pinned".to_owned());
        return;
    };
    let fields = [
        ("version", actual.version == pin.version),
        ("url", actual.url == pin.url),
        ("csp", actual.csp == pin.csp),
        ("module", actual.module == pin.module),
        ("tools", actual.tools == pin.tools),
        ("html", actual.html == pin.html),
        ("worker", actual.worker == pin.worker),
        ("wasm", actual.wasm == pin.wasm),
    ];
    for (name, _) in fields.iter().filter(|(_, same)| !same) {
        report.mismatch(MANIFEST_PATH, format!("contradicts the pin: {name}"));
    }
}

fn check_status(reply: &Reply, path: &str, report: &mut Report) -> bool {
    if reply.status != 200 {
        report.mismatch(path, format!("answered with status {}", reply.status));
    }
    reply.status == 200
}

/// Every header of the manifest must be there exactly; whatever else is sent must be harmless.
fn check_headers(
    kind: FileKind,
    origin: &Origin,
    reply: &Reply,
    expected: &Headers,
    path: &str,
    report: &mut Report,
) {
    let mut problems = Vec::new();
    for (name, value) in expected.iter() {
        match reply.headers.value(name) {
            None => problems.push(format!("header {name} is missing")),
            Some(found) if found == value => {}
            Some(found) => {
                problems.push(format!("header {name} is {found:?}, the manifest says {value:?}"));
            }
        }
    }
    for finding in lint(kind, origin, &reply.headers) {
        let named = format!("header {} ", finding.header);
        if !problems.iter().any(|problem| problem.starts_with(&named)) {
            problems.push(finding.to_string());
        }
    }
    for problem in problems {
        report.mismatch(path, problem);
    }
}
