//! The program itself: exit codes and output.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

#[allow(dead_code, reason = "shared by several tests")]
#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "shared with the tests of kms-sigstore")]
#[path = "../../../crates/sigstore/tests/lab/mod.rs"]
mod lab;
mod sigstore;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{free_port, local_release, serve_plain};

async fn shell(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enclave-shell"));
    command.args(args);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn pin_file(dir: &Path, pin: &kms_manifest::Pin) -> String {
    let path = dir.join("pin.json");
    fs::write(&path, pin.to_json().unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_reports_by_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let (mut emitted, port) = local_release();
    let url = emitted.pin.url.to_string();
    let pin = pin_file(dir.path(), &emitted.pin);

    let server = serve_plain(emitted.clone(), port);
    let output = shell(&["verify", &url, "--pin", &pin, "--qr"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("the pinned release") && shown.contains("█▀▀▀▀▀█"), "{shown}");
    server.stop().await;

    let module = emitted.pin.module.path.clone();
    emitted.files.get_mut(&module).unwrap().bytes[9] ^= 1;
    let server = serve_plain(emitted, port);
    let output = shell(&["verify", &url, "--pin", &pin, "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outcome"], "mismatch");
    assert_eq!(report["mismatches"][0]["file"], module);
    server.stop().await;

    let nobody = format!("http://kms.localhost:{}", free_port());
    assert_eq!(shell(&["verify", &nobody]).await.status.code(), Some(3));
    for usage in [&["verify", "http://kms.example"][..], &["verify"], &["no-such-command"]] {
        assert_eq!(shell(usage).await.status.code(), Some(2), "{usage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pins_are_those_of_a_roll_out() {
    let dir = tempfile::tempdir().unwrap();
    let (emitted, port) = local_release();
    let url = emitted.pin.url.to_string();
    let file = |name: &str, change: &dyn Fn(&mut kms_manifest::Pin)| {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).unwrap();
        let mut pin = emitted.pin.clone();
        change(&mut pin);
        pin_file(&folder, &pin)
    };
    let own = file("own", &|_| {});
    let other = file("other", &|pin| {
        pin.version = "0.0.2".into();
        pin.manifest = kms_manifest::Sha256::of(b"other");
    });
    let server = serve_plain(emitted.clone(), port);
    for pins in [[&own, &other], [&other, &own]] {
        let output = shell(&["verify", &url, "--pin", pins[0], "--pin", pins[1]]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    server.stop().await;
    let policy = file("policy", &|pin| {
        pin.version = "0.0.3".into();
        pin.csp += "; media-src 'self'";
    });
    let origin = file("origin", &|pin| {
        pin.version = "0.0.4".into();
        pin.url = "https://kms.example".parse().unwrap();
    });
    for (second, why) in [(&own, "version"), (&policy, "policies"), (&origin, "origins")] {
        let output = shell(&["verify", &url, "--pin", &own, "--pin", second]).await;
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{why}: {output:?}");
    }
    let three = ["verify", &url, "--pin", &own, "--pin", &other, "--pin", &policy];
    let output = shell(&three).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("more than two"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn emit_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap();
    let args = ["emit", "--origin", "https://kms.example", "--embedder", "https://app.example"];
    let output = shell(&[&args[..], &["--out", folder, "--enclave", folder]].concat()).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cargo xtask build"));
}
