//! Good bundles are accepted; one fault, and none is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

mod lab;

use std::path::{Path, PathBuf};

use kms_sigstore::{BUNDLE_LIMIT, Fault, ROOT_LIMIT, Signed, Signer, verify};
use lab::{IDENTITY, ISSUER, Key, Lab, PROVENANCE, sha256};
use serde_json::{Value, json};

const MANIFEST: &[u8] = include_bytes!("../fixtures/manifest.json");

fn workflow() -> Signer {
    Signer::Identity { identity: IDENTITY.to_owned(), issuer: ISSUER.to_owned() }
}

fn keyholder() -> Key {
    Key::new(6)
}

fn check(bundle: &Value, root: &Value, signer: &Signer) -> Result<Signed, Fault> {
    verify(sha256(MANIFEST), bundle.to_string().as_bytes(), root.to_string().as_bytes(), signer)
}

/// What is said of a bundle that is refused.
#[track_caller]
fn refused(bundle: &Value, root: &Value, signer: &Signer) -> String {
    match check(bundle, root, signer) {
        Err(Fault::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// The good ones, and for whom they speak.
fn good() -> [(&'static str, Value, Signer, bool); 3] {
    let lab = Lab::new();
    let key = Signer::key(keyholder().pem().as_bytes()).unwrap();
    [
        ("keyless", lab.keyless(MANIFEST), workflow(), false),
        ("provenance", lab.statement(MANIFEST, PROVENANCE), workflow(), true),
        ("keyful", lab.keyful(MANIFEST, &keyholder()), key, false),
    ]
}

#[test]
fn good_bundles_are_accepted() {
    for (name, bundle, signer, provenance) in good() {
        let signed = Signed { provenance, seen: Some(1_761_998_405) };
        assert_eq!(check(&bundle, &Lab::new().root(), &signer), Ok(signed), "{name}");
    }
}

#[test]
fn another_file_is_refused() {
    for (name, bundle, signer, _) in good() {
        let (bundle, root) = (bundle.to_string(), Lab::new().root().to_string());
        let verified = verify([7; 32], bundle.as_bytes(), root.as_bytes(), &signer);
        let Err(Fault::Refused(why)) = verified else { panic!("{name}: {verified:?}") };
        assert!(why.starts_with("artifact mismatch"), "{name}: {why}");
    }
}

#[test]
fn another_signer_is_refused() {
    let (lab, root) = (Lab::new(), Lab::new().root());
    let someone = |identity: &str, issuer: &str| Signer::Identity {
        identity: identity.to_owned(),
        issuer: issuer.to_owned(),
    };
    let other_tag = IDENTITY.replace("v1.2.0", "v1.2.1");
    for bundle in [lab.keyless(MANIFEST), lab.statement(MANIFEST, PROVENANCE)] {
        let why = refused(&bundle, &root, &someone(&other_tag, ISSUER));
        assert!(why.starts_with("identity mismatch"), "{why}");
        let why = refused(&bundle, &root, &someone(IDENTITY, "https://issuer.example"));
        assert!(why.starts_with("issuer mismatch"), "{why}");
        // A certificate is no key, and a key is no certificate.
        let key = Signer::key(Key::new(4).pem().as_bytes()).unwrap();
        assert!(refused(&bundle, &root, &key).contains("contains a certificate"));
    }
    let keyful = lab.keyful(MANIFEST, &keyholder());
    assert!(refused(&keyful, &root, &workflow()).contains("no signing certificate"));
    let other = Signer::key(Key::new(7).pem().as_bytes()).unwrap();
    assert!(refused(&keyful, &root, &other).starts_with("invalid signature"));
}

#[test]
fn another_authority_or_log_is_refused() {
    let root = Lab::new().root();
    let other = || Key::new(9);
    for (lab, expected) in [
        (Lab { authority: other(), ..Lab::new() }, "certificate chain is invalid"),
        (Lab { certificate_log: other(), ..Lab::new() }, "invalid signed certificate timestamp"),
        (Lab { log: other(), ..Lab::new() }, "invalid inclusion promise"),
    ] {
        for bundle in [lab.keyless(MANIFEST), lab.statement(MANIFEST, PROVENANCE)] {
            let why = refused(&bundle, &root, &workflow());
            assert!(why.starts_with(expected), "{why}");
        }
    }
    let lab = Lab { log: other(), ..Lab::new() };
    let (_, _, signer, _) = &good()[2];
    let why = refused(&lab.keyful(MANIFEST, &keyholder()), &root, signer);
    assert!(why.starts_with("invalid checkpoint"), "{why}");
}

#[test]
fn a_certificate_counts_only_while_it_is_valid() {
    let lab = Lab { delay: 601, ..Lab::new() };
    let why = refused(&lab.keyless(MANIFEST), &lab.root(), &workflow());
    assert!(why.starts_with("certificate"), "{why}");
    let lab = Lab { delay: 600, ..Lab::new() };
    assert!(check(&lab.keyless(MANIFEST), &lab.root(), &workflow()).is_ok());
}

#[test]
fn what_the_log_has_not_said_is_refused() {
    let root = Lab::new().root();
    let entry = "/verificationMaterial/tlogEntries/0";
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (field, value, expected) in [
        ("/inclusionProof/hashes/0", json!(zeros), "invalid inclusion proof"),
        ("/inclusionProof/hashes", json!([]), "invalid inclusion proof"),
        ("/inclusionProof/logIndex", json!("0"), "invalid inclusion proof"),
        ("/inclusionProof/rootHash", json!(zeros), "Bundle error"),
        ("/inclusionProof", Value::Null, "Bundle error"),
        ("/integratedTime", json!("1761998406"), "invalid inclusion promise"),
        ("/logIndex", json!("2"), "invalid inclusion promise"),
        ("/inclusionPromise/signedEntryTimestamp", json!("AAAA"), "invalid inclusion promise"),
    ] {
        for (name, mut bundle, signer, _) in good() {
            *bundle.pointer_mut(&format!("{entry}{field}")).unwrap() = value.clone();
            let why = refused(&bundle, &root, &signer);
            assert!(why.starts_with(expected), "{name} {field}: {why}");
        }
    }
    for (name, mut bundle, signer, _) in good() {
        bundle["verificationMaterial"]["tlogEntries"] = json!([]);
        assert!(refused(&bundle, &root, &signer).starts_with("Bundle error"), "{name}");
    }
}

/// A certificate without a time that somebody vouches for would be good for ever.
#[test]
fn a_certificate_without_a_time_is_refused() {
    let mut bundle = Lab::new().keyless(MANIFEST);
    bundle["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"] = Value::Null;
    let why = refused(&bundle, &Lab::new().root(), &workflow());
    assert!(why.starts_with("no verified timestamp"), "{why}");
}

/// The log's entry has to be of this signature: another one's vouches for nothing.
#[test]
fn the_entry_of_another_signature_is_refused() {
    let lab = Lab::new();
    let mut bundle = lab.keyless(MANIFEST);
    let other = lab.keyless(b"another file");
    let entries = "tlogEntries";
    bundle["verificationMaterial"][entries] = other["verificationMaterial"][entries].clone();
    let why = refused(&bundle, &lab.root(), &workflow());
    assert!(why.starts_with("artifact mismatch"), "{why}");
}

#[test]
fn a_changed_signature_or_statement_is_refused() {
    let root = Lab::new().root();
    let (_, mut bundle, signer, _) = good()[0].clone();
    let other = Lab::new().keyless(b"another file");
    bundle["messageSignature"]["signature"] = other["messageSignature"]["signature"].clone();
    assert!(refused(&bundle, &root, &signer).starts_with("invalid signature"));

    let (_, mut bundle, signer, _) = good()[1].clone();
    let other = Lab::new().statement(MANIFEST, "https://slsa.dev/provenance/v1 ");
    let own = bundle["dsseEnvelope"]["payload"].as_str().unwrap().replacen('A', "B", 1);
    bundle["dsseEnvelope"]["payload"] = json!(own);
    assert!(check(&bundle, &root, &signer).is_err());
    assert_eq!(check(&other, &root, &signer), Err(Fault::Statement));
}

#[test]
fn a_statement_of_another_kind_is_refused() {
    let bundle = Lab::new().statement(MANIFEST, "https://example.com/it-is-broken/v1");
    assert_eq!(check(&bundle, &Lab::new().root(), &workflow()), Err(Fault::Statement));
}

#[test]
fn other_versions_and_what_is_no_bundle_are_refused() {
    let root = Lab::new().root();
    for version in ["0.1", "0.2"] {
        let mut bundle = Lab::new().keyless(MANIFEST);
        bundle["mediaType"] =
            json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        assert_eq!(check(&bundle, &root, &workflow()), Err(Fault::Version));
    }
    let mut bundle = Lab::new().keyless(MANIFEST);
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.4+json");
    for other in [bundle, json!({}), json!([]), json!("bundle")] {
        assert!(matches!(check(&other, &root, &workflow()), Err(Fault::Bundle(_))), "{other}");
    }
    let root = root.to_string();
    let not_text = verify([0; 32], &[0xff], root.as_bytes(), &workflow());
    assert_eq!(not_text, Err(Fault::NotText("bundle")));
}

#[test]
fn too_long_files_are_refused() {
    let (bundle, root) = (Lab::new().keyless(MANIFEST).to_string(), Lab::new().root().to_string());
    let padded = |text: &str, length: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(length, b' ');
        bytes
    };
    let file = sha256(MANIFEST);
    let (fits, long) = (padded(&bundle, BUNDLE_LIMIT), padded(&bundle, BUNDLE_LIMIT + 1));
    assert!(verify(file, &fits, root.as_bytes(), &workflow()).is_ok());
    let refused = verify(file, &long, root.as_bytes(), &workflow());
    assert_eq!(refused, Err(Fault::TooLong("bundle")));
    let long = padded(&root, ROOT_LIMIT + 1);
    let refused = verify(file, bundle.as_bytes(), &long, &workflow());
    assert_eq!(refused, Err(Fault::TooLong("root of trust")));
    assert_eq!(Signer::key(&padded("", 20_000)), Err(Fault::TooLong("key")));
}

/// Whatever is in the files, there is an answer; and a bundle that was cut is none.
#[test]
fn damaged_files_are_answered() {
    let root = Lab::new().root().to_string();
    let file = sha256(MANIFEST);
    for (name, bundle, signer, _) in good() {
        let whole = bundle.to_string().into_bytes();
        for at in (0..whole.len()).step_by(61) {
            let cut = verify(file, &whole[..at], root.as_bytes(), &signer);
            assert!(matches!(cut, Err(Fault::Bundle(_))), "{name} {at}: {cut:?}");
            let mut changed = whole.clone();
            changed[at] ^= 1;
            let _ = verify(file, &changed, root.as_bytes(), &signer);
            let mut other = root.clone().into_bytes();
            let at = at % other.len();
            other[at] ^= 1;
            let _ = verify(file, &whole, &other, &signer);
        }
    }
}

#[test]
fn a_root_that_cannot_be_used_is_refused() {
    let bundle = Lab::new().keyless(MANIFEST);
    let mut empty = Lab::new().root();
    empty["certificateAuthorities"][0]["certChain"]["certificates"] = json!([]);
    for root in [json!({}), empty] {
        assert!(matches!(check(&bundle, &root, &workflow()), Err(Fault::Root(_))), "{root}");
    }
    assert!(matches!(Signer::key(b"no key"), Err(Fault::Key(_))));
}

/// The files that other implementations, and the shell's own tests, read. `UPDATE=1` writes them.
#[test]
fn the_files_are_those_of_the_lab() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let line = |value: &Value| format!("{value:#}\n");
    let mut files: Vec<(PathBuf, String)> = good()
        .map(|(name, bundle, ..)| (dir.join(format!("{name}.sigstore.json")), line(&bundle)))
        .into();
    files.push((dir.join("trusted-root.json"), line(&Lab::new().root())));
    files.push((dir.join("key.pem"), keyholder().pem()));
    for (path, text) in files {
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{}", path.display());
    }
}
