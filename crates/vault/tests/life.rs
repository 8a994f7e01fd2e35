//! The end of keys, and their policies: deletion by two clocks, uses that are counted.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::Value;
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{Fault, PAGE, PASSPHRASE, Tab};
use kms_vault::{Clock, RecordKey, Table};

const DAY: u64 = 24 * 60 * 60 * 1000;

fn params(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into()))])
}

fn schedule(tab: &Tab, id: &str, days: u32) -> Result<Value, String> {
    let days = ("days", Value::Number(days.into()));
    tab.call("keys.schedule_deletion", Value::object([("keyId", Value::Text(id.into())), days]))
}

fn state(tab: &Tab, id: &str) -> String {
    text(&tab.call("keys.describe", params(id)).unwrap(), "state")
}

/// The same browser some time later, unlocked again.
fn later(tab: &Tab, ms: u64) -> Tab {
    tab.clock.advance(ms);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    after
}

fn with_policy(tab: &Tab, policy: Value) -> Result<String, String> {
    let spec = Value::Text("ed25519".into());
    let info = tab.call("keys.create", Value::object([("spec", spec), ("policy", policy)]))?;
    Ok(text(&info, "keyId"))
}

fn policy(more: &[(&'static str, Value)]) -> Value {
    let operations = [Value::Text("sign".into()), Value::Text("verify".into())];
    let mut members = vec![("operations".into(), Value::List(operations.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn rule(tab: &Tab, method: &str, params: Value) -> (String, String) {
    let reply = tab.send(tab.request(method, params)).unwrap();
    let error = member(&reply, "error").unwrap_or(Value::Null);
    (text(&error, "code"), text(&error, "rule"))
}

fn sign(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into())), ("data", Value::Bytes(vec![1]))])
}

#[test]
fn a_key_that_waits_for_its_deletion_is_not_used_and_can_be_saved() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let waiting = tab.call("keys.schedule_deletion", params(&id)).unwrap();
    let date = f64::from(u32::try_from(tab.clock.now_ms() / 1000).unwrap()) * 1000.0;
    let month = 30.0 * 24.0 * 60.0 * 60.0 * 1000.0;
    assert_eq!(member(&waiting, "deletionDate"), Some(Value::Number(date + month)));
    assert_eq!(text(&waiting, "state"), "pending-deletion");
    let state_code = Err("invalid_key_state".to_owned());
    for method in ["keys.rotate", "keys.enable", "keys.disable", "keys.update"] {
        assert_eq!(tab.call(method, params(&id)), state_code, "{method}");
    }
    assert_eq!(tab.sign(&id, b"text").map(|_| ()), Err("invalid_key_state".into()));
    assert_eq!(schedule(&tab, &id, 7), state_code);
    let tab = later(&tab, 29 * DAY);
    let saved = tab.call("keys.cancel_deletion", params(&id)).unwrap();
    assert_eq!((text(&saved, "state"), member(&saved, "deletionDate")), ("disabled".into(), None));
    assert_eq!(tab.call("keys.cancel_deletion", params(&id)), state_code);
    assert!(tab.call("keys.enable", params(&id)).is_ok());
    assert!(later(&tab, 100 * DAY).sign(&id, b"text").is_ok());
}

#[test]
fn days_are_bounded() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    for days in [0, 6, 31, u32::MAX] {
        assert_eq!(schedule(&tab, &id, days), Err("invalid_params".into()), "{days}");
    }
    assert!(schedule(&tab, &id, 7).is_ok());
}

