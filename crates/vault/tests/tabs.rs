//! Several tabs of one vault: they lock together, and none loses what another one wrote.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::join;
use kms_protocol::{ErrorCode, LockReason, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{member, outcome, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Clock, RecordKey, Table, Tabs, UiEvent, VaultLock};
use pollster::block_on;

const WRONG: &str = "not the passphrase";

fn empty() -> Value {
    Value::Map(Vec::new())
}

/// Lets the background work of a tab go on as far as it can.
fn run(tab: &Tab) {
    let mut work = pin!(tab.enclave.run());
    let mut context = Context::from_waker(Waker::noop());
    // A writer that was dropped in the middle would keep the lock.
    for _ in 0..100 {
        assert_eq!(work.as_mut().poll(&mut context), Poll::Pending);
    }
}

fn reasons(tab: &Tab) -> Vec<String> {
    let events = tab.outbox.events();
    let locked = events.iter().filter(|event| text(event, "event") == "locked");
    locked.map(|event| text(&member(event, "data").unwrap(), "reason")).collect()
}

fn failures(tab: &Tab) -> usize {
    let log = entries(tab);
    log.iter().filter(|entry| text(entry, "outcome") == "unlock_failed").count()
}

/// Three tabs, the first two unlocked.
fn three() -> [Tab; 3] {
    let first = Tab::ready();
    let second = first.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    let third = second.beside();
    [first, second, third]
}

#[test]
fn tabs_lock_together() {
    type Act = fn(&Tab);
    let acts: [(Act, LockReason); 3] = [
        (|tab| assert!(tab.call("vault.lock", empty()).is_ok()), LockReason::Requested),
        (|tab| block_on(tab.does(UiEvent::Lock)), LockReason::Requested),
        (
            |tab| {
                // Somebody is there all the time.
                for _ in 0..32 {
                    block_on(tab.does(UiEvent::Activity));
                    tab.clock.advance(899_999);
                }
                block_on(tab.does(UiEvent::Activity));
                tab.clock.advance(32);
                block_on(tab.enclave.tick());
            },
            LockReason::Absolute,
        ),
    ];
    for (act, reason) in acts {
        let [first, second, third] = three();
        act(&first);
        for tab in [&first, &second, &third] {
            run(tab);
            assert_eq!(tab.state().as_deref(), Ok("locked"));
        }
        assert_eq!(reasons(&first), [reason.as_str()]);
        assert_eq!(reasons(&second), ["other_tab"]);
        assert_eq!(reasons(&third), Vec::<String>::new());
    }
}

#[test]
fn a_tab_that_is_idle_or_left_does_not_lock_the_one_in_use() {
    let [first, second, _] = three();
    first.clock.advance(899_999);
    block_on(second.does(UiEvent::Activity));
    first.clock.advance(1);
    block_on(first.enclave.tick());
    assert_eq!(reasons(&first), ["idle"]);
    let third = second.beside();
    assert!(third.unlock(PASSPHRASE).is_ok());
    block_on(third.does(UiEvent::Hidden));
    assert_eq!(reasons(&third), ["hidden"]);
    run(&second);
    assert_eq!(second.state().as_deref(), Ok("unlocked"));
}

/// The machine slept, or the browser held the timers back, and the person is there before them.
#[test]
fn a_vault_that_is_due_to_lock_is_not_kept_open_by_a_late_input() {
    let tab = Tab::ready();
    tab.clock.advance(900_000);
    block_on(tab.does(UiEvent::Activity));
    block_on(tab.enclave.tick());
    assert_eq!(reasons(&tab), ["idle"]);
}

/// Whichever of the two clocks saw the time pass: the wall clock may be set back, and the other one
/// stands still while a machine sleeps.
#[test]
fn no_clock_alone_keeps_a_vault_open() {
    const IDLE: u64 = 900_000;
    const LONGEST: u64 = 8 * 3_600_000;
    let set_back = Tab::ready();
    let start = set_back.clock.now_ms();
    for _ in 0..LONGEST / IDLE * 2 - 1 {
        set_back.clock.advance(IDLE / 2);
        set_back.clock.set_wall(start - 1);
        block_on(set_back.does(UiEvent::Activity));
        block_on(set_back.enclave.tick());
        assert_eq!(reasons(&set_back), [""; 0]);
    }
    set_back.clock.advance(IDLE / 2);
    set_back.clock.set_wall(start - 1);
    block_on(set_back.enclave.tick());
    assert_eq!(reasons(&set_back), ["absolute"]);
    for (asleep, reason) in [(IDLE, "idle"), (LONGEST, "absolute")] {
        let tab = Tab::ready();
        tab.clock.set_wall(tab.clock.now_ms() + asleep);
        block_on(tab.enclave.tick());
        assert_eq!(reasons(&tab), [reason]);
    }
    let idle = Tab::ready();
    idle.clock.advance(IDLE);
    idle.clock.set_wall(start - 1);
    block_on(idle.enclave.tick());
    assert_eq!(reasons(&idle), ["idle"]);
}

#[test]
fn only_a_start_trusts_a_vault_again_that_was_found_damaged() {
    let tab = Tab::ready();
    let other = tab.beside();
    let key = tab.create("ed25519", "durable").unwrap();
    let (table, head) = (Table::Meta, RecordKey::Text("audit-head".into()));
    let whole = tab.store.peek(table, &head);
    tab.store.poke(table, &head, None);
    tab.store.poke_generation(tab.store.disk_generation() + 1);
    assert!(tab.sign(&key, b"text").is_err());
    let fault = tab.state();
    assert!(matches!(
        fault.as_ref().map_err(String::as_str),
        Err("audit_corrupt" | "vault_corrupt")
    ));
    tab.store.poke(table, &head, whole);
    // Neither what another tab says, nor a page that asks.
    other.tabs.announce_lock();
    run(&tab);
    assert_eq!(tab.state(), fault);
    for method in ["vault.unlock", "vault.reset", "vault.setup", "vault.restore"] {
        assert_eq!(tab.call(method, empty()).map(|_| String::new()), fault, "{method}");
    }
    assert_eq!(tab.state(), fault);
    assert!(tab.restarted().unlock(PASSPHRASE).is_ok());
}

#[test]
fn a_tab_that_finds_damage_locks_the_others() {
    let [first, second, _] = three();
    let head = RecordKey::Text("audit-head".into());
    let whole = first.store.peek(Table::Meta, &head);
    first.store.poke(Table::Meta, &head, None);
    first.store.poke_generation(first.store.disk_generation() + 1);
    assert!(first.create("ed25519", "durable").is_err());
    assert_eq!(reasons(&first), ["fault"]);
    // The damage is gone before the other one looks: it is locked all the same.
    second.store.poke(Table::Meta, &head, whole);
    run(&second);
    assert_eq!(reasons(&second), ["other_tab"]);
    assert!(second.sign("AAECAwQFBgcICQoLDA0ODw", b"text").is_err());
    assert_eq!(second.state().as_deref(), Ok("locked"));
}

#[test]
fn a_locked_tab_can_lock_the_others() {
    let [first, second, third] = three();
    assert!(third.call("vault.lock", empty()).is_ok());
    for tab in [&first, &second] {
        run(tab);
        assert_eq!(tab.state().as_deref(), Ok("locked"));
    }
    // But its own timers and its own end say nothing of theirs.
    assert!(first.unlock(PASSPHRASE).is_ok());
    block_on(third.does(UiEvent::Hidden));
    block_on(third.enclave.tick());
    run(&first);
    assert_eq!(first.state().as_deref(), Ok("unlocked"));
}

#[test]
fn an_announcement_does_not_close_the_sheet_of_a_locked_tab() {
    let [first, _, third] = three();
    let unlocked = third.ask_person("vault.unlock", async |tab| {
        assert!(first.call("vault.lock", empty()).is_ok());
        run(tab);
        tab.does(tab.with(PASSPHRASE)).await;
    });
    assert!(unlocked.is_ok());
    // An old announcement does not lock a vault that was unlocked after it.
    run(&third);
    assert_eq!(third.state().as_deref(), Ok("unlocked"));
}

#[test]
fn queued_work_ends_with_the_lock() {
    let [first, second, _] = three();
    let key = second.create("ed25519", "durable").unwrap();
    let params = || {
        let data = ("data", Value::Bytes(b"text".to_vec()));
        Value::object([("keyId", Value::Text(key.clone())), data])
    };
    // The entry of the signature waits for the lock that another tab holds.
    let _held = block_on(first.lock.acquire());
    let sign = second.enclave.handle(second.session, second.request("sign", params()));
    let lock = async {
        first.tabs.announce_lock();
        run(&second);
    };
    let (signed, ()) = block_on(join(sign, lock));
    assert_eq!(outcome(signed), Err("locked".into()));
    assert_eq!(second.call("sign", params()), Err("locked".into()));
}

#[test]
fn an_attempt_that_another_tab_charged_meanwhile_is_not_lost() {
    // In every moment of an unlock, between any two of its store calls, another tab that the
    // lock does not hold back makes a wrong attempt.
    let before = Tab::ready();
    for call in 1.. {
        let tab = before.on(before.store.copied());
        let other = tab.restarted();
        let acted = Rc::new(Cell::new(false));
        let done = Rc::clone(&acted);
        tab.store.meanwhile(call, move || {
            assert!(other.unlock(WRONG).is_err());
            done.set(true);
        });
        let unlocked = tab.unlock(PASSPHRASE).is_ok();
        if !acted.get() {
            assert!(call > 8 && unlocked);
            break;
        }
        assert!(unlocked, "call {call}");
        let after = tab.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        assert_eq!(failures(&after), 1, "call {call}");
        assert_eq!(broken(&after), Vec::<String>::new(), "call {call}");
    }
}

#[test]
fn nor_does_a_success_shorten_the_wait_of_later_attempts() {
    let tab = Tab::ready().restarted();
    let other = tab.restarted();
    tab.kdf.meanwhile(move || {
        for _ in 0..2 {
            assert!(other.unlock(WRONG).is_err());
        }
    });
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let after = tab.restarted();
    assert!(after.unlock(WRONG).is_err());
    assert!(after.unlock(PASSPHRASE).is_err());
    assert_eq!(after.problem(), Some(ErrorCode::UnlockDelayed));
    after.clock.advance(1000);
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(failures(&after), 3);
}

#[test]
fn an_enrolment_that_was_removed_meanwhile_opens_nothing() {
    use kms_protocol::EnrolmentKind;
    use kms_testkit::person::{id, of, passphrase, submit};
    use kms_vault::Action;
    let first = Tab::ready();
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passphrase));
    let added = first.manage(add, PASSPHRASE, async |tab| {
        tab.does(submit("another long passphrase")).await;
    });
    assert!(added.is_ok());
    let second = first.enrolments()[1].0.clone();
    let tab = first.beside();
    let removed = second.clone();
    tab.kdf.meanwhile(move || {
        let remove = UiEvent::Action(Action::Remove(id(&removed)));
        assert!(first.manage(remove, PASSPHRASE, async |_| ()).is_ok());
    });
    let event = of(&second, passphrase("another long passphrase"));
    assert_eq!(tab.ask("vault.unlock", vec![event]).map(|_| ()), Err("user_cancelled".into()));
    assert_eq!(tab.problems(), [ErrorCode::UnlockFailed]);
    assert_eq!(tab.enrolments().len(), 1);
    assert!(tab.unlock(PASSPHRASE).is_ok());
}

