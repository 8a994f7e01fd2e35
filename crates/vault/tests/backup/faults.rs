//! Backups over a store that fails at every call in every way, and over one that changes.

use std::cell::Cell;

use kms_testkit::invariants::{broken, listed};
use kms_testkit::person::{encrypt, new, passphrase, phrase};
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_vault::{Action, Batch, RecordKey, Store, Table, UiEvent, Write};
use pollster::block_on;

use crate::{SECRET, elsewhere};

/// Keys of the vault.
const KEYS: usize = 5;

/// Makes the keys and so many signatures.
fn fill(tab: &Tab, signatures: usize) {
    let keys: Vec<_> = (0..KEYS).map(|_| tab.create("ed25519", "deferred").unwrap()).collect();
    (0..signatures).for_each(|_| assert!(tab.sign(&keys[0], b"text").is_ok()));
}

/// A vault of which some records are signatures in the log, and its backup.
fn backed_up(signatures: usize) -> (Tab, Vec<u8>) {
    let tab = Tab::ready();
    fill(&tab, signatures);
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    (tab, file)
}

/// Like [`backed_up`], of a vault opened by a recovery phrase, which opens the file too.
fn backed_up_to_a_phrase(signatures: usize) -> (String, Vec<u8>) {
    let tab = elsewhere(4);
    let words = tab.set_up_with_phrase().unwrap();
    fill(&tab, signatures);
    let events = vec![tab.with_phrase(&words), encrypt(true, None), UiEvent::Confirm];
    assert!(tab.ask("vault.backup", events).is_ok());
    let file = tab.files.made().pop().unwrap();
    (words, file)
}

/// A browser whose last vault was deleted after a backup.
fn reset() -> Tab {
    let tab = elsewhere(2);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    assert!(tab.back_up(PASSPHRASE, SECRET).is_ok());
    assert!(tab.reset(PASSPHRASE).is_ok());
    tab
}

/// Runs `check` for every call of an operation that fails, in every way.
fn schedule(before: &Tab, unlocked: bool, operation: impl Fn(&Tab) -> bool, check: impl Fn(&Tab)) {
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            if unlocked {
                assert!(tab.unlock(PASSPHRASE).is_ok());
            }
            tab.store.fail_at(call, fault);
            let succeeded = operation(&tab);
            if !tab.store.heal() {
                assert!(succeeded, "{fault:?} at call {call}");
                break;
            }
            println!("{fault:?} at call {call}, success {succeeded}");
            check(&tab.restarted());
            assert!(call < 100, "the operation never ends");
        }
    }
}

#[test]
fn an_interrupted_restore_is_no_vault() {
    // More than one batch.
    let (_, file) = backed_up(260);
    let restore = |tab: &Tab| tab.restore(file.clone(), passphrase(SECRET)).is_ok();
    interrupted(restore, |tab| tab.unlock(SECRET).is_ok());
}

#[test]
fn an_interrupted_restore_by_phrase_is_no_vault() {
    let (words, file) = backed_up_to_a_phrase(260);
    let restore = |tab: &Tab| tab.restore(file.clone(), phrase(&words)).is_ok();
    interrupted(restore, |tab| tab.ask("vault.unlock", vec![tab.with_phrase(&words)]).is_ok());
}

/// What `restore` leaves when the store fails is either the whole vault, which `unlock` opens, or
/// none, from which every way on starts clean.
fn interrupted(restore: impl Fn(&Tab) -> bool, unlock: impl Fn(&Tab) -> bool) {
    let other = Tab::ready();
    assert!(other.create("ed25519", "durable").is_ok());
    let small = other.back_up(PASSPHRASE, SECRET).unwrap();
    let leftovers = Cell::new(false);
    let history = RecordKey::Text("history".into());
    let known = reset().store.peek(Table::Meta, &history);
    assert!(known.is_some());
    schedule(&reset(), false, &restore, |after| {
        if after.state().as_deref() == Ok("uninitialized") {
            leftovers.set(leftovers.get() || !after.store.keys(Table::Keys).is_empty());
            starts_clean(after, &small);
            assert!(restore(after));
        } else {
            assert_eq!(after.state().as_deref(), Ok("locked"));
            after.clock.advance(3_600_000);
            assert!(unlock(after));
        }
        assert_eq!(listed(after).len(), KEYS);
        assert_eq!(broken(after), Vec::<String>::new());
        assert_eq!(after.store.peek(Table::Meta, &history), known);
    });
    assert!(leftovers.get(), "one batch only");
}

