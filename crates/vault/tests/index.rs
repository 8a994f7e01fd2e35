//! The index of keys: an old record that is put back, and vaults and backups of releases without
//! an index.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::Value;
use kms_testkit::golden::Golden;
use kms_testkit::invariants::{broken, entries, listed};
use kms_testkit::tab::{member, text};
use kms_testkit::{Fault, PASSPHRASE, Tab, TestPorts};
use kms_vault::{RecordKey, Table};

const V1: &str = include_str!("golden/v1.txt");
const V2: &str = include_str!("golden/v2.txt");

fn key(id: &str) -> RecordKey {
    RecordKey::Text(id.into())
}

fn params(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into()))])
}

fn named(id: &str, alias: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into())), ("alias", Value::Text(alias.into()))])
}

fn unreadable(tab: &Tab, id: &str) {
    let code = Err("unreadable".to_owned());
    assert_eq!(tab.sign(id, b"text").map(|_| ()), code);
    assert_eq!(tab.call("keys.describe", params(id)).map(|_| ()), code);
    assert_eq!(tab.call("keys.disable", params(id)).map(|_| ()), code);
    assert_eq!(tab.call("keys.rotate", params(id)).map(|_| ()), code);
    // Without its part of the index nothing can be listed; else every other key is.
    match tab.call("keys.list", Value::Map(vec![])) {
        Err(code) => assert_eq!(code, "unreadable"),
        Ok(page) => {
            assert_eq!(member(&page, "unreadable"), Some(Value::Number(1.0)));
            assert!(!keys_of(&page).contains(&id.to_owned()));
        }
    }
}

/// Ids of the keys of a page.
fn keys_of(page: &Value) -> Vec<String> {
    let Some(Value::List(keys)) = member(page, "keys") else { return Vec::new() };
    keys.iter().map(|key| text(key, "keyId")).collect()
}

/// Every record of the table of small things that is part of the index.
fn index(tab: &Tab) -> Vec<RecordKey> {
    let part =
        |key: &RecordKey| matches!(key, RecordKey::Text(name) if name.starts_with("key-index"));
    tab.store.keys(Table::Meta).into_iter().filter(part).collect()
}

#[test]
fn an_old_record_that_is_put_back_is_unreadable() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let other = tab.create("ed25519", "durable").unwrap();
    let old = tab.store.peek(Table::Keys, &key(&id));
    assert!(tab.call("keys.disable", params(&id)).is_ok());
    let new = tab.store.peek(Table::Keys, &key(&id));
    tab.store.poke(Table::Keys, &key(&id), old);
    // The tab that did it knows better; another one and one after a restart see it.
    assert_eq!(tab.sign(&id, b"text"), Err("invalid_key_state".into()));
    for tab in [&tab.beside(), &tab.restarted()] {
        assert!(tab.unlock(PASSPHRASE).is_ok());
        unreadable(tab, &id);
        assert!(tab.sign(&other, b"text").is_ok());
    }
    let after = tab.restarted();
    after.store.poke(Table::Keys, &key(&id), new);
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert!(after.call("keys.enable", params(&id)).is_ok());
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn an_old_record_with_its_old_bucket_or_index_is_seen() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let parts = index(&tab);
    assert_eq!(parts.len(), 2, "a root and one bucket");
    let old = tab.store.peek(Table::Keys, &key(&id));
    let before: Vec<_> = parts.iter().map(|part| tab.store.peek(Table::Meta, part)).collect();
    assert!(tab.call("keys.disable", params(&id)).is_ok());
    let root = tab.store.peek(Table::Meta, &parts[0]);
    tab.store.poke(Table::Keys, &key(&id), old);
    tab.store.poke(Table::Meta, &parts[1], before[1].clone());
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    unreadable(&after, &id);
    // With the root too, the head of the log does not fit.
    tab.store.poke(Table::Meta, &parts[0], before[0].clone());
    assert_eq!(tab.restarted().unlock(PASSPHRASE), Err("vault_corrupt".into()));
    tab.store.poke(Table::Meta, &parts[0], None);
    assert_eq!(tab.restarted().unlock(PASSPHRASE), Err("vault_corrupt".into()));
    tab.store.poke(Table::Meta, &parts[0], root);
    tab.store.poke(Table::Meta, &parts[1], None);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    unreadable(&after, &id);
}

#[test]
fn a_record_that_was_removed_is_not_a_key_that_never_was() {
    let tab = Tab::ready();
    let ids: Vec<_> = (0..5).map(|_| tab.create("ed25519", "durable").unwrap()).collect();
    for id in &ids {
        let tab = tab.on(tab.store.copied());
        tab.store.poke(Table::Keys, &key(id), None);
        assert!(tab.unlock(PASSPHRASE).is_ok());
        unreadable(&tab, id);
    }
    assert_eq!(tab.sign("AAECAwQFBgcICQoLDA0ODw", b"text"), Err("not_found".into()));
}

#[test]
fn a_record_that_nobody_made_is_unreadable() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let copy = tab.store.peek(Table::Keys, &key(&id));
    for stranger in ["AAECAwQFBgcICQoLDA0ODw", "not an id", "zzzzzzzzzzzzzzzzzzzzzz"] {
        let tab = tab.on(tab.store.copied());
        tab.store.poke(Table::Keys, &key(stranger), copy.clone());
        assert!(tab.unlock(PASSPHRASE).is_ok());
        let page = tab.call("keys.list", Value::Map(vec![])).unwrap();
        assert_eq!(member(&page, "unreadable"), Some(Value::Number(1.0)), "{stranger}");
        assert_eq!(keys_of(&page), std::slice::from_ref(&id), "{stranger}");
        assert!(tab.sign(stranger, b"text").is_err());
        assert!(tab.sign(&id, b"text").is_ok());
    }
}

