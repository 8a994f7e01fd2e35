//! The channel: hostile messages, limits, cancellation, deadlines, automatic locking.

use std::pin::pin;

use futures_util::FutureExt;
use futures_util::future::{join, join3};
use kms_protocol::Value;
use kms_protocol::limits::{MAX_IN_FLIGHT, RATE_BURST};
use kms_testkit::hostile::corpus;
use kms_testkit::invariants::contains_secret;
use kms_testkit::person::submit;
use kms_testkit::tab::{member, origin, outcome, text};
use kms_testkit::{PASSPHRASE, Tab, TestPorts};
use kms_vault::{UiEvent, VaultLock};
use pollster::block_on;

fn empty() -> Value {
    Value::Map(Vec::new())
}

fn named(id: &str, method: &str) -> Value {
    let (id, method) = (Value::Text(id.into()), Value::Text(method.into()));
    Value::object([("id", id), ("method", method)])
}

#[test]
fn every_hostile_message_gets_its_code_and_nothing_back() {
    for tab in [Tab::default(), Tab::ready(), Tab::ready().restarted()] {
        let before = (tab.store.dump(), tab.store.disk_generation());
        for (name, message, code) in corpus() {
            let reply = tab.send(message).expect(name);
            let Value::Map(members) = &reply else { panic!("{name}: not an object") };
            assert_eq!(members.len(), 2, "{name}");
            let error = member(&reply, "error").expect(name);
            let info = code.info();
            assert_eq!(text(&error, "code"), info.name, "{name}");
            assert_eq!(text(&error, "message"), info.message, "{name}");
            let id = member(&reply, "id").expect(name);
            assert!(id == Value::Null || id == Value::Text("h1".into()), "{name}: {id:?}");
        }
        assert_eq!((tab.store.dump(), tab.store.disk_generation()), before);
        assert!(tab.outbox.take_commands().len() <= 3);
    }
}

#[test]
fn a_batch_is_answered_in_its_order() {
    let tab = Tab::default();
    let requests =
        [named("a", "rpc.ping"), named("b", "nothing"), Value::Null, named("c", "rpc.ping")];
    let Some(Value::List(replies)) = tab.send(Value::List(requests.into())) else {
        panic!("a batch is answered by a list");
    };
    let outcomes: Vec<_> = replies.into_iter().map(|reply| outcome(Some(reply))).collect();
    let expected =
        [Ok(empty()), Err("unknown_method".into()), Err("invalid_request".into()), Ok(empty())];
    assert_eq!(outcomes, expected);
}

#[test]
fn an_id_that_waits_is_refused() {
    let tab = Tab::default();
    let first = tab.enclave.handle(tab.session, named("a", "vault.setup"));
    let rest = async {
        let second = tab.enclave.handle(tab.session, named("a", "rpc.ping")).await;
        tab.does(UiEvent::Cancel).await;
        second
    };
    let (first, second) = block_on(join(first, rest));
    assert_eq!(outcome(first), Err("user_cancelled".into()));
    assert_eq!(outcome(second), Err("invalid_request".into()));
    assert_eq!(outcome(tab.send(named("a", "rpc.ping"))), Ok(empty()));
}

#[test]
fn a_request_can_be_cancelled_and_the_sheet_closes() {
    let tab = Tab::default();
    let cancel = async {
        let message = Value::object([("cancel", Value::Text("a".into()))]);
        tab.enclave.handle(tab.session, message).await
    };
    let setup = tab.enclave.handle(tab.session, named("a", "vault.setup"));
    let (reply, nothing) = block_on(join(setup, cancel));
    assert_eq!(outcome(reply), Err("aborted".into()));
    assert_eq!(nothing, None);
    assert_eq!(tab.outbox.names(tab.session), ["attention", "attention"]);
    // What was typed too late sets nothing up.
    block_on(tab.does(submit(PASSPHRASE)));
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
}

#[test]
fn deadlines_end_requests_that_wait_for_a_person() {
    for (deadline, step) in [(100.0, 100), (60_000.0, 60_000)] {
        let tab = Tab::default();
        let mut request = named("a", "vault.setup");
        if let Value::Map(members) = &mut request {
            members.push(("deadlineMs".into(), Value::Number(deadline)));
        }
        let later = async {
            tab.clock.advance(step - 1);
            tab.enclave.tick().await;
            assert_eq!(tab.outbox.names(tab.session).len(), 1);
            tab.clock.advance(1);
            tab.enclave.tick().await;
        };
        let (reply, ()) = block_on(join(tab.enclave.handle(tab.session, request), later));
        assert_eq!(outcome(reply), Err("deadline_exceeded".into()));
        assert_eq!(tab.outbox.names(tab.session).len(), 2);
    }
}

