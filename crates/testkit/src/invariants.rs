//! Invariants that hold after every step, however the step ended. The numbers are those of
//! the test plan; the others are structural.

use kms_protocol::Value;
use kms_vault::{RecordKey, Table};

use crate::tab::{Tab, member, text};

/// Checks a healed and unlocked tab; returns what is broken.
#[must_use]
pub fn broken(tab: &Tab) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |name: &str, holds: bool| {
        if !holds {
            broken.push(name.to_owned());
        }
    };
    let ids = listed(tab);
    let stored = tab.store.keys(Table::Keys);
    // I1: every stored record is readable, none is skipped silently.
    check("I1 every key record is listed", ids.len() == stored.len());
    // I3: each wrapped key authenticates under its own place, and works if it may be used. A
    // refusal counts only for the reason that the key itself states.
    let works = |id: &String| match tab.sign_approved(id, b"invariant") {
        Ok(signature) => signature.len() == 64,
        Err(code) => is_refused_rightly(tab, id, &code),
    };
    check("I3 every key signs, or says why not", ids.iter().all(works));
    // I5: the chain is whole and has an entry for each key that exists.
    check("I5 the audit log verifies", tab.verify_audit().is_ok());
    let created = created(tab);
    check("I5 every key has its entry", ids.iter().all(|id| created.contains(id)));
    // I10: all or nothing: no entry for a key that does not exist.
    check("I10 every entry has its key", created.iter().all(|id| ids.contains(id)));
    let meta = tab.store.keys(Table::Meta);
    let named = |name: &str| RecordKey::Text(name.into());
    let whole =
        ["audit-head", "header", "key-index"].map(named).iter().all(|key| meta.contains(key));
    let known = ["audit-head", "header", "history", "key-index", "settings"].map(named);
    let bucket =
        |key: &RecordKey| matches!(key, RecordKey::Text(name) if name.starts_with("key-index-"));
    check(
        "I10 a header, a head, an index, and nothing unknown",
        whole && meta.iter().all(|key| known.contains(key) || is_tile(key) || bucket(key)),
    );
    broken
}

/// I9: whether any of these secrets is in a value.
#[must_use]
pub fn contains_secret(value: &Value, secrets: &[Vec<u8>]) -> bool {
    let found = |bytes: &[u8]| {
        secrets.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::Text(text) => found(text.as_bytes()),
        Value::Bytes(bytes) => found(bytes),
        Value::List(items) => items.iter().any(|item| contains_secret(item, secrets)),
        Value::Map(members) => members.iter().any(|(_, value)| contains_secret(value, secrets)),
    }
}

/// Ids of all keys of the page.
#[must_use]
pub fn listed(tab: &Tab) -> Vec<String> {
    let page = tab.call("keys.list", Value::Map(Vec::new()));
    items(page.ok().and_then(|page| member(&page, "keys")))
        .iter()
        .map(|info| text(info, "keyId"))
        .collect()
}

/// Whether what is known of a key explains why it does not sign.
fn is_refused_rightly(tab: &Tab, id: &str, code: &str) -> bool {
    let params = Value::object([("keyId", Value::Text(id.into()))]);
    let Ok(info) = tab.call("keys.describe", params) else { return false };
    match code {
        "invalid_key_state" => text(&info, "state") != "enabled",
        "policy_denied" => !items(member(&info, "usage")).contains(&Value::Text("sign".into())),
        _ => false,
    }
}

/// Method and outcome of the entries of a key.
#[must_use]
pub fn logged(tab: &Tab, key: &str) -> Vec<(String, String)> {
    let all = entries(tab).into_iter().filter(|entry| text(entry, "keyId") == key);
    all.map(|entry| (text(&entry, "method"), text(&entry, "outcome"))).collect()
}

/// Every audit entry.
#[must_use]
pub fn entries(tab: &Tab) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let from = Value::Number(f64::from(u32::try_from(all.len()).unwrap_or(0)) + 1.0);
        let page = tab.call("audit.list", Value::object([("from", from)]));
        let entries = items(page.ok().and_then(|page| member(&page, "entries")));
        if entries.is_empty() {
            return all;
        }
        all.extend(entries);
    }
}

/// The key of an audit entry in its table.
#[must_use]
pub fn audit_key(seq: u64) -> RecordKey {
    RecordKey::Number(seq)
}

/// Whether this is a part of the log's tree.
fn is_tile(key: &RecordKey) -> bool {
    matches!(key, RecordKey::Text(name) if name.starts_with("audit-tile/"))
}

fn created(tab: &Tab) -> Vec<String> {
    let made = entries(tab)
        .into_iter()
        .filter(|entry| text(entry, "method") == "keys.create" && text(entry, "outcome") == "ok");
    made.map(|entry| text(&entry, "keyId")).collect()
}

fn items(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::List(items)) => items,
        _ => Vec::new(),
    }
}
