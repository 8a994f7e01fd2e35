//! The index of keys in backups.

use kms_protocol::{ErrorCode, Value};
use kms_testkit::invariants::broken;
use kms_testkit::person::{new, passphrase};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Action, RecordKey, Table, UiEvent};

use super::{SECRET, drilled, elsewhere};

fn params(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into()))])
}

fn index(tab: &Tab) -> Vec<RecordKey> {
    let part =
        |key: &RecordKey| matches!(key, RecordKey::Text(name) if name.starts_with("key-index"));
    tab.store.keys(Table::Meta).into_iter().filter(part).collect()
}

#[test]
fn a_backup_carries_the_index() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    assert!(tab.call("keys.rotate", params(&id)).is_ok());
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!(drilled(&tab, &file, passphrase(SECRET)), None);
    let fresh = elsewhere(8);
    assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
    assert_eq!(broken(&fresh), Vec::<String>::new());
    assert_eq!(index(&fresh).len(), 2);
}

#[test]
fn an_old_record_in_a_backup_is_seen_and_costs_no_other() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let old = tab.store.peek(Table::Keys, &RecordKey::Text(id.clone()));
    assert!(tab.call("keys.rotate", params(&id)).is_ok());
    let other = tab.create("ed25519", "durable").unwrap();
    tab.store.poke(Table::Keys, &RecordKey::Text(id.clone()), old);
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!(drilled(&tab, &file, passphrase(SECRET)), Some(ErrorCode::BackupDamaged));
    let fresh = elsewhere(9);
    assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
    assert!(fresh.sign(&other, b"text").is_ok());
    assert_eq!(fresh.sign(&id, b"text"), Err("unreadable".into()));
}

#[test]
fn a_backup_without_what_its_head_names_is_damaged() {
    let tab = Tab::ready();
    assert!(tab.create("ed25519", "durable").is_ok());
    let parts = index(&tab);
    let damaged = |tab: &Tab, part: &RecordKey, value| {
        tab.store.poke(Table::Meta, part, value);
        let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
        drilled(tab, &file, passphrase(SECRET))
    };
    for part in &parts {
        let good = tab.store.peek(Table::Meta, part).unwrap();
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        for value in [None, Some(bad)] {
            let copy = tab.on(tab.store.copied());
            assert!(copy.unlock(PASSPHRASE).is_ok());
            assert_eq!(damaged(&copy, part, value), Some(ErrorCode::BackupDamaged), "{part:?}");
        }
    }
    // Without its root it does not even become a vault.
    let copy = tab.on(tab.store.copied());
    assert!(copy.unlock(PASSPHRASE).is_ok());
    copy.store.poke(Table::Meta, &parts[0], None);
    let file = copy.back_up(PASSPHRASE, SECRET).unwrap();
    let fresh = elsewhere(9);
    assert!(fresh.restore(file, passphrase(SECRET)).is_err());
    assert_eq!(fresh.problem(), Some(ErrorCode::BackupDamaged));
    assert_eq!(fresh.state().as_deref(), Ok("uninitialized"));
}

/// `golden/backup-v1.bin` was written by the commit before the index of keys, in the form of the
/// files of the test kit.
#[test]
fn a_backup_of_a_release_without_an_index_is_restored_and_gets_one() {
    let file = include_bytes!("../golden/backup-v1.bin").to_vec();
    let fresh = elsewhere(9);
    assert!(fresh.restore(file.clone(), passphrase(SECRET)).is_ok());
    assert_eq!(broken(&fresh), Vec::<String>::new());
    assert_eq!(kms_testkit::invariants::listed(&fresh).len(), 3);
    assert!(!index(&fresh).is_empty());
    fresh.files.choose(file);
    let drill = UiEvent::Action(Action::Drill);
    let proved = fresh.manage(drill, SECRET, async |tab| tab.does(new(passphrase(SECRET))).await);
    assert!(proved.is_ok());
    assert_eq!(fresh.problem(), None);
}
