//! The tree over the log: tiles, proofs, signed checkpoints, and what is found without being
//! asked for.
#![allow(clippy::unwrap_used, clippy::panic)] // the fixtures are plain functions

use kms_protocol::Value;
use kms_testkit::invariants::{audit_key, broken};
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_tlog::{Checkpoint, Hash, Note, VerifierKey, verify_consistency, verify_inclusion};
use kms_vault::{RecordKey, Table};
use pollster::block_on;

const CORRUPT: &str = "audit_corrupt";

/// A vault with so many entries, and a key whose uses are logged at the next tick.
fn logged(count: u64) -> (Tab, String) {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    grow(&tab, &key, count);
    (tab, key)
}

/// Appends entries, cheaply, until there are so many.
fn grow(tab: &Tab, key: &str, count: u64) {
    while health(tab).0 < count {
        let left = count - health(tab).0;
        for _ in 0..left.min(1000) {
            assert!(verify(tab, key));
        }
        tab.clock.advance(100);
        block_on(tab.enclave.tick());
    }
}

/// A verification of a signature that is none: cheaper than a signature, and logged as well.
fn verify(tab: &Tab, key: &str) -> bool {
    let (data, signature) = (Value::Bytes(vec![1]), Value::Bytes(vec![0; 64]));
    let key = Value::Text(key.into());
    let params = [("keyId", key), ("data", data), ("signature", signature)];
    tab.call("verify", Value::object(params)).is_ok()
}

fn number(value: &Value, name: &str) -> u64 {
    let Some(Value::Number(number)) = member(value, name) else { panic!("no {name}") };
    format!("{number:.0}").parse().unwrap()
}

/// Entries, and how many of them were checked.
fn health(tab: &Tab) -> (u64, u64) {
    let status = tab.call("vault.status", Value::Map(vec![])).unwrap();
    let audit = member(&status, "audit").unwrap();
    (number(&audit, "count"), number(&audit, "checked"))
}

fn tiles(tab: &Tab) -> Vec<RecordKey> {
    let mut keys = tab.store.keys(Table::Meta);
    keys.retain(|key| matches!(key, RecordKey::Text(name) if name.starts_with("audit-tile/")));
    keys
}

#[allow(clippy::cast_precision_loss)] // far below 2^53
fn at(name: &'static str, number: u64) -> (&'static str, Value) {
    (name, Value::Number(number as f64))
}

fn hashes(proof: &Value) -> Vec<Hash> {
    let Some(Value::List(hashes)) = member(proof, "hashes") else { panic!("no hashes") };
    let bytes = |hash: Value| match hash {
        Value::Bytes(bytes) => bytes.try_into().unwrap(),
        _ => panic!("not a hash"),
    };
    hashes.into_iter().map(bytes).collect()
}

fn hash(entry: &Value) -> Hash {
    let Some(Value::Bytes(hash)) = member(entry, "hash") else { panic!("no hash") };
    hash.try_into().unwrap()
}

/// The checkpoint of now, after its signature was checked.
fn checkpoint(tab: &Tab) -> Checkpoint {
    let signed = tab.call("audit.checkpoint", Value::Map(vec![])).unwrap();
    let key = VerifierKey::parse(&text(&signed, "verifierKey")).unwrap();
    let note = Note::parse(&text(&signed, "note")).unwrap();
    let checkpoint = Checkpoint::parse(key.verify(&note).unwrap()).unwrap();
    assert_eq!(checkpoint.origin, key.name());
    checkpoint
}

fn listed(tab: &Tab, from: u64, limit: u64) -> Vec<Value> {
    let page = tab.call("audit.list", Value::object([at("from", from), at("limit", limit)]));
    match member(&page.unwrap(), "entries") {
        Some(Value::List(entries)) => entries,
        _ => panic!("no entries"),
    }
}

#[test]
fn complete_tiles_are_stored_with_the_entries() {
    let (tab, key) = logged(255);
    assert_eq!(tiles(&tab), []);
    grow(&tab, &key, 256);
    assert_eq!(tiles(&tab).len(), 2);
    grow(&tab, &key, 600);
    assert_eq!(tiles(&tab).len(), 3);
    assert_eq!(broken(&tab), Vec::<String>::new());
    // The same by a process that has to read the edge, and by two that write in turns.
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    grow(&again, &key, 800);
    assert_eq!(tiles(&again).len(), 4);
    let other = again.beside();
    assert!(other.unlock(PASSPHRASE).is_ok());
    for step in 1..=12 {
        let writer = if step % 2 == 0 { &again } else { &other };
        assert!(writer.verify_audit().is_ok());
        grow(writer, &key, 810 + step * 45);
    }
    assert_eq!(tiles(&again).len(), 6);
    assert_eq!((broken(&again), broken(&other)), (vec![], vec![]));
}

