//! The page for WEBCAT: what is emitted for it, how it is served, and what the extension would refuse.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
mod common;

use std::fs;

use common::{EMBEDDER, free_port, release, release_for_webcat, serve_plain, verified};
use enclave_shell::verify::Outcome;
use enclave_shell::webcat::{AppManifest, BUNDLE_PATH, Fault, check};
use enclave_shell::{Asset, Audience, Emitted, Error};
use kms_manifest::{FileKind, INERT_CSP, Manifest, Pin, Sha256, WEBCAT_PATH, WORKER_CSP};
use serde_json::{Value, json};

const ORIGIN: &str = "https://kms.example";

/// An Ed25519 key, as enrolments write them.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn path_of(manifest: &Manifest, kind: FileKind) -> &str {
    &manifest.asset(kind).unwrap().path
}

/// A host that is enrolled with one signer of Sigsum.
fn enrolment() -> Value {
    json!({
        "type": "sigsum", "signers": [KEY], "threshold": 1, "policy": "AAAA", "max_age": 15_552_000,
        "cas_url": "https://cas.example", "logs": { KEY: "https://log.example" },
    })
}

fn bundle(manifest: &Manifest) -> Value {
    let mut app = AppManifest::of(manifest).unwrap();
    app.timestamp = Some("a tree head with cosignatures".to_owned());
    json!({ "enrollment": enrolment(), "manifest": app, "signatures": { KEY: "a proof" } })
}

fn faults(bundle: &Value, manifest: &Manifest) -> Vec<String> {
    let bytes = serde_json::to_vec(bundle).unwrap();
    check(&bytes, manifest).iter().map(ToString::to_string).collect()
}

#[test]
fn the_page_and_its_files_are_of_the_release() {
    let emitted = release_for_webcat(ORIGIN);
    let manifest = &emitted.manifest;
    let page = &emitted.files[WEBCAT_PATH];
    let module = manifest.asset(FileKind::WebcatModule).unwrap();
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(text.contains(&format!("src=\"{}\" integrity=\"{}\"", module.path, module.sha384)));
    assert_eq!((page.audience, text.matches("<script").count()), (Audience::Frame, 1));
    let policy = page.headers.value("Content-Security-Policy").unwrap();
    let tools = emitted.pin.tools.integrity;
    let scripts = format!("script-src '{}' '{tools}' 'wasm-unsafe-eval'", module.sha384);
    assert!(policy.contains(&scripts) && policy.contains("worker-src 'self';"), "{policy}");
    let script = String::from_utf8(emitted.files[&module.path].bytes.clone()).unwrap();
    for (kind, digest) in
        [(FileKind::Worker, manifest.worker), (FileKind::ToolsWorker, manifest.tools.worker)]
    {
        let path = path_of(manifest, kind);
        let worker = &emitted.files[path];
        assert_eq!(Sha256::of(&worker.bytes), digest, "the very worker of the other page");
        assert!(script.contains(&format!("\"{path}\"")), "{kind:?}");
        assert_eq!(worker.audience, Audience::Worker);
        assert_eq!(worker.headers.value("Content-Security-Policy"), Some(WORKER_CSP));
        assert_eq!(worker.headers.value("Cross-Origin-Embedder-Policy"), Some("require-corp"));
    }
    let plain = release(ORIGIN);
    for (path, asset) in &plain.files {
        // Both of these list the others.
        let lists = [FileKind::Manifest, FileKind::Waict].map(Some);
        let same =
            lists.contains(&FileKind::of_path(path)) || asset.bytes == emitted.files[path].bytes;
        assert!(same, "{path}: every other file is as it is without the page");
    }
    assert_eq!((plain.files.len(), emitted.files.len()), (7, 11));
}

