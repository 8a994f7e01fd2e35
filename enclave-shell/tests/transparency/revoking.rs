//! Revocations: where they come from, and that none is lost on the way.

use enclave_shell::{Emitted, earlier_path};
use kms_manifest::{MANIFEST_LIMIT, MANIFEST_PATH, Sha256};
use serde_json::{Value, json};

use crate::hostile::serve;
use crate::lab::{Lab, accepted, refused, run, shell};

/// Revokes the release with the first two signers and returns the file of the note.
fn revoke(lab: &Lab, manifest: Sha256) -> String {
    revoke_into(lab, "revocation", manifest)
}

fn revoke_into(lab: &Lab, name: &str, manifest: Sha256) -> String {
    let (note, digest) = (lab.text(name), manifest.to_string());
    let words = ["--origin", &lab.url(), "--manifest", &digest, "--reason", "the build leaks"];
    let keys = [lab.text("keys/signer1"), lab.text("keys/signer2")];
    let keys = ["--key", &keys[0], "--key", &keys[1], "--out", &note];
    run(&[&["release", "revoke"], words.as_slice(), &keys].concat());
    note
}

#[test]
fn a_list_of_revocations_that_is_kept_back_is_missed() {
    let (lab, _) = accepted();
    let list = lab.path("one/.well-known/ats-kms/revocations.json");
    assert_eq!(std::fs::read(&list).unwrap(), b"[]");
    for broken in ["", "{}", "[1]", "[] []"] {
        std::fs::write(&list, broken).unwrap();
        assert_eq!(lab.code("one", "policy.json", "mark"), "revocations_missing", "{broken}");
    }
    std::fs::remove_file(&list).unwrap();
    assert_eq!(lab.code("one", "policy.json", "mark"), "revocations_missing");
    run(&["release", "publish", &lab.text("one")]);
    assert_eq!(lab.code("one", "policy.json", "mark"), Value::Null);
}

#[test]
fn a_list_of_revocations_outlives_the_next_publication() {
    let (lab, first) = accepted();
    let note = revoke(&lab, first);
    run(&["release", "publish", &lab.text("one"), "--revocation", &note]);
    run(&["release", "publish", &lab.text("one"), "--proof", &lab.text("proof")]);
    assert_eq!(lab.code("one", "policy.json", "fresh"), "revoked");
}

#[test]
fn a_revocation_is_added_to_those_before() {
    let (lab, first) = accepted();
    let (dir, list) = (lab.text("one"), lab.path("one/.well-known/ats-kms/revocations.json"));
    let listed = || serde_json::from_slice::<Vec<String>>(&std::fs::read(&list).unwrap()).unwrap();
    let (own, other) = (revoke(&lab, first), revoke_into(&lab, "other", Sha256::of(b"another")));
    for (note, count) in [(&own, 1), (&other, 2), (&own, 2)] {
        run(&["release", "publish", &dir, "--revocation", note]);
        assert_eq!(listed().len(), count);
    }
    assert_eq!(lab.code("one", "policy.json", "fresh"), "revoked");
    // A list that is damaged is not replaced by a shorter one.
    for broken in ["", "{}", "[\"no note\"]"] {
        std::fs::write(&list, broken).unwrap();
        let problem = refused(&["release", "publish", &dir, "--revocation", &other]);
        assert!(problem.contains("revocation"), "{problem}");
        assert_eq!(std::fs::read_to_string(&list).unwrap(), broken);
    }
}

#[test]
fn nothing_is_published_beside_a_revocation_of_it_or_of_nothing() {
    let (lab, first) = accepted();
    let (dir, proof, policy) = (lab.text("one"), lab.text("proof"), lab.text("policy.json"));
    let placed = lab.path("one/.well-known/ats-kms/manifest.tlog-proof");
    std::fs::remove_file(&placed).unwrap();
    let publish = ["release", "publish", &dir, "--proof", &proof, "--policy", &policy];
    // A release's statement in place of a revocation.
    let statement = lab.text("one.note");
    let problem = refused(&[&publish[..], &["--revocation", &statement]].concat());
    assert!(problem.contains("a revocation is none") && !placed.exists(), "{problem}");
    // The list in the folder counts as well as what is given.
    run(&["release", "publish", &dir, "--revocation", &revoke(&lab, first)]);
    let problem = refused(&publish);
    assert!(problem.contains("revoked") && !placed.exists(), "{problem}");
}

#[test]
fn what_was_published_stays_published_with_the_next_release() {
    let (lab, first) = accepted();
    run(&["release", "publish", &lab.text("one"), "--revocation", &revoke(&lab, first)]);
    let second = lab.release("two", 2, Some(first));
    run(&["release", "publish", &lab.text("two"), "--after", &lab.text("one")]);
    // The revocation is still told, and the release that it is about.
    assert_eq!(lab.code("two", "policy.json", "fresh"), Value::Null);
    let mark: Value = serde_json::from_str(&lab.read("fresh")).unwrap();
    assert_eq!(mark["revoked"], json!([first.to_string()]));
    let third = lab.release("three", 3, Some(second));
    run(&["release", "publish", &lab.text("three"), "--after", &lab.text("two")]);
    let published = Emitted::load(&lab.path("three")).unwrap();
    let served = &published.files[MANIFEST_PATH];
    for digest in [first, second, third] {
        let kept = &published.files[&earlier_path(&digest)];
        assert_eq!(Sha256::of(&kept.bytes), digest);
        // Other origins may read it as they may read the one that is served.
        assert_eq!((&kept.headers, &kept.media_type), (&served.headers, &served.media_type));
        assert!(lab.read("three/headers.json").contains(&earlier_path(&digest)));
    }
    // A release that is emitted into the folder of the one before keeps it by itself.
    let fourth = lab.build("three", 4, Some(third)).pin.manifest;
    run(&["release", "publish", &lab.text("three")]);
    let published = Emitted::load(&lab.path("three")).unwrap();
    for digest in [first, second, third, fourth] {
        assert!(published.files.contains_key(&earlier_path(&digest)));
    }
}

