//! Another tab writes between any two steps of this one, again and again or in place of its vault.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::cell::Cell;
use std::rc::Rc;

use kms_crypto::software::DeviceKey;
use kms_protocol::{EnrolmentKind, Label};
use kms_testkit::invariants::{broken, listed};
use kms_testkit::person::{id, passphrase};
use kms_testkit::{Fault, MemoryStore, PASSPHRASE, Tab};
use kms_vault::{Action, KeyAction, RecordKey, Table, UiEvent};

const SECOND: &str = "another long passphrase";
const SECRET: &str = "a passphrase for the file";

/// Does something before every store call, until it is told to stop.
fn before_every_call(
    store: &MemoryStore<DeviceKey>,
    on: &Rc<Cell<bool>>,
    act: fn(&MemoryStore<DeviceKey>),
) {
    act(store);
    let (connection, still) = (store.clone(), Rc::clone(on));
    store.meanwhile(1, move || {
        if still.get() {
            before_every_call(&connection, &still, act);
        }
    });
}

/// Another tab commits before every call of this one.
fn hasty(store: &MemoryStore<DeviceKey>) {
    store.poke_generation(store.disk_generation() + 1);
}

/// The connection breaks with every commit.
fn flaky(store: &MemoryStore<DeviceKey>) {
    store.fail_commit(1, Fault::ConnectionLost);
}

/// Nobody knows what became of any commit.
fn doubtful(store: &MemoryStore<DeviceKey>) {
    store.fail_commit(1, Fault::Lost);
}

type Trouble = fn(&MemoryStore<DeviceKey>);

/// What keeps every write from being done, and what is said of it.
const TROUBLES: [(Trouble, &str); 3] =
    [(hasty, "storage_conflict"), (flaky, "storage_lost"), (doubtful, "storage_unknown")];

type Change = fn(&Tab) -> bool;

fn renamed(tab: &Tab) -> bool {
    let first = id(&tab.first(EnrolmentKind::Passphrase));
    let action = Action::Rename(first, Label::new("Other").unwrap());
    let mut done = false;
    let managed = tab.manage(UiEvent::Action(action), PASSPHRASE, async |tab| {
        done = (tab.screen(), tab.problem()) == ("manage", None);
    });
    managed.is_ok() && done
}

/// The person disables the first key, and enables it again so that nothing is missing.
fn toggled(tab: &Tab) -> bool {
    let key = listed(tab).first().cloned().unwrap_or_default();
    let mut done = false;
    let managed = tab.with_key(&key, async |tab| {
        for action in [KeyAction::Disable, KeyAction::Enable] {
            tab.does(UiEvent::Key(action)).await;
        }
        if tab.screen() == "unlock" {
            tab.does(tab.with(PASSPHRASE)).await;
            done = (tab.screen(), tab.problem()) == ("key", None);
        }
    });
    managed.is_ok() && done
}

