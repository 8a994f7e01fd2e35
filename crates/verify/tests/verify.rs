//! What is remembered, and what is too long to be read.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(dead_code, reason = "the cases use more of the world")]

#[path = "../examples/cases/world.rs"]
mod world;

use kms_manifest::Sha256;
use kms_verify::case::{MAX_QUESTION, Question};
use kms_verify::{Fault, Input, Mark, ReleasePolicy, Signers, Verdict, verify};
use world::{Files, ORIGIN, World, manifest, note, revocation, signer};

fn verified(files: &Files, mark: &Mark) -> Verdict {
    let policy = ReleasePolicy::parse(&files.policy).unwrap();
    verify(&Input {
        policy: &policy,
        manifest: &files.manifest,
        proof: &files.proof,
        growth: files.growth.as_deref(),
        revocations: &files.revocations,
        withheld: files.withheld,
        mark,
        now: files.now,
    })
}

#[test]
fn an_accepted_release_is_remembered() {
    let world = World::new();
    let verdict = verified(&world.files(), &world.mark());
    let accepted = verdict.result.unwrap();
    assert_eq!((accepted.manifest.epoch, accepted.index, accepted.size), (2, 3, 6));
    assert_eq!(accepted.time, world::SEEN + world::HOUR);
    let mark = verdict.mark;
    assert_eq!(mark.release.unwrap().manifest, accepted.digest);
    assert_eq!(mark.logs[world::LOG], world.tree(6));
    // The first release is older now, and so is its tree.
    let mut first = World::new();
    (first.manifest, first.behind) = (manifest(1), Vec::new());
    assert_eq!(verified(&first.files(), &mark).result.unwrap_err(), Fault::LogReplayed);
    let text = String::from_utf8(mark.to_json().unwrap().into()).unwrap();
    assert_eq!(Mark::parse(text.as_bytes(), &ORIGIN.parse().unwrap()), Ok(mark));
}

/// The same bytes with one bit changed, for every byte.
fn altered(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|at| {
        let mut altered = bytes.to_vec();
        altered[at] ^= 1 << (at % 7);
        altered
    })
}

#[test]
fn any_change_of_proof_growth_or_manifest_is_seen() {
    let world = World::new();
    let (good, mark) = (world.files(), world.mark());
    assert!(verified(&good, &mark).result.is_ok());
    let accepted = |change: &dyn Fn(&mut Files)| {
        let mut files = good.clone();
        change(&mut files);
        let verdict = verified(&files, &mark);
        assert!(verdict.result.is_ok() || verdict.mark == mark);
        verdict.result.is_ok()
    };
    for (at, proof) in altered(&good.proof).enumerate() {
        assert!(!accepted(&|files| files.proof.clone_from(&proof)), "byte {at} of the proof");
    }
    for (at, growth) in altered(good.growth.as_ref().unwrap()).enumerate() {
        let growth = Some(growth);
        assert!(!accepted(&|files| files.growth.clone_from(&growth)), "byte {at} of the growth");
    }
    for (at, manifest) in altered(&good.manifest).enumerate() {
        assert!(!accepted(&|files| files.manifest.clone_from(&manifest)), "byte {at} of it");
    }
    for length in 0..good.proof.len() {
        assert!(!accepted(&|files| files.proof.truncate(length)), "{length} bytes of the proof");
    }
}

#[test]
fn a_refused_release_leaves_the_mark_as_it_was() {
    let mut world = World::new();
    world.now -= 1;
    let verdict = verified(&world.files(), &world.mark());
    assert_eq!((verdict.result.unwrap_err(), verdict.mark), (Fault::TooYoung, world.mark()));
}

#[test]
fn a_revocation_is_never_undone() {
    let mut world = World::new();
    let digest = world.manifest.digest().unwrap();
    world.revocations = vec![note(&revocation(ORIGIN, digest), &[signer(1), signer(2)])];
    let verdict = verified(&world.files(), &world.mark());
    assert_eq!(verdict.result.unwrap_err(), Fault::Revoked);
    assert!(verdict.mark.revoked.contains(&digest));
    // Whoever sends it no longer gains nothing.
    world.revocations.clear();
    let again = verified(&world.files(), &verdict.mark);
    assert_eq!(again.result.unwrap_err(), Fault::Revoked);
}

#[test]
fn a_bad_revocation_hides_none_behind_it() {
    let mut world = World::new();
    let other = Sha256::of(b"another");
    let good = |digest| note(&revocation(ORIGIN, digest), &[signer(1), signer(2)]);
    world.revocations = vec![b"bad".to_vec(), good(other)];
    let verdict = verified(&world.files(), &world.mark());
    assert_eq!(verdict.result.unwrap_err(), Fault::RevocationForm);
    assert!(verdict.mark.revoked.contains(&other));
    world.revocations[1] = good(world.manifest.digest().unwrap());
    assert_eq!(verified(&world.files(), &world.mark()).result.unwrap_err(), Fault::Revoked);
    // What another has told counts as well when the deployment tells nothing.
    let withheld = Files { withheld: true, ..world.files() };
    assert_eq!(verified(&withheld, &world.mark()).result.unwrap_err(), Fault::Revoked);
}

#[test]
fn what_a_release_revokes_is_remembered() {
    let mut world = World::new();
    let bad = Sha256::of(b"no manifest");
    world.manifest.status.revoked = vec![bad];
    let mut files = world.files();
    let mark = verified(&files, &world.mark()).mark;
    assert!(mark.revoked.contains(&bad));
    files.manifest = b"no manifest".to_vec();
    assert_eq!(verified(&files, &mark).result.unwrap_err(), Fault::Revoked);
}

#[test]
fn what_is_too_long_is_not_read() {
    let long = vec![b' '; MAX_QUESTION + 1];
    assert_eq!(ReleasePolicy::parse(&long), Err(Fault::PolicyForm));
    assert_eq!(Mark::parse(&long, &ORIGIN.parse().unwrap()), Err(Fault::MarkForm));
    assert!(Question::parse(&long).is_err());
    assert!(Question::parse(b"{}").is_err());
    let keys = (0..33).map(|number| signer(number).verifier().clone()).collect();
    assert_eq!(Signers::new(1, keys), None);
    let signers = Signers::new(1, vec![signer(1).verifier().clone()]).unwrap();
    assert_eq!((signers.threshold(), signers.keys().len()), (1, 1));
}

#[test]
fn a_question_has_base64() {
    let question = |policy: &str| Question {
        policy: policy.into(),
        manifest: String::new(),
        proof: String::new(),
        growth: None,
        revocations: Some(Vec::new()),
        mark: None,
        now: 0,
    };
    assert!(question("?").answer().is_err());
    assert_eq!(question("").answer().unwrap().code.as_deref(), Some("policy_form"));
}
