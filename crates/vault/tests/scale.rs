//! Many keys: no operation but an explicit listing looks at more of the store for them.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::Value;
use kms_testkit::tab::{member, text};
use kms_testkit::{PASSPHRASE, Tab};

/// Enough for every bucket of the index to exist.
const FEW: usize = 1000;
const MANY: usize = 10_000;

fn params(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into()))])
}

/// Store calls of one operation after another.
fn calls(tab: &Tab, act: impl Fn(&Tab)) -> u64 {
    let before = tab.store.calls();
    act(tab);
    tab.store.calls() - before
}

/// Store calls of an unlock, of the first and the second use of a key, of a page, and of changes.
fn costs(tab: &Tab, id: &str) -> Vec<u64> {
    let after = tab.restarted();
    let unlock = calls(&after, |tab| assert!(tab.unlock(PASSPHRASE).is_ok()));
    let sign = |tab: &Tab| assert!(tab.sign(id, b"text").is_ok());
    let (first, second) = (calls(&after, sign), calls(&after, sign));
    let mut costs = vec![unlock, first, second];
    for method in ["keys.rotate", "keys.disable", "keys.enable", "keys.schedule_deletion"] {
        costs.push(calls(&after, |tab| assert!(tab.call(method, params(id)).is_ok())));
    }
    let alias =
        Value::object([("keyId", Value::Text(id.into())), ("alias", Value::Text(id.into()))]);
    costs.push(calls(&after, |tab| {
        assert!(tab.call("keys.cancel_deletion", params(id)).is_ok());
        assert_eq!(tab.call("keys.update", alias.clone()).err(), None);
    }));
    costs
}

#[test]
fn nothing_costs_more_store_calls_with_ten_thousand_keys() {
    let tab = Tab::ready();
    let make = |count: usize| {
        let made = (0..count).map(|_| {
            tab.clock.advance(1);
            tab.create("ed25519", "durable").unwrap()
        });
        made.last().unwrap()
    };
    let first = make(FEW);
    let few = costs(&tab, &first);
    assert!(tab.create("ed25519", "durable").is_ok(), "learns what the other tab wrote");
    let create = calls(&tab, |tab| assert!(tab.create("ed25519", "durable").is_ok()));
    let last = make(MANY - FEW);
    assert_eq!(calls(&tab, |tab| assert!(tab.create("ed25519", "durable").is_ok())), create);
    assert_eq!(costs(&tab, &last), few);
    // A page: its records, and the buckets that they are in.
    let page = |tab: &Tab| {
        let page = tab.call("keys.list", Value::Map(vec![])).unwrap();
        assert!(matches!(member(&page, "keys"), Some(Value::List(keys)) if keys.len() == 100));
        assert!(!text(&page, "next").is_empty());
    };
    assert!(calls(&tab, page) <= 5, "{}", calls(&tab, page));
}