#[test]
fn a_change_that_never_gets_through_ends_and_changes_nothing() {
    let unlocked: [(&str, Change); 4] = [
        ("toggle", toggled),
        ("create", |tab| tab.create("ed25519", "durable").is_ok()),
        ("rename", renamed),
        ("reset", |tab| tab.reset(PASSPHRASE).is_ok()),
    ];
    let before = Tab::ready();
    assert!(before.create("ed25519", "durable").is_ok());
    for (name, change) in unlocked {
        for (trouble, _) in TROUBLES {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            let on = Rc::new(Cell::new(true));
            before_every_call(&tab.store, &on, trouble);
            assert!(!change(&tab), "{name}");
            on.set(false);
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok(), "{name}");
            assert_eq!(listed(&after).len(), 1, "{name}");
            assert_eq!(after.enrolments()[0].2, before.enrolments()[0].2, "{name}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_reset_that_never_gets_through_ends_and_deletes_nothing() {
    for (trouble, problem) in TROUBLES {
        let tab = Tab::ready();
        let on = Rc::new(Cell::new(true));
        let before = tab.store.keys(Table::Audit).len();
        let reset = tab.ask_person("vault.reset", async |tab| {
            tab.does(tab.with(PASSPHRASE)).await;
            before_every_call(&tab.store, &on, trouble);
            tab.does(UiEvent::Confirm).await;
        });
        assert_eq!(reset, Err(problem.into()));
        on.set(false);
        assert!(tab.store.keys(Table::Audit).len() > before);
        assert!(tab.restarted().unlock(PASSPHRASE).is_ok());
    }
}

#[test]
fn what_never_stands_still_is_a_conflict_and_no_damage() {
    let tab = Tab::ready();
    let head = RecordKey::Text("audit-head".into());
    let whole = tab.store.peek(Table::Meta, &head);
    tab.store.poke(Table::Meta, &head, Some(vec![0]));
    let on = Rc::new(Cell::new(true));
    before_every_call(&tab.store, &on, hasty);
    assert_eq!(tab.create("ed25519", "durable"), Err("storage_conflict".into()));
    on.set(false);
    tab.store.poke(Table::Meta, &head, whole);
    assert!(tab.create("ed25519", "durable").is_ok());
    assert_eq!(broken(&tab), Vec::<String>::new());
}

#[test]
fn an_attempt_that_cannot_be_charged_is_not_made() {
    for (trouble, problem) in TROUBLES {
        let tab = Tab::ready().restarted();
        let event = tab.with(PASSPHRASE);
        let on = Rc::new(Cell::new(true));
        before_every_call(&tab.store, &on, trouble);
        assert_eq!(tab.ask("vault.unlock", vec![event]), Err(problem.into()));
        assert_eq!(tab.kdf.asked(), []);
        on.set(false);
        assert!(tab.restarted().unlock(PASSPHRASE).is_ok());
    }
}

#[test]
fn a_vault_that_never_gets_through_is_not_made() {
    let backup = Tab::ready().back_up(PASSPHRASE, SECRET).unwrap();
    let restore = |tab: &Tab| tab.restore(backup.clone(), passphrase(SECRET)).is_ok();
    let make: [&dyn Fn(&Tab) -> bool; 2] = [&|tab| tab.set_up(PASSPHRASE).is_ok(), &restore];
    for make in make {
        for (trouble, _) in TROUBLES {
            let tab = Tab::default();
            let on = Rc::new(Cell::new(true));
            before_every_call(&tab.store, &on, trouble);
            assert!(!make(&tab));
            on.set(false);
            assert_eq!(tab.store.dump(), Vec::<Vec<u8>>::new());
            let after = tab.restarted();
            assert_eq!(after.state().as_deref(), Ok("uninitialized"));
            assert!(make(&after));
        }
    }
}

/// Deletes the vault behind the back of this tab, and makes another.
fn replace(tab: &Tab) {
    let other = tab.restarted();
    assert!(other.reset(PASSPHRASE).is_ok());
    assert!(other.set_up(SECOND).is_ok());
}

#[test]
fn a_vault_that_took_the_place_of_another_is_left_alone() {
    let changes: [(&str, Change); 4] = [
        ("create", |tab| tab.create("ed25519", "durable").is_ok()),
        ("rename", renamed),
        ("reset", |tab| tab.reset(PASSPHRASE).is_ok()),
        ("verify", |tab| tab.verify_audit().is_ok()),
    ];
    let before = Tab::ready();
    for (name, change) in changes {
        for call in 1.. {
            let tab = Rc::new(before.on(before.store.copied()));
            assert!(tab.unlock(PASSPHRASE).is_ok());
            let replaced = Rc::new(Cell::new(None));
            let (one, note) = (Rc::clone(&tab), Rc::clone(&replaced));
            tab.store.meanwhile(call, move || {
                replace(&one);
                note.set(Some(one.store.dump()));
            });
            let done = change(&tab);
            let Some(whole) = replaced.take() else {
                assert!(done, "{name}");
                break;
            };
            assert_eq!(tab.store.dump(), whole, "{name} at call {call}");
            assert!(tab.create("ed25519", "durable").is_err(), "{name} at call {call}");
            assert_eq!(tab.store.dump(), whole, "{name} at call {call}");
            let after = tab.restarted();
            assert!(after.unlock(SECOND).is_ok(), "{name} at call {call}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{name} at call {call}");
        }
    }
}

/// The lock of the tabs is not always to be had, and what is read together is stored apart.
#[test]
fn what_another_tab_writes_in_the_middle_of_reading_is_no_damage() {
    let changes: [(&str, Change); 3] = [
        ("create", |tab| tab.create("ed25519", "durable").is_ok()),
        ("rename", renamed),
        ("verify", |tab| tab.verify_audit().is_ok()),
    ];
    let before = Tab::ready();
    assert!(before.create("ed25519", "durable").is_ok());
    for (name, change) in changes {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            let other = tab.restarted();
            assert!(other.unlock(PASSPHRASE).is_ok());
            // So that there is something to read.
            assert!(other.create("ed25519", "durable").is_ok());
            let overtaken = Rc::new(Cell::new(false));
            let note = Rc::clone(&overtaken);
            tab.store.meanwhile(call, move || {
                assert!(other.create("ed25519", "durable").is_ok());
                note.set(true);
            });
            assert!(change(&tab), "{name} at call {call}");
            assert_eq!(tab.state().as_deref(), Ok("unlocked"), "{name} at call {call}");
            if !overtaken.get() {
                break;
            }
        }
    }
}

#[test]
fn the_first_of_two_vaults_stays() {
    let mut told = 0;
    for call in 1.. {
        let tab = Rc::new(Tab::default());
        let made = Rc::new(Cell::new(None));
        let (one, note) = (Rc::clone(&tab), Rc::clone(&made));
        tab.store.meanwhile(call, move || {
            assert!(one.restarted().set_up(SECOND).is_ok());
            note.set(Some(one.store.dump()));
        });
        let done = tab.set_up(PASSPHRASE);
        let Some(whole) = made.take() else {
            assert!(done.is_ok());
            break;
        };
        assert!(done.is_err(), "call {call}");
        assert_eq!(tab.store.dump(), whole, "call {call}");
        if done == Err("already_initialized".into()) {
            told += 1;
            // It is found at once.
            assert_eq!(tab.state().as_deref(), Ok("locked"), "call {call}");
            assert!(tab.unlock(SECOND).is_ok(), "call {call}");
        }
        assert!(tab.restarted().unlock(SECOND).is_ok(), "call {call}");
    }
    assert!(told > 0);
}

#[test]
fn a_log_without_a_header_is_never_cleared_for_a_new_vault() {
    let head = RecordKey::Text("audit-head".into());
    let full = Tab::ready();
    let value = full.store.peek(Table::Meta, &head).unwrap();
    for call in 1.. {
        let tab = Tab::default();
        let (store, head, value) = (tab.store.clone(), head.clone(), value.clone());
        let poked = Rc::new(Cell::new(false));
        let note = Rc::clone(&poked);
        tab.store.meanwhile(call, move || {
            store.poke(Table::Meta, &head, Some(value));
            store.poke_generation(store.disk_generation() + 1);
            note.set(true);
        });
        let done = tab.set_up(PASSPHRASE);
        if !poked.get() {
            assert!(done.is_ok());
            break;
        }
        assert!(done.is_err(), "call {call}");
        assert_eq!(tab.store.dump().len(), 1, "call {call}");
    }
}
