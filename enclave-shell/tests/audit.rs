//! An exported log: what is in it, and every way in which it can be wrong.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::fs;
use std::process::{Command, Output};

use ed25519_dalek::{Signer as _, SigningKey};
use enclave_shell::audit::{Report, verify};
use enclave_shell::verify::Outcome;
use kms_tlog::{Checkpoint, Frontier, Note, VerifierKey, leaf_hash};
use serde_json::{Value, json};

/// Name of the log.
const NAME: &str = "ats-kms.invalid/vault/test";

struct Vault {
    key: SigningKey,
    public: VerifierKey,
    lines: Vec<Value>,
    tree: Frontier,
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}

impl Vault {
    fn new(seed: u8, entries: u64) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = VerifierKey::new(NAME, key.verifying_key().to_bytes()).unwrap();
        let mut vault = Self { key, public, lines: Vec::new(), tree: Frontier::default() };
        (1..=entries).for_each(|seq| vault.append(seq));
        vault
    }

    /// Every third entry is of another site.
    fn append(&mut self, seq: u64) {
        let mut leaf = Vec::new();
        let mut encoder = minicbor::Encoder::new(&mut leaf);
        let (key, site) = ("AAECAwQFBgcICQoLDA0ODw", "https://page.example");
        encoder.array(7).unwrap().u64(seq).unwrap().u64(5).unwrap().str("sign").unwrap();
        encoder.str(key).unwrap().str(site).unwrap().str("ok").unwrap().bytes(&[9; 16]).unwrap();
        let hash = leaf_hash(&leaf);
        self.tree.push(hash);
        let mut line = json!({"seq": seq, "time": 5, "method": "sign", "outcome": "ok", "hash": base64(&hash)});
        if !seq.is_multiple_of(3) {
            line["keyId"] = json!(key);
            line["callerOrigin"] = json!(site);
            line["leaf"] = json!(base64(&leaf));
        }
        self.lines.push(line);
    }

    /// An entry of what an approver's key did, of this site.
    fn approve(&mut self, token: &str) {
        let (seq, mut leaf) = (self.tree.size() + 1, Vec::new());
        let mut encoder = minicbor::Encoder::new(&mut leaf);
        let (key, site) = ("AAECAwQFBgcICQoLDA0ODw", "https://page.example");
        encoder.array(8).unwrap().u64(seq).unwrap().u64(5).unwrap().str("poa.approve").unwrap();
        encoder.str(key).unwrap().str(site).unwrap().str("ok").unwrap().bytes(&[9; 16]).unwrap();
        encoder.array(3).unwrap().str(token).unwrap().str("asked").unwrap().str("sha").unwrap();
        let hash = leaf_hash(&leaf);
        self.tree.push(hash);
        let authorization = json!({ "token": token, "challenge": "asked", "digest": "sha" });
        self.lines.push(json!({
            "seq": seq, "time": 5, "method": "poa.approve", "outcome": "ok", "keyId": key,
            "callerOrigin": site, "authorization": authorization, "hash": base64(&hash),
            "leaf": base64(&leaf),
        }));
    }

    fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.to_string();
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        Note::new(&text, vec![self.public.signature(signature)]).unwrap().to_string()
    }

    fn note(&self) -> String {
        self.sign(&Checkpoint::new(NAME, self.tree.size(), self.tree.root()))
    }

    fn export(&self) -> String {
        with_note(&self.lines, &self.note())
    }

    fn check(&self, export: &str) -> Report {
        verify(export, &self.public, None)
    }
}