/// Restoring another backup, of one key, and setting up each clear what is left.
fn starts_clean(after: &Tab, small: &[u8]) {
    let other = after.on(after.store.copied());
    assert!(other.restore(small.to_vec(), passphrase(SECRET)).is_ok());
    assert_eq!(other.store.keys(Table::Keys).len(), 1);
    assert_eq!(broken(&other), Vec::<String>::new());
    let other = after.on(after.store.copied());
    assert!(other.set_up(PASSPHRASE).is_ok());
    assert_eq!(other.store.keys(Table::Keys), []);
    assert_eq!(broken(&other), Vec::<String>::new());
}

#[test]
fn a_restore_survives_what_passes() {
    let (_, file) = backed_up(260);
    for fault in [Fault::FailButApplied, Fault::Conflict, Fault::ConnectionLost] {
        // Two batches, and the entry of the log.
        for commit in 1..=3 {
            let tab = reset();
            tab.store.fail_commit(commit, fault);
            let restored = tab.restore(file.clone(), passphrase(SECRET)).is_ok();
            assert!(tab.store.heal() && restored, "{fault:?} at commit {commit}");
            assert_eq!(listed(&tab).len(), KEYS);
            assert_eq!(broken(&tab), Vec::<String>::new());
        }
    }
}

#[test]
fn no_backup_is_torn() {
    let (tab, _) = backed_up(0);
    let back_up = |tab: &Tab| tab.back_up(PASSPHRASE, SECRET).is_ok();
    schedule(&tab, true, back_up, |after| {
        after.clock.advance(3_600_000);
        assert!(after.unlock(PASSPHRASE).is_ok());
        assert_eq!(broken(after), Vec::<String>::new());
        // Whatever was reported: a file that was finished is whole.
        let file = after.files.made().pop().unwrap();
        let fresh = elsewhere(3);
        assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
        assert_eq!(listed(&fresh).len(), KEYS);
        assert_eq!(broken(&fresh), Vec::<String>::new());
    });
}

#[test]
fn a_drill_leaves_the_vault_as_it_is() {
    let (tab, file) = backed_up(0);
    let drill = |tab: &Tab| {
        tab.files.choose(file.clone());
        let drilled = async |tab: &Tab| tab.does(new(passphrase(SECRET))).await;
        let done = tab.manage(UiEvent::Action(Action::Drill), PASSPHRASE, drilled);
        done.is_ok() && tab.problem().is_none()
    };
    schedule(&tab, true, drill, |after| {
        after.clock.advance(3_600_000);
        assert!(after.unlock(PASSPHRASE).is_ok());
        assert_eq!(listed(after).len(), KEYS);
        assert_eq!(broken(after), Vec::<String>::new());
    });
}

#[test]
fn a_store_that_changes_under_a_backup_makes_no_file() {
    let (tab, _) = backed_up(500);
    let made = tab.files.made().len();
    // The head, one part of records, the rest.
    for part in 0..3 {
        let store = tab.store.reopen();
        tab.files.meanwhile(part, move || {
            // Without the lock, as no release of this enclave would.
            let key = RecordKey::Text("history".into());
            let write = Write { table: Table::Meta, key, value: vec![0xf6] };
            let batch = Batch { clear: false, writes: vec![write], device_key: None };
            let generation = block_on(store.generation()).unwrap();
            assert!(block_on(store.commit(generation, batch)).is_ok());
        });
        let outcome = tab.back_up(PASSPHRASE, SECRET).map(|file| file.len());
        assert_eq!(outcome, Err("storage_conflict".into()), "{part}");
        assert_eq!(tab.files.made().len(), made);
    }
    assert!(tab.back_up(PASSPHRASE, SECRET).is_ok());
}

#[test]
fn a_vault_that_another_tab_deleted_is_not_backed_up() {
    for (again, code) in [(false, "not_initialized"), (true, "vault_corrupt")] {
        let (tab, _) = backed_up(0);
        let made = tab.files.made().len();
        let other = tab.beside();
        assert!(other.unlock(PASSPHRASE).is_ok());
        let outcome = tab.ask_person("vault.backup", async |tab| {
            tab.does(tab.with(PASSPHRASE)).await;
            assert!(other.reset(PASSPHRASE).is_ok());
            assert!(!again || other.set_up(PASSPHRASE).is_ok());
            tab.does(encrypt(false, Some(SECRET))).await;
            tab.does(UiEvent::Confirm).await;
        });
        assert_eq!(outcome, Err(code.into()));
        assert_eq!(tab.files.made().len(), made);
    }
}