#[test]
fn a_folder_for_webcat_reads_back_and_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release_for_webcat(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    let loaded = Emitted::load(dir.path()).unwrap();
    assert_eq!((&loaded.manifest, &loaded.pin), (&emitted.manifest, &emitted.pin));
    let pin = Pin::parse(&fs::read(dir.path().join("pin-webcat.json")).unwrap()).unwrap();
    assert_eq!(Some(pin), Pin::of_webcat(&emitted.manifest).unwrap());
    let json: Value =
        serde_json::from_slice(&fs::read(dir.path().join("headers.json")).unwrap()).unwrap();
    assert_eq!(json["/webcat/"], json["/webcat/index.html"]);
    assert_eq!(json["/webcat/"]["Access-Control-Allow-Origin"], EMBEDDER);
    let worker = path_of(&emitted.manifest, FileKind::Worker);
    assert_eq!(json[worker]["Access-Control-Allow-Origin"], "*");
    let nginx = fs::read_to_string(dir.path().join("nginx.conf")).unwrap();
    let (_, rule) = nginx.split_once(&format!("location = {worker} {{")).unwrap();
    assert!(rule.split_once('}').unwrap().1.trim_start().starts_with("if ($kms_no_worker)"));
    for name in ["pin-webcat.json", "webcat-manifest.json", "webcat/index.html", &worker[1..]] {
        emitted.write_to(dir.path()).unwrap();
        let path = dir.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(matches!(Emitted::load(dir.path()), Err(Error::Altered(_))), "{name}");
    }
}

#[test]
fn the_manifest_to_sign_lists_what_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release_for_webcat(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    let text = fs::read(dir.path().join("webcat-manifest.json")).unwrap();
    let unsigned: Value = serde_json::from_slice(&text).unwrap();
    let app = &unsigned["manifest"];
    assert_eq!(app["app"], ORIGIN);
    assert_eq!(app["default_csp"], INERT_CSP);
    assert_eq!(
        (&app["default_index"], &app["default_fallback"]),
        (&json!("index.html"), &json!("/404.html"))
    );
    let digest = |bytes: &[u8]| json!(Sha256::of(bytes).to_base64url());
    let page = fs::read(dir.path().join("404.html")).unwrap();
    assert_eq!(app["files"]["/404.html"], digest(&page));
    assert_eq!(app["files"]["/webcat/index.html"], digest(&emitted.files[WEBCAT_PATH].bytes));
    for asset in &emitted.manifest.assets {
        if !asset.path.ends_with('/') {
            assert_eq!(app["files"][&asset.path], digest(&emitted.files[&asset.path].bytes));
        }
    }
    let listed: Vec<_> = app["extra_csp"].as_object().unwrap().keys().cloned().collect();
    let worker = |kind| path_of(&emitted.manifest, kind).to_owned();
    let mut expected = vec!["/enrol".to_owned(), WEBCAT_PATH.to_owned()];
    expected.extend([FileKind::Worker, FileKind::ToolsWorker].map(worker));
    expected.sort();
    assert_eq!(listed, expected);
    let mut hashes = emitted.manifest.wasm_hashes.clone();
    hashes.sort();
    assert_eq!(app["wasm"], json!(hashes));
}

#[test]
fn a_release_without_the_page_has_nothing_for_webcat() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    assert_eq!(AppManifest::of(&emitted.manifest), None);
    for name in ["pin-webcat.json", "webcat-manifest.json", "webcat"] {
        assert!(!dir.path().join(name).exists(), "{name}");
    }
}

#[test]
fn what_is_emitted_passes_the_rules_of_webcat() {
    let manifest = release_for_webcat(ORIGIN).manifest;
    assert_eq!(faults(&bundle(&manifest), &manifest), <[&str; 0]>::default());
    let mut by_sigstore = bundle(&manifest);
    by_sigstore["enrollment"] = json!({
        "type": "sigstore", "trusted_root": { "mediaType": "x" }, "max_age": 1,
        "claims": { "2.5.29.17": "https://forge.example/workflow" },
    });
    by_sigstore["signatures"] = json!([{ "mediaType": "x" }]);
    by_sigstore["manifest"].as_object_mut().unwrap().remove("timestamp");
    assert_eq!(faults(&by_sigstore, &manifest), <[&str; 0]>::default());
    for (field, value) in
        [("trusted_root", json!({})), ("claims", json!({})), ("max_age", json!(0))]
    {
        let mut broken = by_sigstore.clone();
        broken["enrollment"][field] = value;
        let expected = format!("the enrolment's {field} is missing or not valid");
        assert_eq!(faults(&broken, &manifest), [expected]);
    }
    by_sigstore["signatures"] = json!([]);
    assert_eq!(faults(&by_sigstore, &manifest), [Fault::Signatures.to_string()]);
}

type Break = fn(&mut Value);