#[test]
fn a_kept_manifest_is_what_its_name_says_and_of_the_same_deployment() {
    let (lab, first) = accepted();
    let kept = lab.path(&format!("one{}", earlier_path(&first)));
    let good = std::fs::read(&kept).unwrap();
    let long = vec![b' '; MANIFEST_LIMIT + 1];
    let too_long = lab.path(&format!("one{}", earlier_path(&Sha256::of(&long))));
    std::fs::write(&kept, b"{}").unwrap();
    let problem = Emitted::load(&lab.path("one")).unwrap_err().to_string();
    assert!(problem.contains("manifests/"), "{problem}");
    std::fs::write(&kept, good).unwrap();
    std::fs::write(&too_long, long).unwrap();
    refused(&["release", "publish", &lab.text("one")]);
    std::fs::remove_file(too_long).unwrap();
    // What a write that was cut off leaves is not served, and in nobody's way.
    std::fs::write(kept.with_extension("json.new"), b"{").unwrap();
    run(&["release", "publish", &lab.text("one")]);

    let other = Lab::new();
    other.build("two", 2, Some(first));
    let after = lab.text("one");
    let problem = refused(&["release", "publish", &other.text("two"), "--after", &after]);
    assert!(problem.contains("another deployment"), "{problem}");
    assert!(!other.path("two/.well-known/ats-kms/revocations.json").exists());
}

#[test]
fn a_list_that_the_server_fails_to_send_is_missed() {
    let (lab, _) = accepted();
    let good = Emitted::load(&lab.path("one")).unwrap();
    let server = serve(
        &lab,
        &good,
        "/.well-known/ats-kms/revocations.json",
        |_| true,
        |answer| {
            answer.status = 500;
        },
    );
    let report = lab.verify("policy.json", "mark");
    server.abort();
    assert_eq!(report["release"]["code"], "revocations_missing", "{report}");
}

#[test]
fn a_revocation_is_kept_whatever_else_is_wrong() {
    let (lab, first) = accepted();
    run(&["release", "publish", &lab.text("one"), "--revocation", &revoke(&lab, first)]);
    let good = Emitted::load(&lab.path("one")).unwrap();
    let revoked = |mark: &str| {
        let mark: Value = serde_json::from_str(&lab.read(mark)).unwrap();
        mark["revoked"] == json!([first.to_string()])
    };
    // A file that is too long cannot be asked for.
    let proof = "/.well-known/ats-kms/manifest.tlog-proof";
    let server = serve(&lab, &good, proof, |_| true, |it| it.body = vec![b'a'; (1 << 20) + 1]);
    let report = lab.verify("policy.json", "unreachable");
    assert_eq!((&report["outcome"], revoked("unreachable")), (&json!("mismatch"), true));
    assert_eq!(report["release"]["code"], "revoked");
    server.abort();
    let manifest = "/.well-known/ats-kms/manifest.json";
    let server = serve(&lab, &good, manifest, |_| true, |it| it.body = vec![b'a'; 1 << 17]);
    assert_ne!(lab.verify("policy.json", "no-manifest")["outcome"], "match");
    assert!(revoked("no-manifest"));
    server.abort();
    // A log that is not there, and one that the policy does not trust.
    std::fs::rename(lab.path("log"), lab.path("log-kept")).unwrap();
    assert_eq!(lab.code("one", "policy.json", "no-log"), "revoked");
    assert!(revoked("no-log"));
    std::fs::rename(lab.path("log-kept"), lab.path("log")).unwrap();
    let text = lab.read("log/checkpoint");
    lab.write("log/checkpoint", text.split_inclusive('\n').take(5).collect::<String>().as_str());
    assert_eq!(lab.code("one", "policy.json", "bad-log"), "revoked");
    assert!(revoked("bad-log"));
}

#[test]
fn a_revocation_is_honoured_however_it_comes_and_for_good() {
    let (lab, first) = accepted();
    let note = revoke(&lab, first);
    // By hand.
    let running = lab.serve("one");
    let (policy, mark) = (lab.text("policy.json"), lab.text("by-hand"));
    let words = ["verify", &lab.url(), "--policy", &policy, "--mark", &mark];
    let output = shell(&[words.as_slice(), &["--revocation", &note]].concat());
    assert_eq!(output.status.code(), Some(1));
    lab.stop(running);
    assert_eq!(lab.code("one", "policy.json", "by-hand"), "revoked");
    assert_eq!(lab.code("one", "policy.json", "mark"), Value::Null);
    // By the server.
    run(&["release", "publish", &lab.text("one"), "--revocation", &note]);
    assert_eq!(lab.code("one", "policy.json", "served"), "revoked");
    // By the log, whatever the server says.
    std::fs::write(lab.path("one/.well-known/ats-kms/revocations.json"), "[]").unwrap();
    assert_eq!(lab.code("one", "policy.json", "mark"), Value::Null);
    lab.log("revocation");
    assert_eq!(lab.code("one", "policy.json", "mark"), "revoked");
    // It stays so without the log.
    let mut policy = lab.policy(0);
    policy["transparency"][0] = json!(format!("log {}", crate::lab::log_key().verifier()));
    lab.write("offline.json", &policy.to_string());
    assert_eq!(lab.code("one", "offline.json", "mark"), "revoked");
    assert_eq!(lab.code("one", "offline.json", "fresh"), Value::Null);
}
