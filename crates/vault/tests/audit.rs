//! The audit log: what is in it, and that no change of it stays unseen.
#![allow(clippy::unwrap_used, clippy::panic)] // the fixture is a plain function

use kms_protocol::{AuditRule, Method, Value};
use kms_testkit::invariants::{audit_key, entries};
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{RecordKey, Table};
use pollster::block_on;

const CORRUPT: &str = "audit_corrupt";

/// A vault with six entries.
fn logged() -> (Tab, String) {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    for _ in 0..4 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    assert_eq!(tab.verify_audit(), Ok(6.0));
    (tab, key)
}

fn head() -> RecordKey {
    RecordKey::Text("audit-head".into())
}

#[test]
fn operations_are_logged_with_their_outcome() {
    let (tab, key) = logged();
    let missing = "AAECAwQFBgcICQoLDA0ODw";
    assert_eq!(tab.sign(missing, b"text"), Err("not_found".into()));
    let log: Vec<_> = entries(&tab)
        .iter()
        .map(|entry| (text(entry, "method"), text(entry, "keyId"), text(entry, "outcome")))
        .collect();
    let row = |method: &str, key: &str, outcome: &str| (method.into(), key.into(), outcome.into());
    assert_eq!(log[0], row("vault.setup", "", "ok"));
    assert_eq!(log[1], row("keys.create", &key, "ok"));
    assert!(log[2..6].iter().all(|entry| *entry == row("sign", &key, "ok")));
    assert_eq!(log[6], row("sign", missing, "not_found"));
    assert_eq!(log.len(), 7);
}

#[test]
fn another_site_sees_the_tree_but_not_which_keys_were_used() {
    let (tab, _) = logged();
    let other = tab.enclave.connect(origin("https://other.example"));
    let page = tab.call_as(other, "audit.list", Value::Map(vec![])).unwrap();
    let Some(Value::List(seen)) = member(&page, "entries") else { panic!("no entries") };
    let own = entries(&tab);
    assert_eq!(seen.len(), own.len());
    for (theirs, mine) in seen.iter().zip(&own) {
        assert_eq!(member(theirs, "hash"), member(mine, "hash"));
        assert_eq!((text(theirs, "keyId"), text(theirs, "callerOrigin")), Default::default());
    }
    let of_keys: Vec<_> = own.iter().filter(|entry| !text(entry, "keyId").is_empty()).collect();
    assert!(!of_keys.is_empty());
    assert!(of_keys.iter().all(|entry| text(entry, "callerOrigin") == kms_testkit::PAGE));
}

#[test]
fn a_deletion_anywhere_is_seen() {
    for seq in 1..=6 {
        let (tab, _) = logged();
        tab.store.poke(Table::Audit, &audit_key(seq), None);
        assert_eq!(tab.verify_audit(), Err(CORRUPT.into()), "entry {seq}");
    }
}

#[test]
fn an_edit_anywhere_is_seen() {
    for seq in 1..=6 {
        let (tab, _) = logged();
        let mut bytes = tab.store.peek(Table::Audit, &audit_key(seq)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        tab.store.poke(Table::Audit, &audit_key(seq), Some(bytes));
        assert_eq!(tab.verify_audit(), Err(CORRUPT.into()), "entry {seq}");
    }
}

#[test]
fn two_entries_that_were_swapped_are_seen() {
    for seq in 1..6 {
        let (tab, _) = logged();
        let [first, second] = [seq, seq + 1].map(|n| tab.store.peek(Table::Audit, &audit_key(n)));
        tab.store.poke(Table::Audit, &audit_key(seq), second);
        tab.store.poke(Table::Audit, &audit_key(seq + 1), first);
        assert_eq!(tab.verify_audit(), Err(CORRUPT.into()), "entries {seq} and the next");
    }
}

#[test]
fn a_truncation_is_seen_at_unlock() {
    let (tab, _) = logged();
    tab.store.poke(Table::Audit, &audit_key(6), None);
    assert_eq!(tab.restarted().unlock(PASSPHRASE), Err(CORRUPT.into()));
}

#[test]
fn an_old_head_is_seen() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let old = tab.store.peek(Table::Meta, &head());
    assert!(tab.sign(&key, b"text").is_ok());
    tab.store.poke(Table::Meta, &head(), old.clone());
    // With the entry that it does not know, at unlock; without it, by the running tab.
    assert_eq!(tab.restarted().unlock(PASSPHRASE), Err(CORRUPT.into()));
    tab.store.poke(Table::Audit, &audit_key(3), None);
    assert_eq!(tab.verify_audit(), Err(CORRUPT.into()));
}