#[test]
fn a_vault_that_was_made_or_deleted_elsewhere_is_noticed() {
    let first = Tab::default();
    let second = first.beside();
    assert!(first.set_up(PASSPHRASE).is_ok());
    // The second one learns of it when it is asked, before the person is.
    assert_eq!(second.call("vault.setup", empty()), Err("already_initialized".into()));
    assert!(second.unlock(PASSPHRASE).is_ok());
    let key = second.create("ed25519", "deferred").unwrap();
    assert!(second.sign(&key, b"text").is_ok());
    assert!(first.reset(PASSPHRASE).is_ok());
    run(&second);
    for tab in [&first, &second] {
        assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
        assert_eq!(tab.enrolments(), []);
    }
    // Nothing that waited to be logged for the old vault gets into the log of a new one.
    assert!(second.set_up(PASSPHRASE).is_ok());
    assert_eq!(entries(&second).len(), 1);
    assert_eq!(broken(&second), Vec::<String>::new());
}

#[test]
fn storage_that_was_evicted_under_an_open_vault_is_noticed() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    tab.store.evict();
    assert!(tab.sign(&key, b"text").is_err());
    assert_eq!(tab.state(), Err("vault_corrupt".into()));
    assert_eq!(reasons(&tab), ["fault"]);
    assert_eq!(tab.restarted().state().as_deref(), Ok("uninitialized"));
}