#[test]
fn a_log_that_ends_with_a_tile_is_read() {
    let (tab, _) = logged(255);
    let other = tab.beside();
    // The unlock is the entry that completes the tile.
    assert!(other.unlock(PASSPHRASE).is_ok());
    assert_eq!((tiles(&tab).len(), tab.store.keys(Table::Audit).len()), (2, 256));
    assert_eq!(listed(&tab, 200, 100).len(), 57);
}

#[test]
fn proofs_fit_signed_checkpoints() {
    let (tab, key) = logged(3);
    let mut pinned = vec![checkpoint(&tab)];
    for size in [4, 255, 256, 257, 511, 700] {
        grow(&tab, &key, size);
        pinned.push(checkpoint(&tab));
    }
    let last = pinned.last().unwrap().clone();
    for known in &pinned {
        assert_eq!(known.origin, last.origin);
        let proof = tab.call("audit.prove_consistency", Value::object([at("from", known.size)]));
        let proof = hashes(&proof.unwrap());
        let (old, new) = ((known.size, &known.root), (last.size, &last.root));
        assert!(verify_consistency(old, new, &proof), "{}", known.size);
        for seq in [1, known.size / 2 + 1, known.size] {
            let entry = hash(&listed(&tab, seq, 1)[0]);
            let params = Value::object([at("seq", seq), at("size", known.size)]);
            let proof = hashes(&tab.call("audit.prove_inclusion", params).unwrap());
            let tree = (known.size, &known.root);
            assert!(verify_inclusion((seq - 1, &entry), tree, &proof), "{seq} of {}", known.size);
        }
    }
    let proof = tab.call("audit.prove_inclusion", Value::object([at("seq", 7)])).unwrap();
    assert_eq!((number(&proof, "seq"), number(&proof, "size")), (7, last.size));
    for (method, params) in [
        ("audit.prove_inclusion", Value::object([at("seq", 0)])),
        ("audit.prove_inclusion", Value::object([at("seq", last.size + 1)])),
        ("audit.prove_inclusion", Value::object([at("seq", 5), at("size", 4)])),
        ("audit.prove_inclusion", Value::object([at("seq", 5), at("size", last.size + 1)])),
        ("audit.prove_consistency", Value::object([at("from", last.size + 1)])),
        ("audit.prove_consistency", Value::object([at("from", 5), at("to", 4)])),
        ("audit.prove_consistency", Value::object([at("from", 5), at("to", last.size + 1)])),
    ] {
        let refused = tab.call(method, params.clone());
        assert_eq!(refused, Err("invalid_params".into()), "{method} {params:?}");
    }
}

#[test]
fn the_key_of_checkpoints_stays_with_the_vault() {
    let (tab, _) = logged(3);
    let first = checkpoint(&tab);
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(checkpoint(&again).origin, first.origin);
    let other = Tab::over(kms_testkit::TestPorts::new(9), 9);
    assert!(other.set_up(PASSPHRASE).is_ok());
    assert_ne!(checkpoint(&other).origin, first.origin);
}

#[test]
fn what_another_site_may_not_see_cannot_be_guessed_from_its_hash() {
    let tab = Tab::ready();
    let other = tab.enclave.connect(origin("https://other.example"));
    assert!(tab.create("ed25519", "durable").is_ok());
    let page = tab.call_as(other, "audit.list", Value::Map(vec![])).unwrap();
    let Some(Value::List(theirs)) = member(&page, "entries") else { panic!("no entries") };
    let own = listed(&tab, 1, 100);
    // The set-up was of no site, the key of one.
    assert_eq!(member(&theirs[0], "leaf"), member(&own[0], "leaf"));
    assert_eq!(member(&theirs[1], "leaf"), None);
    assert_eq!(hash(&theirs[1]), hash(&own[1]));
    let Some(Value::Bytes(mut leaf)) = member(&own[1], "leaf") else { panic!("no leaf") };
    assert_eq!(kms_tlog::leaf_hash(&leaf), hash(&own[1]));
    // Everything but the salt, which ends the encoding, is not enough.
    let salt = leaf.len() - 16;
    leaf[salt..].fill(0);
    assert_ne!(kms_tlog::leaf_hash(&leaf), hash(&own[1]));
}