#[test]
fn a_key_is_destroyed_at_the_first_unlock_after_its_time() {
    let mut tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let kept = tab.create("ec-p256", "durable").unwrap();
    let alias = ("alias", Value::Text("push".into()));
    let named = |id: &str| Value::object([("keyId", Value::Text(id.into())), alias.clone()]);
    assert!(tab.call("keys.update", named(&id)).is_ok());
    let size = |tab: &Tab| {
        tab.store.peek(Table::Keys, &RecordKey::Text(id.clone())).map_or(0, |record| record.len())
    };
    assert!(schedule(&tab, &id, 7).is_ok());
    let before = size(&tab);
    for day in 1..=7 {
        assert_eq!(state(&tab, &id), "pending-deletion", "day {day}");
        tab = later(&tab, DAY);
    }
    assert_eq!(state(&tab, &id), "destroyed");
    assert!(size(&tab) + 64 < before, "what was wrapped is gone");
    // What was public stays, and nothing brings it back.
    assert!(tab.call("keys.public_key", params(&id)).is_ok());
    for method in ["keys.cancel_deletion", "keys.enable", "keys.rotate"] {
        assert_eq!(tab.call(method, params(&id)), Err("invalid_key_state".into()), "{method}");
    }
    assert!(tab.call("keys.update", named(&kept)).is_ok(), "its alias is free");
    assert!(tab.sign(&kept, b"text").is_ok());
    let log = entries(&tab);
    let destroyed: Vec<_> =
        log.iter().filter(|entry| text(entry, "method") == "keys.destroy").collect();
    assert_eq!(destroyed.len(), 1);
    assert_eq!(text(destroyed[0], "keyId"), id);
    assert!(tab.verify_audit().is_ok());
}

#[test]
fn a_clock_that_is_set_forward_or_back_destroys_nothing_early() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let now = tab.clock.now_ms();
    assert!(schedule(&tab, &id, 7).is_ok());
    // A year ahead, as often as the vault is opened: a day each time there is one.
    tab.clock.set_wall(now + 365 * DAY);
    let mut tab = later(&tab, 0);
    for _ in 0..20 {
        tab = later(&tab, 1000);
    }
    assert_eq!(state(&tab, &id), "pending-deletion");
    // Ten days back and on again: what the vault has seen stays, the date has not come.
    tab.clock.set_wall(now - 10 * DAY);
    for _ in 0..12 {
        tab = later(&tab, DAY);
        assert_eq!(state(&tab, &id), "pending-deletion");
    }
    for _ in 0..5 {
        tab = later(&tab, DAY);
    }
    assert_eq!(state(&tab, &id), "destroyed");
}

#[test]
fn many_keys_are_destroyed_over_several_unlocks() {
    let mut tab = Tab::ready();
    let ids: Vec<_> = (0..70).map(|_| tab.create("ed25519", "durable").unwrap()).collect();
    for id in &ids {
        assert!(schedule(&tab, id, 7).is_ok());
    }
    for _ in 0..6 {
        tab = later(&tab, DAY);
    }
    let left = |tab: &Tab| ids.iter().filter(|id| state(tab, id) == "pending-deletion").count();
    let mut seen = vec![left(&tab)];
    for _ in 0..3 {
        tab = later(&tab, DAY);
        seen.push(left(&tab));
    }
    assert_eq!(seen, [70, 38, 6, 0]);
}

#[test]
fn a_due_key_that_cannot_be_read_keeps_nobody_out() {
    let mut tab = Tab::ready();
    let broken_one = tab.create("ed25519", "durable").unwrap();
    let other = tab.create("ed25519", "durable").unwrap();
    for id in [&broken_one, &other] {
        assert!(schedule(&tab, id, 7).is_ok());
    }
    tab.store.poke(Table::Keys, &RecordKey::Text(broken_one.clone()), None);
    for _ in 0..8 {
        tab = later(&tab, DAY);
    }
    assert_eq!(state(&tab, &other), "destroyed");
    assert_eq!(tab.call("keys.describe", params(&broken_one)), Err("unreadable".into()));
    // The same for a bucket.
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    assert!(schedule(&tab, &id, 7).is_ok());
    let bucket =
        |key: &RecordKey| matches!(key, RecordKey::Text(name) if name.starts_with("key-index-"));
    let bucket = tab.store.keys(Table::Meta).into_iter().find(bucket).unwrap();
    tab.store.poke(Table::Meta, &bucket, None);
    let mut tab = tab;
    for _ in 0..8 {
        tab = later(&tab, DAY);
    }
    assert_eq!(tab.call("keys.describe", params(&id)), Err("unreadable".into()));
}

