//! A faithful server verifies; one that changes anything is named for it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
mod common;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use common::{
    EMBEDDER, enrol_script_path, free_port, local_release, module_path, paths, release,
    serve_plain, serve_tls, tools_path, verified,
};
use enclave_shell::Emitted;
use enclave_shell::serve::{DevCertificate, ServeOptions, TlsVersion, start, start_site};
use enclave_shell::verify::{Outcome, Pins, Report, VerifyOptions, verify_embedder};
use kms_manifest::{ENROL_PATH, Gap, MANIFEST_PATH, short_code, word_code};

/// A release and its port, to be served changed again and again: emitting takes longest.
struct Release(Emitted, u16);

impl Release {
    fn new() -> Self {
        let (emitted, port) = local_release();
        Self(emitted, port)
    }

    /// Serves the release after `change` and verifies it against the pin of the unchanged one.
    async fn tampered(&self, change: impl FnOnce(&mut Emitted)) -> Report {
        let mut emitted = self.0.clone();
        change(&mut emitted);
        let server = serve_plain(emitted, self.1);
        let pin = &self.0.pin;
        let report = verified(pin.url.as_str(), Some(pin.clone()), None).await;
        server.stop().await;
        report
    }
}

async fn tampered(change: impl FnOnce(&mut Emitted)) -> Report {
    Release::new().tampered(change).await
}

#[track_caller]
fn assert_names(report: &Report, path: &str) {
    assert_eq!(report.outcome, Outcome::Mismatch, "{report}");
    assert!(!report.mismatches.is_empty());
    assert!(report.mismatches.iter().all(|mismatch| mismatch.file == path), "{path}: {report}");
}

#[tokio::test]
async fn a_faithful_server_matches() {
    let (emitted, port) = local_release();
    let (pin, expected) = (emitted.pin.clone(), paths(&emitted));
    let server = serve_plain(emitted, port);
    let report = verified(pin.url.as_str(), Some(pin.clone()), None).await;
    assert_eq!(report.outcome, Outcome::Match, "{report}");
    assert_eq!(report.outcome.exit_code(), 0);
    assert_eq!(report.checked.len(), expected.len());
    assert!(expected.iter().all(|path| report.checked.contains(path)));
    assert_eq!(report.code, Some(short_code(&pin.manifest)));
    assert!(report.to_string().contains(&format!("words {}\n", word_code(&pin.manifest))));
    let unpinned = verified(pin.url.as_str(), None, None).await;
    assert_eq!(unpinned.outcome, Outcome::Match);
    assert!(unpinned.to_string().contains("without --pin"));
    server.stop().await;
}

#[tokio::test]
async fn a_faithful_server_matches_over_tls() {
    let port = free_port();
    let emitted = release(&format!("https://kms.localhost:{port}"));
    let pin = emitted.pin.clone();
    let certificate = DevCertificate::new(&["kms.localhost"]).unwrap();
    let server = serve_tls(emitted, port, &certificate, TlsVersion::V1_3);
    let report = verified(pin.url.as_str(), Some(pin.clone()), Some(&certificate.ca)).await;
    assert_eq!(report.outcome, Outcome::Match, "{report}");
    let stranger = DevCertificate::new(&["kms.localhost"]).unwrap();
    let report = verified(pin.url.as_str(), Some(pin.clone()), Some(&stranger.ca)).await;
    assert_eq!((report.outcome, report.outcome.exit_code()), (Outcome::Unreachable, 3));
    server.stop().await;
}

#[tokio::test]
async fn one_flipped_bit_is_named() {
    let sample = Release::new();
    for path in paths(&sample.0) {
        let change = |emitted: &mut Emitted| {
            let bytes = &mut emitted.files.get_mut(&path).unwrap().bytes;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        };
        assert_names(&sample.tampered(change).await, &path);
    }
}

#[tokio::test]
async fn truncation_growth_and_emptiness_are_named() {
    let changes: [fn(&mut Vec<u8>); 3] =
        [|bytes| bytes.truncate(bytes.len() - 1), |bytes| bytes.push(b'\n'), Vec::clear];
    let sample = Release::new();
    for path in paths(&sample.0) {
        for change in changes {
            let change =
                |emitted: &mut Emitted| change(&mut emitted.files.get_mut(&path).unwrap().bytes);
            assert_names(&sample.tampered(change).await, &path);
        }
    }
}

