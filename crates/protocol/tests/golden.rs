//! The checked-in samples still decode: a change that breaks them breaks old clients.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests

use std::fs;
use std::path::Path;

use kms_protocol::{IntoValue, Method, Request, Response, Value};
use serde_json::Value as Json;

fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.as_f64().unwrap()),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(members) => match members.get("$hex") {
            Some(hex) => Value::Bytes(unhex(hex.as_str().unwrap())),
            None => Value::Map(
                members
                    .iter()
                    .map(|(name, value)| (name.clone().into(), from_json(value)))
                    .collect(),
            ),
        },
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn every_checked_in_sample_decodes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/protocol");
    let mut seen = 0;
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let sample: Json = serde_json::from_str(&text).unwrap();
        let method = Method::parse(sample["method"].as_str().unwrap()).unwrap();
        Request::decode(method, from_json(&sample["params"])).unwrap();
        let result = Response::decode(method, from_json(&sample["result"])).unwrap();
        assert!(matches!(result.into_value(), Value::Map(_)));
        seen += 1;
    }
    assert_eq!(seen, Method::ALL.len());
}
