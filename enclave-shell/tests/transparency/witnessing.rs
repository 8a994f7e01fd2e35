//! The log in its folder, and witnesses that hold it to what it has said.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use enclave_shell::transparency::store::LogDir;
use enclave_shell::transparency::submit::{HttpWitnesses, Witnesses as _};
use enclave_shell::transparency::witness::Witness;
use kms_tlog::{AddCheckpoint, Checkpoint, Note};

use crate::lab::{Fork, Lab, checkpoint, log_key, refused, release_policy, run, witness_key};

/// Status and body of a request to the first witness.
fn ask(lab: &Lab, request: &AddCheckpoint) -> (u16, String) {
    let policy = release_policy(lab).transparency;
    HttpWitnesses::default().ask(&policy.witnesses()[0], request).unwrap()
}

fn request(old: u64, checkpoint: &Checkpoint) -> AddCheckpoint {
    let text = checkpoint.to_string();
    let note = Note::new(&text, vec![log_key().sign(&text)]).unwrap();
    AddCheckpoint { old, proof: Vec::new(), checkpoint: note }
}

#[test]
fn a_witness_answers_as_the_specification_says() {
    let mut lab = Lab::new();
    lab.release("one", 1, None);
    let own = checkpoint(&lab.path("log"));
    let again = request(1, &own);
    let (status, line) = ask(&lab, &again);
    assert_eq!(status, 200);
    let line = kms_tlog::Signature::parse(line.trim_end()).unwrap();
    assert!(
        witness_key(1).cosigner().verify(&again.checkpoint.clone().with(line).unwrap()).is_ok()
    );
    let other = Checkpoint { root: [9; 32], ..own.clone() };
    assert_eq!(ask(&lab, &request(1, &other)), (409, "1\n".into()));
    assert_eq!(ask(&lab, &request(0, &own)), (409, "1\n".into()));
    let larger = Checkpoint { size: 2, root: [9; 32], ..own.clone() };
    assert_eq!(ask(&lab, &request(1, &larger)).0, 422);
    assert_eq!(ask(&lab, &request(3, &larger)).0, 400);
    let unknown = Checkpoint { origin: "other.example".into(), ..own.clone() };
    assert_eq!(ask(&lab, &request(1, &unknown)).0, 404);
    let mut forged = request(1, &own);
    let line = crate::lab::key(crate::lab::LOG, 99).sign(forged.checkpoint.text());
    forged.checkpoint = Note::new(forged.checkpoint.text(), vec![line]).unwrap();
    assert_eq!(ask(&lab, &forged).0, 403);
    // What it has signed is known after a restart, and to one process at a time.
    let logs = || vec![log_key().verifier().clone()];
    assert!(Witness::open(witness_key(1), logs(), &lab.path("witness1")).is_err());
    lab.witnesses[0] = None;
    lab.start_witness(1);
    lab.write("policy.json", &lab.policy(0).to_string());
    assert_eq!(ask(&lab, &request(1, &other)), (409, "1\n".into()));
}

