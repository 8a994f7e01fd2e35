//! The period of a key's policy: once a use was refused because it is over, it stays over, whatever
//! the clock of the device says later.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::Value;
use kms_testkit::invariants::entries;
use kms_testkit::tab::{member, text};
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_vault::{Clock, RecordKey, Table};

const MINUTE: u64 = 60_000;
/// The rule that a period is over.
const OVER: Option<&str> = Some("not_after");
const PUSH: &str = "https://push.example";

/// A key for this use whose period ends so many milliseconds from now.
fn key_for(tab: &Tab, (spec, usage): (&str, &str), ms: u64) -> String {
    let end = f64::from(u32::try_from((tab.clock.now_ms() + ms) / 1000).unwrap()) * 1000.0;
    let operations = Value::List(vec![Value::Text(usage.into())]);
    let policy = Value::object([("operations", operations), ("notAfter", Value::Number(end))]);
    let asked = Value::object([("spec", Value::Text(spec.into())), ("policy", policy)]);
    text(&tab.call("keys.create", asked).unwrap(), "keyId")
}

fn key(tab: &Tab, ms: u64) -> String {
    key_for(tab, ("ed25519", "sign"), ms)
}

/// The rule that refuses a signature, if none is made.
fn rule(tab: &Tab, id: &str) -> Option<String> {
    let reply = tab.send(tab.signing(id, b"text")).unwrap();
    member(&reply, "error").map(|error| text(&error, "rule"))
}

/// The same browser after a restart with the clock at this time, unlocked again.
fn at(tab: &Tab, wall_ms: u64) -> Tab {
    tab.clock.set_wall(wall_ms);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    after
}

fn stored(tab: &Tab, id: &str) -> Option<Vec<u8>> {
    tab.store.peek(Table::Keys, &RecordKey::Text(id.into()))
}

#[test]
fn a_clock_that_is_set_back_while_the_vault_is_open_begins_no_period_again() {
    let tab = Tab::ready();
    let (start, id) = (tab.clock.now_ms(), key(&tab, MINUTE));
    assert_eq!(rule(&tab, &id).as_deref(), None);
    tab.clock.advance(MINUTE);
    tab.clock.set_wall(start);
    assert_eq!(rule(&tab, &id).as_deref(), OVER);
}

#[test]
fn a_period_that_was_seen_to_be_over_stays_over() {
    let tab = Tab::ready();
    let start = tab.clock.now_ms();
    let (used, unused) = (key(&tab, MINUTE), key(&tab, MINUTE));
    tab.clock.advance(MINUTE);
    let fresh = stored(&tab, &used);
    assert_eq!(rule(&tab, &used).as_deref(), OVER);
    let marked = stored(&tab, &used);
    assert!(fresh != marked, "the record has learnt it");
    assert_eq!(rule(&tab, &used).as_deref(), OVER);
    assert_eq!(stored(&tab, &used), marked, "and learns it once");
    let refused = |entry: &&Value| text(entry, "outcome") == "policy_denied";
    assert_eq!(entries(&tab).iter().filter(refused).count(), 2);

    let tab = at(&tab, start);
    assert_eq!(rule(&tab, &used).as_deref(), OVER);
    // It is of the key: a key whose end nobody met has only the clock of the device.
    assert_eq!(rule(&tab, &unused).as_deref(), None);
    assert_eq!(rule(&tab, &key(&tab, MINUTE)).as_deref(), None);
    // No change of the key forgets it.
    let named = Value::object([("keyId", Value::Text(used.clone()))]);
    for method in ["keys.rotate", "keys.disable", "keys.enable"] {
        assert!(tab.call(method, named.clone()).is_ok(), "{method}");
    }
    assert_eq!(rule(&at(&tab, start), &used).as_deref(), OVER);
    assert!(tab.verify_audit().is_ok());
}

#[test]
fn a_period_begins_by_the_clock_of_the_device_alone() {
    let tab = Tab::ready();
    let start = tab.clock.now_ms();
    let begin = f64::from(u32::try_from((start + MINUTE) / 1000).unwrap()) * 1000.0;
    let operations = Value::List(vec![Value::Text("sign".into())]);
    let policy = Value::object([("operations", operations), ("notBefore", Value::Number(begin))]);
    let asked = Value::object([("spec", Value::Text("ed25519".into())), ("policy", policy)]);
    let id = text(&tab.call("keys.create", asked).unwrap(), "keyId");
    tab.clock.advance(MINUTE);
    assert_eq!(rule(&tab, &id).as_deref(), None);
    tab.clock.set_wall(start);
    assert_eq!(rule(&tab, &id).as_deref(), Some("not_before"));
}

#[test]
fn tokens_under_a_lease_end_with_their_key() {
    let tab = Tab::ready();
    let start = tab.clock.now_ms();
    let id = key_for(&tab, ("ec-p256", "vapid"), MINUTE);
    let push = || Value::Text(PUSH.into());
    let terms = Value::object([
        ("keyId", Value::Text(id.clone())),
        ("audiences", Value::List(vec![push()])),
        ("lifeMs", Value::Number(3_600_000.0)),
        ("tokens", Value::Number(9.0)),
    ]);
    let lease = tab.allow("vapid.create_lease", terms, PASSPHRASE).unwrap();
    let issue = |tab: &Tab| {
        let asked = [("leaseId", Value::Text(text(&lease, "leaseId"))), ("audience", push())];
        tab.call("vapid.issue_token", Value::object(asked)).map(drop)
    };
    assert_eq!(issue(&tab), Ok(()));
    tab.clock.advance(MINUTE);
    let denied = Err("policy_denied".to_owned());
    assert_eq!(issue(&tab), denied);
    // By so little the lease does not notice.
    assert_eq!(issue(&at(&tab, start)), denied);
}

#[test]
fn whatever_fails_nothing_is_used_and_the_next_refusal_is_noted() {
    let before = Tab::ready();
    let (start, id) = (before.clock.now_ms(), key(&before, MINUTE));
    before.clock.advance(MINUTE);
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = at(&before.on(before.store.copied()), start + MINUTE);
            tab.store.fail_at(call, fault);
            assert!(tab.sign(&id, b"text").is_err(), "{fault:?} {call}");
            let fired = tab.store.heal();
            let after = at(&tab, start + MINUTE);
            assert_eq!(rule(&after, &id).as_deref(), OVER, "{fault:?} {call}");
            assert_eq!(rule(&at(&after, start), &id).as_deref(), OVER, "{fault:?} {call}");
            assert!(after.verify_audit().is_ok(), "{fault:?} {call}");
            if !fired {
                assert!(call > 2);
                break;
            }
        }
    }
}

/// The key is damaged in between: the refusal stands, and stands in the log.
#[test]
fn a_refusal_that_cannot_be_noted_is_logged() {
    let before = Tab::ready();
    let (start, id) = (before.clock.now_ms(), key(&before, MINUTE));
    before.clock.advance(MINUTE);
    for call in 1..10 {
        let tab = at(&before.on(before.store.copied()), start + MINUTE);
        let (store, record) = (tab.store.clone(), RecordKey::Text(id.clone()));
        tab.store.meanwhile(call, move || store.poke(Table::Keys, &record, Some(vec![1])));
        let refused = tab.sign(&id, b"text").unwrap_err();
        // What waits for the log is written before that is read.
        assert!(tab.verify_audit().is_ok());
        let log = entries(&tab);
        let outcomes = log.iter().filter(|entry| text(entry, "method") == "sign");
        let outcomes: Vec<_> = outcomes.map(|entry| text(entry, "outcome")).collect();
        assert_eq!(outcomes, [refused], "{call}");
    }
}