#[tokio::test]
async fn a_swapped_file_is_named() {
    for of in [module_path, tools_path, enrol_script_path] {
        let mut path = String::new();
        let report = tampered(|emitted| {
            path = of(emitted);
            let page = emitted.files["/"].bytes.clone();
            emitted.files.get_mut(&path).unwrap().bytes = page;
        })
        .await;
        assert_names(&report, &path);
    }
}

#[tokio::test]
async fn a_missing_file_is_named() {
    for of in [module_path, tools_path, enrol_script_path, |_: &Emitted| ENROL_PATH.to_owned()] {
        let mut path = String::new();
        let report = tampered(|emitted| {
            path = of(emitted);
            emitted.files.remove(&path);
        })
        .await;
        assert_names(&report, &path);
        assert!(report.to_string().contains("status 404"));
    }
    let report = tampered(|emitted| drop(emitted.files.remove(MANIFEST_PATH))).await;
    assert_names(&report, MANIFEST_PATH);
}

#[tokio::test]
async fn a_wrong_media_type_is_named() {
    for (index, wrong) in ["text/plain", "text/html; charset=utf-8", ""].into_iter().enumerate() {
        let mut path = String::new();
        let report = tampered(|emitted| {
            path.clone_from(&paths(emitted)[index]);
            wrong.clone_into(&mut emitted.files.get_mut(&path).unwrap().media_type);
        })
        .await;
        assert_names(&report, &path);
    }
}

#[tokio::test]
async fn each_missing_or_changed_header_is_named() {
    let sample = Release::new();
    for path in paths(&sample.0) {
        for (name, _) in sample.0.files[&path].headers.iter() {
            for value in [None, Some("unsafe")] {
                let change = |emitted: &mut Emitted| {
                    let headers = &mut emitted.files.get_mut(&path).unwrap().headers;
                    headers.remove(name);
                    if let Some(value) = value {
                        headers.set(name, value);
                    }
                };
                let report = sample.tampered(change).await;
                assert_names(&report, &path);
                assert!(report.mismatches[0].problem.contains(name), "{report}");
            }
        }
    }
}

/// Sends everything as it is, but to clients that ask as a browser does without the policy.
fn two_faced(emitted: &Emitted, port: u16) -> axum_server::Handle<SocketAddr> {
    let files = emitted.files.clone();
    let answer = move |request: Request| async move {
        let Some(asset) = files.get(request.uri().path()) else {
            return Response::builder().status(404).body(Body::empty()).unwrap();
        };
        let browser = request.headers().contains_key("accept-encoding");
        let mut response = Response::builder().header("Content-Type", &asset.media_type);
        for (name, value) in asset.headers.iter() {
            if !(browser && name == "Content-Security-Policy") {
                response = response.header(name, value);
            }
        }
        response.body(Body::from(asset.bytes.clone())).unwrap()
    };
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let handle = axum_server::Handle::new();
    let server = axum_server::from_tcp(listener).unwrap().handle(handle.clone());
    let app = axum::Router::new().fallback(answer).into_make_service();
    tokio::spawn(server.serve(app));
    handle
}

#[tokio::test]
async fn a_header_that_browsers_do_not_get_is_named() {
    let (emitted, port) = local_release();
    let server = two_faced(&emitted, port);
    let pin = emitted.pin.clone();
    let report = verified(pin.url.as_str(), Some(pin.clone()), None).await;
    server.shutdown();
    for path in ["/".to_owned(), module_path(&emitted), ENROL_PATH.to_owned()] {
        let named = report.mismatches.iter().any(|found| {
            found.file == path && found.problem.contains("Content-Security-Policy is missing")
        });
        assert!(named, "{path}: {report}");
    }
}

#[tokio::test]
async fn a_header_that_must_not_be_sent_is_named() {
    for name in ["Set-Cookie", "Link", "Refresh", "Service-Worker-Allowed"] {
        let report = tampered(|emitted| {
            emitted.files.get_mut("/").unwrap().headers.set(name, "x");
        })
        .await;
        assert_names(&report, "/");
    }
}

#[tokio::test]
async fn a_page_that_any_site_may_read_is_named() {
    for path in ["/", ENROL_PATH] {
        let report = tampered(|emitted| {
            let page = emitted.files.get_mut(path).unwrap();
            page.headers.set("Access-Control-Allow-Origin", "*");
        })
        .await;
        assert_names(&report, path);
        assert!(report.to_string().contains("any site"));
    }
}

