//! What tokens claim, and what a template says of it: values by the names of claims.

use crate::limits::MAX_CLAIM_TEXT;
use crate::schema::{Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ClaimName, ErrorCode, FromValue, IntoValue, Name, Value};

/// The largest integer that every reader of JSON agrees about (RFC 8259, section 6).
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Something for each of several claims, in the order in which it was given. They are few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByClaim<T>(Vec<(ClaimName, T)>);

impl<T> Default for ByClaim<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByClaim<T> {
    /// What is here for a claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and what is here for them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<T> FromIterator<(ClaimName, T)> for ByClaim<T> {
    fn from_iter<I: IntoIterator<Item = (ClaimName, T)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl<T: FromValue> FromValue for ByClaim<T> {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        let Value::Map(members) = value else { return Err(ErrorCode::InvalidParams) };
        let mut claims = Self::default();
        for (name, value) in members {
            let name = ClaimName::new(name)?;
            if claims.get(name.as_str()).is_some() {
                return Err(ErrorCode::InvalidParams);
            }
            claims.0.push((name, T::from_value(value)?));
        }
        Ok(claims)
    }
}

impl<T: IntoValue> IntoValue for ByClaim<T> {
    fn into_value(self) -> Value {
        let member =
            |(name, value): (ClaimName, T)| (Name::Owned(name.as_str().into()), value.into_value());
        Value::Map(self.0.into_iter().map(member).collect())
    }
}

impl<T: Wire> Wire for ByClaim<T> {
    fn type_ref() -> TypeRef {
        TypeRef::plain(&format!("{{ [name: string]: {} }}", T::type_ref().typescript))
    }

    fn sample() -> Value {
        Value::Map(vec![(Name::Borrowed("scope"), T::sample())])
    }

    fn define(types: &mut Vec<TypeDoc>) {
        T::define(types);
    }
}

/// The value of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimValue {
    /// A text.
    Text(String),
    /// A whole number.
    Number(u64),
    /// A truth value.
    Flag(bool),
    /// Several texts.
    Texts(Vec<String>),
}

impl FromValue for ClaimValue {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        match value {
            Value::Bool(flag) => Ok(Self::Flag(flag)),
            Value::List(_) => Vec::from_value(value).map(Self::Texts),
            Value::Number(_) => match u64::from_value(value)? {
                number if number <= MAX_NUMBER => Ok(Self::Number(number)),
                _ => Err(ErrorCode::InvalidParams),
            },
            other => String::from_value(other).map(Self::Text),
        }
    }
}

impl IntoValue for ClaimValue {
    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => text.into_value(),
            Self::Number(number) => number.into_value(),
            Self::Flag(flag) => flag.into_value(),
            Self::Texts(texts) => texts.into_value(),
        }
    }
}

impl Wire for ClaimValue {
    fn type_ref() -> TypeRef {
        TypeRef::plain("ClaimValue")
    }

    fn sample() -> Value {
        Value::Text("read".into())
    }

    fn define(types: &mut Vec<TypeDoc>) {
        let doc = doc(&["The value of a claim. Numbers are whole, from 0 to 2^53 - 1."]);
        let shape = Shape::OneOf(&["string", "number", "boolean", "string[]"]);
        add(types, TypeDoc { name: "ClaimValue", doc, shape });
    }
}

/// The value that a claim has in every token of a key: not a list, and a short text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedClaim(ClaimValue);

impl FixedClaim {
    /// Takes a value that can be fixed.
    pub fn new(value: ClaimValue) -> Result<Self, ErrorCode> {
        let fits = match &value {
            ClaimValue::Text(text) => text.len() <= MAX_CLAIM_TEXT,
            ClaimValue::Number(_) | ClaimValue::Flag(_) => true,
            ClaimValue::Texts(_) => false,
        };
        if fits { Ok(Self(value)) } else { Err(ErrorCode::InvalidParams) }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &ClaimValue {
        &self.0
    }
}

impl FromValue for FixedClaim {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        Self::new(ClaimValue::from_value(value)?)
    }
}

impl IntoValue for FixedClaim {
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

impl Wire for FixedClaim {
    fn type_ref() -> TypeRef {
        TypeRef::plain("FixedClaim")
    }

    fn sample() -> Value {
        Value::Text("https://issuer.example".into())
    }

    fn define(types: &mut Vec<TypeDoc>) {
        let doc = doc(&[
            "The value that a claim has in every token of a key. A text has at most 256 bytes of",
            "UTF-8, a number is whole, from 0 to 2^53 - 1.",
        ]);
        let shape = Shape::OneOf(&["string", "number", "boolean"]);
        add(types, TypeDoc { name: "FixedClaim", doc, shape });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(members: &[(&str, Value)]) -> Result<ByClaim<ClaimValue>, ErrorCode> {
        let member = |(name, value): &(&str, Value)| (Name::Owned((*name).into()), value.clone());
        ByClaim::from_value(Value::Map(members.iter().map(member).collect()))
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn values_of_four_kinds_come_back_as_they_were() {
        let members = [
            ("a", text("x")),
            ("b", Value::Number(9_007_199_254_740_991.0)),
            ("c", Value::Bool(false)),
            ("https://a.example/d", Value::List(vec![text("y"), text("z")])),
        ];
        let read = claims(&members).unwrap();
        assert_eq!(read.get("b"), Some(&ClaimValue::Number(MAX_NUMBER)));
        assert_eq!(read.get("e"), None);
        let expected = members.map(|(name, value)| (Name::Owned(name.into()), value));
        assert_eq!(read.into_value(), Value::Map(expected.into()));
    }

    #[test]
    fn other_values_are_refused() {
        for bad in [
            Value::Null,
            Value::Number(0.5),
            Value::Number(-1.0),
            Value::Number(9_007_199_254_740_992.0),
            Value::Bytes(vec![1]),
            Value::Map(Vec::new()),
            Value::List(vec![Value::Number(1.0)]),
            Value::List(vec![Value::List(Vec::new())]),
        ] {
            assert_eq!(claims(&[("a", bad.clone())]), Err(ErrorCode::InvalidParams), "{bad:?}");
        }
        assert_eq!(ByClaim::<ClaimValue>::from_value(text("a")), Err(ErrorCode::InvalidParams));
    }

    #[test]
    fn names_are_plain_and_stand_once() {
        let longest = "n".repeat(crate::limits::MAX_CLAIM_NAME);
        assert!(claims(&[(&longest, text("")), ("urn:x:y", text(""))]).is_ok());
        let too_long = format!("{longest}n");
        for bad in ["", "__proto__", "1a", "a b", "a\"", "a\\", "\u{e4}", "a\n", &too_long] {
            assert_eq!(claims(&[(bad, text(""))]), Err(ErrorCode::InvalidParams), "{bad}");
        }
        let twice = claims(&[("a", text("")), ("a", text(""))]);
        assert_eq!(twice, Err(ErrorCode::InvalidParams));
    }

    #[test]
    fn a_fixed_value_is_short_and_no_list() {
        let fixed = |value: Value| FixedClaim::from_value(value).map(IntoValue::into_value);
        let longest = text(&"t".repeat(MAX_CLAIM_TEXT));
        for good in [longest, Value::Number(0.0), Value::Bool(true)] {
            assert_eq!(fixed(good.clone()), Ok(good));
        }
        for bad in [text(&"t".repeat(MAX_CLAIM_TEXT + 1)), Value::List(vec![text("a")])] {
            assert_eq!(fixed(bad), Err(ErrorCode::InvalidParams));
        }
    }
}
