//! Bounded strings, one type per meaning.

use crate::limits::{
    MAX_ALIAS, MAX_CLAIM_NAME, MAX_CLAIM_TEXT, MAX_ID, MAX_LABEL, MAX_ORIGIN, MAX_TOKEN,
    MAX_TOKEN_TYPE,
};
use crate::schema::{TypeRef, Wire};
use crate::{ErrorCode, FromValue, IntoValue, Value};

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `https` origins as browsers serialise them (RFC 6454, section 6.2), with a DNS name or an IPv4
/// address.
fn is_https_origin(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("https://") else { return false };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(plain);
    let is_port = |port: &str| {
        port.parse::<u16>().is_ok_and(|number| number != 443 && number.to_string() == port)
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// An address below such an origin: no query, no fragment, and no character that needs an escape.
fn is_plain_https_url(text: &str) -> bool {
    let end = text.match_indices('/').nth(2).map_or(text.len(), |(at, _)| at);
    let (origin, path) = text.split_at(end);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
    is_https_origin(origin) && path.bytes().all(plain)
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
    /// Random name of a lease: 16 bytes in base64url without padding (22 characters).
    LeaseId, "AAECAwQFBgcICQoLDA0ODw", |text| text.len() == 22 && is_base64url(text)
}
bounded! {
    /// Random name of a stream: 16 bytes in base64url without padding (22 characters).
    StreamId, "AAECAwQFBgcICQoLDA0ODw", |text| text.len() == 22 && is_base64url(text)
}
bounded! {
    /// Serialised `https` origin of a push service, which is the audience of its tokens (RFC 8292,
    /// section 2); at most 128 characters.
    PushOrigin, "https://push.example", |text| text.len() <= MAX_ORIGIN && is_https_origin(text)
}
bounded! {
    /// A web page about the sender of push messages: an `https` address of at most 128 characters
    /// without query, fragment and escapes. Never a mail address: a token names no person.
    ContactUrl, "https://app.example/contact", |text| {
        text.len() <= MAX_ORIGIN && is_plain_https_url(text)
    }
}
bounded! {
    /// Name of a claim (RFC 7519, section 4): 1 to 64 printable characters of ASCII from a letter on,
    /// none of which JSON escapes.
    ClaimName, "scope", |text| {
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"\\".contains(&b);
        (1..=MAX_CLAIM_NAME).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(plain)
    }
}
bounded! {
    /// Whom a token is for: 1 to 256 visible characters of ASCII.
    Audience, "https://api.example", |text| {
        (1..=MAX_CLAIM_TEXT).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    }
}
bounded! {
    /// The type of a token: a media type without `application/` (RFC 7515, section 4.1.9), 1 to 64
    /// letters, digits and `+-._`.
    JwtType, "JWT", |text| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-._".contains(&b);
        (1..=MAX_TOKEN_TYPE).contains(&text.len()) && text.bytes().all(plain)
    }
}
bounded! {
    /// A token to be verified: 1 to 8192 visible characters of ASCII.
    JwtToken, "e30.e30.AA", |text| {
        (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_services_are_origins_as_browsers_write_them() {
        for good in [
            "https://fcm.googleapis.com",
            "https://web.push.apple.com",
            "https://push.example:8443",
            "https://xn--bcher-kva.example",
            "https://192.0.2.7:1",
        ] {
            assert!(PushOrigin::new(good).is_ok(), "{good}");
            assert!(ContactUrl::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://",
            "http://push.example",
            "HTTPS://push.example",
            "https://Push.example",
            "https://push.example:",
            "https://push.example:443",
            "https://push.example:0443",
            "https://push.example:65536",
            "https://push.example:+1",
            "https://a..b",
            "https://push.example.",
            "https://user@push.example",
            "https://*.example",
            "https://[::1]",
            "https://push.example ",
            "mailto:admin@push.example",
        ] {
            assert!(PushOrigin::new(bad).is_err(), "{bad}");
            assert!(ContactUrl::new(bad).is_err(), "{bad}");
        }
        for path in ["/", "/contact", "/a/b_c.d~e-f"] {
            let url = format!("https://push.example{path}");
            assert!(PushOrigin::new(url.as_str()).is_err(), "{url}");
            assert!(ContactUrl::new(url.as_str()).is_ok(), "{url}");
        }
        for path in ["/a?b", "?b", "/a#b", "#b", "/a@b", "/a%40b", "/\u{e4}", "/a:b"] {
            let url = format!("https://push.example{path}");
            assert!(ContactUrl::new(url.as_str()).is_err(), "{url}");
        }
        let long = format!("https://{}.example", "a".repeat(MAX_ORIGIN));
        assert!(PushOrigin::new(long.as_str()).is_err() && ContactUrl::new(long).is_err());
    }

    #[test]
    fn a_token_is_ascii_within_its_limit() {
        for good in ["e30.e30.AA", "~", "!", &"a".repeat(MAX_TOKEN)] {
            assert!(JwtToken::new(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "a\n", "\u{e4}", "\0", "\u{7f}", &"a".repeat(MAX_TOKEN + 1)] {
            assert!(JwtToken::new(bad).is_err(), "{bad}");
        }
    }
}
