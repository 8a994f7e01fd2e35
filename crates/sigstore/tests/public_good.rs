//! Bundles of the public instance, made by other programs (fixtures/public-good/README.md).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use kms_sigstore::{Fault, Signed, Signer, verify};
use ring::digest::{SHA256, digest};

const ROOT: &[u8] = include_bytes!("../fixtures/public-good/trusted-root.json");

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

fn person(identity: &str) -> Signer {
    let issuer = "https://github.com/login/oauth".to_owned();
    Signer::Identity { identity: identity.to_owned(), issuer }
}

#[test]
fn a_keyless_bundle_is_accepted_for_its_signer_alone() {
    let file = sha256(include_bytes!("../fixtures/public-good/keyless.txt"));
    let bundle = include_bytes!("../fixtures/public-good/keyless.sigstore.json");
    let signed = verify(file, bundle, ROOT, &person("w.vollprecht@gmail.com"));
    assert!(matches!(signed, Ok(Signed { provenance: false, seen: Some(_) })), "{signed:?}");
    let other = verify(file, bundle, ROOT, &person("someone@example.com"));
    assert!(matches!(other, Err(Fault::Refused(_))), "{other:?}");
}

#[test]
fn a_keyful_bundle_is_accepted_for_its_key() {
    let file = sha256(include_bytes!("../fixtures/public-good/keyful.txt"));
    let bundle = include_bytes!("../fixtures/public-good/keyful.sigstore.json");
    let key = Signer::key(include_bytes!("../fixtures/public-good/keyful.pem")).unwrap();
    let signed = verify(file, bundle, ROOT, &key);
    assert!(matches!(signed, Ok(Signed { provenance: false, seen: Some(_) })), "{signed:?}");
    let other = verify([0; 32], bundle, ROOT, &key);
    assert!(matches!(other, Err(Fault::Refused(_))), "{other:?}");
}

#[test]
fn another_statement_and_an_older_version_are_refused() {
    let statement = include_bytes!("../fixtures/public-good/statement.sigstore.json");
    let older = include_bytes!("../fixtures/public-good/version.sigstore.json");
    let signer = person("someone@example.com");
    assert_eq!(verify([0; 32], statement, ROOT, &signer), Err(Fault::Statement));
    assert_eq!(verify([0; 32], older, ROOT, &signer), Err(Fault::Version));
}

/// A time counts only if an authority of the root has signed it, even beside another one that counts.
#[test]
fn the_time_of_another_authority_is_refused() {
    let mut root: serde_json::Value = serde_json::from_slice(ROOT).unwrap();
    root["timestampAuthorities"] = serde_json::json!([]);
    let file = sha256(include_bytes!("../fixtures/public-good/keyless.txt"));
    let bundle = include_bytes!("../fixtures/public-good/keyless.sigstore.json");
    let signer = person("w.vollprecht@gmail.com");
    let refused = verify(file, bundle, root.to_string().as_bytes(), &signer);
    let Err(Fault::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.starts_with("invalid RFC 3161 timestamp"), "{why}");
}
