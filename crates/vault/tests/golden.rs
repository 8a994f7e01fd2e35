//! Vaults that older releases left on disk keep opening, and this release's will.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::cell::RefCell;
use std::rc::Rc;

use base64ct::{Base64, Encoding};
use kms_crypto::CryptoProvider;
use kms_crypto::software::{DeviceKey, SoftwareProvider};
use kms_protocol::{AutoLock, EnrolmentKind, ErrorCode, KeySpec, Value};
use kms_testkit::broker::challenge;
use kms_testkit::golden::Golden;
use kms_testkit::invariants::{broken, entries, listed};
use kms_testkit::person::new;
use kms_testkit::tab::{bytes, member, outcome, template, text};
use kms_testkit::{
    FakeLog, FakePasskey, Fault, PASSPHRASE, Tab, TestPorts, golden, seeded_provider,
};
use kms_vault::{Action, RecordKey, Store, Table, UiEvent};
use pollster::block_on;

const V1: &str = include_str!("golden/v1.txt");
const V2: &str = include_str!("golden/v2.txt");
/// With a log of more than 300 entries, from the time when it was a chain of hashes.
const V2_LONG: &str = include_str!("golden/v2-long.txt");
/// Header of schema 2, keys of schema 2, an index of keys, and a log that is a tree.
const V3: &str = include_str!("golden/v3.txt");
/// Header of schema 3, keys of every spec, and what they made.
const V4: &str = include_str!("golden/v4.txt");
/// The same with X-Wing, and with a key whose policy has a template for its tokens.
const V5: &str = include_str!("golden/v5.txt");
/// The same with an approver's key that saw a broker's log.
const V6: &str = include_str!("golden/v6.txt");

/// A tab on a golden disk, with Argon2id in earnest.
fn tab(golden: &Golden) -> Tab {
    let ports = TestPorts { store: golden.store.copied(), ..TestPorts::new(7) };
    ports.kdf.set_real();
    Tab::over(ports, 7)
}

fn check(golden: &Golden, tab: &Tab) {
    let mut keys = listed(tab);
    let mut expected: Vec<_> =
        golden.expected("key").iter().map(|words| words[1].clone()).collect();
    keys.sort();
    expected.sort();
    assert_eq!(keys, expected);
    for words in golden.expected("key") {
        let params = Value::object([("keyId", Value::Text(words[1].clone()))]);
        let info = tab.call("keys.describe", params).unwrap();
        assert_eq!((text(&info, "spec"), kid(&info)), (words[2].clone(), words[3].clone()));
    }
    reads_what_was_made(golden, tab);
    assert_eq!(broken(tab), Vec::<String>::new());
}

/// The thumbprint of a key, or what stands for none.
fn kid(info: &Value) -> String {
    let kid = text(info, "kid");
    if kid.is_empty() { "-".into() } else { kid }
}

/// What stands in a golden vault beside the keys that made it, under the first version of each.
fn reads_what_was_made(golden: &Golden, tab: &Tab) {
    let read = |words: &[String], method: &str, name: &'static str, more: Members<'_>| {
        let made = (name, Value::Bytes(Base64::decode_vec(&words[2]).unwrap()));
        tab.call(method, with_key(&words[1], &[&[made], more].concat())).unwrap()
    };
    let (data, first) = (("data", Value::Bytes(GOLDEN.to_vec())), ("version", Value::Number(1.0)));
    for words in golden.expected("ciphertext") {
        let read = read(&words, "decrypt", "ciphertext", &[context()]);
        assert_eq!(bytes(&read, "plaintext"), GOLDEN);
    }
    for words in golden.expected("sealed") {
        let read = read(&words, "open", "sealed", &[context(), first.clone()]);
        assert_eq!(bytes(&read, "plaintext"), GOLDEN);
    }
    for words in golden.expected("tokens") {
        let aud = Value::object([("aud", Value::Text("https://api.example".into()))]);
        let signed = tab.call("jwt.sign", with_key(&words[1], &[("claims", aud)]));
        assert!(signed.is_ok());
        // Its policy, which its digest is sealed with, names no other use.
        assert_eq!(
            tab.call("sign", with_key(&words[1], std::slice::from_ref(&data))),
            Err("policy_denied".into())
        );
    }
    for words in golden.expected("approver") {
        // What it saw is what another log has to continue.
        let fork = approve(tab, &words[1], &FakeLog::new(9, 5).forked(0).offered(Some(5)));
        assert_eq!(fork, Err("log_forked".into()));
        assert!(approve(tab, &words[1], &FakeLog::new(9, 5).offered(Some(5))).is_ok());
    }
    for words in golden.expected("mac") {
        let verdict = read(&words, "verify_mac", "mac", &[data.clone(), first.clone()]);
        assert_eq!(member(&verdict, "valid"), Some(Value::Bool(true)));
    }
    for words in golden.expected("signature") {
        let verdict = read(&words, "verify", "signature", &[data.clone(), first.clone()]);
        assert_eq!(member(&verdict, "valid"), Some(Value::Bool(true)));
    }
}

