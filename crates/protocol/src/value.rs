//! Untyped values between the browser's structured clone and the typed requests.

use std::borrow::Cow;

use crate::ErrorCode;

/// A property name: static when we write it, owned when a page sent it.
pub type Name = Cow<'static, str>;

/// The closed set of values that may cross the port.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null` or `undefined`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A string.
    Text(String),
    /// A `Uint8Array`, copied.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<Value>),
    /// A plain object, own enumerable properties in order.
    Map(Vec<(Name, Value)>),
}

impl Value {
    /// An object of the given members; absent ones (`Null`) are left out.
    #[must_use]
    pub fn object<const N: usize>(members: [(&'static str, Value); N]) -> Self {
        Self::present(members.into())
    }

    /// One function for all lengths: objects are made for every type on the wire.
    fn present(members: Vec<(&'static str, Value)>) -> Self {
        let present = members.into_iter().filter(|(_, value)| *value != Value::Null);
        Value::Map(present.map(|(name, value)| (Name::Borrowed(name), value)).collect())
    }
}

/// Strict decoding from a [`Value`].
pub trait FromValue: Sized {
    /// Decodes, or says which class of error the sender made.
    fn from_value(value: Value) -> Result<Self, ErrorCode>;

    /// What a missing field means; an error unless the type is optional.
    fn absent() -> Result<Self, ErrorCode> {
        Err(ErrorCode::InvalidParams)
    }
}

/// Encoding to a [`Value`].
pub trait IntoValue {
    /// Encodes.
    fn into_value(self) -> Value;
}

/// The members of an object, taken one by one; what is left over is an error.
pub struct Fields(Vec<(Name, Value)>);

impl Fields {
    /// Opens an object.
    pub fn new(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Map(members) => Ok(Self(members)),
            _ => Err(ErrorCode::InvalidParams),
        }
    }

    /// Takes one member out.
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<T, ErrorCode> {
        match self.0.iter().position(|(key, _)| key == name) {
            Some(index) => T::from_value(self.0.swap_remove(index).1),
            None => T::absent(),
        }
    }

    /// Refuses members nobody asked for.
    pub fn finish(self) -> Result<(), ErrorCode> {
        if self.0.is_empty() { Ok(()) } else { Err(ErrorCode::InvalidParams) }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }

    fn absent() -> Result<Self, ErrorCode> {
        Ok(None)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: IntoValue> IntoValue for Box<T> {
    fn into_value(self) -> Value {
        (*self).into_value()
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Bool(flag) => Ok(flag),
            _ => Err(ErrorCode::InvalidParams),
        }
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl FromValue for u32 {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        let wide = u64::from_value(value)?;
        u32::try_from(wide).map_err(|_| ErrorCode::InvalidParams)
    }
}

impl IntoValue for u32 {
    fn into_value(self) -> Value {
        Value::Number(f64::from(self))
    }
}

/// Integers on the wire are JavaScript numbers, so at most 2^53.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;

impl FromValue for u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // range checked above
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Number(n) if (0.0..=MAX_INTEGER).contains(&n) && n.fract() == 0.0 => {
                Ok(n as u64)
            }
            _ => Err(ErrorCode::InvalidParams),
        }
    }
}

impl IntoValue for u64 {
    #[allow(clippy::cast_precision_loss)] // counters and times stay far below 2^53
    fn into_value(self) -> Value {
        Value::Number(self as f64)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Bytes(bytes) if bytes.len() > crate::limits::MAX_DATA => {
                Err(ErrorCode::PayloadTooLarge)
            }
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(ErrorCode::InvalidParams),
        }
    }
}

impl IntoValue for Vec<u8> {
    fn into_value(self) -> Value {
        Value::Bytes(self)
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Text(text) if text.len() <= crate::limits::MAX_TEXT => Ok(text),
            Value::Text(_) => Err(ErrorCode::PayloadTooLarge),
            _ => Err(ErrorCode::InvalidParams),
        }
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            _ => Err(ErrorCode::InvalidParams),
        }
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(IntoValue::into_value).collect())
    }
}