#[test]
fn a_record_in_place_of_another_is_seen_by_a_listing() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let copy = tab.store.peek(Table::Keys, &key(&id));
    tab.store.poke(Table::Keys, &key(&id), None);
    tab.store.poke(Table::Keys, &key("AAECAwQFBgcICQoLDA0ODw"), copy);
    let page = tab.call("keys.list", Value::Map(vec![])).unwrap();
    assert_eq!(member(&page, "unreadable"), Some(Value::Number(2.0)));
    assert_eq!(keys_of(&page), Vec::<String>::new());
}

#[test]
fn vaults_without_an_index_get_one_at_unlock() {
    for text in [V1, V2] {
        let golden = Golden::read(text);
        let ports = TestPorts { store: golden.store.copied(), ..TestPorts::new(7) };
        ports.kdf.set_real();
        let tab = Tab::over(ports, 7);
        tab.clock.advance(3_600_000);
        assert!(tab.unlock(PASSPHRASE).is_ok());
        assert_eq!(broken(&tab), Vec::<String>::new());
        let own = entries(&tab);
        let built = own.iter().filter(|entry| text_of(entry) == "keys.index").count();
        assert_eq!(built, 1);
        let ids = listed(&tab);
        assert!(tab.call("keys.rotate", params(&ids[0])).is_ok());
        tab.store.poke(Table::Keys, &key(&ids[1]), None);
        let again = tab.restarted();
        again.kdf.set_real();
        assert!(again.unlock(PASSPHRASE).is_ok());
        assert!(again.sign(&ids[0], b"text").is_ok());
        unreadable(&again, &ids[1]);
    }
}

fn text_of(entry: &Value) -> String {
    text(entry, "method")
}

#[test]
fn building_an_index_that_fails_anywhere_goes_on_at_the_next_unlock() {
    let golden = Golden::read(V2);
    let tab_on = |store| {
        let tab = Tab::over(TestPorts { store, ..TestPorts::new(7) }, 7);
        tab.kdf.set_real();
        tab
    };
    for fault in Fault::ALL {
        for commit in 1.. {
            let tab = tab_on(golden.store.copied());
            tab.clock.advance(3_600_000);
            tab.store.fail_commit(commit, fault);
            let _opened = tab.unlock(PASSPHRASE);
            if !tab.store.heal() {
                break;
            }
            let after = tab.restarted();
            after.kdf.set_real();
            after.clock.advance(3_600_000);
            assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {commit}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {commit}");
        }
    }
}

#[test]
fn an_alias_is_unique_for_its_site_and_free_again_when_it_is_given_up() {
    let tab = Tab::ready();
    let first = tab.create("ed25519", "durable").unwrap();
    let second = tab.create("ed25519", "durable").unwrap();
    assert!(tab.call("keys.update", named(&first, "push/a")).is_ok());
    assert!(tab.call("keys.update", named(&first, "push/a")).is_ok());
    let taken = Err("alias_taken".to_owned());
    assert_eq!(tab.call("keys.update", named(&second, "push/a")), taken);
    // Also in another tab that does not know yet, and after a restart.
    let beside = tab.beside();
    assert!(beside.unlock(PASSPHRASE).is_ok());
    assert!(tab.call("keys.update", named(&second, "push/b")).is_ok());
    assert_eq!(beside.call("keys.update", named(&first, "push/b")), taken);
    // Another site has names of its own.
    let site = beside.enclave.connect(kms_testkit::tab::origin("https://other.example"));
    let spec = Value::object([("spec", Value::Text("ed25519".into()))]);
    let foreign = text(&beside.call_as(site, "keys.create", spec).unwrap(), "keyId");
    assert!(beside.call_as(site, "keys.update", named(&foreign, "push/b")).is_ok());
    // Also for a new key.
    let with_alias = |alias: &str| {
        let spec = ("spec", Value::Text("ed25519".into()));
        tab.call("keys.create", Value::object([spec, ("alias", Value::Text(alias.into()))]))
    };
    assert_eq!(with_alias("push/b"), taken);
    assert_eq!(text(&with_alias("new").unwrap(), "alias"), "new");
    // Given up, it is free.
    assert!(beside.call("keys.update", params(&first)).is_ok());
    assert!(beside.call("keys.update", named(&second, "push/a")).is_ok());
    let filter = |name, value: &str| {
        let page = beside.call("keys.list", Value::object([(name, Value::Text(value.into()))]));
        match member(&page.unwrap(), "keys") {
            Some(Value::List(keys)) => keys.iter().map(|info| text(info, "keyId")).collect(),
            _ => Vec::new(),
        }
    };
    assert_eq!(filter("aliasPrefix", "push/"), vec![second.clone()]);
    assert_eq!(filter("aliasPrefix", "pull"), Vec::<String>::new());
    assert!(beside.call("keys.disable", params(&first)).is_ok());
    assert_eq!(filter("state", "disabled"), vec![first]);
    assert_eq!(filter("state", "enabled").len(), 2);
    assert_eq!(filter("spec", "ed25519").len(), 3);
    assert_eq!(filter("spec", "ec-p256").len(), 0);
}
