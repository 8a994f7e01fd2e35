//! What a page binds a ciphertext to.

use std::collections::BTreeMap;

use crate::limits::{MAX_CONTEXT, MAX_CONTEXT_NAME, MAX_CONTEXT_TEXT};
use crate::schema::{Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ErrorCode, FromValue, IntoValue, Name, Value};

/// Texts by their names. Whoever wants the plaintext gives the same ones: they are authenticated,
/// not stored, and not secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// Names and texts, in the order of the names.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

impl FromValue for EncryptionContext {
    fn from_value(value: Value) -> Result<Self, ErrorCode> {
        let Value::Map(members) = value else { return Err(ErrorCode::InvalidParams) };
        let count = members.len();
        let mut context = BTreeMap::new();
        for (name, text) in members {
            let text = String::from_value(text)?;
            let fits =
                (1..=MAX_CONTEXT_NAME).contains(&name.len()) && text.len() <= MAX_CONTEXT_TEXT;
            if !fits || context.insert(name.into_owned(), text).is_some() {
                return Err(ErrorCode::InvalidParams);
            }
        }
        if count > MAX_CONTEXT { Err(ErrorCode::InvalidParams) } else { Ok(Self(context)) }
    }
}

impl IntoValue for EncryptionContext {
    fn into_value(self) -> Value {
        let member = |(name, text)| (Name::Owned(name), Value::Text(text));
        Value::Map(self.0.into_iter().map(member).collect())
    }
}

impl Wire for EncryptionContext {
    fn type_ref() -> TypeRef {
        TypeRef::plain("EncryptionContext")
    }

    fn sample() -> Value {
        let member = |name, text: &str| (Name::Borrowed(name), Value::Text(text.into()));
        Value::Map(vec![member("purpose", "drafts"), member("user", "7")])
    }

    fn define(types: &mut Vec<TypeDoc>) {
        let doc = doc(&[
            "At most 16 texts by their names. Whoever wants the plaintext gives the same ones: they are",
            "authenticated, not stored, and not secret. A name has 1 to 64 bytes of UTF-8, a text at most",
            "256.",
        ]);
        add(types, TypeDoc { name: "EncryptionContext", doc, shape: Shape::Texts });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(members: &[(&str, &str)]) -> Result<EncryptionContext, ErrorCode> {
        let member = |(name, text): &(&str, &str)| {
            (Name::Owned((*name).into()), Value::Text((*text).into()))
        };
        EncryptionContext::from_value(Value::Map(members.iter().map(member).collect()))
    }

    #[test]
    fn the_order_of_members_means_nothing() {
        let one = context(&[("a", "1"), ("b", "2")]).unwrap();
        assert_eq!(Ok(&one), context(&[("b", "2"), ("a", "1")]).as_ref());
        assert_eq!(one.members().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert_ne!(Ok(&one), context(&[("a", "2"), ("b", "1")]).as_ref());
    }

    #[test]
    fn what_was_read_is_written_in_one_order() {
        let read = context(&[("b", "2"), ("a", "1")]).unwrap();
        let member = |name, text: &str| (Name::Borrowed(name), Value::Text(text.into()));
        let expected = Value::Map(vec![member("a", "1"), member("b", "2")]);
        assert_eq!(Box::new(read).into_value(), expected);
    }

    #[test]
    fn names_texts_and_their_number_are_bounded() {
        let (name, text) = ("n".repeat(MAX_CONTEXT_NAME), "t".repeat(MAX_CONTEXT_TEXT));
        assert!(context(&[(&name, &text)]).is_ok());
        assert!(context(&[("__proto__", "")]).is_ok());
        for (name, text) in [("", "t"), (&format!("{name}n"), "t"), ("n", &format!("{text}t"))] {
            assert_eq!(context(&[(name, text)]), Err(ErrorCode::InvalidParams));
        }
        assert_eq!(context(&[("a", "1"), ("a", "1")]), Err(ErrorCode::InvalidParams));
        let names: Vec<_> = (0..=MAX_CONTEXT).map(|n| n.to_string()).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert!(context(&many[1..]).is_ok());
        assert_eq!(context(&many), Err(ErrorCode::InvalidParams));
        assert_eq!(EncryptionContext::from_value(Value::Null), Err(ErrorCode::InvalidParams));
    }
}
