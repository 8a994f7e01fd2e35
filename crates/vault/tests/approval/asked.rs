//! How often and how much a person is asked: batches, one question at a time, denials that count.

use futures_util::future::join;
use kms_protocol::Value;
use kms_protocol::limits::MAX_APPROVALS;
use kms_testkit::invariants::logged;
use kms_testkit::person::turns;
use kms_testkit::tab::{member, outcome, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::UiEvent;
use pollster::block_on;

use crate::{approved, batch, denied, done, ready, refused, row};

#[test]
fn the_calls_of_a_batch_are_one_decision() {
    let (tab, key) = ready();
    let other = tab.create("ed25519", "durable").unwrap();
    let message = |tab: &Tab| {
        vec![
            tab.signing(&key, b"one"),
            tab.request("rpc.ping", Value::Map(vec![])),
            tab.signing(&other, b"asks nobody"),
            tab.signing("AAAAAAAAAAAAAAAAAAAAAA", b"no such key"),
            Value::Null,
            tab.signing(&key, b"two"),
        ]
    };
    let replies = batch(&tab, message(&tab), async |tab| {
        let asked = tab.approval();
        let shown = asked.operations.iter().map(|one| one.payload.text.clone().unwrap().shown);
        assert_eq!(shown.collect::<Vec<_>>(), ["one", "two"]);
        tab.does(tab.approved()).await;
    });
    let (not_found, invalid) = (refused("not_found"), refused("invalid_request"));
    let expected = [Ok(()), Ok(()), Ok(()), not_found.clone(), invalid.clone(), Ok(())];
    assert_eq!(replies, expected);
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    let cancelled = refused("user_cancelled");
    let expected = [cancelled.clone(), Ok(()), Ok(()), not_found, invalid, cancelled];
    assert_eq!(batch(&tab, message(&tab), deny), expected);
    let approvals = logged(&tab, &key).into_iter().filter(|(method, _)| method == "sign.approval");
    assert_eq!(approvals.count(), 4);
}

#[test]
fn a_call_of_a_batch_that_is_aborted_is_not_asked_about() {
    let (tab, key) = ready();
    let (ask, gone) = (tab.signing(&key, b"stays"), tab.signing(&key, b"goes"));
    // They wait for the call between them, which asks something else.
    let manage = tab.request("vault.manage", Value::Map(vec![]));
    let cancel = Value::object([("cancel", Value::Text(text(&gone, "id")))]);
    let replies = batch(&tab, vec![ask, manage, gone], async |tab| {
        assert_eq!(tab.screen(), "manage");
        assert_eq!(tab.enclave.handle(tab.session, cancel).await, None);
        turns().await;
        tab.does(UiEvent::Cancel).await;
        turns().await;
        let asked = tab.approval().operations;
        let shown = asked.iter().map(|one| one.payload.text.clone().unwrap().shown);
        assert_eq!(shown.collect::<Vec<_>>(), ["stays"]);
        tab.does(tab.approved()).await;
    });
    assert_eq!(replies, [Ok(()), Ok(()), refused("aborted")]);
}

#[test]
fn more_than_can_be_read_is_refused_and_not_cut() {
    let (tab, key) = ready();
    let message =
        |tab: &Tab, count: usize| (0..count).map(|_| tab.signing(&key, b"text")).collect();
    let many = batch(&tab, message(&tab, MAX_APPROVALS + 1), async |tab| {
        assert_eq!(tab.screen(), "hidden");
    });
    assert_eq!(many, vec![refused("approval_too_large"); MAX_APPROVALS + 1]);
    let fits = batch(&tab, message(&tab, MAX_APPROVALS), async |tab| {
        assert_eq!(tab.approval().operations.len(), MAX_APPROVALS);
        tab.does(tab.approved()).await;
    });
    assert_eq!(fits, vec![Ok(()); MAX_APPROVALS]);
}

#[test]
fn one_question_at_a_time_and_never_a_shared_answer() {
    let (tab, key) = ready();
    let reply = tab.send_to_person(tab.signing(&key, b"one"), async |tab| {
        // Neither the same call nor another question gets in, from this page or from another.
        let again = block_on(tab.enclave.handle(tab.session, tab.signing(&key, b"one")));
        assert_eq!(done(again), refused("too_many_requests"));
        let manage = tab.call("vault.manage", Value::Map(vec![]));
        assert_eq!(manage, Err("too_many_requests".into()));
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(reply), Ok(()));
    // And it does not get in before another question.
    let asked = tab.ask_person("vault.manage", async |tab| {
        assert_eq!(tab.sign(&key, b"two"), Err("too_many_requests".into()));
    });
    assert!(asked.is_ok());
}

#[test]
fn locking_ends_what_waits() {
    let (tab, key) = ready();
    let reply = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
        assert_eq!(tab.screen(), "hidden");
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(reply), refused("locked"));
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert!(tab.verify_audit().is_ok());
    // The person decided nothing.
    assert_eq!(logged(&tab, &key), [row("keys.create", "ok")]);
}

#[test]
fn a_deadline_ends_the_question() {
    let (tab, key) = ready();
    let mut request = tab.signing(&key, b"text");
    if let Value::Map(members) = &mut request {
        members.push(("deadlineMs".into(), Value::Number(60_000.0)));
    }
    let reply = tab.send_to_person(request, async |tab| {
        tab.clock.advance(60_000);
        tab.enclave.tick().await;
    });
    assert_eq!(done(reply), refused("deadline_exceeded"));
    assert_eq!(tab.screen(), "hidden");
}

#[test]
fn what_changed_while_the_person_read_is_looked_at_again() {
    let (tab, key) = ready();
    let params = |id: &str| Value::object([("keyId", Value::Text(id.into()))]);
    let disabled = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        assert!(tab.call("keys.disable", params(&key)).is_ok());
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(disabled), refused("invalid_key_state"));
    assert!(tab.call("keys.enable", params(&key)).is_ok());
    // A rotation in the meantime does not change which version signs: the one that was shown.
    let rotated = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        assert!(tab.call("keys.rotate", params(&key)).is_ok());
        tab.does(tab.approved()).await;
    });
    assert_eq!(member(&outcome(rotated).unwrap(), "version"), Some(Value::Number(1.0)));
}

