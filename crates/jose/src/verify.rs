//! Verifying a token of a known key.

use kms_crypto::{PublicKey, SIGNATURE_LEN};

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
    let key = jws.header().kid.as_deref().and_then(find).ok_or(JoseError::UnknownKey)?;
    let kid = names(&jws, (&key, typ))?;
    let claims = Claims::parse(jws.verify(&key)?)?;
    Ok(Verified { kid, claims })
}

/// The same for a token that was read and its key, by a check of signatures that somebody else has:
/// see [`Jws::verify_by`].
pub async fn verify_by<E>(
    jws: &Jws<'_>,
    (key, typ): (&PublicKey, &TokenType),
    check: impl AsyncFnOnce(&[u8], &[u8; SIGNATURE_LEN]) -> Result<bool, E>,
) -> Result<Result<Verified, JoseError>, E> {
    let kid = match names(jws, (key, typ)) {
        Ok(kid) => kid,
        Err(refused) => return Ok(Err(refused)),
    };
    let payload = jws.verify_by(key, check).await?;
    Ok(payload.and_then(Claims::parse).map(|claims| Verified { kid, claims }))
}

/// The name of the key, if it is the one that the token names, and the type is this one.
fn names(jws: &Jws<'_>, (key, typ): (&PublicKey, &TokenType)) -> Result<String, JoseError> {
    let (kid, header) = (key.thumbprint(), jws.header());
    if header.kid.as_ref() != Some(&kid) {
        return Err(JoseError::UnknownKey);
    }
    if header.typ.as_deref() != Some(typ.as_str()) {
        return Err(JoseError::WrongType);
    }
    Ok(kid)
}