#[tokio::test]
async fn another_consistent_release_fails_the_pin() {
    let (emitted, port) = local_release();
    let other = emitted.pin.clone();
    let mut sources = common::sources();
    sources.enclave.wasm[8] ^= 1;
    let deployment = enclave_shell::Deployment::new(other.url.as_str(), &[EMBEDDER]).unwrap();
    let server = serve_plain(enclave_shell::emit(&sources, &deployment).unwrap(), port);
    let report = verified(other.url.as_str(), Some(other.clone()), None).await;
    assert_eq!(report.outcome, Outcome::Mismatch);
    let mut named: Vec<&str> = report.mismatches.iter().map(|found| found.file.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["/", MANIFEST_PATH, other.module.path.as_str()]);
    assert_eq!(verified(other.url.as_str(), None, None).await.outcome, Outcome::Match);
    server.stop().await;
}

#[tokio::test]
async fn in_a_roll_out_either_release_matches_and_no_third() {
    let (current, port) = local_release();
    let (next, third) = (version_of(&current, "0.0.2"), version_of(&current, "0.0.3"));
    let pins = || Pins::new(vec![current.pin.clone(), next.pin.clone()]).unwrap();
    let url = current.pin.url.as_str();
    for release in [&current, &next] {
        let server = serve_plain(release.clone(), port);
        let report = common::verified_by(url, pins(), None).await;
        server.stop().await;
        assert_eq!(report.outcome, Outcome::Match, "{report}");
        assert_eq!(report.version.as_ref(), Some(&release.pin.version));
        assert!(report.to_string().contains("the pinned release"), "{report}");
    }
    let server = serve_plain(third, port);
    let report = common::verified_by(url, pins(), None).await;
    server.stop().await;
    assert_eq!(report.outcome, Outcome::Mismatch, "{report}");
    let both = format!("the pin says {} or {}", current.pin.manifest, next.pin.manifest);
    assert!(report.to_string().contains(&both), "{report}");
    // The page of the next one under another manifest: it is compared with that one.
    let mut mixed = next.clone();
    mixed.files.get_mut(MANIFEST_PATH).unwrap().bytes.push(b'\n');
    mixed.files.get_mut(&next.pin.tools.path).unwrap().bytes.push(b'\n');
    let server = serve_plain(mixed, port);
    let report = common::verified_by(url, pins(), None).await;
    server.stop().await;
    let named: Vec<_> = report.mismatches.iter().map(|found| found.file.as_str()).collect();
    assert_eq!(named, [MANIFEST_PATH, &next.pin.tools.path], "{report}");
}

/// A release of the same origin with another module and of another version.
fn version_of(emitted: &Emitted, version: &str) -> Emitted {
    let (origin, mut sources) = (emitted.pin.url.as_str(), common::sources());
    sources.enclave.wasm.extend_from_slice(version.as_bytes());
    sources.tools.wasm.extend_from_slice(version.as_bytes());
    let mut deployment = enclave_shell::Deployment::new(origin, &[EMBEDDER]).unwrap();
    version.clone_into(&mut deployment.version);
    enclave_shell::emit(&sources, &deployment).unwrap()
}

#[tokio::test]
async fn other_tools_fail_the_pin_and_are_named() {
    let (emitted, port) = local_release();
    let pin = emitted.pin.clone();
    let mut sources = common::sources();
    sources.tools.wasm[8] ^= 1;
    let deployment = enclave_shell::Deployment::new(pin.url.as_str(), &[EMBEDDER]).unwrap();
    let server = serve_plain(enclave_shell::emit(&sources, &deployment).unwrap(), port);
    let report = verified(pin.url.as_str(), Some(pin.clone()), None).await;
    server.stop().await;
    let mut named: Vec<&str> = report.mismatches.iter().map(|found| found.file.as_str()).collect();
    named.sort_unstable();
    let mut expected = vec!["/", MANIFEST_PATH, &pin.module.path, &pin.tools.path];
    expected.sort_unstable();
    assert_eq!(named, expected, "{report}");
}

