//! The broker's log: what was seen of it once has to stay in it.

use futures_util::future::join;
use kms_protocol::Value;
use kms_testkit::broker::challenge;
use kms_testkit::invariants::logged;
use kms_testkit::person::turns;
use kms_testkit::tab::{member, outcome, text};
use kms_testkit::{FakeLog, PASSPHRASE};
use pollster::block_on;

use crate::{Approver, a_log, approving, at_first, refused};

type Outcome = Result<(), String>;

fn approve(alice: &Approver, log: Value) -> Outcome {
    alice.approved(approving(&challenge(1), log, vec![])).map(drop)
}

/// An approver who saw five lines.
fn who_saw_five() -> Approver {
    let alice = Approver::new();
    assert_eq!(approve(&alice, a_log().offered(None)), Ok(()));
    assert_eq!(alice.seen(), Some(5.0));
    alice
}

/// The same offer with another member.
fn with(offered: Value, name: &'static str, value: Value) -> Value {
    let Value::Map(mut members) = offered else { return offered };
    members.retain(|(known, _)| known != name);
    members.push((name.into(), value));
    Value::Map(members)
}

#[test]
fn a_log_that_grows_is_followed() {
    let mut alice = who_saw_five();
    assert_eq!(approve(&alice, a_log().offered(Some(5))), Ok(()));
    assert_eq!(alice.seen(), Some(5.0));
    let six = a_log().grown("six");
    let shown = alice.shown(approving(&challenge(1), six.offered(Some(5)), vec![]));
    assert!(shown.ends_with("log: from 5 to 6 lines"), "{shown}");
    assert_eq!(approve(&alice, six.offered(Some(5))), Ok(()));
    assert_eq!(alice.seen(), Some(6.0));
    // What was seen is on the disk.
    alice.tab = alice.tab.restarted();
    assert!(alice.tab.unlock(PASSPHRASE).is_ok());
    assert_eq!(alice.seen(), Some(6.0));
    let eight = six.grown("seven").grown("eight");
    assert_eq!(approve(&alice, eight.offered(Some(6))), Ok(()));
    let seen = alice.tab.call("poa.log", alice.params(vec![])).unwrap();
    assert_eq!(text(&member(&seen, "seen").unwrap(), "key"), eight.key());
}

#[test]
fn nothing_is_signed_on_a_fork() {
    let forks = [
        // Another line where one was seen, at the same length and grown.
        a_log().forked(4),
        a_log().forked(0).grown("six"),
        // The same lines under another key, or another name.
        FakeLog::new(8, 5),
        a_log().named("ats.example/other"),
        // Older than what was seen.
        a_log().cut(4),
    ];
    for fork in forks {
        let alice = who_saw_five();
        let call = || approving(&challenge(1), fork.offered(Some(5)), vec![]);
        assert_eq!(alice.unasked(call()), refused("log_forked"));
        assert_eq!(alice.seen(), Some(5.0));
        let last = logged(&alice.tab, &alice.key).pop();
        assert_eq!(last, Some(("poa.approve".into(), "log_forked".into())));
        // The log that was seen is still good.
        assert_eq!(approve(&alice, a_log().offered(Some(5))), Ok(()));
    }
}

#[test]
fn a_proof_has_to_be_whole_and_no_longer() {
    let alice = who_saw_five();
    let six = a_log().grown("six").offered(Some(5));
    let Some(Value::List(proof)) = member(&six, "proof") else { unreachable!() };
    assert!(!proof.is_empty());
    let long = [proof.clone(), vec![Value::Bytes(vec![0; 32])]].concat();
    let short = proof[1..].to_vec();
    for proof in [Value::Null, Value::List(vec![]), Value::List(long), Value::List(short)] {
        let call = approving(&challenge(1), with(six.clone(), "proof", proof), vec![]);
        assert_eq!(alice.unasked(call), refused("log_forked"));
    }
}

#[test]
fn a_proof_that_begins_elsewhere_is_asked_for_anew() {
    let alice = who_saw_five();
    let six = a_log().grown("six");
    for since in [None, Some(4), Some(6)] {
        let call = approving(&challenge(1), six.offered(since), vec![]);
        assert_eq!(alice.unasked(call), refused("log_stale"));
    }
    let new = Approver::new();
    let call = approving(&challenge(1), a_log().offered(Some(5)), vec![]);
    assert_eq!(new.unasked(call), refused("log_stale"));
}

#[test]
fn a_checkpoint_that_its_key_has_not_signed_is_refused() {
    let alice = Approver::new();
    let log = a_log();
    let good = log.offered(None);
    let text = |text: &str| Value::Text(text.into());
    let hash = |length| Value::List(vec![Value::Bytes(vec![0; length])]);
    for offered in [
        with(good.clone(), "checkpoint", text(&FakeLog::new(8, 5).checkpoint())),
        with(good.clone(), "checkpoint", text(&log.checkpoint_of("ats.example/other"))),
        with(good.clone(), "checkpoint", text(&log.checkpoint().replace("\n5\n", "\n6\n"))),
        with(good.clone(), "checkpoint", text("")),
        with(good.clone(), "key", text("")),
        with(good.clone(), "key", text(&FakeLog::new(8, 5).key())),
        with(good.clone(), "proof", hash(31)),
        with(good.clone(), "proof", hash(33)),
        with(good.clone(), "size", Value::Number(5.0)),
        // A log without lines has nothing to hold on to.
        a_log().cut(0).offered(None),
    ] {
        let call = approving(&challenge(1), offered, vec![]);
        assert_eq!(alice.unasked(call), refused("invalid_params"));
    }
    assert_eq!(alice.seen(), None);
}

#[test]
fn each_key_has_its_own_log() {
    let alice = who_saw_five();
    let key = alice.tab.create_for("ed25519", &["approve"]).unwrap();
    let other = Approver { key, tab: alice.tab };
    assert_eq!(approve(&other, FakeLog::new(8, 3).offered(None)), Ok(()));
    assert_eq!(other.seen(), Some(3.0));
}

#[test]
fn of_two_tabs_that_show_two_logs_one_signs() {
    let alice = Approver::new();
    let other = Approver { tab: alice.tab.beside(), key: alice.key.clone() };
    assert!(other.tab.unlock(PASSPHRASE).is_ok());
    let (method, members) = at_first(&challenge(1), vec![]);
    let request = alice.tab.request(method, alice.params(members));
    let fork = approving(&challenge(1), a_log().forked(2).offered(None), vec![]);
    let person = async {
        turns().await;
        assert_eq!(alice.tab.screen(), "approve");
        let params = other.params(fork.1);
        let reply = join(
            other.tab.enclave.handle(other.tab.session, other.tab.request("poa.approve", params)),
            async {
                turns().await;
                other.tab.does(other.tab.approved()).await;
            },
        );
        assert!(outcome(reply.await.0).is_ok());
        alice.tab.does(alice.tab.approved()).await;
    };
    let reply = block_on(join(alice.tab.enclave.handle(alice.tab.session, request), person)).0;
    assert_eq!(outcome(reply), refused("log_stale"));
    let last = logged(&alice.tab, &alice.key).pop();
    assert_eq!(last, Some(("poa.approve".into(), "log_stale".into())));
    assert!(other.tab.verify_audit().is_ok());
}
