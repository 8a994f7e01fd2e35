//! Voluntary application server identification for Web Push (RFC 8292).

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::{KeyKind, PublicKey};
use kms_protocol::{ContactUrl, PushOrigin};

use crate::json::{Json, Object};
use crate::{Claims, JoseError, TokenType, Unsigned};

/// Longest life of a token (section 2).
pub const MAX_LIFE_S: u32 = 24 * 60 * 60;
/// Life of a token if nobody says anything else.
pub const DEFAULT_LIFE_S: u32 = 15 * 60;

/// The token for a push service that ends at `exp`, in seconds since 1970-01-01T00:00Z (section
/// 2). `sub` is a web page or absent, never a mail address: a token names no person. Only P-256
/// keys sign such tokens.
pub fn token(
    key: &PublicKey,
    (audience, contact): (&PushOrigin, Option<&ContactUrl>),
    exp: u64,
) -> Result<Unsigned, JoseError> {
    if key.kind() != KeyKind::EcP256 {
        return Err(JoseError::UnsupportedAlgorithm);
    }
    let audience = ("aud", Json::Text(audience.as_str().into()));
    let exp = ("exp", Json::Integer(exp));
    let claims = match contact {
        Some(contact) => Object::of([audience, exp, ("sub", Json::Text(contact.as_str().into()))]),
        None => Object::of([audience, exp]),
    };
    Unsigned::new(key, &TokenType::jwt(), &Claims::check(claims)?)
}

/// The value of the header field `Authorization` (section 3); `k` is the uncompressed point.
#[must_use]
pub fn authorization(token: &str, key: &PublicKey) -> String {
    format!("vapid t={token}, k={}", Base64UrlUnpadded::encode_string(key.raw()))
}
