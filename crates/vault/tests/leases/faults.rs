//! Every store call of every change of a lease fails once, in every way. Afterwards the lease is
//! as it was or as it was to become, and no token is out that is neither counted nor logged.

use kms_protocol::Value;
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{member, text};
use kms_testkit::{Fault, PASSPHRASE, Tab};

const TOKENS: f64 = 5.0;

fn empty() -> Value {
    Value::Map(Vec::new())
}

fn terms(key: &str) -> Value {
    Value::object([
        ("keyId", Value::Text(key.into())),
        ("audiences", Value::List(vec![Value::Text("https://push.example".into())])),
        ("lifeMs", Value::Number(2_592_000_000.0)),
        ("tokens", Value::Number(TOKENS)),
    ])
}

fn leases(tab: &Tab) -> Vec<Value> {
    match member(&tab.call("leases.list", empty()).unwrap(), "leases") {
        Some(Value::List(leases)) => leases,
        _ => Vec::new(),
    }
}

fn number(value: &Value, name: &str) -> f64 {
    match member(value, name) {
        Some(Value::Number(number)) => number,
        _ => -1.0,
    }
}

/// How often the log says that this was done.
fn logged(tab: &Tab, method: &str) -> usize {
    let done = |entry: &&Value| text(entry, "method") == method && text(entry, "outcome") == "ok";
    entries(tab).iter().filter(done).count()
}

/// Runs `change` on a fresh copy of `before` with each store call failing in each way, and looks
/// at what is there after a restart.
fn schedule(before: &Tab, change: impl Fn(&Tab) -> bool, look: impl Fn(&Tab, bool, &str)) {
    let mut both = [false, false];
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            tab.store.fail_at(call, fault);
            let done = change(&tab);
            let fired = tab.store.heal();
            let name = format!("{fault:?} at call {call}, done {done}");
            assert!(call < 100, "{name}: the change never ends");
            let after = tab.restarted();
            after.clock.advance(3_600_000);
            assert!(after.unlock(PASSPHRASE).is_ok(), "{name}: {:?}", after.problem());
            look(&after, done, &name);
            assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
            if !fired {
                assert!(done, "{name}");
                break;
            }
            both[usize::from(done)] = true;
        }
    }
    assert_eq!(both, [true, true], "some fail, and some are survived");
}

/// A vault with a key for VAPID; returns its id.
fn keyed() -> (Tab, String) {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    (tab, key)
}

/// A vault with a lease; returns its id.
fn leased() -> (Tab, String) {
    let (tab, key) = keyed();
    let lease = tab.allow("vapid.create_lease", terms(&key), PASSPHRASE).unwrap();
    (tab, text(&lease, "leaseId"))
}

fn named(lease: &str) -> Value {
    Value::object([("leaseId", Value::Text(lease.into()))])
}

fn issue(tab: &Tab, lease: &str) -> bool {
    let audience = Value::Text("https://push.example".into());
    let params = [("leaseId", Value::Text(lease.into())), ("audience", audience)];
    tab.call("vapid.issue_token", Value::object(params)).is_ok()
}

#[test]
fn allowing_a_lease_is_all_or_nothing() {
    let (before, key) = keyed();
    let allow = |tab: &Tab| tab.allow("vapid.create_lease", terms(&key), PASSPHRASE).is_ok();
    schedule(&before, allow, |after, done, name| {
        let there = leases(after).len();
        assert!(!done || there == 1, "{name}: what was allowed is gone");
        assert_eq!(logged(after, "vapid.create_lease"), there, "{name}");
    });
}

#[test]
fn extending_a_lease_is_all_or_nothing() {
    let (before, lease) = leased();
    assert!(issue(&before, &lease));
    let params = || {
        let id = Value::Text(lease.clone());
        let life = Value::Number(2_592_000_000.0);
        Value::object([("leaseId", id), ("lifeMs", life), ("tokens", Value::Number(9.0))])
    };
    let extend = |tab: &Tab| tab.allow("leases.extend", params(), PASSPHRASE).is_ok();
    schedule(&before, extend, |after, done, name| {
        let lease = leases(after).pop().unwrap();
        let state = (number(&lease, "tokens"), number(&lease, "used"));
        let extended = logged(after, "leases.extend") == 1;
        assert!(!done || extended, "{name}");
        let expected = if extended { (9.0, 0.0) } else { (TOKENS, 1.0) };
        assert_eq!(state, expected, "{name}");
    });
}

#[test]
fn every_token_is_counted_and_logged() {
    let (before, lease) = leased();
    schedule(
        &before,
        |tab| issue(tab, &lease),
        |after, done, name| {
            let used = number(&leases(after).pop().unwrap(), "used");
            assert!(!done || (used - 1.0).abs() < 0.5, "{name}: a token was not counted");
            let entries = logged(after, "vapid.issue_token");
            assert!((f64::from(u32::try_from(entries).unwrap()) - used).abs() < 0.5, "{name}");
        },
    );
}

#[test]
fn revoking_is_all_or_nothing() {
    let (before, lease) = leased();
    let revoke = |tab: &Tab| tab.call("leases.revoke", named(&lease)).is_ok();
    schedule(&before, revoke, |after, done, name| {
        let there = leases(after).len();
        assert!(!done || there == 0, "{name}: it was revoked and is there");
        assert_eq!(logged(after, "leases.revoke") + there, 1, "{name}");
        assert_eq!(issue(after, &lease), there == 1, "{name}");
    });
}
