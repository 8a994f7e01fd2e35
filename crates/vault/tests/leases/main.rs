//! Leases: what a person allows, what is issued under it, and everything that is refused.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

mod faults;
mod jwt;
mod jwt_verify;
mod life;
mod terms;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_protocol::Value;
use kms_testkit::tab::{member, text};
use kms_testkit::{PASSPHRASE, Tab};

const PUSH: &str = "https://push.example";
const OTHER: &str = "https://other-push.example";
const HOUR: u64 = 3_600_000;

fn empty() -> Value {
    Value::Map(Vec::new())
}

fn number(number: impl Into<f64>) -> Value {
    Value::Number(number.into())
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::Text((*text).into())).collect())
}

fn terms(key: &str, life_ms: u32, tokens: u32) -> Value {
    Value::object([
        ("keyId", Value::Text(key.into())),
        ("audiences", texts(&[PUSH])),
        ("lifeMs", number(life_ms)),
        ("tokens", number(tokens)),
    ])
}

fn named(lease: &str) -> Value {
    Value::object([("leaseId", Value::Text(lease.into()))])
}

fn extension(lease: &str, life_ms: u32, tokens: u32) -> Value {
    let id = Value::Text(lease.into());
    Value::object([("leaseId", id), ("lifeMs", number(life_ms)), ("tokens", number(tokens))])
}

/// A vault with a P-256 key and a lease on it; returns the ids.
fn leased(life_ms: u32, tokens: u32) -> (Tab, String, String) {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    let lease = tab.allow("vapid.create_lease", terms(&key, life_ms, tokens), PASSPHRASE).unwrap();
    (tab, key, text(&lease, "leaseId"))
}

fn issue_for(tab: &Tab, lease: &str, audience: &str) -> Result<Value, String> {
    let audience = Value::Text(audience.into());
    let params = [("leaseId", Value::Text(lease.into())), ("audience", audience)];
    tab.call("vapid.issue_token", Value::object(params))
}

fn issue(tab: &Tab, lease: &str) -> Result<Value, String> {
    issue_for(tab, lease, PUSH)
}

fn refused(code: &str) -> Result<Value, String> {
    Err(code.into())
}

fn list(tab: &Tab) -> Vec<Value> {
    match member(&tab.call("leases.list", empty()).unwrap(), "leases") {
        Some(Value::List(leases)) => leases,
        _ => Vec::new(),
    }
}

fn used(tab: &Tab) -> Vec<Option<Value>> {
    list(tab).iter().map(|lease| member(lease, "used")).collect()
}

fn claims(token: &Value) -> String {
    let text = text(token, "token");
    let payload = text.split('.').nth(1).unwrap();
    String::from_utf8(Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}

/// The token verifies with the key's public half, which the header field names as well.
fn verifies(tab: &Tab, key: &str, token: &Value) {
    let jws = text(token, "token");
    let (input, signature) = jws.rsplit_once('.').unwrap();
    let params = Value::object([
        ("keyId", Value::Text(key.into())),
        ("data", Value::Bytes(input.as_bytes().to_vec())),
        ("signature", Value::Bytes(Base64UrlUnpadded::decode_vec(signature).unwrap())),
    ]);
    assert_eq!(member(&tab.call("verify", params).unwrap(), "valid"), Some(Value::Bool(true)));
    let authorization = text(token, "authorization");
    let (t, k) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!((t, k.len()), (jws.as_str(), 87));
}