/// One fault each, and what is said of it.
const BROKEN: &[(&str, Break)] = &[
    ("enrolment's policy", |b| b["enrollment"]["policy"] = json!("")),
    ("enrolment's policy", |b| b["enrollment"]["policy"] = json!("A".repeat(8196))),
    ("enrolment's policy", |b| b["enrollment"]["policy"] = json!("not base64url!")),
    ("enrolment's signers", |b| b["enrollment"]["signers"] = json!([KEY, "short"])),
    ("enrolment's threshold", |b| b["enrollment"]["threshold"] = json!(0)),
    ("enrolment's max_age", |b| b["enrollment"]["max_age"] = json!(0)),
    ("enrolment's cas_url", |b| drop(b["enrollment"].as_object_mut().unwrap().remove("cas_url"))),
    ("enrolment's logs", |b| b["enrollment"]["logs"] = json!({})),
    ("enrolment's logs", |b| b["enrollment"]["logs"] = json!({ "short": "https://log.example" })),
    ("cannot be read: unknown variant", |b| b["enrollment"]["type"] = json!("pgp")),
    ("cannot be read: missing field `enrollment`", |b| {
        drop(b.as_object_mut().unwrap().remove("enrollment"));
    }),
    ("cannot be read: missing field `manifest`", |b| {
        drop(b.as_object_mut().unwrap().remove("manifest"));
    }),
    ("cannot be read: missing field `signatures`", |b| {
        drop(b.as_object_mut().unwrap().remove("signatures"));
    }),
    ("cannot be read: invalid type", |b| b["enrollment"]["threshold"] = json!(1.5)),
    ("cannot be read: invalid type", |b| b["manifest"]["files"] = json!([])),
    ("signatures are not", |b| b["signatures"] = json!({ "another": "a proof" })),
    ("signatures are not", |b| b["signatures"] = json!([])),
    ("manifest's timestamp", |b| drop(b["manifest"].as_object_mut().unwrap().remove("timestamp"))),
    ("manifest's wasm", |b| drop(b["manifest"].as_object_mut().unwrap().remove("wasm"))),
    ("manifest's version", |b| b["manifest"]["version"] = json!("0.0.0")),
    ("manifest's default_fallback", |b| b["manifest"]["default_fallback"] = json!("/error.html")),
    ("manifest's default_index", |b| b["manifest"]["default_index"] = json!("")),
    ("manifest's default_index", |b| b["manifest"]["default_index"] = json!("start.html")),
    ("manifest's default_csp", |b| b["manifest"]["default_csp"] = json!("")),
    ("policy of default_csp is not allowed: worker-src", |b| {
        b["manifest"]["default_csp"] = json!("default-src 'none'; worker-src blob:");
    }),
    ("policy of /webcat/ is not allowed: script-src", |b| {
        b["manifest"]["extra_csp"]["/webcat/"] =
            json!("default-src 'none'; script-src 'unsafe-eval'");
    }),
    ("manifest's extra_csp", |b| b["manifest"]["extra_csp"]["enrol"] = json!(INERT_CSP)),
    ("/webcat/ is served with another policy", |b| {
        drop(b["manifest"]["extra_csp"].as_object_mut().unwrap().remove("/webcat/"));
    }),
    ("/enrol is served with another policy", |b| {
        b["manifest"]["extra_csp"]["/enrol"] = json!(INERT_CSP);
    }),
    ("/webcat.js is served with another policy", |b| {
        b["manifest"]["extra_csp"]["/r/"] = json!(WORKER_CSP);
    }),
    ("/webcat/ is not in the manifest", |b| {
        drop(b["manifest"]["files"].as_object_mut().unwrap().remove("/webcat/index.html"));
    }),
    ("/enrol is not in the manifest", |b| b["manifest"]["files"]["/enrol"] = json!("AAAA")),
    ("does not list wasm", |b| drop(b["manifest"]["wasm"].as_array_mut().unwrap().pop())),
    ("manifest's files", |b| b["manifest"]["files"] = json!({})),
];

#[test]
fn each_fault_of_a_bundle_is_refused() {
    let manifest = release_for_webcat(ORIGIN).manifest;
    for (expected, break_rule) in BROKEN {
        let mut broken = bundle(&manifest);
        break_rule(&mut broken);
        let found = faults(&broken, &manifest);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:?}");
    }
    let long = [b"{}".as_slice(), &vec![b' '; 512 * 1024]].concat();
    assert_eq!(check(&long, &manifest), [Fault::Unreadable("too long".to_owned())]);
}

