//! Members of JSON objects, typed.

use kms_jose::{Json, Object};

use crate::Refusal;

pub(crate) fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

/// A member that is a text.
pub(crate) fn get_text<'a>(object: &'a Object, name: &str) -> Result<&'a str, Refusal> {
    as_text(object.get(name)).ok_or(Refusal::Claims)
}

/// A member that is a whole number.
pub(crate) fn get_integer(object: &Object, name: &str) -> Result<u64, Refusal> {
    match object.get(name) {
        Some(Json::Integer(number)) => Ok(*number),
        _ => Err(Refusal::Claims),
    }
}

/// A member that is an object.
pub(crate) fn get_object<'a>(object: &'a Object, name: &str) -> Result<&'a Object, Refusal> {
    match object.get(name) {
        Some(Json::Object(inner)) => Ok(inner),
        _ => Err(Refusal::Claims),
    }
}

pub(crate) fn as_text(value: Option<&Json>) -> Option<&str> {
    match value {
        Some(Json::Text(text)) => Some(text),
        _ => None,
    }
}

/// Refuses what differs from what would have been written: other members, another order.
pub(crate) fn exactly(read: &Object, written: &Object) -> Result<(), Refusal> {
    if read == written { Ok(()) } else { Err(Refusal::Claims) }
}
