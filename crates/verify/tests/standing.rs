//! A word of the signers against a release, by what can be known of it.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(dead_code, reason = "the cases use more of the world")]

#[path = "../examples/cases/world.rs"]
mod world;

use kms_manifest::{Manifest, SigningKeys};
use kms_tlog::SignerKey;
use kms_verify::{Notice, Release, Signers, Standing, Statement};
use world::{ORIGIN, manifest, note, revocation, signer};

fn signers() -> Signers {
    Signers::new(2, (1..=3).map(|number| signer(number).verifier().clone()).collect()).unwrap()
}

fn quorum() -> Vec<SignerKey> {
    vec![signer(1), signer(3)]
}

fn bytes(manifest: &Manifest) -> Vec<u8> {
    manifest.to_bytes().unwrap()
}

/// A later release that knows this of the first.
fn successor(standing: Standing) -> Manifest {
    let mut later = manifest(2);
    let digest = manifest(1).digest().unwrap();
    match standing {
        Standing::Deprecated => later.status.deprecated.push(digest),
        Standing::Revoked => later.status.revoked.push(digest),
    }
    later
}

fn signed(later: &Manifest) -> Vec<u8> {
    note(&Statement::Release(Release::of(later).unwrap()).to_string(), &quorum())
}

#[test]
fn a_revocation_names_what_runs() {
    let about = bytes(&manifest(1));
    let statement = note(&revocation(ORIGIN, manifest(1).digest().unwrap()), &quorum());
    let notice = Notice { manifest: &about, statement: &statement, successor: None };
    let warned = notice.heard(&signers(), ORIGIN).unwrap();
    assert_eq!(warned.standing, Standing::Revoked);
    assert_eq!((warned.worker, warned.wasm), (manifest(1).worker, manifest(1).wasm));
    assert_eq!(warned.version, manifest(1).version);
    // Of another enclave.
    assert_eq!(notice.heard(&signers(), "https://other.example"), None);
}

#[test]
fn a_later_release_tells_what_its_status_says() {
    let about = bytes(&manifest(1));
    for standing in [Standing::Deprecated, Standing::Revoked] {
        let (later, statement) = (successor(standing), signed(&successor(standing)));
        let later = bytes(&later);
        let notice = Notice { manifest: &about, statement: &statement, successor: Some(&later) };
        assert_eq!(notice.heard(&signers(), ORIGIN).unwrap().standing, standing);
        // Its manifest has to be there, and to be the one that was signed.
        for other in [None, Some(about.as_slice())] {
            assert_eq!(Notice { successor: other, ..notice }.heard(&signers(), ORIGIN), None);
        }
    }
    let (later, statement) = (bytes(&manifest(2)), signed(&manifest(2)));
    let notice = Notice { manifest: &about, statement: &statement, successor: Some(&later) };
    assert_eq!(notice.heard(&signers(), ORIGIN), None, "it says nothing of the first");
}

#[test]
fn what_was_not_signed_by_enough_of_them_is_nothing() {
    let about = bytes(&manifest(1));
    let text = revocation(ORIGIN, manifest(1).digest().unwrap());
    let good = note(&text, &quorum());
    let stranger = note(&text, &[signer(8), signer(9)]);
    let (one, twice) = (note(&text, &[signer(1)]), note(&text, &[signer(1), signer(1)]));
    let elsewhere = note(&revocation(ORIGIN, manifest(2).digest().unwrap()), &quorum());
    let long = [good.as_slice(), &[b'\n'; 9000]].concat();
    for statement in [stranger, one, twice, elsewhere, long, Vec::new(), about.clone()] {
        let notice = Notice { manifest: &about, statement: &statement, successor: None };
        assert_eq!(notice.heard(&signers(), ORIGIN), None);
    }
    // Every other manifest has another digest; what is too long is not hashed.
    let long = vec![b' '; kms_manifest::MANIFEST_LIMIT + 1];
    for manifest in [&about[1..], &long, &[]] {
        let notice = Notice { manifest, statement: &good, successor: None };
        assert_eq!(notice.heard(&signers(), ORIGIN), None);
    }
}

#[test]
fn what_is_signed_and_no_manifest_names_nothing() {
    let statement = note(&revocation(ORIGIN, kms_manifest::Sha256::of(b"{}")), &quorum());
    let notice = Notice { manifest: b"{}", statement: &statement, successor: None };
    assert_eq!(notice.heard(&signers(), ORIGIN), None);
}

#[test]
fn signers_are_named_in_a_manifest() {
    let named = signers().names();
    assert_eq!(Signers::named(&named), Some(signers()));
    let json = serde_json::to_string(&named).unwrap();
    assert_eq!(Signers::parse(&json), Some(signers()));
    assert_eq!(Signers::parse("{}"), None);
    let none = SigningKeys { threshold: 4, ..named.clone() };
    assert_eq!(Signers::named(&none), None);
    assert_eq!(Signers::named(&SigningKeys { keys: vec!["x".into()], threshold: 1 }), None);
    let mut with = manifest(1);
    with.deployment.signers = Some(named);
    assert_eq!(Manifest::parse(&bytes(&with)).unwrap(), with);
}