#[test]
fn each_fault_of_a_release_is_refused() {
    type Change = fn(&mut Manifest);
    let signed = release_for_webcat(ORIGIN).manifest;
    for name in ["Link", "Refresh", "Location", "Origin-Agent-Cluster"] {
        let mut changed = signed.clone();
        changed.headers.webcat.set(name, "?0");
        let expected = Fault::Header { path: WEBCAT_PATH.to_owned(), name };
        assert_eq!(faults(&bundle(&signed), &changed), [expected.to_string()]);
    }
    let cases: [(&str, Change); 4] = [
        ("is served with another policy", |m| m.headers.worker.set("Content-Security-Policy", "x")),
        ("is served with another policy", |m| {
            drop(m.headers.module.remove("Content-Security-Policy"));
        }),
        ("is not in the manifest", |m| m.assets[0].sha256 = Sha256::of(b"other")),
        ("does not list wasm", |m| m.wasm_hashes[1] = Sha256::of(b"other").to_base64url()),
    ];
    for (expected, change) in cases {
        let mut changed = signed.clone();
        change(&mut changed);
        let found = faults(&bundle(&signed), &changed);
        assert!(!found.is_empty() && found.iter().all(|it| it.contains(expected)), "{found:?}");
    }
}

#[test]
fn a_folder_with_a_bundle_that_does_not_fit_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let emitted = release_for_webcat(ORIGIN);
    emitted.write_to(dir.path()).unwrap();
    let path = dir.path().join(&BUNDLE_PATH[1..]);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut bundle = bundle(&emitted.manifest);
    fs::write(&path, bundle.to_string()).unwrap();
    let loaded = Emitted::load(dir.path()).unwrap();
    let served = &loaded.files[BUNDLE_PATH];
    assert_eq!(
        (served.media_type.as_str(), &served.headers),
        ("application/json", &{
            let mut headers = emitted.manifest.headers.manifest.clone();
            headers.remove("Content-Type");
            headers
        })
    );
    bundle["manifest"]["files"]["/enrol"] = json!("AAAA");
    fs::write(&path, bundle.to_string()).unwrap();
    assert!(matches!(Emitted::load(dir.path()), Err(Error::Webcat(Fault::File(_)))));
}

type Served<'a> = &'a dyn Fn(&mut Emitted);

#[tokio::test]
async fn a_server_is_compared_with_the_page_for_webcat_as_well() {
    let port = free_port();
    let emitted = release_for_webcat(&format!("http://kms.localhost:{port}"));
    let origin = emitted.pin.url.clone();
    let for_webcat = Pin::of_webcat(&emitted.manifest).unwrap();
    for pin in [Some(emitted.pin.clone()), for_webcat.clone()] {
        let server = serve_plain(emitted.clone(), port);
        let report = verified(origin.as_str(), pin, None).await;
        assert_eq!(report.outcome, Outcome::Match, "{report}");
        assert_eq!(report.checked.len(), 11);
        server.stop().await;
    }
    let headers = emitted.manifest.headers.manifest.clone();
    let asset = |bundle: &Value| {
        let mut headers = headers.clone();
        headers.remove("Content-Type");
        Asset::new(bundle.to_string().into_bytes(), "application/json", headers)
    };
    let good = bundle(&emitted.manifest);
    let mut bad = good.clone();
    bad["manifest"]["extra_csp"] = json!({});
    let paths = FileKind::WEBCAT.map(|kind| path_of(&emitted.manifest, kind).to_owned());
    let flip = |path: &str| {
        let path = path.to_owned();
        move |it: &mut Emitted| it.files.get_mut(&path).unwrap().bytes[9] ^= 1
    };
    let flips = paths.clone().map(|path| flip(&path));
    let enrolled = |it: &mut Emitted| drop(it.files.insert(BUNDLE_PATH.to_owned(), asset(&good)));
    let wrong = |it: &mut Emitted| drop(it.files.insert(BUNDLE_PATH.to_owned(), asset(&bad)));
    let mut cases: Vec<(Option<&str>, Served<'_>)> =
        vec![(None, &enrolled), (Some(BUNDLE_PATH), &wrong)];
    for (path, flip) in paths.iter().zip(&flips) {
        cases.push((Some(path), flip));
    }
    for (named, change) in cases {
        let mut made = emitted.clone();
        change(&mut made);
        let server = serve_plain(made, port);
        let report = verified(origin.as_str(), for_webcat.clone(), None).await;
        let files: Vec<_> = report.mismatches.iter().map(|it| it.file.as_str()).collect();
        assert!(files.iter().all(|file| Some(*file) == named), "{named:?}: {report}");
        assert_eq!(files.is_empty(), named.is_none(), "{named:?}: {report}");
        server.stop().await;
    }
}