fn with_note(lines: &[Value], note: &str) -> String {
    let last = json!({ "checkpoint": note });
    let lines: Vec<_> = lines.iter().chain([&last]).map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn problem(report: &Report) -> (Option<usize>, &str) {
    assert_eq!(report.outcome, Outcome::Mismatch);
    assert_eq!(report.root, None);
    (report.line, report.problem.as_deref().unwrap())
}

#[test]
fn an_export_is_complete_and_signed() {
    let vault = Vault::new(1, 10);
    let report = vault.check(&vault.export());
    assert_eq!((report.outcome, report.problem.as_deref()), (Outcome::Match, None));
    assert_eq!((report.entries, report.withheld), (10, 3));
    assert_eq!(report.root.as_deref(), Some(base64(&vault.tree.root()).as_str()));
    assert!(report.to_string().contains("signed by the expected key"));
}

#[test]
fn entries_that_are_missing_moved_or_twice_are_found() {
    let vault = Vault::new(1, 10);
    for at in 0..10 {
        let mut lines = vault.lines.clone();
        lines.remove(at);
        let report = vault.check(&with_note(&lines, &vault.note()));
        // The last one is missed by the checkpoint alone.
        let line = if at == 9 { 10 } else { at + 1 };
        assert_eq!(problem(&report).0, Some(line), "{at}");
        let mut lines = vault.lines.clone();
        lines.insert(at, lines[at].clone());
        assert_eq!(problem(&vault.check(&with_note(&lines, &vault.note()))).0, Some(at + 2));
        let mut lines = vault.lines.clone();
        lines.swap(at, (at + 1) % 10);
        assert_eq!(vault.check(&with_note(&lines, &vault.note())).outcome, Outcome::Mismatch);
    }
}

#[test]
fn every_change_of_an_entry_is_found() {
    let vault = Vault::new(1, 4);
    let note = vault.note();
    let other = base64(&[7; 32]);
    let changes: [(&str, Value); 13] = [
        ("seq", json!(3)),
        ("time", json!(6)),
        ("method", json!("verify")),
        ("keyId", json!("BAECAwQFBgcICQoLDA0ODw")),
        ("keyId", Value::Null),
        ("callerOrigin", json!("https://other.example")),
        ("outcome", json!("not_found")),
        ("hash", json!(other)),
        ("hash", json!("AAAA")),
        ("hash", json!("not base64")),
        ("leaf", json!(other)),
        ("leaf", json!("?")),
        ("more", json!(1)),
    ];
    for (member, value) in changes {
        let mut lines = vault.lines.clone();
        lines[1][member] = value;
        let report = vault.check(&with_note(&lines, &note));
        assert_eq!(problem(&report).0, Some(2), "{member}");
    }
    // Of an entry that is withheld nothing but the hash can be compared.
    let mut lines = vault.lines.clone();
    lines[2]["hash"] = json!(other);
    let report = vault.check(&with_note(&lines, &note));
    assert_eq!(problem(&report), (Some(5), "the entries are not those of the checkpoint"));
    lines[2]["keyId"] = json!("AAECAwQFBgcICQoLDA0ODw");
    assert_eq!(problem(&vault.check(&with_note(&lines, &note))).0, Some(3));
}

#[test]
fn what_an_approver_did_is_reported_and_cannot_be_changed() {
    let mut vault = Vault::new(1, 2);
    vault.approve("one");
    vault.append(4);
    let report = vault.check(&vault.export());
    assert_eq!((report.outcome, report.approved.len()), (Outcome::Match, 1));
    let told = "  entry 3 poa.approve ok token=one challenge=asked digest=sha\n";
    assert!(report.to_string().contains(told), "{report}");
    let approved = &serde_json::to_value(&report).unwrap()["approved"][0];
    let expected = json!({ "seq": 3, "time": 5, "method": "poa.approve", "outcome": "ok",
        "token": "one", "challenge": "asked", "digest": "sha" });
    assert_eq!(*approved, expected);
    for (member, value) in
        [("token", json!("two")), ("statement", json!("x")), ("digest", Value::Null)]
    {
        let mut lines = vault.lines.clone();
        lines[2]["authorization"][member] = value;
        assert_eq!(problem(&vault.check(&with_note(&lines, &vault.note()))).0, Some(3), "{member}");
    }
    for value in [Value::Null, json!({}), json!({ "more": "x" })] {
        let mut lines = vault.lines.clone();
        lines[2]["authorization"] = value;
        assert_eq!(problem(&vault.check(&with_note(&lines, &vault.note()))).0, Some(3));
    }
    // Nor can it be added to an entry that has none, or to one of which only the hash is known.
    let mut lines = vault.lines.clone();
    lines[0]["authorization"] = json!({ "token": "one" });
    assert_eq!(problem(&vault.check(&with_note(&lines, &vault.note()))).0, Some(1));
    let mut withheld = vault.lines.clone();
    for member in ["keyId", "callerOrigin", "leaf"] {
        withheld[2].as_object_mut().unwrap().remove(member);
    }
    assert_eq!(problem(&vault.check(&with_note(&withheld, &vault.note()))).0, Some(3));
}

#[test]
fn what_was_hashed_must_be_an_entry() {
    let vault = Vault::new(1, 1);
    for leaf in [&b"\x01"[..], b"", &[0x87, 1, 5]] {
        let mut lines = vault.lines.clone();
        lines[0]["leaf"] = json!(base64(leaf));
        lines[0]["hash"] = json!(base64(&leaf_hash(leaf)));
        let report = vault.check(&with_note(&lines, &vault.note()));
        assert_eq!(problem(&report), (Some(1), "`leaf` is not an entry"));
    }
}

#[test]
fn the_checkpoint_must_be_of_the_expected_key_and_of_these_entries() {
    let (vault, other) = (Vault::new(1, 5), Vault::new(2, 5));
    let found = |export: &str| problem(&vault.check(export)).1.to_owned();
    assert_eq!(found(&other.export()), "not signed by this key");
    assert_eq!(found(&with_note(&vault.lines, "no note")), "not a signed note");
    assert_eq!(
        found(&with_note(&vault.lines, &vault.note().replace("\n5\n", "\n6\n"))),
        "the signature is wrong"
    );
    let more = Checkpoint::new(NAME, 6, vault.tree.root());
    let more = vault.sign(&more);
    assert_eq!(found(&with_note(&vault.lines, &more)), "the checkpoint is of 6 entries");
    let elsewhere = vault.sign(&Checkpoint::new("another.log", 5, vault.tree.root()));
    assert_eq!(found(&with_note(&vault.lines, &elsewhere)), "not signed by this key");
    assert_eq!(found(""), "there is no checkpoint");
    assert_eq!(found(&format!("{}{{}}", vault.export())), "nothing may follow the checkpoint");
    assert!(found("{\"checkpoint\":1}\n").contains("invalid type"));
    assert_eq!(found(&" ".repeat(20_000)), "the line is too long");
    assert!(vault.check("{").outcome == Outcome::Mismatch);
}

#[test]
fn a_log_has_grown_from_what_was_signed_earlier() {
    let mut vault = Vault::new(1, 5);
    let earlier = vault.note();
    (6..=9).for_each(|seq| vault.append(seq));
    let since = |note: &str| verify(&vault.export(), &vault.public, Some(note));
    assert_eq!((since(&earlier).outcome, since(&earlier).since), (Outcome::Match, Some(5)));
    assert!(since(&earlier).to_string().contains("grown from 5 entries"));
    let empty = vault.sign(&Checkpoint::new(NAME, 0, kms_tlog::EMPTY_ROOT));
    assert_eq!(since(&empty).since, Some(0));
    // Signed by the same key, but of another history, or of one that went on.
    for (size, root) in [(5, [7; 32]), (10, vault.tree.root())] {
        let other = vault.sign(&Checkpoint::new(NAME, size, root));
        let grown = since(&other);
        assert_eq!(problem(&grown).1, "the log has not grown from the earlier checkpoint");
    }
    let stranger = since(&Vault::new(2, 5).note());
    assert_eq!(problem(&stranger), (Some(0), "the earlier checkpoint: not signed by this key"));
    assert!(stranger.to_string().contains("WRONG: the earlier"));
}

fn shell(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enclave-shell")).args(args).output().unwrap()
}

#[test]
fn the_program_reports_by_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let vault = Vault::new(1, 5);
    let (good, bad, note, binary) = (path("good"), path("bad"), path("note"), path("binary"));
    fs::write(&good, vault.export()).unwrap();
    fs::write(&bad, vault.export().replacen("\"ok\"", "\"no\"", 1)).unwrap();
    fs::write(&note, vault.note()).unwrap();
    fs::write(&binary, [0xff]).unwrap();
    let key = vault.public.to_string();
    let run = |file: &str, more: &[&str]| {
        shell(&[&["audit", "verify", file, "--key", &key][..], more].concat())
    };
    let output = run(&good, &["--since", &note]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = run(&bad, &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["outcome"], &report["line"]), (&json!("mismatch"), &json!(1)));
    for usage in [
        run(&path("none"), &[]),
        run(&binary, &[]),
        shell(&["audit", "verify", &good]),
        shell(&["audit", "verify", &good, "--key", "none"]),
        shell(&["audit"]),
    ] {
        assert_eq!(usage.status.code(), Some(2), "{usage:?}");
    }
}