#[test]
fn dismissing_and_disconnecting_end_what_waits() {
    let tab = Tab::default();
    let other = tab.enclave.connect(origin("https://other.example"));
    let mine = tab.enclave.handle(tab.session, named("a", "vault.setup"));
    let theirs = tab.enclave.handle(other, named("a", "vault.setup"));
    let events = async {
        assert_eq!(
            outcome(tab.enclave.handle(tab.session, named("b", "ui.dismiss")).await),
            Ok(empty())
        );
        tab.enclave.disconnect(other);
    };
    let (mine, theirs, ()) = block_on(join3(mine, theirs, events));
    assert_eq!(outcome(mine), Err("user_cancelled".into()));
    assert!(outcome(theirs).is_err());
    assert_eq!(block_on(tab.enclave.handle(other, named("c", "rpc.ping"))), None);
}

#[test]
fn floods_are_slowed_down() {
    let tab = Tab::default();
    let codes: Vec<_> =
        (0..=RATE_BURST).map(|_| outcome(tab.send(named("a", "rpc.ping")))).collect();
    assert!(codes[..RATE_BURST as usize].iter().all(Result::is_ok));
    assert_eq!(codes[RATE_BURST as usize], Err("too_many_requests".into()));
    assert!(outcome(tab.send(Value::Null)).is_err_and(|code| code == "too_many_requests"));
    tab.clock.advance(10);
    assert_eq!(outcome(tab.send(named("a", "rpc.ping"))), Ok(empty()));
}

#[test]
fn requests_in_flight_are_bounded_and_each_gets_one_reply() {
    let tab = Tab::default();
    let setups = (0..=MAX_IN_FLIGHT)
        .map(|n| tab.enclave.handle(tab.session, named(&format!("s{n}"), "vault.setup")));
    let all = futures_util::future::join_all(setups);
    let (replies, ()) = block_on(join(all, tab.does(UiEvent::Cancel)));
    let count = |code: &str| {
        let outcomes = replies.iter().cloned().map(outcome);
        outcomes.filter(|outcome| outcome == &Err(code.to_owned())).count()
    };
    assert_eq!((count("user_cancelled"), count("too_many_requests")), (MAX_IN_FLIGHT, 1));
}

#[test]
fn the_vault_locks_itself() {
    let minute = 60_000;
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    for _ in 0..3 {
        tab.clock.advance(14 * minute);
        assert!(tab.sign(&key, b"text").is_ok());
    }
    tab.clock.advance(10 * minute);
    block_on(tab.does(UiEvent::Activity));
    tab.clock.advance(10 * minute);
    block_on(tab.enclave.tick());
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
    // Without a tick too: timers of hidden pages are throttled.
    tab.clock.advance(15 * minute);
    assert_eq!(tab.sign(&key, b"text"), Err("locked".into()));
    assert!(tab.unlock(PASSPHRASE).is_ok());
    for _ in 0..48 {
        tab.clock.advance(10 * minute - 1);
        assert!(tab.sign(&key, b"text").is_ok());
    }
    tab.clock.advance(48);
    block_on(tab.enclave.tick());
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    assert_eq!(tab.outbox.names(tab.session).last().map(String::as_str), Some("locked"));
}

#[test]
fn timers_run_on_while_a_write_hangs() {
    let ports = TestPorts::new(1);
    let tab_lock = ports.lock.clone();
    let tab = Tab::over(ports, 1);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let key = tab.create("ed25519", "deferred").unwrap();
    assert!(tab.sign(&key, b"text").is_ok());
    // Another tab holds the lock and never gives it back.
    let _held = block_on(tab_lock.acquire());
    let mut tick = pin!(tab.enclave.tick());
    assert_eq!(tick.as_mut().now_or_never(), None);
    tab.clock.advance(1000);
    assert_eq!(tick.now_or_never(), Some(()));
    tab.clock.advance(15 * 60_000);
    let mut tick = pin!(tab.enclave.tick());
    assert_eq!(tick.as_mut().now_or_never(), None);
    tab.clock.advance(1000);
    let _ends_later = tick.now_or_never();
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    assert_eq!(tab.outbox.names(tab.session).last().map(String::as_str), Some("locked"));
}