/// What is put back whole is what once was: the vault by itself cannot know better, and says so in the
/// security model (T10). Who kept a checkpoint learns that the log is shorter.
#[test]
fn an_old_head_with_the_log_of_its_time_is_told_by_a_checkpoint_that_was_kept() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let old = tab.store.peek(Table::Meta, &head());
    assert!(tab.sign(&key, b"text").is_ok());
    let kept = tab.verify_audit().unwrap();
    tab.store.poke(Table::Meta, &head(), old);
    tab.store.poke(Table::Audit, &audit_key(3), None);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let since = Value::object([("from", Value::Number(kept)), ("to", Value::Number(kept + 1.0))]);
    assert!(after.call("audit.prove_consistency", since).is_err());
    assert!(after.verify_audit().unwrap() <= kept);
}

#[test]
fn a_head_that_is_missing_or_forged_is_seen() {
    let (before, _) = logged();
    let good = before.store.peek(Table::Meta, &head()).unwrap();
    let forged = (0..good.len()).map(|index| {
        let mut forged = good.clone();
        forged[index] ^= 1;
        Some(forged)
    });
    for (index, bytes) in forged.chain([None]).enumerate() {
        let tab = before.on(before.store.copied());
        assert!(tab.unlock(PASSPHRASE).is_ok());
        tab.store.poke(Table::Meta, &head(), bytes);
        assert_eq!(tab.verify_audit(), Err(CORRUPT.into()), "byte {index}");
        assert_eq!(tab.restarted().unlock(PASSPHRASE), Err(CORRUPT.into()), "byte {index}");
    }
}

#[test]
fn entries_of_another_vault_do_not_open() {
    let (tab, _) = logged();
    let other = Tab::over(kms_testkit::TestPorts::new(9), 9);
    assert!(other.set_up(PASSPHRASE).is_ok());
    let foreign = other.store.peek(Table::Audit, &audit_key(1));
    tab.store.poke(Table::Audit, &audit_key(1), foreign);
    assert_eq!(tab.verify_audit(), Err(CORRUPT.into()));
}

/// The background check has passed the place by then.
#[test]
fn damage_that_a_reader_finds_ends_the_use_of_every_key() {
    for reader in ["audit.list", "audit.verify"] {
        let (tab, key) = logged();
        for _ in 0..10 {
            block_on(tab.enclave.tick());
        }
        tab.store.poke(Table::Audit, &audit_key(2), tab.store.peek(Table::Audit, &audit_key(3)));
        assert!(tab.sign(&key, b"text").is_ok(), "nobody has looked yet");
        let read = tab.call(reader, Value::Map(Vec::new()));
        assert_eq!(read.err().as_deref(), Some(CORRUPT), "{reader}");
        assert_eq!(tab.sign(&key, b"text"), Err(CORRUPT.into()), "{reader}");
    }
}

#[test]
fn appending_never_reads_the_log() {
    let (tab, key) = logged();
    let calls = |tab: &Tab| {
        let before = tab.store.calls();
        assert!(tab.sign(&key, b"text").is_ok());
        tab.store.calls() - before
    };
    assert_eq!(calls(&tab), 1);
    for _ in 0..500 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    assert_eq!(calls(&tab), 1);
}

