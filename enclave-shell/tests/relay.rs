//! `enclave-shell relay`: how it starts, and where it does not.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use kms_broker::devpki::Authority;
use kms_tlog::VerifierKey;
use kms_token::SpiffeId;

const RELAY: &str = "spiffe://ats.example/relay";

fn certificate(dir: &Path) {
    let authority = Authority::new().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let svid = authority.issue(&SpiffeId::parse(RELAY).unwrap(), now - 60, now + 600).unwrap();
    std::fs::write(dir.join("cert"), &svid.certificate).unwrap();
    std::fs::write(dir.join("key"), &svid.key).unwrap();
    std::fs::write(dir.join("bundle"), authority.bundle()).unwrap();
}

/// The relay's arguments, of which some have another value.
fn relay(dir: &Path, changed: &[(&str, &str)]) -> Command {
    let at = |file: &str| dir.join(file).display().to_string();
    let key = VerifierKey::new("ats.example/broker", [9; 32]).unwrap().to_string();
    let mut arguments = vec![
        ("--embedder", "https://app.example".to_owned()),
        ("--listen", "127.0.0.1:0".to_owned()),
        ("--broker", "127.0.0.1:1".to_owned()),
        ("--broker-id", "spiffe://ats.example/broker".to_owned()),
        ("--log-key", key),
        ("--id", RELAY.to_owned()),
        ("--svid-cert", at("cert")),
        ("--svid-key", at("key")),
        ("--bundle", at("bundle")),
    ];
    for (name, value) in &mut arguments {
        if let Some((_, other)) = changed.iter().find(|(known, _)| known == name) {
            (*other).clone_into(value);
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_enclave-shell"));
    command.arg("relay").args(arguments.iter().flat_map(|(name, value)| [*name, value]));
    command
}

#[test]
fn a_relay_tells_for_whom_and_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    certificate(dir.path());
    let mut child = relay(dir.path(), &[]).stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(line.starts_with("relay for https://app.example on 127.0.0.1:"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_relay_does_not_start_where_others_reach_it_or_with_what_is_not_its_own() {
    let dir = tempfile::tempdir().unwrap();
    certificate(dir.path());
    for changed in [
        ("--listen", "0.0.0.0:0"),
        ("--embedder", "https://app.example/page"),
        ("--embedder", "null"),
        ("--log-key", "key"),
        ("--broker-id", "https://ats.example/broker"),
        ("--id", "spiffe://ats.example/other"),
    ] {
        let output = relay(dir.path(), &[changed]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{changed:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{changed:?}");
    }
}
