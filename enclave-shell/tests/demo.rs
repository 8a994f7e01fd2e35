//! The demo's embedder: its headers, its files, and room for hostile ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
mod common;

use std::fs;
use std::path::Path;

use common::release;
use enclave_shell::demo::{self, DemoOrigins};
use kms_manifest::{Headers, Pin};
use kms_protocol::{AuditRule, LockReason, Method};

#[test]
fn the_embedder_pins_frames_and_isolates() {
    let emitted = release("http://kms.localhost:7001");
    let site = demo::embedder(&emitted.pin).unwrap();
    let pin = &site.files["/release.json"];
    assert_eq!(Pin::parse(&pin.bytes).unwrap(), emitted.pin);
    assert_eq!(pin.media_type, "application/json");
    for (path, file) in &site.files {
        let policy = file.headers.value("Content-Security-Policy").unwrap();
        assert!(policy.contains("frame-src http://kms.localhost:7001 blob:;"), "{path}");
        assert!(policy.contains("connect-src 'self' http://kms.localhost:7001;"));
        assert!(policy.contains("require-trusted-types-for 'script'"));
        assert_eq!(file.headers.value("Cross-Origin-Opener-Policy"), Some("same-origin"));
        assert!(file.headers.check().is_ok());
    }
}

#[test]
fn pages_may_run_the_verifier_where_there_is_one_and_nothing_more() {
    let plain = demo::embedder(&release("http://kms.localhost:7001").pin).unwrap();
    let mut site = plain.clone();
    demo::add_kit(&mut site, b"\0asm");
    let kit = site.files.remove("/client/kit.wasm").unwrap();
    assert_eq!((&*kit.bytes, kit.media_type.as_str()), (&b"\0asm"[..], "application/wasm"));
    assert_eq!(site.files.len(), plain.files.len());
    for (path, file) in &site.files {
        let policy = file.headers.value("Content-Security-Policy").unwrap();
        let narrow = policy.replace("script-src 'self' 'wasm-unsafe-eval';", "script-src 'self';");
        assert_ne!(policy, narrow, "{path}");
        assert_eq!(
            Some(narrow.as_str()),
            plain.files[path].headers.value("Content-Security-Policy")
        );
    }
}

#[cfg(unix)]
#[test]
fn pages_may_reach_the_workloads_where_there_are_some_and_nothing_more() {
    let emitted = release("http://kms.localhost:7001");
    let plain = demo::embedder(&emitted.pin).unwrap();
    let mut site = plain.clone();
    demo::add_workloads(&mut site, enclave_shell::workloads::Ports { agent: 7004, relay: 7003 })
        .unwrap();
    let places = site.files.remove("/workloads.json").unwrap();
    let places: serde_json::Value = serde_json::from_slice(&places.bytes).unwrap();
    let (relay, agent) = ("http://127.0.0.1:7003", "http://127.0.0.1:7004");
    assert_eq!(places, serde_json::json!({ "relay": relay, "agent": agent }));
    assert_eq!(site.files.len(), plain.files.len());
    for (path, file) in &site.files {
        let policy = |headers: &Headers| {
            headers.value("Content-Security-Policy").unwrap_or_default().to_owned()
        };
        let wider = policy(&file.headers);
        let more = format!("{relay} {agent} ");
        assert!(wider.contains(&format!("connect-src 'self' {more}http://kms.localhost:7001;")));
        assert_eq!(wider.replace(&more, ""), policy(&plain.files[path].headers));
    }
}

#[test]
fn files_are_served_as_they_stand() {
    let site = demo::embedder(&release("http://kms.localhost:7001").pin).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, file) in [
        ("/", "demo/index.html"),
        ("/index.html", "demo/index.html"),
        ("/client/index.js", "../crates/client/src/index.js"),
    ] {
        assert_eq!(site.files[path].bytes, fs::read(root.join(file)).unwrap(), "{path}");
    }
    assert!(site.files["/"].media_type.starts_with("text/html"));
    assert!(!site.files.keys().any(|path| path.contains("tsconfig") || path.contains(".d.ts")));
}

/// Names between a line that starts with `const NAME = {` and the next that closes it.
fn names_in<'a>(script: &'a str, table: &str) -> Vec<&'a str> {
    let start = format!("const {table} = {{");
    let (_, rest) = script.split_once(start.as_str()).unwrap();
    let (rows, _) = rest.split_once("\n};").unwrap();
    let names = rows.lines().filter_map(|row| row.trim().split_once(": "));
    names.map(|(name, _)| name.trim_matches('\'')).collect()
}

#[test]
fn everything_that_is_logged_has_a_name_for_people() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = fs::read_to_string(root.join("demo/view.js")).unwrap();
    let mut logged = names_in(&script, "METHODS");
    logged.sort_unstable();
    // What no method asks for, and what a person decides, also on the page that `vault.manage`
    // opens.
    let mut expected = vec![
        "keys.destroy",
        "keys.index",
        "vault.clock",
        "vault.auto_lock",
        "vault.drill",
        "vault.enrol.add",
        "vault.enrol.remove",
        "vault.enrol.rename",
        "vault.fresh_unlock",
        "vault.release.deprecated",
        "vault.release.newer",
        "vault.release.older",
        "vault.release.other",
        "vault.release.revoked",
        "vault.settings",
    ];
    let pages = [Method::Manage, Method::ManageKeys];
    let audited =
        |method: &&Method| method.policy().audit != AuditRule::Never && !pages.contains(method);
    expected.extend(Method::ALL.iter().filter(audited).map(|method| method.name()));
    expected.sort_unstable();
    assert_eq!(logged, expected);
    let reasons: Vec<_> = LockReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(names_in(&script, "LOCK_REASONS"), reasons[1..], "all but `requested`");
}

#[test]
fn pages_can_be_added_and_headers_changed() {
    let mut site = demo::embedder(&release("http://kms.localhost:7001").pin).unwrap();
    site.files.insert("/evil.html".to_owned(), demo::page("<p>evil", Headers::new()));
    site.files.get_mut("/").unwrap().headers.remove("Cross-Origin-Opener-Policy");
    assert_eq!(site.files["/evil.html"].media_type, "text/html; charset=utf-8");
}

#[test]
fn the_origins_are_cross_site() {
    let origins = DemoOrigins::new(7002, 7001).unwrap();
    assert_eq!(origins.pwa.as_str(), "http://pwa.localhost:7002");
    assert_eq!(origins.kms.as_str(), "http://kms.localhost:7001");
}
