//! Limits on a whole message, checked before anything of it is interpreted.

use kms_protocol::limits::{MAX_DEPTH, MAX_ITEMS, MAX_KEYS, MAX_MESSAGE, MAX_TOKEN, VALUE_COST};
use kms_protocol::{ErrorCode, RequestId, Value};

/// Refuses messages that are too deep, too wide or too large.
pub(crate) fn check(message: &Value) -> Result<(), ErrorCode> {
    let mut left = MAX_MESSAGE;
    walk(message, MAX_DEPTH, &mut left)
}

/// The id of a refused message, where one can be read without looking further.
pub(crate) fn id_of(message: &Value) -> Option<RequestId> {
    let Value::Map(members) = message else { return None };
    match members.iter().take(MAX_KEYS).find(|(name, _)| name == "id") {
        Some((_, Value::Text(id))) => RequestId::new(id.as_str()).ok(),
        _ => None,
    }
}

fn walk(value: &Value, depth: usize, left: &mut usize) -> Result<(), ErrorCode> {
    spend(left, VALUE_COST)?;
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) if number.is_finite() => Ok(()),
        Value::Number(_) => Err(ErrorCode::InvalidRequest),
        // Of all texts a token may be longest; the others have their limits where they are decoded.
        Value::Text(text) if text.len() > MAX_TOKEN => Err(ErrorCode::PayloadTooLarge),
        Value::Text(text) => spend(left, text.len()),
        Value::Bytes(bytes) => spend(left, bytes.len()),
        Value::List(items) => {
            let depth = enter(depth, items.len(), MAX_ITEMS)?;
            items.iter().try_for_each(|item| walk(item, depth, left))
        }
        Value::Map(members) => {
            let depth = enter(depth, members.len(), MAX_KEYS)?;
            members.iter().try_for_each(|(name, value)| {
                spend(left, name.len())?;
                walk(value, depth, left)
            })
        }
    }
}

fn enter(depth: usize, len: usize, max: usize) -> Result<usize, ErrorCode> {
    if len > max {
        return Err(ErrorCode::InvalidRequest);
    }
    depth.checked_sub(1).ok_or(ErrorCode::InvalidRequest)
}

fn spend(left: &mut usize, bytes: usize) -> Result<(), ErrorCode> {
    *left = left.checked_sub(bytes).ok_or(ErrorCode::PayloadTooLarge)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Value {
        (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]))
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(check(&nested(MAX_DEPTH + 1)), Err(ErrorCode::InvalidRequest));
    }

    #[test]
    fn width_is_bounded() {
        let map =
            |n: usize| Value::Map((0..n).map(|i| (format!("k{i}").into(), Value::Null)).collect());
        assert_eq!(check(&map(MAX_KEYS)), Ok(()));
        assert_eq!(check(&map(MAX_KEYS + 1)), Err(ErrorCode::InvalidRequest));
        let list = |n: usize| Value::List(vec![Value::Null; n]);
        assert_eq!(check(&list(MAX_ITEMS)), Ok(()));
        assert_eq!(check(&list(MAX_ITEMS + 1)), Err(ErrorCode::InvalidRequest));
    }

    #[test]
    fn bytes_are_bounded_in_sum() {
        let bytes = |n: usize| Value::List(vec![Value::Bytes(vec![0; n]); 4]);
        let each = MAX_MESSAGE / 4 - 2 * VALUE_COST;
        assert_eq!(check(&bytes(each)), Ok(()));
        assert_eq!(check(&bytes(each + 4 * VALUE_COST)), Err(ErrorCode::PayloadTooLarge));
    }

    #[test]
    fn values_without_bytes_are_bounded_too() {
        let many = |n: usize| {
            Value::List(vec![Value::List(vec![Value::List(vec![Value::Null; n]); n]); n])
        };
        assert_eq!(check(&many(MAX_ITEMS / 2)), Ok(()));
        assert_eq!(check(&many(MAX_ITEMS)), Err(ErrorCode::PayloadTooLarge));
    }

    #[test]
    fn numbers_are_finite_and_text_is_bounded() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(check(&Value::Number(number)), Err(ErrorCode::InvalidRequest));
        }
        assert_eq!(check(&Value::Text("a".repeat(MAX_TOKEN))), Ok(()));
        let long = Value::Text("a".repeat(MAX_TOKEN + 1));
        assert_eq!(check(&long), Err(ErrorCode::PayloadTooLarge));
    }
}
