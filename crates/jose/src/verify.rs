//! Verifying a token of a known key.

use kms_crypto::PublicKey;

use crate::{Claims, JoseError, Jws, TokenType};

/// A token that one of the known keys signed. Whether its claims are acceptable now is for a
/// [`crate::Template`] to say.
#[derive(Debug)]
pub struct Verified {
    /// Thumbprint of the key that signed it.
    pub kid: String,
    /// What it claims.
    pub claims: Claims,
}

/// Verifies a token of this type by the key that `find` knows under its `kid`. The key must have
/// that thumbprint and decides about the algorithm; a token that names no key is refused.
pub fn verify(
    token: &str,
    typ: &TokenType,
    find: impl FnOnce(&str) -> Option<PublicKey>,
) -> Result<Verified, JoseError> {
    let jws = Jws::parse(token)?;
    let kid = jws.header().kid.clone().ok_or(JoseError::UnknownKey)?;
    let key = find(&kid).filter(|key| key.thumbprint() == kid).ok_or(JoseError::UnknownKey)?;
    if jws.header().typ.as_deref() != Some(typ.as_str()) {
        return Err(JoseError::WrongType);
    }
    let claims = Claims::parse(jws.verify(&key)?)?;
    Ok(Verified { kid, claims })
}