#[test]
fn the_rest_of_the_log_is_checked_after_unlock() {
    let (tab, key) = logged(5000);
    assert_eq!(health(&tab), (5000, 5000));
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(health(&again), (5001, 0));
    block_on(again.enclave.tick());
    assert_eq!(health(&again), (5001, 4096));
    assert!(verify(&again, &key));
    block_on(again.enclave.tick());
    assert_eq!(health(&again), (5002, 5002));
    let before = again.store.calls();
    block_on(again.enclave.tick());
    assert_eq!(again.store.calls(), before);
    // A locked vault tells nothing of its log.
    assert!(again.call("vault.lock", Value::Map(vec![])).is_ok());
    let status = again.call("vault.status", Value::Map(vec![])).unwrap();
    assert_eq!(member(&status, "audit"), None);
}

/// Unlocks, lets the check run, and tells how the vault ended.
fn found(tab: &Tab) -> Result<(), String> {
    tab.unlock(PASSPHRASE)?;
    for _ in 0..3 {
        block_on(tab.enclave.tick());
    }
    tab.call("vault.status", Value::Map(vec![])).map(drop)
}

#[test]
fn any_change_of_a_record_is_found_without_being_asked_for() {
    let (tab, key) = logged(520);
    let checked = tab.on(tab.store.copied());
    assert_eq!(found(&checked), Ok(()));
    // That all was checked once is kept nowhere: the next unlock begins anew.
    checked.store.poke(Table::Audit, &audit_key(1), None);
    assert_eq!(found(&checked.restarted()), Err(CORRUPT.into()));
    let entries = [1, 2, 200, 256, 257, 400, 512, 513, 519].map(audit_key);
    let entries = entries.into_iter().map(|key| (Table::Audit, key));
    for (table, record) in entries.chain(tiles(&tab).into_iter().map(|key| (Table::Meta, key))) {
        let good = tab.store.peek(table, &record).unwrap();
        let mut edited = good.clone();
        edited[good.len() - 1] ^= 1;
        for bad in [None, Some(edited), Some(good[..good.len() - 1].to_vec())] {
            let damaged = tab.on(tab.store.copied());
            damaged.store.poke(table, &record, bad);
            assert_eq!(found(&damaged), Err(CORRUPT.into()), "{record:?}");
            // No key is used as if nothing had happened.
            assert_eq!(damaged.sign(&key, b"text"), Err(CORRUPT.into()));
        }
    }
    for seq in [1, 255, 300] {
        let damaged = tab.on(tab.store.copied());
        let [one, two] = [seq, seq + 1].map(|n| damaged.store.peek(Table::Audit, &audit_key(n)));
        damaged.store.poke(Table::Audit, &audit_key(seq), two);
        damaged.store.poke(Table::Audit, &audit_key(seq + 1), one);
        assert_eq!(found(&damaged), Err(CORRUPT.into()), "{seq}");
    }
}

/// Two histories of one vault, as a copied profile makes them: both authentic, but not one.
#[test]
fn records_of_another_history_are_found() {
    let (tab, key) = logged(250);
    let other = tab.on(tab.store.copied());
    assert!(other.unlock(PASSPHRASE).is_ok());
    grow(&other, &key, 600);
    grow(&tab, &key, 600);
    assert_eq!((broken(&tab), broken(&other)), (vec![], vec![]));
    let records = [255, 256, 300, 590].map(|seq| (Table::Audit, audit_key(seq)));
    let records = records.into_iter().chain(tiles(&tab).into_iter().map(|key| (Table::Meta, key)));
    for (table, record) in records {
        let mixed = tab.on(tab.store.copied());
        mixed.store.poke(table, &record, other.store.peek(table, &record));
        assert_eq!(found(&mixed), Err(CORRUPT.into()), "{record:?}");
    }
    // Also where a page of the log, or a proof, rests on it.
    for record in tiles(&tab) {
        let mixed = tab.on(tab.store.copied());
        assert!(mixed.unlock(PASSPHRASE).is_ok());
        mixed.store.poke(Table::Meta, &record, other.store.peek(Table::Meta, &record));
        assert_eq!(mixed.call("audit.list", Value::object([at("from", 256)])), Err(CORRUPT.into()));
        let proof = |seq| mixed.call("audit.prove_inclusion", Value::object([at("seq", seq)]));
        assert!([256, 300].into_iter().any(|seq| proof(seq) == Err(CORRUPT.into())));
    }
    let mixed = tab.on(tab.store.copied());
    assert!(mixed.unlock(PASSPHRASE).is_ok());
    mixed.store.poke(
        Table::Audit,
        &audit_key(300),
        other.store.peek(Table::Audit, &audit_key(300)),
    );
    assert_eq!(mixed.call("audit.list", Value::object([at("from", 256)])), Err(CORRUPT.into()));
}

