//! The text of a token, which is worth what its bearer may do.

use std::fmt;

use kms_jose::{Claims, Jws, limits};
use zeroize::Zeroizing;

use crate::{Id, Refusal};

/// A token that was read and is not believed yet. It has no `Display`, `Debug` shows only its `jti`,
/// and it is wiped when it is dropped.
pub struct Token {
    text: Zeroizing<String>,
    jti: Id,
}

impl Token {
    /// Takes a token that has a `jti`; nothing else of it is looked at.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > limits::MAX_TOKEN {
            return Err(Refusal::Jose(kms_jose::JoseError::TooLarge));
        }
        let payload = Jws::parse(text)?.unverified_payload().to_vec();
        let claims = Claims::parse(&payload)?;
        let jti = Id::parse(claims.jti().ok_or(Refusal::Claims)?)?;
        Ok(Self { text: Zeroizing::new(text.into()), jti })
    }

    pub(crate) fn new(text: String, jti: Id) -> Self {
        Self { text: Zeroizing::new(text), jti }
    }

    /// Its name, for logs.
    #[must_use]
    pub fn jti(&self) -> Id {
        self.jti
    }

    /// The text, for whoever it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&self.jti).finish()
    }
}
