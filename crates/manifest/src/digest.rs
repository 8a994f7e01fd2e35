//! Digests in their one text form: `sha256-<base64>` and `sha384-<base64>`, as in Subresource
//! Integrity (W3C SRI §3.1) and CSP hash sources. Exactly one spelling of a digest is accepted.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Digest as _;

/// A text that is not a digest of the expected algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {expected} digest of the form {expected}-<base64>")]
pub struct DigestError {
    expected: &'static str,
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident, $hasher:ty, $len:literal, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Digest of `bytes`.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(<$hasher>::digest(bytes).into())
            }

            /// The raw digest.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Unpadded base64url without a prefix (RFC 4648 §5), the form WAICT lists use.
            #[must_use]
            pub fn to_base64url(&self) -> String {
                Base64UrlUnpadded::encode_string(&self.0)
            }

            /// Lowercase hexadecimal without a prefix.
            #[must_use]
            pub fn to_hex(&self) -> String {
                use fmt::Write as _;
                self.0.iter().fold(String::with_capacity($len * 2), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($label, "-{}"), Base64::encode_string(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                let error = DigestError { expected: $label };
                let encoded = text.strip_prefix(concat!($label, "-")).ok_or(error)?;
                let mut bytes = [0; $len];
                let read = Base64::decode(encoded, &mut bytes).map_err(|_| error)?.len();
                if read == $len { Ok(Self(bytes)) } else { Err(error) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

digest_type!(
    /// A SHA-256 digest (FIPS 180-4).
    Sha256, sha2::Sha256, 32, "sha256"
);
digest_type!(
    /// A SHA-384 digest (FIPS 180-4): the strength used for `integrity` and CSP hash sources.
    Sha384, sha2::Sha384, 48, "sha384"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_answers() {
        assert_eq!(
            Sha256::of(b"abc").to_string(),
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
        assert_eq!(
            Sha384::of(b"abc").to_string(),
            "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
        );
        assert_eq!(
            Sha256::of(b"abc").to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn shown_as_written() {
        let digest = Sha384::of(b"abc");
        assert_eq!(format!("{digest:?}"), digest.to_string());
    }

    #[test]
    fn one_spelling_only() {
        let good = Sha256::of(b"abc").to_string();
        for bad in [
            good.trim_end_matches('='),
            &good.replace('/', "_"),
            &good.replace("sha256-", "sha384-"),
            &good.to_uppercase(),
            &format!("{good} "),
            "sha256-",
            "",
            // Non-zero bits behind the last digest bit.
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=",
        ] {
            assert!(bad.parse::<Sha256>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(bytes: Vec<u8>) {
            let digest = Sha384::of(&bytes);
            prop_assert_eq!(digest.to_string().parse::<Sha384>(), Ok(digest));
        }
    }
}
