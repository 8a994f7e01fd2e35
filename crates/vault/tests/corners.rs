//! Corners of the other suites: limits of parameters, screens seldom seen, forks of the log.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_util::future::join;
use kms_protocol::{EnrolmentKind, ErrorCode, Value};
use kms_testkit::golden::Golden;
use kms_testkit::invariants::broken;
use kms_testkit::person::{encrypt, new, passphrase, phrase};
use kms_testkit::tab::outcome;
use kms_testkit::{FakePasskey, PASSPHRASE, Tab, TestPorts};
use kms_vault::{Action, RecordKey, Table, UiEvent, VaultLock};
use pollster::block_on;

const SECRET: &str = "a passphrase for the file";

fn number(name: &'static str, value: f64) -> Value {
    Value::object([(name, Value::Number(value))])
}

#[test]
fn pages_of_nothing_are_no_pages() {
    let tab = Tab::ready();
    for (method, name, value) in [
        ("audit.list", "limit", 0.0),
        ("audit.list", "limit", 100_000.0),
        ("audit.list", "from", 0.0),
        ("keys.list", "limit", 0.0),
        ("keys.list", "limit", 100_000.0),
    ] {
        let answer = tab.call(method, number(name, value));
        assert_eq!(answer, Err("invalid_params".into()), "{method} {name} {value}");
    }
}

#[test]
fn a_log_that_ends_before_its_head_is_seen() {
    let tab = Tab::ready();
    assert!(tab.create("ed25519", "durable").is_ok());
    assert_eq!(tab.verify_audit(), Ok(2.0));
    tab.store.poke(Table::Audit, &RecordKey::Number(2), None);
    assert_eq!(tab.verify_audit(), Err("audit_corrupt".into()));
    let listed = tab.call("audit.list", number("from", 2.0));
    assert_eq!(listed, Err("audit_corrupt".into()));
}

#[test]
fn an_entry_that_vanishes_during_a_check_is_seen() {
    for call in 1.. {
        let tab = Tab::ready();
        assert!(tab.create("ed25519", "durable").is_ok());
        let (store, before) = (tab.store.clone(), tab.store.calls());
        tab.store.meanwhile(call, move || {
            store.poke(Table::Audit, &RecordKey::Number(2), None);
        });
        let verified = tab.verify_audit();
        if tab.store.calls() < before + call {
            assert_eq!(verified, Ok(2.0));
            break;
        }
        // After the last entry was checked, the next check sees it.
        assert!(verified.is_err() || tab.verify_audit().is_err(), "call {call}");
    }
}

#[test]
fn an_entry_behind_the_head_is_seen() {
    let tab = Tab::ready();
    let entry = tab.store.peek(Table::Audit, &RecordKey::Number(1));
    assert_eq!(tab.verify_audit(), Ok(1.0));
    tab.store.poke(Table::Audit, &RecordKey::Number(2), entry);
    assert_eq!(tab.verify_audit(), Err("audit_corrupt".into()));
}

#[test]
fn a_fork_of_the_log_is_seen() {
    let tab = Tab::ready();
    let fork = tab.on(tab.store.copied());
    // Both go on from the same vault, the fork further.
    assert!(tab.create("ed25519", "durable").is_ok());
    assert!(fork.unlock(PASSPHRASE).is_ok());
    for _ in 0..3 {
        assert!(fork.create("ed25519", "durable").is_ok());
    }
    assert!(fork.verify_audit().is_ok());
    for table in [Table::Meta, Table::Audit, Table::Keys] {
        for key in fork.store.keys(table) {
            tab.store.poke(table, &key, fork.store.peek(table, &key));
        }
    }
    tab.store.poke_generation(fork.store.disk_generation());
    assert_eq!(tab.verify_audit(), Err("audit_corrupt".into()));
}

#[test]
fn a_short_deadline_needs_no_timer_of_the_worker() {
    let tab = Tab::default();
    let mut request = tab.request("vault.setup", Value::Map(Vec::new()));
    if let Value::Map(members) = &mut request {
        members.push(("deadlineMs".into(), Value::Number(100.0)));
    }
    let mut waiting = pin!(tab.enclave.handle(tab.session, request));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    tab.clock.advance(99);
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    tab.clock.advance(1);
    let Poll::Ready(reply) = waiting.as_mut().poll(&mut context) else { panic!("still waits") };
    assert_eq!(outcome(reply), Err("deadline_exceeded".into()));
    assert_eq!(tab.screen(), "hidden");
}