/// A manifest can be consistent byte for byte and still lie about what a script holds.
#[tokio::test]
async fn tools_that_hold_something_else_are_named() {
    let (mut emitted, port) = local_release();
    let url = emitted.pin.url.to_string();
    emitted.manifest.tools.worker = emitted.manifest.wasm;
    let bytes = emitted.manifest.to_bytes().unwrap();
    emitted.files.get_mut(MANIFEST_PATH).unwrap().bytes = bytes;
    let tools = tools_path(&emitted);
    let server = serve_plain(emitted, port);
    let report = verified(&url, None, None).await;
    server.stop().await;
    assert_names(&report, &tools);
    assert!(report.to_string().contains("its worker is"), "{report}");
}

#[tokio::test]
async fn a_release_made_for_another_origin_is_named() {
    let (_, port) = local_release();
    let emitted = release("https://kms.example");
    let server = serve_plain(emitted, port);
    let report = verified(&format!("http://kms.localhost:{port}"), None, None).await;
    assert_eq!(report.outcome, Outcome::Mismatch);
    assert!(report.to_string().contains("describes https://kms.example"), "{report}");
    server.stop().await;
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let url = format!("http://kms.localhost:{}", free_port());
    let report = verified(&url, None, None).await;
    assert_eq!((report.outcome, report.outcome.exit_code()), (Outcome::Unreachable, 3));
}

#[tokio::test]
async fn plain_http_is_refused_off_loopback() {
    let (emitted, port) = local_release();
    let listen = ([0, 0, 0, 0], port).into();
    let options = ServeOptions { listen, ..ServeOptions::loopback(port) };
    assert!(matches!(start(emitted, options), Err(enclave_shell::Error::PlainText)));
}

#[tokio::test]
async fn what_an_embedder_lacks_is_named_with_its_fix() {
    let (emitted, _) = local_release();
    let enclave = emitted.pin.url.clone();
    let site = enclave_shell::demo::embedder(&emitted.pin).unwrap();
    let mut careless = site.clone();
    let page = careless.files.get_mut("/").unwrap();
    page.headers.remove("Cross-Origin-Opener-Policy");
    let frame = "<iframe src=\"https://ads.example/\"></iframe>";
    page.bytes.extend_from_slice(frame.as_bytes());
    let frames = Gap::HasFrames { sources: vec!["https://ads.example/".to_owned()] };
    let mut endless = site.clone();
    endless.files.get_mut("/").unwrap().bytes.resize(2 * 1024 * 1024 + 1, b' ');
    let server = start_site(endless, ServeOptions::loopback(0)).unwrap();
    let (enclave_url, url) =
        (enclave.to_string(), format!("http://pwa.localhost:{}/", server.addr.port()));
    let check = move || verify_embedder(&enclave_url, &url, &VerifyOptions::default()).unwrap();
    let report = tokio::task::spawn_blocking(check).await.unwrap();
    assert_eq!(report.outcome, Outcome::Unreachable, "{report}");
    server.stop().await;
    for (site, gaps) in [(site, vec![]), (careless, vec![Gap::Opener, frames])] {
        let server = start_site(site, ServeOptions::loopback(0)).unwrap();
        let origin = format!("http://pwa.localhost:{}", server.addr.port());
        let check = async |path: &str| {
            let (enclave, page) = (enclave.clone(), format!("{origin}{path}"));
            let options = VerifyOptions::default();
            let check = move || verify_embedder(enclave.as_str(), &page, &options);
            tokio::task::spawn_blocking(check).await.unwrap().unwrap()
        };
        let report = check("/").await;
        let found: Vec<_> = report.findings.iter().map(|finding| finding.gap.clone()).collect();
        assert_eq!(found, gaps, "{report}");
        let outcome = if gaps.is_empty() { Outcome::Match } else { Outcome::Mismatch };
        assert_eq!(report.outcome, outcome, "{report}");
        let fixes = gaps.iter().map(|gap| gap.fix(&enclave));
        assert!(fixes.into_iter().all(|fix| report.to_string().contains(&fix)), "{report}");
        let missing = check("/nothing").await;
        assert_eq!(missing.outcome, Outcome::Unreachable, "{missing}");
        assert!(missing.to_string().contains("404"), "{missing}");
        server.stop().await;
    }
    let page = "not a page";
    assert!(verify_embedder(enclave.as_str(), page, &VerifyOptions::default()).is_err());
}
