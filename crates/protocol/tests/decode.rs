//! Hostile and edge messages.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests

use kms_protocol::{Call, ErrorCode, Incoming, Method, Name, Request, Value, limits};
use proptest::prelude::*;

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn map(members: &[(&str, Value)]) -> Value {
    Value::Map(members.iter().map(|(k, v)| (Name::Owned((*k).into()), v.clone())).collect())
}

fn single(message: Value) -> Result<Call, ErrorCode> {
    match Incoming::decode(message) {
        Incoming::Single(call) => call,
        other => panic!("not a single request: {other:?}"),
    }
}

#[test]
fn a_plain_request_decodes() {
    let call = single(map(&[("id", text("a1")), ("method", text("rpc.ping"))])).unwrap();
    assert_eq!(call.id.as_str(), "a1");
    assert_eq!(call.deadline_ms, limits::DEFAULT_DEADLINE_MS);
    assert_eq!(call.request.unwrap().method(), Method::Ping);
}

#[test]
fn ids_must_be_short_plain_strings() {
    let long = "x".repeat(limits::MAX_ID + 1);
    let bad = [
        text(""),
        text(&long),
        text("a b"),
        text("<a>"),
        Value::Number(f64::NAN),
        Value::Number(1.0),
        Value::Null,
    ];
    for id in bad {
        let refused = single(map(&[("id", id.clone()), ("method", text("rpc.ping"))]));
        assert_eq!(refused, Err(ErrorCode::InvalidRequest), "{id:?}");
    }
    assert!(single(map(&[("id", text("__proto__")), ("method", text("rpc.ping"))])).is_ok());
}

#[test]
fn an_error_after_the_id_keeps_the_id() {
    let cases = [
        (map(&[("id", text("a")), ("method", text("nope"))]), ErrorCode::UnknownMethod),
        (map(&[("id", text("a"))]), ErrorCode::InvalidRequest),
        (
            map(&[("id", text("a")), ("method", text("rpc.ping")), ("x", Value::Null)]),
            ErrorCode::InvalidRequest,
        ),
        (
            map(&[("id", text("a")), ("method", text("sign")), ("params", map(&[]))]),
            ErrorCode::InvalidParams,
        ),
        (
            map(&[("id", text("a")), ("method", text("rpc.ping")), ("params", text("x"))]),
            ErrorCode::InvalidParams,
        ),
    ];
    for (message, code) in cases {
        let call = single(message).unwrap();
        assert_eq!((call.id.as_str(), call.request), ("a", Err(code)));
    }
}

#[test]
fn deadlines_are_bounded() {
    for deadline in
        [0.0, -1.0, 0.5, f64::NAN, f64::INFINITY, f64::from(limits::MAX_DEADLINE_MS) + 1.0]
    {
        let message = map(&[
            ("id", text("a")),
            ("method", text("rpc.ping")),
            ("deadlineMs", Value::Number(deadline)),
        ]);
        assert_eq!(single(message).unwrap().request, Err(ErrorCode::InvalidRequest), "{deadline}");
    }
}

#[test]
fn batches_are_bounded() {
    let ping = map(&[("id", text("a")), ("method", text("rpc.ping"))]);
    assert_eq!(single(Value::List(vec![])), Err(ErrorCode::InvalidRequest));
    let most = Incoming::decode(Value::List(vec![ping.clone(); limits::MAX_ITEMS]));
    assert!(matches!(most, Incoming::Batch(calls) if calls.len() == limits::MAX_ITEMS));
    let too_many = Value::List(vec![ping; limits::MAX_ITEMS + 1]);
    assert_eq!(single(too_many), Err(ErrorCode::InvalidRequest));
}

#[test]
fn a_batch_asks_for_few_pages() {
    let call = |method| map(&[("id", text("a")), ("method", text(method))]);
    let mut calls = vec![call("keys.list"), call("audit.list"), call("rpc.ping")];
    calls.extend(vec![call("keys.list"); 3]);
    calls.extend([call("rpc.ping"), call("audit.list")]);
    let Incoming::Batch(calls) = Incoming::decode(Value::List(calls)) else {
        panic!("not a batch")
    };
    let codes: Vec<_> = calls.into_iter().map(|call| call.unwrap().request.err()).collect();
    let large = Some(ErrorCode::PayloadTooLarge);
    assert_eq!(codes, [None, None, None, None, None, large, None, large]);
}

#[test]
fn a_batch_does_not_nest() {
    let nested = Value::List(vec![Value::List(vec![])]);
    let Incoming::Batch(calls) = Incoming::decode(nested) else { panic!("not a batch") };
    assert_eq!(calls, vec![Err(ErrorCode::InvalidRequest)]);
}

#[test]
fn cancel_takes_an_id_and_nothing_else() {
    let Incoming::Cancel(id) = Incoming::decode(map(&[("cancel", text("a"))])) else {
        panic!("not a cancel")
    };
    assert_eq!(id.as_str(), "a");
    let extra = map(&[("cancel", text("a")), ("x", Value::Null)]);
    assert_eq!(single(extra), Err(ErrorCode::InvalidRequest));
    assert_eq!(single(map(&[("cancel", Value::Null)])), Err(ErrorCode::InvalidRequest));
}

#[test]
fn data_is_bounded() {
    let sign = |len: usize| {
        let params = map(&[("keyId", text(&"A".repeat(22))), ("data", Value::Bytes(vec![0; len]))]);
        Request::decode(Method::Sign, params)
    };
    assert!(sign(0).is_ok());
    assert!(sign(limits::MAX_DATA).is_ok());
    assert_eq!(sign(limits::MAX_DATA + 1), Err(ErrorCode::PayloadTooLarge));
}

#[test]
fn bytes_are_bytes_and_nothing_else() {
    for data in [text("x"), Value::List(vec![Value::Number(1.0)]), Value::Null, map(&[])] {
        let params = map(&[("keyId", text(&"A".repeat(22))), ("data", data)]);
        assert_eq!(Request::decode(Method::Sign, params), Err(ErrorCode::InvalidParams));
    }
}

#[test]
fn labels_hold_text_for_people() {
    let create = |label: &str| {
        Request::decode(
            Method::CreateKey,
            map(&[("spec", text("ed25519")), ("label", text(label))]),
        )
    };
    assert!(create("Schlüssel 🔑").is_ok());
    assert!(create(&"é".repeat(limits::MAX_LABEL)).is_ok());
    for bad in ["", "line\nbreak", "\u{7f}", &"é".repeat(limits::MAX_LABEL + 1)] {
        assert_eq!(create(bad), Err(ErrorCode::InvalidParams), "{bad:?}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::Number),
        ".{0,12}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = prop_oneof![
            Just("id"),
            Just("method"),
            Just("params"),
            Just("cancel"),
            Just("deadlineMs"),
            Just("__proto__"),
            Just("keyId"),
            Just("data"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec((name.prop_map(|n| Name::Owned(n.into())), inner), 0..6)
                .prop_map(Value::Map),
        ]
    })
}

proptest! {
    /// Whatever arrives is classified; nothing panics.
    #[test]
    fn decoding_is_total(value in any_value()) {
        let _ = Incoming::decode(value);
    }
}
