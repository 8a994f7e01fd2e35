//! What a key may say in a token: default deny, and every refusal names its rule.

use std::fmt;

use crate::{Algorithm, Claims, JoseError, TokenType};

/// Seconds by which the clock of an issuer may be ahead.
const SKEW_S: u64 = 60;

/// The template of a key's tokens. A claim that no field mentions is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtTemplate {
    /// The algorithm of the key.
    pub algorithm: Algorithm,
    /// The type of its tokens.
    pub typ: TokenType,
    /// Values of `iss`. The claim must be there if there are any, and absent if there is none.
    pub issuers: Vec<String>,
    /// Values of `sub`, likewise.
    pub subjects: Vec<String>,
    /// Values of `aud`, likewise; every one of a token's audiences must be here.
    pub audiences: Vec<String>,
    /// Most seconds from now to `exp`, which every token has.
    pub max_life_s: u32,
    /// Names of other claims that must be there.
    pub required: Vec<String>,
    /// Names of other claims that may be there.
    pub allowed: Vec<String>,
}

/// The rule that refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The algorithm is another one.
    Algorithm,
    /// `iss` is not one of the template's.
    Issuer,
    /// `sub` is not one of the template's.
    Subject,
    /// `aud` is not a part of the template's.
    Audience,
    /// There is no `exp`, or it has passed.
    Expiry,
    /// `exp` is further away than the template allows.
    Life,
    /// `nbf` is not before `exp`.
    NotBefore,
    /// `iat` is in the future.
    IssuedAt,
    /// A claim that must be there is missing.
    Required,
    /// A claim is there that no rule allows.
    Allowed,
}

impl Rule {
    /// Its name, for people and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Algorithm => "jwt.alg",
            Self::Issuer => "jwt.iss",
            Self::Subject => "jwt.sub",
            Self::Audience => "jwt.aud",
            Self::Expiry => "jwt.exp",
            Self::Life => "jwt.max_life",
            Self::NotBefore => "jwt.nbf",
            Self::IssuedAt => "jwt.iat",
            Self::Required => "jwt.required",
            Self::Allowed => "jwt.allowed",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl JwtTemplate {
    /// Whether a key of this algorithm may sign these claims now, or whether such a token is
    /// acceptable now; `now_s` in seconds since 1970-01-01T00:00Z.
    pub fn check(
        &self,
        algorithm: Algorithm,
        claims: &Claims,
        now_s: u64,
    ) -> Result<(), JoseError> {
        let rules = [
            (algorithm == self.algorithm, Rule::Algorithm),
            (is_one_of(claims.iss(), &self.issuers), Rule::Issuer),
            (is_one_of(claims.sub(), &self.subjects), Rule::Subject),
            (self.admits_audiences(&claims.audiences()), Rule::Audience),
            (claims.exp().is_some_and(|exp| exp > now_s), Rule::Expiry),
            (claims.exp().is_some_and(|exp| self.is_near(exp, now_s)), Rule::Life),
            (claims.nbf() < claims.exp(), Rule::NotBefore),
            (claims.iat().is_none_or(|iat| iat <= now_s.saturating_add(SKEW_S)), Rule::IssuedAt),
            (self.required.iter().all(|name| claims.get(name).is_some()), Rule::Required),
            (claims.names().all(|name| self.mentions(name)), Rule::Allowed),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(JoseError::Denied(rule)),
            None => Ok(()),
        }
    }

    fn is_near(&self, exp: u64, now_s: u64) -> bool {
        exp.saturating_sub(now_s) <= u64::from(self.max_life_s)
    }

    fn admits_audiences(&self, audiences: &[&str]) -> bool {
        let known = |audience: &&str| self.audiences.iter().any(|known| known == audience);
        audiences.is_empty() == self.audiences.is_empty() && audiences.iter().all(known)
    }

    /// Whether a rule speaks of this claim. The rules of `iss`, `sub` and `aud` have refused them
    /// already where they have no value.
    fn mentions(&self, name: &str) -> bool {
        matches!(name, "iss" | "sub" | "aud" | "exp")
            || self.required.iter().chain(&self.allowed).any(|known| known == name)
    }
}

/// Absent if nothing is allowed, else one of the allowed values.
fn is_one_of(value: Option<&str>, allowed: &[String]) -> bool {
    match value {
        Some(value) => allowed.iter().any(|known| known == value),
        None => allowed.is_empty(),
    }
}
