//! Releases: what is read of one, and what strangers can make a verifier accept.

use std::fs;
use std::path::{Path, PathBuf};

use kms_manifest::{Manifest, Sha256};
use kms_verify::{Input, Mark, ReleasePolicy, Statement, Verdict, verify};
use serde_json::Value;

/// A release that is accepted, from the verifier's own cases.
struct Good {
    policy: ReleasePolicy,
    manifest: Vec<u8>,
    proof: Vec<u8>,
    now: u64,
}

thread_local! {
    static GOOD: Good = Good::read();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../verify/cases")
}

impl Good {
    fn read() -> Self {
        let text = fs::read(folder().join("first_release_seen.json")).unwrap();
        let case: Value = serde_json::from_slice(&text).unwrap();
        let file = |name: &str| fs::read(folder().join(case[name].as_str().unwrap())).unwrap();
        let policy = ReleasePolicy::parse(&file("policy")).unwrap();
        let (manifest, proof) = (file("manifest"), file("proof"));
        Self { policy, manifest, proof, now: case["now"].as_u64().unwrap() }
    }

    fn verify(&self, manifest: &[u8], proof: &[u8], revocations: &[Vec<u8>]) -> Verdict {
        let mark = &Mark::new(&self.policy.origin);
        let (policy, growth, now) = (&self.policy, None, self.now);
        let withheld = false;
        verify(&Input { policy, manifest, proof, growth, revocations, withheld, mark, now })
    }
}

/// Manifests, statements, policies and marks have one spelling each or one meaning; in place of a part of
/// a good release they are that part or refused.
pub(super) fn release(input: &[u8]) {
    if let Ok(manifest) = Manifest::parse(input) {
        assert_eq!(manifest.to_bytes().unwrap(), input);
    }
    if let Some((statement, note)) = Statement::of_note(input) {
        assert_eq!(statement.to_string(), note.text());
    }
    GOOD.with(|good| {
        if let Ok(mark) = Mark::parse(input, &good.policy.origin) {
            let text = mark.to_json().unwrap();
            assert_eq!(Mark::parse(text.as_bytes(), &good.policy.origin), Ok(mark));
        }
        as_a_part(good, input);
    });
}

fn as_a_part(good: &Good, input: &[u8]) {
    let manifest = good.verify(input, &good.proof, &[]);
    assert!(manifest.result.is_err() || input == good.manifest);
    if let Ok(accepted) = good.verify(&good.manifest, input, &[]).result {
        assert_eq!(accepted.digest, Sha256::of(&good.manifest));
    }
    // Whatever is no revocation is refused; one is remembered.
    let revocation = good.verify(&good.manifest, &good.proof, &[input.to_vec()]);
    assert!(revocation.result.is_err() || !revocation.mark.revoked.is_empty());
    if let Ok(policy) = ReleasePolicy::parse(input) {
        assert!(policy.transparency.has_quorum() && !policy.signers.keys().is_empty());
    }
}

/// The files of the verifier's cases, but for those that are there for their length.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder().join("files")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).filter(|it| it.len() < 8192).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_good_release_is_accepted_and_what_the_cases_hold_is_taken_for_what_it_is() {
        let good = Good::read();
        assert!(good.verify(&good.manifest, &good.proof, &[]).result.is_ok());
        let seeds = seeds();
        for part in [&good.manifest, &good.proof] {
            assert!(seeds.contains(part));
        }
        for seed in seeds {
            release(&seed);
        }
    }
}