#[test]
fn many_due_keys_that_cannot_be_read_keep_nobody_out() {
    let mut tab = Tab::ready();
    let ids: Vec<_> = (0..64).map(|_| tab.create("ed25519", "durable").unwrap()).collect();
    for id in &ids {
        assert!(schedule(&tab, id, 7).is_ok());
    }
    let (others, broken) = ids.split_at(4);
    for id in broken {
        tab.store.poke(Table::Keys, &RecordKey::Text(id.clone()), None);
    }
    for _ in 0..8 {
        tab = later(&tab, DAY);
    }
    for id in others {
        assert_eq!(state(&tab, id), "destroyed");
    }
}

#[test]
fn a_destruction_that_fails_anywhere_happens_whole_or_later() {
    let mut tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    assert!(schedule(&tab, &id, 7).is_ok());
    for _ in 0..6 {
        tab = later(&tab, DAY);
    }
    tab.clock.advance(DAY);
    for fault in Fault::ALL {
        for call in 1.. {
            let copy = tab.on(tab.store.copied());
            copy.store.fail_at(call, fault);
            let _opened = copy.unlock(PASSPHRASE);
            if !copy.store.heal() {
                break;
            }
            let after = copy.restarted();
            after.clock.advance(1000);
            assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
            assert!(after.verify_audit().is_ok(), "{fault:?} {call}");
            let state = state(&after, &id);
            assert_eq!(state, "destroyed", "{fault:?} {call}");
        }
    }
}

#[test]
fn a_refusal_names_its_rule() {
    let tab = Tab::ready();
    let number =
        |value: u64| Value::Number(f64::from(u32::try_from(value / 1000).unwrap()) * 1000.0);
    let now = tab.clock.now_ms();
    let operations = Value::List(vec![Value::Text("verify".into())]);
    let verify_only = with_policy(&tab, Value::object([("operations", operations)])).unwrap();
    let denied = |rule: &str| ("policy_denied".to_owned(), rule.to_owned());
    assert_eq!(rule(&tab, "sign", sign(&verify_only)), denied("operation"));
    let window = [("notBefore", number(now + DAY)), ("notAfter", number(now + 2 * DAY))];
    let timed = with_policy(&tab, policy(&window)).unwrap();
    assert_eq!(rule(&tab, "sign", sign(&timed)), denied("not_before"));
    let tab = later(&tab, DAY);
    assert!(tab.sign(&timed, b"text").is_ok());
    let tab = later(&tab, DAY);
    assert_eq!(rule(&tab, "sign", sign(&timed)), denied("not_after"));
    let refused = entries(&tab);
    let last = refused.last().unwrap();
    assert_eq!(
        (text(last, "method"), text(last, "outcome")),
        ("sign".into(), "policy_denied".into())
    );
}

#[test]
fn another_site_uses_a_key_only_as_it_was_let_and_never_changes_it() {
    let tab = Tab::ready();
    let guest = "https://guest.example";
    let origins = Value::List(vec![Value::Text(guest.into())]);
    let id = with_policy(&tab, policy(&[("callerOrigins", origins)])).unwrap();
    let other = tab.enclave.connect(origin(guest));
    assert!(tab.call_as(other, "sign", sign(&id)).is_ok());
    let listed = tab.call_as(other, "keys.list", Value::Map(vec![])).unwrap();
    assert!(matches!(member(&listed, "keys"), Some(Value::List(keys)) if keys.len() == 1));
    for method in ["keys.rotate", "keys.disable", "keys.update", "keys.schedule_deletion"] {
        let refused = tab.call_as(other, method, params(&id));
        assert_eq!(refused, Err("policy_denied".into()), "{method}");
    }
    assert!(tab.call("keys.disable", params(&id)).is_ok());
    assert_eq!(tab.outbox.names(other), ["keys_changed"]);
    let own = Value::List(vec![Value::Text(PAGE.into())]);
    let twice = with_policy(&tab, policy(&[("callerOrigins", own)]));
    assert_eq!(twice, Err("invalid_params".into()));
}

