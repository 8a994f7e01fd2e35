//! What fuzzing found, and what it begins with.

use std::fs;
use std::path::Path;

use kms_protocol::Value;
use kms_testkit::fuzz::{TARGETS, Target, answer};
use kms_testkit::tab::outcome;

#[test]
fn every_seed_is_accepted_as_what_it_is() {
    for (name, target, seeds) in TARGETS {
        let seeds = seeds();
        assert!(!seeds.is_empty(), "{name}");
        for seed in seeds {
            target(&seed);
        }
    }
}

/// Otherwise the target would see refusals alone.
#[test]
fn requests_of_the_target_reach_the_keys() {
    let samples = TARGETS.iter().find(|(name, ..)| *name == "request").unwrap().2();
    let done = |method: &str| {
        let named = format!("\"method\":\"{method}\"");
        let sample = samples.iter().find(|sample| {
            !sample.starts_with(b"[") && String::from_utf8_lossy(sample).contains(&named)
        });
        // Each length is about another key.
        let aimed = |more| [sample.unwrap().as_slice(), &vec![b' '; more]].concat();
        (0..8).any(|more| outcome(answer(&aimed(more))).is_ok())
    };
    for method in ["sign", "encrypt", "mac", "seal", "keys.rotate", "keys.disable", "audit.list"] {
        assert!(done(method), "{method}");
    }
    let locked = answer(br#"{"id": "q1", "method": "vault.lock", "params": {}}"#);
    assert_eq!(outcome(locked), Ok(Value::Map(Vec::new())));
    assert!(done("verify"), "the vault is opened again");
}

/// Each file is an input that broke something once; its name begins with that of the target.
#[test]
fn inputs_that_were_found_break_nothing_any_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/fuzz");
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let of = |(target, ..): &&Target| name.starts_with(&format!("{target}-"));
        match TARGETS.iter().find(of) {
            Some((_, target, _)) => target(&fs::read(&file).unwrap()),
            None => assert_eq!(name, "README.md"),
        }
    }
}

/// Every seed with one byte changed, and cut at every length.
#[test]
fn neighbours_of_the_seeds_break_nothing() {
    for (name, target, seeds) in TARGETS {
        for seed in seeds() {
            // The longest and the costly ones are alike: a sample of their places is enough here.
            let step = match name {
                "backup" => 97,
                "request" | "proof" => seed.len() / 60 + 1,
                _ => seed.len() / 200 + 1,
            };
            for at in (0..seed.len()).step_by(step) {
                let mut changed = seed.clone();
                changed[at] ^= 0x21;
                target(&changed);
                target(&seed[..at]);
            }
        }
    }
}
