//! The named types of the wire that are about tokens whose claims a template allows.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{
    Audience, ByClaim, ClaimName, ClaimValue, ErrorCode, Fields, FixedClaim, FromValue, IntoValue,
    JwtToken, JwtType, KeyId, Value,
};

tokens! {
    /// What the value of a claim is.
    ClaimType {
        /// A text.
        Text => "text",
        /// A whole number, from 0 to 2^53 - 1.
        Number => "number",
        /// `true` or `false`.
        Boolean => "boolean",
        /// A list of texts.
        Texts => "texts",
    }
}

record! {
    /// What the tokens of a key say (RFC 7519). The enclave writes `iat` and `exp` by its own clock,
    /// and what is fixed; a page gives the rest. What is not named here is refused.
    JwtTemplate {
        /// The header parameter `typ`: `JWT`, or a type of its own such as `receipt+jwt`.
        typ: JwtType => "typ",
        /// For whom a token can be: 1 to 8 texts of at most 256 visible characters of
        /// ASCII. Each value of `aud` is one of them; where there is
        /// one alone, a page can leave `aud` out.
        audiences: Vec<Audience> => "audiences",
        /// Longest time from `iat` to `exp` in seconds, 1 to 31 536 000.
        max_life_s: u32 => "maxLifeSeconds",
        /// Claims whose values a page chooses, and of which type they are. Not `iss`, and none that
        /// the enclave writes. With those that are fixed at most 16.
        claims: Option<ByClaim<ClaimType>> => "claims",
        /// Those of them that every token has.
        required: Option<Vec<ClaimName>> => "required",
        /// Claims that have the same value in every token, such as `iss`.
        fixed: Option<ByClaim<FixedClaim>> => "fixed",
        /// Whether the enclave writes `nbf`, which is `iat` then.
        not_before: Option<bool> => "notBefore",
        /// Whether the enclave writes `jti`: 128 random bits in base64url.
        token_id: Option<bool> => "tokenId",
    }
}

record! {
    /// Parameters of `jwt.sign`.
    SignJwtParams {
        /// Which key. Its policy has `jwt`.
        key_id: KeyId => "keyId",
        /// What the token is to claim, beside what the enclave writes.
        claims: Option<ByClaim<ClaimValue>> => "claims",
        /// How long the token is to live, in seconds; as long as the template lets it if absent.
        life_s: Option<u32> => "lifeSeconds",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// A signed token.
    SignedJwt {
        /// The token, a compact JWS (RFC 7515) with the header `{alg, kid, typ}`.
        token: String => "token",
        /// When it expires, in milliseconds since 1970-01-01T00:00Z.
        expires: u64 => "expires",
        /// The version that signed.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `jwt.verify`.
    VerifyJwtParams {
        /// Which key. Its policy has `jwt` and `verify`.
        key_id: KeyId => "keyId",
        /// The token. It names the version of the key by its `kid`. Whatever is wrong about it, it is
        /// simply not valid.
        token: JwtToken => "token",
    }
}
