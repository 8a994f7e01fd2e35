//! The log in a backup: its tree comes along, and a chain of old becomes one.

use base64ct::{Base64, Encoding};
use kms_protocol::{ErrorCode, Value};
use kms_testkit::invariants::broken;
use kms_testkit::person::{new, passphrase};
use kms_testkit::{MemoryFiles, PASSPHRASE, Tab};
use kms_vault::{Action, RecordKey, Table, UiEvent};
use pollster::block_on;

use crate::{SECRET, drilled, elsewhere};

const OLD: &str = include_str!("../golden/backup-v1.txt");

fn tiles(tab: &Tab) -> Vec<RecordKey> {
    let is_tile = |key: &RecordKey| matches!(key, RecordKey::Text(name) if name.contains("tile"));
    tab.store.keys(Table::Meta).into_iter().filter(is_tile).collect()
}

/// A vault with so many uses of a key in its log, and more.
fn used(uses: u32) -> Tab {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    (0..uses).for_each(|_| assert!(tab.sign(&key, b"text").is_ok()));
    block_on(tab.enclave.tick());
    tab
}

#[test]
fn a_backup_of_the_first_format_is_restored_and_proved() {
    let mut lines = OLD.lines().skip(1);
    let (key, file) = (lines.next().unwrap(), lines.next().unwrap());
    let file = Base64::decode_vec(file).unwrap();
    let tab = elsewhere(2);
    assert!(tab.restore(file.clone(), passphrase(SECRET)).is_ok());
    assert!(tab.sign(key, b"text").is_ok());
    assert_eq!(tiles(&tab).len(), 2);
    assert_eq!(broken(&tab), Vec::<String>::new());
    // Drills of it and of one whose chain is broken; what opens the vault is that of the file now.
    let drill = |file: &[u8]| {
        tab.files.choose(file.to_vec());
        let _closed = tab.manage(UiEvent::Action(Action::Drill), SECRET, async |tab| {
            assert_eq!(tab.problem(), None);
            tab.does(new(passphrase(SECRET))).await;
        });
        tab.problem()
    };
    assert_eq!(drill(&file), None);
    let broken = MemoryFiles::rewritten(&file, |part, plain| {
        let middle = plain.len() / 2;
        plain[middle] ^= u8::from(part == 1);
    });
    assert_eq!(drill(&broken), Some(ErrorCode::BackupDamaged));
}

#[test]
fn the_tree_comes_along() {
    let tab = used(600);
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!(drilled(&tab, &file, passphrase(SECRET)), None);
    let fresh = elsewhere(2);
    assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
    assert_eq!(tiles(&fresh), tiles(&tab));
    assert_eq!(broken(&fresh), Vec::<String>::new());
    // The same log: what was proved of it once can be proved of it again.
    let key = |tab: &Tab| tab.call("audit.checkpoint", Value::Map(vec![])).unwrap();
    let member = |tab: &Tab| kms_testkit::tab::text(&key(tab), "verifierKey");
    assert_eq!(member(&fresh), member(&tab));
}

#[test]
fn a_drill_finds_every_damaged_part_of_the_tree() {
    let tab = used(600);
    let records = tiles(&tab);
    assert_eq!(records.len(), 3);
    for record in &records {
        let good = tab.store.peek(Table::Meta, record);
        let other = records.iter().find(|other| *other != record).unwrap();
        for bad in [None, tab.store.peek(Table::Meta, other)] {
            tab.store.poke(Table::Meta, record, bad);
            let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
            tab.store.poke(Table::Meta, record, good.clone());
            let damaged = drilled(&tab, &file, passphrase(SECRET));
            assert_eq!(damaged, Some(ErrorCode::BackupDamaged), "{record:?}");
        }
    }
    // One that no entry makes.
    let stray = RecordKey::Text("audit-tile/0/0000000000000009".into());
    tab.store.poke(Table::Meta, &stray, tab.store.peek(Table::Meta, &records[0]));
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!(drilled(&tab, &file, passphrase(SECRET)), Some(ErrorCode::BackupDamaged));
}

/// Two histories of one vault: their records open, but do not belong together.
#[test]
fn a_drill_finds_parts_of_another_history() {
    let tab = used(250);
    let other = tab.on(tab.store.copied());
    assert!(other.unlock(PASSPHRASE).is_ok());
    let key = kms_testkit::invariants::listed(&tab).remove(0);
    for tab in [&tab, &other] {
        (0..50).for_each(|_| assert!(tab.sign(&key, b"text").is_ok()));
        block_on(tab.enclave.tick());
        assert_eq!(tiles(tab).len(), 2);
    }
    let entry = (Table::Audit, RecordKey::Number(254));
    let tiles = tiles(&tab).into_iter().map(|key| (Table::Meta, key));
    for (table, record) in tiles.chain([entry]) {
        let good = tab.store.peek(table, &record);
        tab.store.poke(table, &record, other.store.peek(table, &record));
        let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
        tab.store.poke(table, &record, good);
        let damaged = drilled(&tab, &file, passphrase(SECRET));
        assert_eq!(damaged, Some(ErrorCode::BackupDamaged), "{record:?}");
    }
}
