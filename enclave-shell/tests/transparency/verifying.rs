//! `enclave-shell verify URL --policy FILE` against everything that can be wrong.

use kms_manifest::Sha256;
use serde_json::{Value, json};

use crate::lab::{Fork, accepted, key, run, signer};

#[test]
fn releases_are_accepted_one_after_the_other() {
    let (lab, first) = accepted();
    let running = lab.serve("one");
    let report = lab.verify("policy.json", "mark");
    assert_eq!(report["outcome"], "match");
    assert_eq!(report["release"]["accepted"]["epoch"], 1);
    assert_eq!(report["release"]["log_read"], true);
    let (policy, mark) = (lab.text("policy.json"), lab.text("mark"));
    let text = run(&["verify", &lab.url(), "--policy", &policy, "--mark", &mark]);
    assert!(text.contains("epoch 1, entry 0 of 1 in log.example/kms"), "{text}");
    // Both are on the way to a verifier, over and over.
    let files = ["manifest.json", "manifest.tlog-proof"];
    let length = |name| lab.read(&format!("one/.well-known/ats-kms/{name}")).len();
    assert!(files.map(length).iter().sum::<usize>() < 16 * 1024);
    lab.stop(running);
    lab.release("two", 2, Some(first));
    assert_eq!(lab.code("two", "policy.json", "mark"), Value::Null);
    let mark: Value = serde_json::from_str(&lab.read("mark")).unwrap();
    assert_eq!(
        (&mark["release"]["epoch"], &mark["logs"]["log.example/kms"]["size"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn an_older_release_and_an_older_checkpoint_are_refused() {
    let (lab, first) = accepted();
    lab.release("two", 2, Some(first));
    assert_eq!(lab.code("two", "policy.json", "mark"), Value::Null);
    // The first release with the proof that it had then.
    assert_eq!(lab.code("one", "policy.json", "mark"), "log_replayed");
    // And with a new one, which is as good as any.
    lab.publish_proof("one", &lab.prove("one.note"));
    assert_eq!(lab.code("one", "policy.json", "mark"), "rollback");
    assert_eq!(lab.code("one", "policy.json", "another-mark"), Value::Null);
}

#[test]
fn a_release_that_follows_another_is_refused() {
    let (lab, _) = accepted();
    lab.release("two", 2, Some(Sha256::of(b"another")));
    assert_eq!(lab.code("two", "policy.json", "mark"), "previous_mismatch");
    let other = lab.build("other", 1, Some(Sha256::of(b"another")));
    lab.sign("other");
    lab.log("other.note");
    lab.publish_proof("other", &lab.prove("other.note"));
    assert_ne!(other.pin.manifest, Sha256::of(b"another"));
    assert_eq!(lab.code("other", "policy.json", "mark"), "epoch_split");
}

#[test]
fn a_split_view_and_a_fork_are_refused() {
    let (lab, _) = accepted();
    lab.build("evil", 2, Some(Sha256::of(b"another")));
    let evil = lab.sign("evil");
    let fork = Fork::new(&lab, "fork");
    // Another tree of the size that was seen, with signatures of log and witnesses.
    lab.publish_proof("evil", &fork.prove(&[&evil], &evil));
    assert_eq!(lab.code("evil", "policy.json", "mark"), "log_split");
    // Somebody who has seen nothing, but reads the log that everybody reads.
    assert_eq!(lab.code("evil", "policy.json", "fresh"), "log_forked");
    // A larger tree, which does not begin with the one that was seen; its log is shown as well.
    lab.build("more", 3, None);
    let more = lab.sign("more");
    lab.publish_proof("evil", &fork.prove(&[&more], &evil));
    fork.replace(&lab);
    assert_eq!(lab.code("evil", "policy.json", "mark"), "log_forked");
}

#[test]
fn witnesses_keys_and_age_are_asked_for() {
    let (lab, _) = accepted();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut policy = lab.policy(0);
        change(&mut policy);
        lab.write("other.json", &policy.to_string());
        lab.code("one", "other.json", "fresh")
    };
    assert_eq!(with(&|policy| policy["cool_down_hours"] = json!(1)), "too_young");
    let stranger = key("stranger.example", 99);
    let strangers = [&stranger, &signer(3)].map(|key| key.verifier().to_string());
    assert_eq!(with(&|policy| policy["signers"]["keys"] = json!(strangers)), "statement_unsigned");
    let log = format!("log {}", stranger.verifier());
    assert_eq!(with(&|policy| policy["transparency"][0] = json!(log)), "log_unknown");
    let witness = |number: u8| format!("witness W{number} {}", key("w", 90 + number).cosigner());
    assert_eq!(
        with(&|policy| {
            policy["transparency"][1] = json!(witness(1));
            policy["transparency"][2] = json!(witness(2));
        }),
        "quorum_missing"
    );
}

#[test]
fn a_damaged_proof_is_refused() {
    let (lab, first) = accepted();
    lab.release("two", 2, Some(first));
    let good = lab.prove("two.note");
    let mut short = good.clone();
    short.path.pop();
    lab.publish_proof("two", &short);
    assert_eq!(lab.code("two", "policy.json", "mark"), "proof_truncated");
    let mut padded = good.clone();
    padded.path.push([0; 32]);
    lab.publish_proof("two", &padded);
    assert_eq!(lab.code("two", "policy.json", "mark"), "proof_padded");
    let mut lone = good.clone();
    let lines = good.checkpoint.signatures()[..2].to_vec();
    lone.checkpoint = kms_tlog::Note::new(good.checkpoint.text(), lines).unwrap();
    lab.publish_proof("two", &lone);
    assert_eq!(lab.code("two", "policy.json", "mark"), "quorum_missing");
    std::fs::remove_file(lab.path("two/.well-known/ats-kms/manifest.tlog-proof")).unwrap();
    assert_eq!(lab.code("two", "policy.json", "mark"), "proof_form");
    lab.publish_proof("two", &good);
    assert_eq!(lab.code("two", "policy.json", "mark"), Value::Null);
}

#[test]
fn a_log_that_is_not_there_or_behind_its_proof_is_not_passed_over() {
    let (lab, first) = accepted();
    let (log, kept) = (lab.path("log"), lab.path("log-kept"));
    std::fs::rename(&log, &kept).unwrap();
    let running = lab.serve("one");
    let report = lab.verify("policy.json", "mark");
    assert_eq!((&report["outcome"], &report["release"]), (&json!("unreachable"), &Value::Null));
    lab.stop(running);
    // As it was before the second release: who reads it does not see what was revoked since.
    std::fs::rename(&kept, &log).unwrap();
    let before = lab.path("log-before");
    let copy = std::process::Command::new("cp").arg("-r").args([&log, &before]).status();
    assert!(copy.unwrap().success());
    lab.release("two", 2, Some(first));
    std::fs::rename(&log, &kept).unwrap();
    std::fs::rename(&before, &log).unwrap();
    assert_eq!(lab.code("two", "policy.json", "another-mark"), "log_replayed");
    std::fs::rename(&log, &before).unwrap();
    std::fs::rename(&kept, &log).unwrap();
    assert_eq!(lab.code("two", "policy.json", "another-mark"), Value::Null);
}

#[test]
fn a_log_of_which_a_part_or_the_whole_is_another_is_not_called_forked() {
    let (lab, _) = accepted();
    let unread = |policy: &str| {
        let running = lab.serve("one");
        let report = lab.verify(policy, "mark");
        lab.stop(running);
        (&report["outcome"], &report["release"]) == (&json!("unreachable"), &Value::Null)
    };
    // A second log, at whose address the first one is found.
    let mut policy = lab.policy(0);
    let lines = policy["transparency"].as_array_mut().unwrap();
    let other = key("other.example/log", 77);
    lines.insert(1, json!(format!("log {} {}", other.verifier(), lab.log_url())));
    lab.write("two.json", &policy.to_string());
    assert!(unread("two.json"));
    let bundle = lab.path("log/tile/entries/000.p/1");
    let kept = std::fs::read(&bundle).unwrap();
    std::fs::remove_file(&bundle).unwrap();
    assert!(unread("policy.json"));
    // One that is there, and holds something else.
    std::fs::write(&bundle, [&kept[..2], &vec![b'a'; kept.len() - 2]].concat()).unwrap();
    assert_eq!(lab.code("one", "policy.json", "mark"), "log_forked");
    std::fs::write(&bundle, kept).unwrap();
    assert_eq!(lab.code("one", "policy.json", "mark"), Value::Null);
}