#[test]
fn a_write_that_hung_when_the_vault_was_locked_does_not_spoil_the_next_unlock() {
    let ports = TestPorts::new(1);
    let tab_lock = ports.lock.clone();
    let tab = Tab::over(ports, 1);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let key = tab.create("ed25519", "deferred").unwrap();
    assert!(tab.sign(&key, b"text").is_ok());
    let held = block_on(tab_lock.acquire());
    let lock = tab.enclave.handle(tab.session, named("a", "vault.lock"));
    let (reply, ()) = block_on(join(lock, async { tab.clock.advance(1000) }));
    assert_eq!(outcome(reply), Ok(empty()));
    drop(held);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    // Set-up, key, signature, lock, unlock.
    assert_eq!(tab.verify_audit(), Ok(5.0));
}

#[test]
fn a_status_is_of_one_moment() {
    let tab = Tab::ready();
    tab.store.slow_health();
    let status = tab.enclave.handle(tab.session, named("a", "vault.status"));
    let (reply, ()) = block_on(join(status, tab.does(UiEvent::Hidden)));
    let status = outcome(reply).unwrap();
    // What is locked says so, and tells nothing of its log.
    assert_eq!((text(&status, "state").as_str(), member(&status, "audit")), ("locked", None));
}

#[test]
fn a_page_that_goes_away_locks_the_vault_and_ends_what_waits() {
    let tab = Tab::ready().restarted();
    let unlock = tab.enclave.handle(tab.session, named("a", "vault.unlock"));
    let (reply, ()) = block_on(join(unlock, tab.does(UiEvent::Hidden)));
    assert_eq!(outcome(reply), Err("locked".into()));
    assert!(tab.unlock(PASSPHRASE).is_ok());
    block_on(tab.does(UiEvent::Hidden));
    assert_eq!(tab.state().as_deref(), Ok("locked"));
}

#[test]
fn nothing_that_leaves_holds_a_passphrase() {
    let tab = Tab::default();
    let secrets = vec![PASSPHRASE.as_bytes().to_vec(), b"wrong wrong wrong".to_vec()];
    let mut seen: Vec<Value> = Vec::new();
    let keep = |result: Result<Value, String>| result.unwrap_or_else(Value::Text);
    seen.push(keep(tab.set_up(PASSPHRASE)));
    let key = tab.create("ed25519", "durable").unwrap();
    seen.push(keep(tab.call("vault.lock", empty())));
    seen.push(keep(tab.unlock("wrong wrong wrong")));
    seen.push(keep(tab.unlock(PASSPHRASE)));
    seen.push(Value::Bytes(tab.sign(&key, b"text").unwrap()));
    for method in ["keys.list", "audit.list", "audit.verify", "vault.status"] {
        seen.push(keep(tab.call(method, empty())));
    }
    seen.extend(tab.outbox.events());
    seen.extend(tab.store.dump().into_iter().map(Value::Bytes));
    assert!(seen.len() > 12);
    assert!(!seen.iter().any(|value| contains_secret(value, &secrets)));
    assert!(contains_secret(&Value::Text(PASSPHRASE.into()), &secrets));
}

/// A page that swaps one question for another does not get the answer to the first.
#[test]
fn an_answer_counts_for_the_screen_it_was_given_on() {
    let tab = Tab::ready();
    assert!(tab.call("vault.lock", empty()).is_ok());
    let mut stale = None;
    let swapped = tab.ask_person("vault.unlock", async |tab| {
        stale = tab.outbox.view();
        let dismiss = tab.request("ui.dismiss", empty());
        tab.enclave.handle(tab.session, dismiss).await;
    });
    assert_eq!(swapped, Err("user_cancelled".into()));
    let commits = tab.store.commits();
    let asked = tab.ask_person("vault.reset", async |tab| {
        for view in [stale, None] {
            for event in [tab.with(PASSPHRASE), UiEvent::Cancel] {
                tab.enclave.handle_ui(view, event).await;
                assert_eq!((tab.screen(), tab.store.commits()), ("unlock", commits));
            }
        }
        let unlock = tab.outbox.view();
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.screen(), "reset");
        tab.enclave.handle_ui(unlock, UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "reset");
    });
    assert_eq!(asked, Err("user_cancelled".into()));
}
