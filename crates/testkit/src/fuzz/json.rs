//! Messages as JSON, in the notation of the golden samples.

use kms_protocol::Value;
use serde_json::{Map, Value as Json};

/// Reads a message; `None` if the text is none.
pub(super) fn read(text: &[u8]) -> Option<Value> {
    value(&serde_json::from_slice(text).ok()?)
}

fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.as_f64()?),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect::<Option<_>>()?),
        Json::Object(members) => return object(members),
    })
}

fn object(members: &Map<String, Json>) -> Option<Value> {
    if let Some(hex) = members.get("$hex") {
        return Some(Value::Bytes(bytes(hex.as_str()?)?));
    }
    let member = |(name, json): (&String, &Json)| Some((name.clone().into(), value(json)?));
    Some(Value::Map(members.iter().map(member).collect::<Option<_>>()?))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    hex.as_bytes().chunks(2).map(byte).collect()
}
