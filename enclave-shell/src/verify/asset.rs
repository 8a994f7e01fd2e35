//! Checks of one served file.

use kms_manifest::{
    AssetEntry, FileKind, Manifest, Sha256, Sha384, WEBCAT_PATH, enclave_csp, enrol_csp, webcat_csp,
};

use super::fetch::{Client, Reply};
use super::pins::Pins;
use super::policy::Unreachable;
use super::report::Report;
use super::{check_headers, check_status};
use crate::assemble;
use crate::asset::Encoding;
use crate::html;

/// No file of a release is larger.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;
const NOT_PINNED: &str = "is not the pinned file";

/// Compares what the pin names with the pin alone, for want of the manifest that it pins. Of two pins it
/// is the one whose page is served.
pub(super) fn check_pinned(client: &Client, pins: &Pins, report: &mut Report) {
    let path = if pins.are_for_webcat() { WEBCAT_PATH } else { "/" };
    let Ok(page) = pinned_file(client, path, report) else { return };
    let digest = page.as_deref().map(Sha256::of);
    let Some(pin) = pins.of_page(digest) else { return };
    if digest.is_some_and(|digest| digest != pin.html) {
        report.mismatch(path, NOT_PINNED.to_owned());
    }
    for script in [&pin.module, &pin.tools] {
        match pinned_file(client, &script.path, report) {
            Err(Unreachable) => return,
            Ok(Some(body)) if Sha384::of(&body) != script.integrity => {
                report.mismatch(&script.path, NOT_PINNED.to_owned());
            }
            Ok(_) => {}
        }
    }
}

/// A file for that; `None` if the server has no such file, and an error if it cannot be asked.
fn pinned_file(
    client: &Client,
    path: &str,
    report: &mut Report,
) -> Result<Option<Vec<u8>>, Unreachable> {
    let reply = client.fetch(path, SIZE_LIMIT, &[]).map_err(|problem| {
        report.unreachable(path, problem);
        Unreachable
    })?;
    report.checked.push(path.to_owned());
    Ok(check_status(&reply, path, report).then_some(reply.body))
}

/// Fetches a file in every coding and compares bytes and headers.
pub(super) fn check(client: &Client, manifest: &Manifest, entry: &AssetEntry, report: &mut Report) {
    let path = entry.path.as_str();
    // A manifest that parses lists nothing else.
    let Some(kind) = FileKind::of_path(path) else { return };
    let limit = entry.size.min(SIZE_LIMIT);
    let reply = match client.fetch(path, limit, &[]) {
        Ok(reply) => reply,
        Err(problem) => return report.unreachable(path, problem),
    };
    report.checked.push(path.to_owned());
    if !check_status(&reply, path, report) {
        return;
    }
    let before = report.mismatches.len();
    check_bytes(entry, &reply, report);
    if report.mismatches.len() == before {
        match kind {
            FileKind::Html | FileKind::Enrol | FileKind::Webcat => {
                check_page(kind, manifest, &reply.body, report);
            }
            _ => check_measurement(kind, manifest, path, &reply.body, report),
        }
        check_codings(client, manifest, entry, kind, &reply.body, report);
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

/// The destination for which a browser fetches a file, and how.
fn browser_fetch(kind: FileKind) -> [(&'static str, &'static str); 2] {
    let (destination, mode) = match kind {
        FileKind::Html | FileKind::Webcat => ("iframe", "navigate"),
        FileKind::Worker | FileKind::ToolsWorker => ("worker", "same-origin"),
        FileKind::Enrol => ("document", "navigate"),
        _ => ("script", "cors"),
    };
    [("sec-fetch-dest", destination), ("sec-fetch-mode", mode)]
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

/// A page runs exactly its script of the manifest, under a policy that pins it.
fn check_page(kind: FileKind, manifest: &Manifest, body: &[u8], report: &mut Report) {
    let (script, scripts) = match kind {
        FileKind::Enrol => (FileKind::EnrolScript, manifest.scripts()),
        FileKind::Webcat => (FileKind::WebcatModule, manifest.webcat_scripts()),
        _ => (FileKind::Module, manifest.scripts()),
    };
    let (Some(page), Some(script), Some(scripts)) =
        (manifest.asset(kind), manifest.asset(script), scripts)
    else {
        return;
    };
    let path = page.path.as_str();
    let text = String::from_utf8_lossy(body);
    let tag = html::script_tag(&script.path, &script.sha384);
    if text.matches("<script").count() != 1 || !text.contains(&tag) {
        report.mismatch(path, "does not run exactly its script of the manifest".to_owned());
    }
    let embedders = &manifest.deployment.embedders;
    let expected = match kind {
        FileKind::Enrol => enrol_csp(&scripts),
        FileKind::Webcat => webcat_csp(&scripts, embedders),
        _ => enclave_csp(&scripts, embedders),
    };
    let sent = manifest.headers.of(kind).value("Content-Security-Policy");
    if sent != Some(expected.to_string().as_str()) {
        report.mismatch(path, "its policy does not pin the scripts of the manifest".to_owned());
    }
}

/// Worker and wasm inside a script are those of the manifest.
fn check_measurement(
    kind: FileKind,
    manifest: &Manifest,
    path: &str,
    script: &[u8],
    report: &mut Report,
) {
    let Some(expected) = manifest.measurement(kind) else { return };
    let Some(found) = assemble::measure(kind, script) else {
        return report.mismatch(path, "holds no worker or no wasm".to_owned());
    };
    for (name, found, expected) in
        [("worker", found.worker, expected.worker), ("wasm", found.wasm, expected.wasm)]
    {
        if found != expected {
            report.mismatch(path, format!("its {name} is {found}, the manifest says {expected}"));
        }
    }
}

/// Asks again as a browser does: a compressed answer must decode to the same bytes and come with
/// the same headers.
fn check_codings(
    client: &Client,
    manifest: &Manifest,
    entry: &AssetEntry,
    kind: FileKind,
    body: &[u8],
    report: &mut Report,
) {
    let path = entry.path.as_str();
    let [destination, mode] = browser_fetch(kind);
    for coding in Encoding::ALL {
        // Compressed forms of small files can be longer than the file.
        let limit = entry.size.saturating_add(1024);
        let headers = [("accept-encoding", coding.token()), destination, mode];
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

/// The pages may be read by listed embedders and by nobody else.
pub(super) fn check_cors(client: &Client, manifest: &Manifest, report: &mut Report) {
    let embedders = manifest.deployment.embedders.iter().map(|origin| (origin.as_str(), true));
    let origins: Vec<_> = embedders.chain([("https://stranger.invalid", false)]).collect();
    for page in [FileKind::Html, FileKind::Enrol, FileKind::Webcat] {
        let Some(page) = manifest.asset(page) else { continue };
        for (origin, listed) in &origins {
            check_reader(client, page, origin, *listed, report);
        }
    }
}

fn check_reader(
    client: &Client,
    page: &AssetEntry,
    origin: &str,
    listed: bool,
    report: &mut Report,
) {
    let path = page.path.as_str();
    let headers = [("origin", origin), ("sec-fetch-dest", "empty")];
    let reply = match client.fetch(path, page.size, &headers) {
        Ok(reply) => reply,
        Err(problem) => return report.unreachable(path, problem),
    };
    let allowed = reply
        .headers
        .value("Access-Control-Allow-Origin")
        .is_some_and(|value| value == origin || value == "*");
    match (listed, allowed) {
        (true, false) => report.mismatch(path, format!("cannot be read by {origin} (CORS)")),
        (false, true) => report.mismatch(path, "can be read by any site (CORS)".to_owned()),
        _ => {}
    }
}