#[test]
fn a_deferred_signature_touches_no_storage_until_the_next_write() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    let before = tab.store.calls();
    for _ in 0..50 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    assert_eq!(tab.store.calls(), before);
    block_on(tab.enclave.tick());
    assert_eq!(tab.store.calls(), before + 1);
    assert_eq!(tab.verify_audit(), Ok(52.0));
}

#[test]
fn durable_entries_of_a_batch_share_commits() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let sign = |_| {
        let data = Value::Bytes(vec![1]);
        tab.request("sign", Value::object([("keyId", Value::Text(key.clone())), ("data", data)]))
    };
    let before = tab.store.commits();
    let Some(Value::List(replies)) = tab.send(Value::List((0..64).map(sign).collect())) else {
        panic!("a batch is answered by a list");
    };
    assert!(replies.iter().all(|reply| kms_testkit::tab::member(reply, "result").is_some()));
    assert!(tab.store.commits() - before <= 4);
    assert_eq!(tab.verify_audit(), Ok(66.0));
}

#[test]
fn two_tabs_write_one_log() {
    let (first, key) = logged();
    let second = Tab::over(
        kms_testkit::TestPorts {
            store: first.store.reopen(),
            clock: first.clock.clone(),
            ..kms_testkit::TestPorts::new(5)
        },
        5,
    );
    assert!(second.unlock(PASSPHRASE).is_ok());
    for _ in 0..5 {
        assert!(first.sign(&key, b"text").is_ok());
        assert!(second.sign(&key, b"text").is_ok());
    }
    assert_eq!(first.verify_audit(), Ok(17.0));
    assert_eq!(second.verify_audit(), Ok(17.0));
}

/// What the method table says of logging is what happens.
#[test]
fn the_method_table_tells_what_is_logged() {
    let (tab, key) = logged();
    let with_key = |more: &[(&'static str, Value)]| {
        let mut members = vec![("keyId".into(), Value::Text(key.clone()))];
        members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
        Value::Map(members)
    };
    let data = || ("data", Value::Bytes(b"text".to_vec()));
    let vapid = Value::Text(tab.create_for_vapid().unwrap());
    let (_, Value::Map(mut terms)) = Method::CreateLease.samples() else { panic!("no lease") };
    terms.retain(|(name, _)| name == "audiences");
    let (life, tokens) = (Value::Number(60_000.0), Value::Number(1.0));
    terms.extend([("keyId".into(), vapid), ("lifeMs".into(), life), ("tokens".into(), tokens)]);
    let lease = tab.allow("vapid.create_lease", Value::Map(terms), PASSPHRASE).unwrap();
    let lease_id = Value::Text(kms_testkit::tab::text(&lease, "leaseId"));
    // A new key that is made of others is symmetric.
    let with_new_key = |params: Value| match params {
        Value::Map(mut members) => {
            let key = members.iter_mut().find(|(name, _)| name == "key");
            if let Some((_, key)) = key {
                *key = Value::object([("spec", Value::Text("aes-256".into()))]);
            }
            Value::Map(members)
        }
        other => other,
    };
    for method in Method::ALL {
        let params = match method {
            Method::DescribeKey | Method::PublicKey => with_key(&[]),
            Method::CreateKey => Value::object([("spec", Value::Text("ed25519".into()))]),
            Method::Sign => with_key(&[data()]),
            Method::Verify => with_key(&[data(), ("signature", Value::Bytes(vec![0; 64]))]),
            Method::RevokeLease => Value::object([("leaseId", lease_id.clone())]),
            // These ask a person or end the vault; their entries are tested on their own.
            Method::Setup
            | Method::Unlock
            | Method::Lock
            | Method::Dismiss
            | Method::Manage
            | Method::ManageKeys
            | Method::Backup
            | Method::Restore
            | Method::Reset
            | Method::CreateLease
            | Method::ExtendLease => continue,
            _ => with_new_key(method.samples().0),
        };
        let before = tab.verify_audit().unwrap();
        let _ = tab.call(method.name(), params);
        let logged = tab.verify_audit().unwrap() > before;
        assert_eq!(logged, method.policy().audit != AuditRule::Never, "{}", method.name());
    }
}
