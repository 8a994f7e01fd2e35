//! Actions, identifiers and digests, each with one spelling.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest as _, Sha256};

use crate::Refusal;

/// Longest name of an action, in bytes.
const MAX_ACTION: usize = 128;

/// What is to be done, in parts with dots between: `crm.contact.read`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Action(String);

impl Action {
    /// Reads a name: parts of lower-case letters, digits and `_`, two at least.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
        let valid = text.len() <= MAX_ACTION && text.contains('.') && text.split('.').all(part);
        if valid { Ok(Self(text.into())) } else { Err(Refusal::Name) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 128 random bits that name a token, a challenge or a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

impl Id {
    /// Takes random bytes.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// Reads base64url.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        decode(text).map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of something: a certificate, a body, a challenge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads base64url.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        decode(text).map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes of this length from canonical base64url without padding.
pub(crate) fn decode<const N: usize>(text: &str) -> Result<[u8; N], Refusal> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| Refusal::Name)?;
    let canonical = Base64UrlUnpadded::encode_string(&bytes) == text;
    bytes.try_into().ok().filter(|_| canonical).ok_or(Refusal::Name)
}
