//! Messages that a hostile page could send, each with the code it must get.

use kms_protocol::limits::{MAX_DATA, MAX_DEPTH, MAX_ID, MAX_ITEMS, MAX_KEYS, MAX_TEXT, MAX_TOKEN};
use kms_protocol::{ErrorCode, Value};

/// A message and its only right answer.
pub type Case = (&'static str, Value, ErrorCode);

/// The corpus.
#[must_use]
pub fn corpus() -> Vec<Case> {
    let mut cases = shapes();
    cases.extend(ids());
    cases.extend(methods());
    cases.extend(parameters());
    cases.extend(sizes());
    cases
}

fn string(value: &str) -> Value {
    Value::Text(value.into())
}

fn map(members: &[(&str, Value)]) -> Value {
    let own = |(name, value): &(&str, Value)| ((*name).to_owned().into(), value.clone());
    Value::Map(members.iter().map(own).collect())
}

fn call(method: &str, params: Value) -> Value {
    map(&[("id", string("h1")), ("method", string(method)), ("params", params)])
}

fn shapes() -> Vec<Case> {
    use ErrorCode::InvalidRequest;
    let ping = ("method", string("rpc.ping"));
    let id = ("id", string("h1"));
    vec![
        ("null", Value::Null, InvalidRequest),
        ("text", string("rpc.ping"), InvalidRequest),
        ("number", Value::Number(1.0), InvalidRequest),
        ("bytes", Value::Bytes(vec![1]), InvalidRequest),
        ("empty object", map(&[]), InvalidRequest),
        ("empty batch", Value::List(vec![]), InvalidRequest),
        ("no method", map(std::slice::from_ref(&id)), InvalidRequest),
        ("unknown key", map(&[id.clone(), ping.clone(), ("x", Value::Null)]), InvalidRequest),
        (
            "__proto__ key",
            map(&[id.clone(), ping.clone(), ("__proto__", map(&[]))]),
            InvalidRequest,
        ),
        ("a key twice", map(&[id.clone(), ping.clone(), ping.clone()]), InvalidRequest),
        (
            "NaN deadline",
            map(&[id.clone(), ping.clone(), ("deadlineMs", Value::Number(f64::NAN))]),
            InvalidRequest,
        ),
        (
            "huge deadline",
            map(&[id.clone(), ping.clone(), ("deadlineMs", Value::Number(1e308))]),
            InvalidRequest,
        ),
        (
            "zero deadline",
            map(&[id.clone(), ping.clone(), ("deadlineMs", Value::Number(0.0))]),
            InvalidRequest,
        ),
        ("a reply", map(&[id.clone(), ("result", map(&[]))]), InvalidRequest),
        ("an event", map(&[("event", string("unlocked")), ("data", map(&[]))]), InvalidRequest),
        ("a UI message", map(&[("ui", string("submit"))]), InvalidRequest),
        ("an init message", map(&[("kind", string("init"))]), InvalidRequest),
        ("cancel of an object", map(&[("cancel", map(&[]))]), InvalidRequest),
    ]
}

fn ids() -> Vec<Case> {
    let with = |id: Value| map(&[("id", id), ("method", string("rpc.ping"))]);
    let long = "a".repeat(MAX_ID + 1);
    let bad = [
        ("number id", Value::Number(0.0)),
        ("NaN id", Value::Number(f64::NAN)),
        ("infinite id", Value::Number(f64::INFINITY)),
        ("2^53 + 1 id", Value::Number(9_007_199_254_740_993.0)),
        ("null id", Value::Null),
        ("empty id", string("")),
        ("object id", map(&[("toString", string("a"))])),
        ("spaced id", string("a b")),
        ("long id", string(&long)),
    ];
    bad.into_iter().map(|(name, id)| (name, with(id), ErrorCode::InvalidRequest)).collect()
}

fn methods() -> Vec<Case> {
    let names = [
        "",
        "then",
        "constructor",
        "__proto__",
        "toString",
        "Sign",
        "SIGN",
        "sign\0",
        "sign ",
        "vault.destroy",
        "vault.unseal",
        "keys.reveal",
        "ui.submit",
        "rpc.ping.x",
        "import",
    ];
    names.map(|name| (name, call(name, map(&[])), ErrorCode::UnknownMethod)).into()
}

fn parameters() -> Vec<Case> {
    use ErrorCode::InvalidParams;
    let secret = string("correct horse battery staple");
    let key = ("keyId", string("AAECAwQFBgcICQoLDA0ODw"));
    let data = ("data", Value::Bytes(vec![1]));
    vec![
        (
            "passphrase to unlock",
            call("vault.unlock", map(&[("passphrase", secret.clone())])),
            InvalidParams,
        ),
        (
            "passphrase to set up",
            call("vault.setup", map(&[("passphrase", secret)])),
            InvalidParams,
        ),
        (
            "a RootKey to set up",
            call("vault.setup", map(&[("rootKey", Value::Bytes(vec![0; 32]))])),
            InvalidParams,
        ),
        (
            "a PRF output",
            call("vault.unlock", map(&[("prf", Value::Bytes(vec![0; 32]))])),
            InvalidParams,
        ),
        (
            "a private key",
            call(
                "keys.create",
                map(&[("spec", string("ed25519")), ("pkcs8", Value::Bytes(vec![]))]),
            ),
            InvalidParams,
        ),
        (
            "an origin of the page's own",
            call("sign", map(&[key.clone(), data.clone(), ("callerOrigin", string("https://x"))])),
            InvalidParams,
        ),
        ("parameters that are a list", call("rpc.ping", Value::List(vec![])), InvalidParams),
        ("no key", call("sign", map(std::slice::from_ref(&data))), InvalidParams),
        ("no data", call("sign", map(std::slice::from_ref(&key))), InvalidParams),
        ("text as data", call("sign", map(&[key.clone(), ("data", string("a"))])), InvalidParams),
        (
            "a path as key",
            call("sign", map(&[("keyId", string("../../meta/header")), data])),
            InvalidParams,
        ),
        ("unknown spec", call("keys.create", map(&[("spec", string("rsa-1024"))])), InvalidParams),
        (
            "a control character",
            call("keys.create", map(&[("spec", string("ed25519")), ("label", string("a\u{0}"))])),
            InvalidParams,
        ),
    ]
}

fn sizes() -> Vec<Case> {
    use ErrorCode::{InvalidRequest, PayloadTooLarge};
    let deep = (0..10_000).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let nested = (0..=MAX_DEPTH).fold(Value::Null, |inner, _| map(&[("a", inner)]));
    let names: Vec<String> = (0..=MAX_KEYS).map(|n| format!("k{n}")).collect();
    let wide: Vec<_> = names.iter().map(|name| (name.as_str(), Value::Null)).collect();
    let many = |inner| Value::List(vec![inner; MAX_ITEMS]);
    let billions = call("rpc.ping", many(many(many(Value::Null))));
    let key = ("keyId", string("AAECAwQFBgcICQoLDA0ODw"));
    let data = |len| map(&[key.clone(), ("data", Value::Bytes(vec![0; len]))]);
    let challenge = map(&[key.clone(), ("challenge", string(&"a".repeat(MAX_TEXT + 1)))]);
    vec![
        ("very deep", deep, InvalidRequest),
        ("values without end", billions, PayloadTooLarge),
        ("a level too deep", call("rpc.ping", nested), InvalidRequest),
        ("a key too many", call("rpc.ping", map(&wide)), InvalidRequest),
        (
            "a batch too long",
            Value::List(vec![call("rpc.ping", map(&[])); MAX_ITEMS + 1]),
            InvalidRequest,
        ),
        ("a string too long", call(&"a".repeat(MAX_TOKEN + 1), map(&[])), PayloadTooLarge),
        ("a text too long", call("poa.reject", challenge), PayloadTooLarge),
        ("a byte too many", call("sign", data(MAX_DATA + 1)), PayloadTooLarge),
        ("64 MiB", call("sign", data(64 << 20)), PayloadTooLarge),
    ]
}
