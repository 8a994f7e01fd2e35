//! What kind of token it is.

use crate::{JoseError, limits};

/// The header parameter `typ` (RFC 7515, section 4.1.9): a media type without `application/`.
/// Tokens of different kinds have different types, so that none passes for another (RFC 8725,
/// section 3.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenType(String);

impl TokenType {
    /// `JWT`, as VAPID has it (RFC 7519, section 5.1; RFC 8292, section 2).
    #[must_use]
    pub fn jwt() -> Self {
        Self("JWT".into())
    }

    /// A type of its own, such as `receipt+jwt`.
    pub fn new(text: &str) -> Result<Self, JoseError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        let valid = (1..=limits::MAX_TYPE).contains(&text.len()) && text.bytes().all(plain);
        if valid { Ok(Self(text.into())) } else { Err(JoseError::InvalidHeader) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
