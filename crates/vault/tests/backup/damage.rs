//! Records that do not open, and files that somebody made who can encrypt.

use kms_protocol::ErrorCode;
use kms_testkit::person::passphrase;
use kms_testkit::{MemoryFiles, PASSPHRASE, Tab};
use kms_vault::{RecordKey, Table};

use crate::{SECRET, drilled, elsewhere, refused};

#[test]
fn a_damaged_record_fails_the_drill_and_costs_no_other_key() {
    let tab = Tab::ready();
    let keys: Vec<_> = (0..3).map(|_| tab.create("ed25519", "durable").unwrap()).collect();
    let first = RecordKey::Text(keys[0].clone());
    let second = RecordKey::Text(keys[1].clone());
    let (good, stranger) =
        (tab.store.peek(Table::Keys, &first), tab.store.peek(Table::Keys, &second));
    let mut flipped = good.clone().unwrap();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    // Damaged, not a record at all, and the record of another key.
    for bad in [Some(flipped), Some(vec![0xf6]), stranger] {
        tab.store.poke(Table::Keys, &first, bad);
        let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
        let damaged = drilled(&tab, &file, passphrase(SECRET));
        assert_eq!(damaged, Some(ErrorCode::BackupDamaged));
        let fresh = elsewhere(2);
        assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
        assert_eq!(fresh.sign(&keys[0], b"text"), Err("unreadable".into()));
        assert!(fresh.sign(&keys[1], b"text").is_ok());
    }
    tab.store.poke(Table::Keys, &first, good);
    let entry = RecordKey::Number(2);
    let removed = tab.store.peek(Table::Audit, &entry);
    for bad in [None, tab.store.peek(Table::Audit, &RecordKey::Number(3))] {
        tab.store.poke(Table::Audit, &entry, bad);
        let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
        let damaged = drilled(&tab, &file, passphrase(SECRET));
        assert_eq!(damaged, Some(ErrorCode::BackupDamaged));
        // Nor does restoring make the damage good.
        let fresh = elsewhere(3);
        assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
        assert!(fresh.sign(&keys[0], b"text").is_ok());
        assert_eq!(fresh.verify_audit(), Err("audit_corrupt".into()));
    }
    tab.store.poke(Table::Audit, &entry, removed);
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!(drilled(&tab, &file, passphrase(SECRET)), None);
}

/// Makes a file while a record of [`Table::Meta`], or else the last entry of the log, is replaced
/// behind the vault's back.
fn spoiled(tab: &Tab, name: Option<&'static str>, value: Option<Vec<u8>>) -> Vec<u8> {
    let store = tab.store.reopen();
    tab.files.meanwhile(0, move || {
        let (table, key) = match name {
            Some(name) => (Table::Meta, RecordKey::Text(name.into())),
            None => (Table::Audit, store.keys(Table::Audit).pop().unwrap()),
        };
        store.poke(table, &key, value);
    });
    // The vault itself does not survive it.
    let _damaged = tab.back_up(PASSPHRASE, SECRET);
    tab.files.made().pop().unwrap()
}

#[test]
fn what_unlocking_needs_must_be_right() {
    let (head, settings) = (Some("audit-head"), Some("settings"));
    let old = Tab::ready();
    let older = old.store.peek(Table::Meta, &RecordKey::Text("audit-head".into()));
    assert!(old.create("ed25519", "durable").is_ok());
    let cases = [
        (head, None),
        (head, Some(vec![0xf6])),
        (head, older),
        (settings, None),
        (settings, Some(vec![0xf6])),
        (None, None),
        (None, Some(vec![0xf6])),
    ];
    let fresh = elsewhere(2);
    for (name, bad) in cases {
        let tab = old.on(old.store.copied());
        assert!(tab.unlock(PASSPHRASE).is_ok());
        let before = tab.store.copied();
        let file = spoiled(&tab, name, bad);
        let refusal = refused(&fresh, &file, passphrase(SECRET));
        assert_eq!(refusal, Some(ErrorCode::BackupDamaged), "{name:?}");
        let whole = tab.on(before);
        assert!(whole.unlock(PASSPHRASE).is_ok());
        let drill = drilled(&whole, &file, passphrase(SECRET));
        assert_eq!(drill, Some(ErrorCode::BackupDamaged), "{name:?}");
    }
}

#[test]
fn a_log_without_entries_is_damaged() {
    let tab = Tab::ready();
    let (before, store) = (tab.store.copied(), tab.store.reopen());
    tab.files.meanwhile(0, move || {
        for key in store.keys(Table::Audit) {
            store.poke(Table::Audit, &key, None);
        }
    });
    let _damaged = tab.back_up(PASSPHRASE, SECRET);
    let file = tab.files.made().pop().unwrap();
    let refusal = refused(&elsewhere(2), &file, passphrase(SECRET));
    assert_eq!(refusal, Some(ErrorCode::BackupDamaged));
    let whole = tab.on(before);
    assert!(whole.unlock(PASSPHRASE).is_ok());
    assert_eq!(drilled(&whole, &file, passphrase(SECRET)), Some(ErrorCode::BackupDamaged));
}

#[test]
fn a_file_of_somebody_who_can_encrypt_is_not_believed() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let fresh = elsewhere(2);
    let last = |plain: &[u8]| plain.len() - 1;
    // The RootKey ends the first part.
    let root = MemoryFiles::rewritten(&file, |part, plain| {
        let at = last(plain);
        plain[at] ^= u8::from(part == 0);
    });
    let refusal = refused(&fresh, &root, passphrase(SECRET));
    assert_eq!(refusal, Some(ErrorCode::BackupDamaged));
    let drill = drilled(&tab, &root, passphrase(SECRET));
    assert_eq!(drill, Some(ErrorCode::BackupOtherVault));
    for edit in [
        |plain: &mut Vec<u8>| plain[100] ^= 1,
        |plain: &mut Vec<u8>| plain.push(0),
        |plain: &mut Vec<u8>| plain.truncate(plain.len() - 1),
    ] {
        let edited = MemoryFiles::rewritten(&file, |part, plain| {
            if part == 1 {
                edit(plain);
            }
        });
        let refusal = refused(&fresh, &edited, passphrase(SECRET));
        assert!(matches!(refusal, Some(ErrorCode::BackupDamaged | ErrorCode::BackupTruncated)));
        assert_eq!(drilled(&tab, &edited, passphrase(SECRET)), refusal);
    }
    let same = MemoryFiles::rewritten(&file, |_, _| ());
    assert_eq!(same, file);
    assert!(fresh.restore(same, passphrase(SECRET)).is_ok());
    assert!(fresh.sign(&key, b"text").is_ok());
}