#[test]
fn a_site_that_is_denied_again_and_again_has_to_wait() {
    let (tab, key) = ready();
    let wait = |tab: &Tab| {
        let error = member(&tab.send(tab.signing(&key, b"text")).unwrap(), "error").unwrap();
        assert_eq!(text(&error, "code"), "too_many_requests");
        member(&error, "retryAfterMs")
    };
    for _ in 0..3 {
        assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    }
    assert_eq!(wait(&tab), Some(Value::Number(10_000.0)));
    // A thousand more requests show nothing.
    let _shown = tab.outbox.take_commands();
    for _ in 0..1000 {
        assert_eq!(tab.sign(&key, b"text"), Err("too_many_requests".into()));
    }
    assert!(tab.outbox.take_commands().is_empty());
    // Other keys and another site are not affected.
    let free = tab.create("ed25519", "durable").unwrap();
    assert!(tab.sign(&free, b"text").is_ok());
    tab.clock.advance(10_000);
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(wait(&tab), Some(Value::Number(20_000.0)));
    tab.clock.advance(20_000);
    assert_eq!(approved(&tab, &key, b"text"), Ok(()));
    // An approval starts the count again.
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(approved(&tab, &key, b"text"), Ok(()));
}

#[test]
fn taking_questions_back_counts_as_denials() {
    let (tab, key) = ready();
    for round in 0..3 {
        let request = tab.signing(&key, b"text");
        let cancel = Value::object([("cancel", Value::Text(text(&request, "id")))]);
        let dismiss = tab.request("ui.dismiss", Value::Map(vec![]));
        let back = if round == 1 { cancel } else { dismiss };
        let reply = tab.send_to_person(request, async |tab| {
            assert_eq!(tab.screen(), "approve");
            tab.enclave.handle(tab.session, back).await;
        });
        assert!(done(reply).is_err());
        assert_eq!(tab.screen(), "hidden");
    }
    assert_eq!(tab.sign(&key, b"text"), Err("too_many_requests".into()));
}

#[test]
fn a_page_that_goes_away_leaves_no_question() {
    let (tab, key) = ready();
    let request = tab.signing(&key, b"text");
    let person = async {
        tab.enclave.disconnect(tab.session);
        assert_eq!(tab.screen(), "hidden");
    };
    let (reply, ()) = block_on(join(tab.enclave.handle(tab.session, request), person));
    assert!(done(reply).is_err());
}