/// A witness in a process of its own, which prints where it listens.
fn spawn_witness(lab: &Lab) -> (Child, String) {
    let (key, state) = (lab.text("keys/witness"), lab.text("spawned"));
    let log = log_key().verifier().to_string();
    let words = ["--key", &key, "--state", &state, "--log", &log, "--listen", "127.0.0.1:0"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_enclave-shell"))
        .args(["witness", "serve"])
        .args(words)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addr = line.trim().strip_prefix("witness on ").unwrap().to_owned();
    (child, addr)
}

#[test]
fn what_a_killed_witness_has_signed_is_known_to_the_next() {
    let lab = Lab::new();
    lab.write("keys/witness", &witness_key(1).to_text());
    let tree = |root| Checkpoint::new(crate::lab::LOG, 1, root);
    let asked = |addr: &str, old, root| {
        let mut policy = lab.policy(0);
        let key = witness_key(1).cosigner().to_string();
        policy["transparency"][1] = format!("witness W1 {key} http://{addr}").into();
        lab.write("policy.json", &policy.to_string());
        ask(&lab, &request(old, &tree(root))).0
    };
    let (mut child, addr) = spawn_witness(&lab);
    assert_eq!(asked(&addr, 0, [1; 32]), 200);
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, addr) = spawn_witness(&lab);
    assert_eq!(asked(&addr, 0, [2; 32]), 409);
    assert_eq!(asked(&addr, 1, [2; 32]), 409);
    assert_eq!(asked(&addr, 1, [1; 32]), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_damaged_state_stops_a_witness() {
    let mut lab = Lab::new();
    lab.release("one", 1, None);
    lab.witnesses.clear();
    drop(lab.runtime);
    lab.runtime = tokio::runtime::Runtime::new().unwrap();
    for entry in fs::read_dir(lab.path("witness1")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some() {
            fs::write(path, b"nothing").unwrap();
        }
    }
    let logs = vec![log_key().verifier().clone()];
    assert!(Witness::open(witness_key(1), logs, &lab.path("witness1")).is_err());
}

#[test]
fn nothing_is_published_without_a_quorum() {
    let mut lab = Lab::new();
    lab.release("one", 1, None);
    lab.witnesses[1] = None;
    lab.witnesses[2] = None;
    lab.build("two", 2, None);
    lab.sign("two");
    let (log, key, policy) = (lab.text("log"), lab.text("keys/log"), lab.text("policy.json"));
    run(&["log", "append", &log, &lab.text("two.note")]);
    let words = ["log", "checkpoint", &log, "--key", &key, "--policy", &policy];
    let problem = refused(&words);
    assert!(problem.contains("too few witnesses") && problem.contains("W2"), "{problem}");
    assert_eq!(checkpoint(&lab.path("log")).size, 1);
    assert!(refused(&["log", "append", &log, &lab.text("two.note")]).contains("already"));
    // Two witnesses are enough, also where one of them is ahead.
    lab.start_witness(2);
    lab.write("policy.json", &lab.policy(0).to_string());
    run(&words);
    assert_eq!(checkpoint(&lab.path("log")).size, 2);
}

#[test]
fn honest_witnesses_sign_no_fork() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    lab.build("evil", 2, None);
    let evil = lab.sign("evil");
    Fork::new(&lab, "fork").prove(&[&evil], &evil);
    lab.build("more", 3, None);
    lab.sign("more");
    run(&["log", "append", &lab.text("fork"), &lab.text("more.note")]);
    let (fork, key, policy) = (lab.text("fork"), lab.text("keys/log"), lab.text("policy.json"));
    let words = ["log", "checkpoint", &fork, "--key", &key, "--policy", &policy];
    let problem = refused(&words);
    assert!(problem.contains("does not begin with the last one"), "{problem}");
}

#[test]
fn an_audit_reads_every_tile() {
    let lab = Lab::new();
    let first = lab.release("one", 1, None);
    lab.release("two", 2, Some(first));
    let (log, policy) = (lab.text("log"), lab.text("policy.json"));
    let audit = ["log", "audit", &log, "--policy", &policy];
    let found: serde_json::Value = serde_json::from_str(&run(&audit)).unwrap();
    assert_eq!((&found["size"], &found["releases"]), (&2.into(), &2.into()));
    let tile = lab.path("log/tile/0/000.p/2");
    let good = fs::read(&tile).unwrap();
    fs::write(&tile, [0; 64]).unwrap();
    assert!(refused(&audit).contains("a tile is missing or wrong"));
    fs::write(&tile, &good).unwrap();
    let bundle = lab.path("log/tile/entries/000.p/2");
    let entries = fs::read(&bundle).unwrap();
    let mut changed = entries.clone();
    changed[40] ^= 1;
    fs::write(&bundle, &changed).unwrap();
    assert!(refused(&audit).contains("not those of the checkpoint"));
    fs::write(&bundle, &changed[..changed.len() - 1]).unwrap();
    assert!(refused(&audit).contains("cannot be read"));
    fs::remove_file(&bundle).unwrap();
    assert!(refused(&audit).contains("entries are missing"));
    fs::write(&bundle, &entries).unwrap();
    run(&audit);
}

#[test]
fn a_log_takes_statements_only_and_begins_once() {
    let lab = Lab::new();
    let (log, key) = (lab.text("log"), lab.text("keys/log"));
    assert!(
        refused(&["log", "append", &log, &lab.text("policy.json")]).contains("signed statement")
    );
    assert!(refused(&["log", "init", &log, "--key", &key]).contains("exists"));
    let other = lab.text("keys/signer1");
    assert!(refused(&["log", "checkpoint", &log, "--key", &other]).contains("not signed"));
    assert!(LogDir::new(&lab.path("nowhere")).append(b"x").is_err());
    // One process at a time.
    let lock = fs::File::create(lab.path("log/lock")).unwrap();
    lock.lock().unwrap();
    let problem = refused(&["log", "checkpoint", &log, "--key", &key]);
    assert!(problem.contains("another process"), "{problem}");
    drop(lock);
    // Somebody has put another checkpoint in place of the log's own.
    let path = lab.path("log/checkpoint");
    let text = fs::read_to_string(&path).unwrap().replace("\n0\n", "\n1\n");
    fs::write(&path, text).unwrap();
    let problem = refused(&["log", "checkpoint", &log, "--key", &key]);
    assert!(problem.contains("signature is wrong"), "{problem}");
}