/// Approves a challenge with a key that saw this log.
fn approve(tab: &Tab, id: &str, log: &Value) -> Result<Value, String> {
    let asked = ("challenge", Value::Text(challenge(1).to_json()));
    let request = tab.request("poa.approve", with_key(id, &[asked, ("log", log.clone())]));
    outcome(tab.send_to_person(request, async |tab| {
        if tab.screen() == "approve" {
            tab.does(tab.approved()).await;
        }
    }))
}

/// What was encrypted and signed.
const GOLDEN: &[u8] = b"golden";

type Members<'a> = &'a [(&'static str, Value)];

fn with_key(id: &str, more: Members<'_>) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn context() -> (&'static str, Value) {
    ("context", Value::Map(vec![("from".into(), Value::Text("a golden vault".into()))]))
}

fn header(tab: &Tab) -> Vec<u8> {
    tab.store.peek(Table::Meta, &RecordKey::Text("header".into())).unwrap()
}

#[test]
fn a_vault_of_schema_1_opens_and_becomes_one_of_today() {
    let golden = Golden::read(V1);
    let first = tab(&golden);
    assert_eq!(header(&first)[..2], [0x85, 1]);
    assert_eq!(first.state().as_deref(), Ok("locked"));
    assert_eq!(first.unlock("not the passphrase"), Err("user_cancelled".into()));
    // The two attempts of the old header count: this was the third.
    assert_eq!(first.unlock(PASSPHRASE), Err("user_cancelled".into()));
    assert_eq!(first.problem(), Some(ErrorCode::UnlockDelayed));
    first.clock.advance(10_000);
    assert!(first.unlock(PASSPHRASE).is_ok());
    check(&golden, &first);
    assert_eq!(header(&first)[1], 3);
    let failed = entries(&first);
    let failed = failed.iter().filter(|entry| text(entry, "outcome") == "unlock_failed").count();
    assert_eq!(failed, 3);
    // From now on its envelope is bound to its parameters, and it has settings.
    let again = first.restarted();
    again.kdf.set_real();
    assert!(again.unlock(PASSPHRASE).is_ok());
    check(&golden, &again);
    assert!(again.store.peek(Table::Meta, &RecordKey::Text("settings".into())).is_some());
}

#[test]
fn what_was_read_of_schema_1_is_migrated_only_by_a_write() {
    let golden = Golden::read(V1);
    let tab = tab(&golden);
    assert_eq!(tab.enrolments().len(), 1);
    assert_eq!(tab.store.dump(), golden.store.dump());
}

#[test]
fn vaults_of_later_schemas_open_with_each_enrolment() {
    for text in [V2, V2_LONG, V3, V4, V5, V6] {
        opens_with_each_enrolment(&Golden::read(text));
    }
}

fn opens_with_each_enrolment(golden: &Golden) {
    let by_passphrase = tab(golden);
    assert!(by_passphrase.unlock(PASSPHRASE).is_ok());
    assert_eq!(header(&by_passphrase)[1], 3);
    check(golden, &by_passphrase);
    let by_phrase = tab(golden);
    let words = golden.words().join(" ");
    assert!(by_phrase.ask("vault.unlock", vec![by_phrase.with_phrase(&words)]).is_ok());
    check(golden, &by_phrase);
    let by_passkey = tab(golden);
    let passkey = FakePasskey::new(1);
    let unlocked = by_passkey.ask_person("vault.unlock", async |tab| {
        tab.does(tab.enrolled(&passkey)).await;
    });
    assert!(unlocked.is_ok());
    check(golden, &by_passkey);
    // The settings too: a time that was set, and the phrase as recipient of backups.
    let status = by_passkey.call("vault.status", Value::Map(vec![])).unwrap();
    let auto_lock = member(&status, "autoLock").unwrap();
    assert_eq!(member(&auto_lock, "idleMs"), Some(Value::Number(120_000.0)));
}

fn head_key() -> RecordKey {
    RecordKey::Text("audit-head".into())
}

/// The head of the log begins with its version.
fn head_schema(tab: &Tab) -> u8 {
    tab.store.peek(Table::Meta, &head_key()).unwrap()[1]
}

fn tiles(tab: &Tab) -> usize {
    let is_tile = |key: &&RecordKey| matches!(key, RecordKey::Text(name) if name.contains("tile"));
    tab.store.keys(Table::Meta).iter().filter(is_tile).count()
}

#[test]
fn a_log_that_is_a_chain_becomes_a_tree_when_it_is_unlocked() {
    for (text, schema, expected) in [(V1, 1, 0), (V2, 2, 0), (V2_LONG, 2, 2), (V3, 3, 2)] {
        let golden = Golden::read(text);
        let tab = tab(&golden);
        tab.clock.advance(3_600_000);
        assert_eq!(head_schema(&tab), schema);
        let chained = tab.store.keys(Table::Audit).len();
        assert!(tab.unlock(PASSPHRASE).is_ok());
        assert_eq!((head_schema(&tab), tiles(&tab)), (3, expected));
        // The head of the chain is authentic, but of the past.
        let today = tab.store.peek(Table::Meta, &head_key());
        tab.store.poke(Table::Meta, &head_key(), golden.store.peek(Table::Meta, &head_key()));
        assert_eq!(tab.verify_audit(), Err("audit_corrupt".into()));
        tab.store.poke(Table::Meta, &head_key(), today);
        // Its entries are what they were, and more follow.
        assert!(tab.store.keys(Table::Audit).len() > chained);
        // It is one as if it had never been anything else.
        let again = tab.restarted();
        again.kdf.set_real();
        assert!(again.unlock(PASSPHRASE).is_ok());
        block_on(again.enclave.tick());
        check(&golden, &again);
        let proof = Value::object([("seq", Value::Number(1.0))]);
        assert!(again.call("audit.prove_inclusion", proof).is_ok());
    }
}

#[test]
fn a_chain_that_was_altered_becomes_no_tree() {
    let golden = Golden::read(V2_LONG);
    for seq in [1, 5, 256, 257, 299] {
        for other in [None, Some(seq + 1)] {
            let tab = tab(&golden);
            let key = RecordKey::Number(seq);
            let other = other.and_then(|seq| tab.store.peek(Table::Audit, &RecordKey::Number(seq)));
            tab.store.poke(Table::Audit, &key, other);
            assert_eq!(tab.unlock(PASSPHRASE), Err("audit_corrupt".into()), "{seq}");
            assert_eq!(head_schema(&tab), 2);
        }
    }
}

#[test]
fn a_migration_that_was_interrupted_begins_again() {
    let golden = Golden::read(V2_LONG);
    for fault in Fault::ALL {
        for commit in 2..=3 {
            let first = tab(&golden);
            first.store.fail_commit(commit, fault);
            assert!(first.unlock(PASSPHRASE).is_err(), "{fault:?}");
            first.store.heal();
            let again = first.restarted();
            again.clock.advance(3_600_000);
            again.kdf.set_real();
            assert!(again.unlock(PASSPHRASE).is_ok(), "{fault:?}");
            assert_eq!((head_schema(&again), tiles(&again)), (3, 2));
            assert_eq!(broken(&again), Vec::<String>::new(), "{fault:?}");
        }
    }
}

#[test]
fn a_vault_with_keys_of_schema_2_opens() {
    let golden = Golden::read(V3);
    let tab = tab(&golden);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let expected = golden.expected("key");
    assert_eq!(expected.len(), 3);
    for words in expected {
        let params = Value::object([("keyId", Value::Text(words[1].clone()))]);
        let info = tab.call("keys.describe", params).unwrap();
        assert_eq!((text(&info, "spec"), kid(&info)), (words[2].clone(), words[3].clone()));
        assert_eq!(member(&info, "version"), Some(Value::Number(2.0)));
        match text(&info, "state").as_str() {
            "enabled" => assert!(tab.sign(&words[1], b"text").is_ok()),
            state => assert_eq!(state, "pending-deletion"),
        }
    }
    assert!(tab.verify_audit().is_ok());
}

#[test]
fn a_vault_that_knows_no_release_remembers_the_first_that_does() {
    for text in [V1, V2, V6] {
        let opened = tab(&Golden::read(text));
        assert!(opened.unlock(PASSPHRASE).is_ok());
        // Not the KDF of the golden vault: nobody gets so far.
        let next = opened.restarted_with("0.0.1");
        let cancelled = next.ask_person("vault.unlock", async |tab| {
            assert_eq!(tab.screen(), "release");
            tab.does(UiEvent::Cancel).await;
        });
        assert_eq!(cancelled, Err("user_cancelled".into()));
    }
}

#[test]
fn a_vault_of_a_newer_schema_is_left_alone() {
    let golden = Golden::read(V2);
    let key = RecordKey::Text("header".into());
    let mut header = golden.store.peek(Table::Meta, &key).unwrap();
    header[1] = 4;
    golden.store.poke(Table::Meta, &key, Some(header));
    let tab = tab(&golden);
    let before = tab.store.dump();
    for method in ["vault.status", "vault.setup", "vault.unlock", "vault.restore", "vault.reset"] {
        assert_eq!(tab.call(method, Value::Map(vec![])), Err("vault_newer".into()), "{method}");
    }
    assert_eq!(tab.store.dump(), before);
}

/// Writes the golden vault of today's schema to standard output:
/// `cargo test -p kms-vault --test golden -- --ignored --nocapture`. To be run once for each
/// schema, never to make a failing test pass.
#[test]
#[ignore = "writes a golden vault"]
fn write_a_golden_vault() {
    let drawn = Rc::new(RefCell::new(Vec::new()));
    let (source, log) = (seeded_provider(20_261_124), Rc::clone(&drawn));
    let crypto = SoftwareProvider::new(move |out: &mut [u8]| {
        source.fill_random(out)?;
        log.borrow_mut().push(out.to_vec());
        Ok(())
    });
    let ports = TestPorts { crypto: crypto.into(), ..TestPorts::new(1) };
    ports.kdf.set_real();
    let tab = Tab::over(ports, 1);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    enrol_more(&tab);
    println!(
        "# Keys of every spec, one with a template, one of an approver, and what they made. Passphrase: {PASSPHRASE}. Bytes are base64."
    );
    println!("words {}", tab.words());
    for spec in KeySpec::ALL {
        let id = tab.create(spec.as_str(), "durable").unwrap();
        write_what_is_made(&tab, *spec, &id);
        assert!(tab.call("keys.rotate", with_key(&id, &[])).is_ok());
        let info = tab.call("keys.describe", with_key(&id, &[])).unwrap();
        println!("expect key {id} {} {}", spec.as_str(), kid(&info));
    }
    let id = tab.create_for_tokens("ed25519", template(), &[]).unwrap();
    let info = tab.call("keys.describe", with_key(&id, &[])).unwrap();
    println!("expect tokens {id}");
    println!("expect key {id} ed25519 {}", kid(&info));
    let id = tab.create_for("ed25519", &["approve"]).unwrap();
    assert!(approve(&tab, &id, &FakeLog::new(9, 5).offered(None)).is_ok());
    let info = tab.call("keys.describe", with_key(&id, &[])).unwrap();
    println!("expect approver {id}");
    println!("expect key {id} ed25519 {}", kid(&info));
    block_on(tab.enclave.tick());
    // A device key cannot be read, but it was drawn here.
    let stored = block_on(tab.store.device_key()).unwrap().unwrap();
    let mac =
        |key: &DeviceKey| *block_on(seeded_provider(0).device_mac(key, b"")).unwrap().expose();
    let drawn = drawn.borrow();
    let mut keys = drawn.iter().filter(|bytes| bytes.len() == 32);
    let device = keys.find(|bytes| mac(&golden::device_key(bytes)) == mac(&stored)).unwrap();
    println!("{}", golden::write(&tab.store, device));
}

fn write_what_is_made(tab: &Tab, spec: KeySpec, id: &str) {
    let (data, plaintext) =
        (("data", Value::Bytes(GOLDEN.to_vec())), ("plaintext", Value::Bytes(GOLDEN.to_vec())));
    let (method, name, more) = match spec {
        KeySpec::Ed25519 | KeySpec::EcP256 => ("sign", "signature", vec![data]),
        KeySpec::HmacSha256 => ("mac", "mac", vec![data]),
        KeySpec::Aes256 => ("encrypt", "ciphertext", vec![plaintext, context()]),
        KeySpec::HpkeX25519 | KeySpec::HpkeXWing => ("seal", "sealed", vec![plaintext, context()]),
        KeySpec::X25519 | KeySpec::EcP256Agreement => return,
    };
    let made = bytes(&tab.call(method, with_key(id, &more)).unwrap(), name);
    println!("expect {name} {id} {}", Base64::encode_string(&made));
}

fn enrol_more(tab: &Tab) {
    let add = |kind| UiEvent::Action(Action::Add(kind));
    let passkey = FakePasskey::new(1);
    let added = tab.manage(add(EnrolmentKind::Passkey), PASSPHRASE, async |tab| {
        tab.does(new(passkey.answer(&tab.new_salt()))).await;
    });
    assert!(added.is_ok());
    let added = tab.manage(add(EnrolmentKind::RecoveryPhrase), PASSPHRASE, async |tab| {
        tab.does(UiEvent::Written).await;
        tab.does(tab.asked_words()).await;
    });
    assert!(added.is_ok());
    let times = AutoLock { idle_ms: 120_000, absolute_ms: 3_600_000 };
    let set = UiEvent::Action(Action::AutoLock(times));
    assert!(tab.manage(set, PASSPHRASE, async |_| ()).is_ok());
    assert_eq!(tab.enrolments().len(), 3);
}