#[test]
fn another_history_cannot_take_over_an_open_vault() {
    let (tab, key) = logged(20);
    let other = tab.on(tab.store.copied());
    assert!(verify(&tab, &key));
    block_on(tab.enclave.tick());
    assert!(other.unlock(PASSPHRASE).is_ok());
    grow(&other, &key, 30);
    for table in [Table::Meta, Table::Audit] {
        for record in other.store.keys(table) {
            tab.store.poke(table, &record, other.store.peek(table, &record));
        }
    }
    tab.store.poke_generation(other.store.disk_generation() + 1);
    assert_eq!(tab.create("ed25519", "durable"), Err(CORRUPT.into()));
}

#[test]
fn a_check_that_cannot_read_goes_on_later() {
    let (tab, _) = logged(600);
    for fault in Fault::ALL {
        let again = tab.on(tab.store.copied());
        assert!(again.unlock(PASSPHRASE).is_ok());
        again.store.fail_at(4, fault);
        block_on(again.enclave.tick());
        assert_eq!(health(&again), (601, 96));
        again.store.heal();
        block_on(again.enclave.tick());
        assert_eq!(health(&again), (601, 601), "{fault:?}");
    }
}

#[test]
fn a_lock_ends_the_check() {
    let (tab, _) = logged(600);
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    let (enclave, session) = (again.enclave.clone(), again.session);
    let lock = again.request("vault.lock", Value::Map(vec![]));
    again.store.meanwhile(2, move || drop(block_on(enclave.handle(session, lock))));
    block_on(again.enclave.tick());
    assert_eq!(again.state().as_deref(), Ok("locked"));
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(again.verify_audit(), Ok(603.0));
}

/// Another tab deletes the vault, or the browser its storage: no damage of a log is reported.
#[test]
fn a_vault_that_is_gone_has_no_damaged_log() {
    let (tab, _) = logged(20);
    for keep_header in [false, true] {
        let again = tab.on(tab.store.copied());
        assert!(again.unlock(PASSPHRASE).is_ok());
        let key = RecordKey::Text("header".into());
        let header = again.store.peek(Table::Meta, &key);
        again.store.evict();
        if keep_header {
            // Not one that can be read.
            again.store.poke(Table::Meta, &key, header.map(|header| header[1..].to_vec()));
        }
        block_on(again.enclave.tick());
        let expected = if keep_header { Err(CORRUPT.into()) } else { Ok("unlocked") };
        assert_eq!(again.state().as_deref().map_err(Clone::clone), expected);
    }
}

/// Other work waits for a few entries at most.
#[test]
fn a_check_reads_a_little_at_a_time() {
    let (tab, _) = logged(600);
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    block_on(again.enclave.tick());
    assert_eq!((health(&again), again.store.longest_list()), ((601, 601), 32));
}

/// A slow engine is not kept from its other work.
#[test]
fn a_check_ends_after_a_while() {
    let (tab, _) = logged(600);
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    let clock = again.clock.clone();
    again.store.meanwhile(1, move || clock.advance(250));
    block_on(again.enclave.tick());
    assert_eq!(health(&again), (601, 32));
}

/// Store calls of one durable entry, and of an unlock.
fn costs(tab: &Tab, key: &str) -> (u64, u64) {
    // The first use reads the key.
    assert!(tab.sign(key, b"text").is_ok());
    let before = tab.store.calls();
    assert!(tab.sign(key, b"text").is_ok());
    let append = tab.store.calls() - before;
    let again = tab.restarted();
    let before = again.store.calls();
    assert!(again.unlock(PASSPHRASE).is_ok());
    (append, again.store.calls() - before)
}

#[test]
fn a_hundred_thousand_entries_cost_no_more_than_ten() {
    let (tab, key) = logged(10);
    let durable = tab.create("ed25519", "durable").unwrap();
    let few = costs(&tab, &durable);
    let tab = tab.restarted();
    assert!(tab.unlock(PASSPHRASE).is_ok());
    grow(&tab, &key, 100_000);
    assert_eq!(costs(&tab, &durable), few);
    // The head grows with the logarithm: one hash for each bit that is set in the count.
    let head = tab.store.peek(Table::Meta, &RecordKey::Text("audit-head".into())).unwrap();
    assert!(head.len() < 17 * 32 + 128);
    // A proof reads no more than a tile of each level for each of its ends, and a tile of entries.
    let before = tab.store.calls();
    let params = Value::object([at("seq", 4242), at("size", 77_777)]);
    assert!(tab.call("audit.prove_inclusion", params).is_ok());
    assert!(tab.store.calls() - before < 24, "{}", tab.store.calls() - before);
}
