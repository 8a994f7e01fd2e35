//! Golden samples: one JSON file per method, bytes as `{"$hex": "…"}`.

use std::fmt::Write as _;

use kms_protocol::{Method, Value};
use serde_json::{Map, Value as Json, json};

/// One file.
pub(crate) fn file(method: Method) -> String {
    let (params, result) = method.samples();
    let file = json!({
        "method": method.name(),
        "params": to_json(&params),
        "result": to_json(&result),
    });
    format!("{file:#}\n")
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({ "$hex": hex(bytes) }),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name.to_string(), to_json(value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