#[test]
fn uses_are_counted_together_with_their_entries() {
    let tab = Tab::ready();
    let id = with_policy(&tab, policy(&[("maxUses", Value::Number(5.0))])).unwrap();
    // However many are under way at once, and in however many tabs.
    let batch = Value::List((0..4).map(|_| tab.request("sign", sign(&id))).collect());
    let Some(Value::List(replies)) = tab.send(batch) else {
        panic!("a batch is answered by a list")
    };
    assert!(replies.iter().all(|reply| member(reply, "result").is_some()));
    let beside = tab.beside();
    assert!(beside.unlock(PASSPHRASE).is_ok());
    let batch = Value::List((0..3).map(|_| beside.request("sign", sign(&id))).collect());
    let Some(Value::List(replies)) = beside.send(batch) else {
        panic!("a batch is answered by a list")
    };
    let done = replies.iter().filter(|reply| member(reply, "result").is_some()).count();
    assert_eq!(done, 1);
    let denied = ("policy_denied".to_owned(), "max_uses".to_owned());
    let spent = |tab: &Tab| {
        assert_eq!(rule(tab, "sign", sign(&id)), denied);
        let info = tab.call("keys.describe", params(&id)).unwrap();
        assert_eq!(member(&info, "uses"), Some(Value::Number(5.0)));
    };
    spent(&tab);
    spent(&beside);
    let after = later(&tab, DAY);
    spent(&after);
    let log = entries(&after);
    let signed = |entry: &&Value| text(entry, "method") == "sign" && text(entry, "outcome") == "ok";
    assert_eq!(log.iter().filter(signed).count(), 5);
}

#[test]
fn a_use_is_counted_exactly_once_whatever_fails() {
    let before = Tab::ready();
    let id = with_policy(&before, policy(&[("maxUses", Value::Number(5.0))])).unwrap();
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            tab.store.fail_at(call, fault);
            let done = tab.sign(&id, b"text");
            let fired = tab.store.heal();
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok());
            let info = after.call("keys.describe", params(&id)).unwrap();
            let Some(Value::Number(uses)) = member(&info, "uses") else { panic!("no count") };
            assert!(uses <= 1.0 && (done.is_err() || uses > 0.0), "{fault:?} {call} {uses}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
            if !fired {
                assert!(done.is_ok());
                break;
            }
        }
    }
}

#[test]
fn a_rate_opens_again_with_time() {
    let tab = Tab::ready();
    let rate = [("uses", Value::Number(2.0)), ("periodMs", Value::Number(60_000.0))];
    let id = with_policy(&tab, policy(&[("rate", Value::object(rate))])).unwrap();
    let denied = ("policy_denied".to_owned(), "rate".to_owned());
    for _ in 0..2 {
        assert!(tab.sign(&id, b"text").is_ok());
        assert!(tab.sign(&id, b"text").is_ok());
        assert_eq!(rule(&tab, "sign", sign(&id)), denied);
        tab.clock.advance(59_999);
        assert_eq!(rule(&tab, "sign", sign(&id)), denied);
        tab.clock.advance(1);
    }
    assert!(tab.sign(&id, b"text").is_ok());
}

#[test]
fn a_policy_that_asks_for_what_is_not_built_is_refused() {
    let tab = Tab::ready();
    for (member, value) in [
        ("confirmation", Value::Text("passkey".into())),
        ("exportable", Value::Bool(true)),
        ("jwt", Value::Map(vec![])),
    ] {
        let made = with_policy(&tab, policy(&[(member, value)]));
        assert_eq!(made, Err("invalid_params".into()), "{member}");
    }
}