#[test]
fn deferred_entries_are_written_soon_without_a_timer_of_the_worker() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut work = pin!(tab.enclave.run());
    assert!(work.as_mut().poll(&mut context).is_pending());
    assert!(tab.sign(&key, b"text").is_ok());
    let before = tab.store.keys(Table::Audit).len();
    assert!(work.as_mut().poll(&mut context).is_pending());
    assert_eq!(tab.store.keys(Table::Audit).len(), before);
    tab.clock.advance(10_000);
    for _ in 0..10 {
        assert!(work.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(tab.store.keys(Table::Audit).len(), before + 1);
}

#[test]
fn a_kdf_that_fails_otherwise_gets_no_weaker_parameters() {
    let tab = Tab::default();
    tab.kdf.set_out_of_memory(true);
    tab.kdf.set_error(ErrorCode::Internal);
    assert_eq!(tab.set_up(PASSPHRASE), Err("internal".into()));
    assert_eq!(tab.kdf.asked(), [(65_536, 3, 1)]);
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
}

#[test]
fn an_upgrade_of_the_kdf_that_fails_is_told_and_costs_nothing() {
    let tab = Tab::default();
    tab.kdf.set_memory(Some(20_000));
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let later = tab.restarted();
    later.kdf.set_memory(Some(20_000));
    later.kdf.set_error(ErrorCode::Internal);
    assert_eq!(later.unlock(PASSPHRASE), Err("internal".into()));
    let again = later.restarted();
    again.clock.advance(3_600_000);
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(broken(&again), Vec::<String>::new());
}

#[test]
fn a_restore_begins_on_the_first_screen_and_goes_back_to_it() {
    let file = Tab::ready().back_up(PASSPHRASE, SECRET).unwrap();
    let tab = Tab::default();
    tab.files.choose(file);
    let mut screens = Vec::new();
    let made = tab.ask_person("vault.setup", async |tab| {
        for event in [
            UiEvent::Restore,
            UiEvent::Back,
            UiEvent::Restore,
            new(passphrase(SECRET)),
            UiEvent::Back,
            new(passphrase(SECRET)),
            UiEvent::Confirm,
        ] {
            screens.push(tab.screen());
            tab.does(event).await;
        }
    });
    assert!(made.is_ok());
    let restore = ["restore", "confirm_restore", "restore", "confirm_restore"];
    assert_eq!(screens[..3], ["setup", "restore", "setup"]);
    assert_eq!(screens[3..], restore);
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
}

#[test]
fn some_screens_have_none_behind_them_and_a_file_needs_what_protects_it() {
    let tab = Tab::ready();
    let managed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "manage");
    });
    assert!(managed.is_ok());
    let backed_up = tab.ask_person("vault.backup", async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        for nothing in [encrypt(false, None), encrypt(true, None)] {
            tab.does(nothing).await;
            assert_eq!(tab.screen(), "backup");
            assert_eq!(tab.files.made(), Vec::<Vec<u8>>::new());
        }
        tab.does(encrypt(false, Some(SECRET))).await;
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "backup_ready");
        tab.does(UiEvent::Confirm).await;
    });
    assert!(backed_up.is_ok());
    assert_eq!(tab.files.made().len(), 1);
}

#[test]
fn a_vault_is_not_made_of_a_phrase_that_was_brought_along() {
    let words = Tab::default().set_up_with_phrase().unwrap();
    let tab = Tab::default();
    let made = tab.ask_person("vault.setup", async |tab| {
        tab.does(new(phrase(&words))).await;
        assert_eq!((tab.screen(), tab.problem()), ("setup", None));
    });
    assert_eq!(made, Err("user_cancelled".into()));
    assert_eq!(tab.store.dump(), Vec::<Vec<u8>>::new());
}

#[test]
fn an_added_passkey_must_be_of_this_site() {
    let tab = Tab::ready();
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passkey));
    let foreign = FakePasskey { host: "elsewhere.example", ..FakePasskey::new(1) };
    let managed = tab.manage(add, PASSPHRASE, async |tab| {
        tab.does(new(passphrase("another long passphrase"))).await;
        assert_eq!((tab.screen(), tab.problem()), ("add_passkey", None));
        tab.does(new(foreign.answer(&tab.new_salt()))).await;
        assert_eq!(tab.screen(), "add_passkey");
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
    });
    assert!(managed.is_ok());
    assert_eq!(tab.enrolments().len(), 1);
}

