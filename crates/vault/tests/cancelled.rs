//! What the person takes back, or another tab overtakes, does not happen.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::join;
use kms_protocol::{EnrolmentKind, ErrorCode, Value};
use kms_testkit::invariants::broken;
use kms_testkit::person::{id, submit};
use kms_testkit::tab::outcome;
use kms_testkit::{FakePasskey, PASSPHRASE, Tab, TabLock, TestPorts};
use kms_vault::{Action, UiEvent, VaultLock};
use pollster::block_on;

const OTHER: &str = "another long passphrase";
const CANCELLED: &str = "user_cancelled";

fn empty() -> Value {
    Value::Map(Vec::new())
}

/// Lets the background work of a tab go on as far as it can.
fn run(tab: &Tab) {
    let mut work = pin!(tab.enclave.run());
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(work.as_mut().poll(&mut context), Poll::Pending);
}

/// A tab, and the lock that it shares with others.
fn with_lock() -> (Tab, TabLock) {
    let ports = TestPorts::new(1);
    let lock = ports.lock.clone();
    (Tab::over(ports, 1), lock)
}

/// The last event has to wait for the lock, which another tab holds, and is cancelled meanwhile.
fn cancelled_while_waiting(
    (tab, lock): (&Tab, &TabLock),
    method: &str,
    (before, last): (Vec<UiEvent>, UiEvent),
) -> Result<(), String> {
    let request = tab.request(method, empty());
    let person = async {
        for event in before {
            tab.does(event).await;
        }
        let guard = lock.acquire().await;
        let cancel = async {
            tab.does(UiEvent::Cancel).await;
            drop(guard);
        };
        join(tab.does(last), cancel).await;
    };
    let (reply, ()) = block_on(join(tab.enclave.handle(tab.session, request), person));
    outcome(reply).map(|_| ())
}

#[test]
fn a_reset_that_was_cancelled_deletes_nothing() {
    let (tab, lock) = with_lock();
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let events = (vec![tab.with(PASSPHRASE)], UiEvent::Confirm);
    let reset = cancelled_while_waiting((&tab, &lock), "vault.reset", events);
    assert_eq!(reset, Err(CANCELLED.into()));
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
    assert_eq!(tab.restarted().state().as_deref(), Ok("locked"));
}

#[test]
fn a_vault_that_was_cancelled_is_not_made() {
    let (tab, lock) = with_lock();
    let events = (vec![], submit(PASSPHRASE));
    let made = cancelled_while_waiting((&tab, &lock), "vault.setup", events);
    assert_eq!(made, Err(CANCELLED.into()));
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
    assert_eq!(tab.store.disk_generation(), 0);
}

#[test]
fn an_action_that_was_cancelled_changes_nothing() {
    // Between any two store calls of a removal the person closes the page.
    let before = Tab::ready();
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passphrase));
    let added = before.manage(add, PASSPHRASE, async |tab| tab.does(submit(OTHER)).await);
    assert!(added.is_ok());
    let second = before.enrolments()[1].0.clone();
    for call in 1.. {
        let tab = before.on(before.store.copied());
        assert!(tab.unlock(PASSPHRASE).is_ok());
        let (store, enclave) = (tab.store.clone(), tab.enclave.clone());
        let outbox = tab.outbox.clone();
        let closed_at = Rc::new(Cell::new(None));
        let closed = Rc::clone(&closed_at);
        let begun = tab.store.commits();
        let managed = tab.ask_person("vault.manage", async |tab| {
            tab.does(UiEvent::Action(Action::Remove(id(&second)))).await;
            let event = tab.with(PASSPHRASE);
            tab.store.meanwhile(call, move || {
                block_on(enclave.handle_ui(outbox.view(), UiEvent::Cancel));
                closed.set(Some(store.commits() - begun));
            });
            tab.does(event).await;
        });
        assert!(managed.is_ok());
        let left = tab.restarted().enrolments().len();
        match closed_at.get() {
            // The attempt is charged; it is settled, at the second try, because the charge came in
            // between; the fourth batch removes the enrolment.
            Some(commits) if commits < 4 => assert_eq!(left, 2, "call {call}"),
            Some(_) => assert_eq!(left, 1, "call {call}"),
            None => {
                assert!(call > 8 && left == 1);
                break;
            }
        }
    }
}

#[test]
fn a_reset_deletes_only_the_vault_that_was_opened() {
    let first = Tab::ready();
    let second = first.beside();
    let reset = second.ask_person("vault.reset", async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.screen(), "reset");
        assert!(first.reset(PASSPHRASE).is_ok());
        assert!(first.set_up(OTHER).is_ok());
        run(tab);
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(reset.map(|_| ()), Err("not_initialized".into()));
    assert_eq!(first.restarted().state().as_deref(), Ok("locked"));
    assert_eq!(broken(&first), Vec::<String>::new());
}

#[test]
fn a_vault_that_is_made_while_another_tab_looks_is_found() {
    for call in 1.. {
        let ports = TestPorts::new(5);
        let store = ports.store.clone();
        let other = Tab::over(TestPorts { store: store.reopen(), ..TestPorts::new(9) }, 9);
        let late = Rc::new(Cell::new(true));
        let acted = Rc::clone(&late);
        store.meanwhile(call, move || {
            assert!(other.set_up(PASSPHRASE).is_ok());
            acted.set(false);
        });
        let tab = Tab::over(ports, 5);
        if late.get() {
            assert!(call > 2);
            break;
        }
        assert!(tab.state().is_ok(), "call {call}");
        assert!(tab.unlock(PASSPHRASE).is_ok() || tab.state().as_deref() == Ok("uninitialized"));
    }
}

#[test]
fn a_credential_that_could_not_be_read_again_is_not_stored() {
    for credential in [vec![], vec![7; 1024]] {
        let odd = FakePasskey { credential, ..FakePasskey::new(7) };
        let tab = Tab::default();
        assert!(tab.set_up_with_passkey(&odd).is_err());
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
        assert_eq!(tab.store.disk_generation(), 0);
    }
}
