//! Checks of one served file.

use kms_manifest::{AssetEntry, FileKind, Manifest, Pin, Sha256, Sha384, enclave_csp};

use super::fetch::{Client, Reply};
use super::report::Report;
use super::{check_headers, check_status};
use crate::assemble;
use crate::emit::Encoding;
use crate::html;

/// No file of a release is larger.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// Compares page and module with the pin alone, for want of the manifest that it pins.
pub(super) fn check_pinned(client: &Client, pin: &Pin, report: &mut Report) {
    for path in ["/", pin.module.path.as_str()] {
        let reply = match client.fetch(path, SIZE_LIMIT, &[]) {
            Ok(reply) => reply,
            Err(problem) => return report.unreachable(path, problem),
        };
        report.checked.push(path.to_owned());
        if !check_status(&reply, path, report) {
            continue;
        }
        let same = if path == "/" {
            Sha256::of(&reply.body) == pin.html
        } else {
            Sha384::of(&reply.body) == pin.module.integrity
        };
        if !same {
            report.mismatch(path, "is not the pinned file".to_owned());
        }
    }
}

/// Fetches a file in every coding and compares bytes and headers.
pub(super) fn check(client: &Client, manifest: &Manifest, entry: &AssetEntry, report: &mut Report) {
    let path = entry.path.as_str();
    let limit = entry.size.min(SIZE_LIMIT);
    let reply = match client.fetch(path, limit, &[]) {
        Ok(reply) => reply,
        Err(problem) => return report.unreachable(path, problem),
    };
    report.checked.push(path.to_owned());
    if !check_status(&reply, path, report) {
        return;
    }
    let (kind, _) = kind_of(path);
    let before = report.mismatches.len();
    check_bytes(entry, &reply, report);
    if report.mismatches.len() == before {
        match kind {
            FileKind::Html => check_page(manifest, &reply.body, report),
            _ => check_measurement(manifest, path, &reply.body, report),
        }
        check_codings(client, manifest, entry, &reply.body, report);
    }
    check_headers_of(kind, manifest, &reply, path, report);
}

fn check_headers_of(
    kind: FileKind,
    manifest: &Manifest,
    reply: &Reply,
    path: &str,
    report: &mut Report,
) {
    let origin = &manifest.deployment.origin;
    check_headers(kind, origin, reply, manifest.headers.of(kind), path, report);
}

/// What a file is, and the destination for which a browser fetches it.
fn kind_of(path: &str) -> (FileKind, &'static str) {
    if path == "/" { (FileKind::Html, "iframe") } else { (FileKind::Module, "script") }
}

fn check_bytes(entry: &AssetEntry, reply: &Reply, report: &mut Report) {
    let path = entry.path.as_str();
    if let Some(coding) = reply.headers.value("Content-Encoding") {
        report.mismatch(path, format!("is sent as {coding} to a client that did not ask for it"));
        return;
    }
    let size = reply.body.len() as u64;
    if size != entry.size {
        let more = if size > entry.size { " or more" } else { "" };
        report.mismatch(path, format!("has {size} bytes{more}, the manifest says {}", entry.size));
    }
    let (sha256, sha384) = (Sha256::of(&reply.body), Sha384::of(&reply.body));
    if sha256 != entry.sha256 || sha384 != entry.sha384 {
        report.mismatch(path, format!("is {sha256}, the manifest says {}", entry.sha256));
    }
    if reply.headers.value("Content-Type") != Some(entry.media_type.as_str()) {
        let found = reply.headers.value("Content-Type").unwrap_or("absent");
        let expected = &entry.media_type;
        report.mismatch(path, format!("media type is {found}, the manifest says {expected}"));
    }
}

/// The page runs exactly the module of the manifest, under a policy that pins it.
fn check_page(manifest: &Manifest, page: &[u8], report: &mut Report) {
    let Some(module) = manifest.module() else { return };
    let text = String::from_utf8_lossy(page);
    let tag = html::script_tag(&module.path, &module.sha384);
    if text.matches("<script").count() != 1 || !text.contains(&tag) {
        report.mismatch("/", "does not run exactly the module of the manifest".to_owned());
    }
    let expected = enclave_csp(&module.sha384, &manifest.deployment.embedders);
    let sent = manifest.headers.html.value("Content-Security-Policy");
    if sent != Some(expected.to_string().as_str()) {
        report.mismatch("/", "its policy does not pin the module of the manifest".to_owned());
    }
}

/// Worker and wasm inside the module are those of the manifest.
fn check_measurement(manifest: &Manifest, path: &str, module: &[u8], report: &mut Report) {
    match assemble::measure(module) {
        None => report.mismatch(path, "holds no worker or no wasm".to_owned()),
        Some(found) => {
            for (name, found, expected) in
                [("worker", found.worker, manifest.worker), ("wasm", found.wasm, manifest.wasm)]
            {
                if found != expected {
                    let text = format!("its {name} is {found}, the manifest says {expected}");
                    report.mismatch(path, text);
                }
            }
        }
    }
}

/// Asks again as a browser does: a compressed answer must decode to the same bytes and come with
/// the same headers.
fn check_codings(
    client: &Client,
    manifest: &Manifest,
    entry: &AssetEntry,
    body: &[u8],
    report: &mut Report,
) {
    let path = entry.path.as_str();
    let (kind, destination) = kind_of(path);
    for coding in Encoding::ALL {
        // Compressed forms of small files can be longer than the file.
        let limit = entry.size.saturating_add(1024);
        let headers = [("accept-encoding", coding.token()), ("sec-fetch-dest", destination)];
        let reply = match client.fetch(path, limit, &headers) {
            Ok(reply) => reply,
            Err(problem) => return report.unreachable(path, problem),
        };
        if !check_status(&reply, path, report) {
            continue;
        }
        check_headers_of(kind, manifest, &reply, path, report);
        let decoded = match reply.headers.value("Content-Encoding") {
            None => Some(reply.body),
            Some(sent) if sent == coding.token() => coding.decode(&reply.body, entry.size).ok(),
            Some(_) => None,
        };
        if decoded.as_deref() != Some(body) {
            report.mismatch(path, format!("its {} form holds other bytes", coding.token()));
        }
    }
}

/// The frame page may be read by listed embedders and by nobody else.
pub(super) fn check_cors(client: &Client, manifest: &Manifest, report: &mut Report) {
    let Some(page) = manifest.html() else { return };
    let embedders = manifest.deployment.embedders.iter().map(|origin| (origin.as_str(), true));
    for (origin, listed) in embedders.chain([("https://stranger.invalid", false)]) {
        let headers = [("origin", origin), ("sec-fetch-dest", "empty")];
        let reply = match client.fetch("/", page.size, &headers) {
            Ok(reply) => reply,
            Err(problem) => return report.unreachable("/", problem),
        };
        let allowed = reply
            .headers
            .value("Access-Control-Allow-Origin")
            .is_some_and(|value| value == origin || value == "*");
        match (listed, allowed) {
            (true, false) => report.mismatch("/", format!("cannot be read by {origin} (CORS)")),
            (false, true) => report.mismatch("/", "can be read by any site (CORS)".to_owned()),
            _ => {}
        }
    }
}