#[test]
fn a_vault_whose_log_is_damaged_can_be_deleted() {
    let tab = Tab::ready();
    let last = RecordKey::Number(1);
    let mut entry = tab.store.peek(Table::Audit, &last).unwrap();
    *entry.last_mut().unwrap() ^= 1;
    tab.store.poke(Table::Audit, &last, Some(entry));
    let tab = tab.restarted();
    assert_eq!(tab.unlock(PASSPHRASE), Err("audit_corrupt".into()));
    assert_eq!(tab.reset("not the passphrase"), Err("user_cancelled".into()));
    tab.clock.advance(3_600_000);
    assert!(tab.reset(PASSPHRASE).is_ok());
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
    assert!(tab.set_up(PASSPHRASE).is_ok());
}

#[test]
fn a_restore_that_waits_for_another_tab_can_be_cancelled() {
    let file = Tab::ready().back_up(PASSPHRASE, SECRET).unwrap();
    let ports = TestPorts::new(2);
    let lock = ports.lock.clone();
    let tab = Tab::over(ports, 2);
    tab.files.choose(file);
    let request = tab.request("vault.restore", Value::Map(Vec::new()));
    let person = async {
        tab.does(new(passphrase(SECRET))).await;
        assert_eq!(tab.screen(), "confirm_restore");
        let held = lock.acquire().await;
        join(tab.does(UiEvent::Confirm), tab.does(UiEvent::Cancel)).await;
        drop(held);
    };
    let (reply, ()) = block_on(join(tab.enclave.handle(tab.session, request), person));
    assert_eq!(outcome(reply), Err("user_cancelled".into()));
    assert_eq!(tab.store.dump(), Vec::<Vec<u8>>::new());
}

#[test]
fn what_waited_for_another_tab_is_not_written_after_the_vault_was_locked() {
    let ports = TestPorts::new(1);
    let lock = ports.lock.clone();
    let tab = Tab::over(ports, 1);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let before = tab.store.dump();
    let held = block_on(lock.acquire());
    let params = Value::object([("spec", Value::Text("ed25519".into()))]);
    let create = tab.request("keys.create", params);
    let mut creating = pin!(tab.enclave.handle(tab.session, create));
    let mut context = Context::from_waker(Waker::noop());
    assert!(creating.as_mut().poll(&mut context).is_pending());
    block_on(join(tab.does(UiEvent::Hidden), async { tab.clock.advance(1000) }));
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    drop(held);
    block_on(tab.enclave.tick());
    let Poll::Ready(reply) = creating.as_mut().poll(&mut context) else { panic!("still waits") };
    assert_eq!(outcome(reply), Err("locked".into()));
    assert_eq!(tab.store.dump(), before);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert_eq!(broken(&tab), Vec::<String>::new());
}

#[test]
fn a_vault_of_the_first_release_is_backed_up_at_once() {
    let golden = Golden::read(include_str!("golden/v1.txt"));
    let ports = TestPorts { store: golden.store.copied(), ..TestPorts::new(7) };
    ports.kdf.set_real();
    let tab = Tab::over(ports, 7);
    tab.clock.advance(3_600_000);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let fresh = Tab::over(TestPorts::new(8), 8);
    fresh.kdf.set_real();
    assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
    assert_eq!(broken(&fresh), Vec::<String>::new());
}

#[test]
fn more_keys_than_are_kept_at_hand_can_be_used() {
    let tab = Tab::ready();
    let keys: Vec<_> = (0..1026)
        .map(|_| {
            tab.clock.advance(10);
            tab.create("ed25519", "deferred").unwrap()
        })
        .collect();
    for key in [&keys[0], &keys[1025], &keys[1]] {
        assert!(tab.sign(key, b"text").is_ok());
    }
    let calls = tab.store.calls();
    assert!(tab.sign(&keys[1], b"text").is_ok());
    assert_eq!(tab.store.calls(), calls, "a key that was used lately is at hand");
    assert!(tab.sign(&keys[2], b"text").is_ok());
    assert!(tab.store.calls() > calls, "another is read again");
}
