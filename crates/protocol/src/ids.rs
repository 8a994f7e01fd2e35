//! Bounded strings, one type per meaning.

use crate::limits::{MAX_ALIAS, MAX_ID, MAX_LABEL};
use crate::schema::{TypeRef, Wire};
use crate::{ErrorCode, FromValue, IntoValue, Value};

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

macro_rules! bounded {
    ($(#[doc = $doc:literal])* $name:ident, $sample:literal, |$text:ident| $valid:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Accepts `text` if it has the form of this type.
            pub fn new(text: impl Into<String>) -> Result<Self, ErrorCode> {
                let text = text.into();
                let valid = { let $text: &str = &text; $valid };
                if valid { Ok(Self(text)) } else { Err(ErrorCode::InvalidParams) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, ErrorCode> {
                match value {
                    Value::Text(text) => Self::new(text),
                    _ => Err(ErrorCode::InvalidParams),
                }
            }
        }

        impl IntoValue for $name {
            fn into_value(self) -> Value {
                Value::Text(self.0)
            }
        }

        impl Wire for $name {
            fn type_ref() -> TypeRef {
                TypeRef::plain("string")
            }

            fn sample() -> Value {
                Value::Text($sample.into())
            }
        }
    };
}

bounded! {
    /// Chosen by the caller for one request; unique among those that wait.
    RequestId, "q1", |text| !text.is_empty() && text.len() <= MAX_ID && is_base64url(text)
}
bounded! {
    /// Random name of a key: 16 bytes in base64url without padding (22 characters).
    KeyId, "AAECAwQFBgcICQoLDA0ODw", |text| text.len() == 22 && is_base64url(text)
}
bounded! {
    /// Random name of an enrolment: 16 bytes in base64url without padding (22 characters).
    EnrolmentId, "AAECAwQFBgcICQoLDA0ODw", |text| text.len() == 22 && is_base64url(text)
}
bounded! {
    /// Where the next page of a listing starts; opaque to the caller.
    Cursor, "AAECAwQFBgcICQoLDA0ODw", |text| !text.is_empty() && text.len() <= 64 && is_base64url(text)
}
bounded! {
    /// A caller's nonce: 16 to 64 base64url characters.
    Nonce, "AAECAwQFBgcICQoLDA0ODw", |text| (16..=64).contains(&text.len()) && is_base64url(text)
}
bounded! {
    /// A name for people: 1 to 64 characters, none of them a control character.
    Label, "Push notifications", |text| {
        (1..=MAX_LABEL).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    }
}
bounded! {
    /// A name for programs: 1 to 64 ASCII letters, digits, `-`, `_`, `.` and `/`.
    KeyAlias, "push/signing", |text| {
        (1..=MAX_ALIAS).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
    }
}
bounded! {
    /// Serialised origin of the page that asks (RFC 6454, section 6.2), verified by the frame.
    CallerOrigin, "https://allthe.services", |text| {
        text.len() <= 300
            && (text.starts_with("https://") || text.starts_with("http://"))
            && text.bytes().all(|b| b.is_ascii_graphic())
    }
}
