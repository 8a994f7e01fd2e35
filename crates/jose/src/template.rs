//! What a key may say in a token: default deny, and every refusal names its rule.

use kms_protocol::limits::{MAX_AUDIENCES, MAX_CLAIMS, MAX_TOKEN_LIFE_S};
use kms_protocol::{
    ByClaim, ClaimName, ClaimType, ClaimValue, FixedClaim, JwtTemplate, PolicyRule,
};

use crate::json::{Json, Object};
use crate::{Claims, JoseError, TokenType};

/// Seconds by which the clock of an issuer may be ahead.
const SKEW_S: u64 = 60;

/// Claims that the enclave writes by its own clock and randomness.
const WRITTEN: [&str; 4] = ["iat", "exp", "nbf", "jti"];

/// A template that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(JwtTemplate);

/// What the enclave brings to a token.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The time, in seconds since 1970-01-01T00:00Z.
    pub now_s: u64,
    /// How long it is to live; as long as the template lets it if absent.
    pub life_s: Option<u32>,
    /// A random name, for a template whose tokens have one.
    pub id: String,
}

impl Template {
    /// Takes a template, unless its parts contradict each other.
    pub fn new(template: JwtTemplate) -> Result<Self, JoseError> {
        let template = Self(template);
        if template.is_sane() { Ok(template) } else { Err(JoseError::InvalidTemplate) }
    }

    fn is_sane(&self) -> bool {
        let names: Vec<_> = self.types().map(|(name, _)| name).chain(self.fixed_names()).collect();
        let free = |name: &&str| *name != "aud" && !WRITTEN.contains(name);
        // Whoever chooses the issuer could speak for another one.
        let chosen = |(name, of): (&str, &ClaimType)| {
            name != "iss" && (name != "sub" || *of == ClaimType::Text)
        };
        let text = |name| self.fixed(name).is_none_or(|value| matches!(value, ClaimValue::Text(_)));
        let audiences: Vec<_> = self.0.audiences.iter().collect();
        let required: Vec<_> = self.required().collect();
        names.len() <= MAX_CLAIMS
            && names.iter().all(free)
            && all_differ(&names)
            && self.types().all(chosen)
            && text("iss")
            && text("sub")
            && (1..=MAX_AUDIENCES).contains(&audiences.len())
            && all_differ(&audiences)
            && all_differ(&required)
            && required.iter().all(|name| self.types().any(|(known, _)| known == *name))
            && (1..=MAX_TOKEN_LIFE_S).contains(&self.0.max_life_s)
    }

    /// The template as it stands in a policy.
    #[must_use]
    pub fn as_policy(&self) -> &JwtTemplate {
        &self.0
    }

    /// The type of its tokens.
    pub fn typ(&self) -> Result<TokenType, JoseError> {
        TokenType::new(self.0.typ.as_str())
    }

    /// The claims of a token: what a page asks for, completed by what is fixed and by what the
    /// enclave writes. [`Self::check`] has the last word about all of it.
    pub fn issue(&self, asked: &ByClaim<ClaimValue>, issue: &Issue) -> Result<Claims, JoseError> {
        if asked.iter().any(|(name, _)| WRITTEN.contains(&name)) {
            return Err(JoseError::Denied(PolicyRule::JwtClaim));
        }
        let life_s = issue.life_s.unwrap_or(self.0.max_life_s);
        let exp = issue.now_s.saturating_add(u64::from(life_s));
        let mut object = Object::default();
        asked.iter().for_each(|(name, value)| object.set(name, json(value)));
        for (name, value) in self.0.fixed.iter().flat_map(ByClaim::iter) {
            object.complete(name, json(value.value()));
        }
        if let [only] = &self.0.audiences[..] {
            object.complete("aud", Json::Text(only.as_str().into()));
        }
        object.set("iat", Json::Integer(issue.now_s));
        if self.0.not_before == Some(true) {
            object.set("nbf", Json::Integer(issue.now_s));
        }
        object.set("exp", Json::Integer(exp));
        if self.0.token_id == Some(true) {
            object.set("jti", Json::Text(issue.id.clone()));
        }
        let claims = Claims::check(object).map_err(|_| JoseError::Denied(PolicyRule::JwtType))?;
        self.check(&claims, issue.now_s)?;
        // Nothing is signed that a reader with the same limits would not take.
        Claims::parse(claims.to_json().as_bytes()).map_err(|_| JoseError::TooLarge)
    }

    /// Whether a token may claim this now; `now_s` in seconds since 1970-01-01T00:00Z.
    pub fn check(&self, claims: &Claims, now_s: u64) -> Result<(), JoseError> {
        let rules = [
            (claims.names().all(|name| self.names(name)), PolicyRule::JwtClaim),
            (self.types().all(|of| is_of_type(claims, of)), PolicyRule::JwtType),
            (self.has_all(claims), PolicyRule::JwtRequired),
            (self.has_what_is_fixed(claims), PolicyRule::JwtFixed),
            (self.admits_audiences(&claims.audiences()), PolicyRule::JwtAudience),
            (self.admits_times(claims, now_s), PolicyRule::JwtLife),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(JoseError::Denied(rule)),
            None => Ok(()),
        }
    }

    fn types(&self) -> impl Iterator<Item = (&str, &ClaimType)> {
        self.0.claims.iter().flat_map(ByClaim::iter)
    }

    fn fixed_names(&self) -> impl Iterator<Item = &str> {
        self.0.fixed.iter().flat_map(ByClaim::iter).map(|(name, _)| name)
    }

    fn fixed(&self, name: &str) -> Option<&ClaimValue> {
        self.0.fixed.as_ref().and_then(|fixed| fixed.get(name)).map(FixedClaim::value)
    }

    fn required(&self) -> impl Iterator<Item = &str> {
        self.0.required.iter().flatten().map(ClaimName::as_str)
    }

    /// Whether some rule speaks of this claim.
    fn names(&self, name: &str) -> bool {
        match name {
            "aud" | "iat" | "exp" => true,
            "nbf" => self.0.not_before == Some(true),
            "jti" => self.0.token_id == Some(true),
            _ => self.types().any(|(known, _)| known == name) || self.fixed(name).is_some(),
        }
    }

    fn has_all(&self, claims: &Claims) -> bool {
        let id = (self.0.token_id == Some(true)).then_some("jti");
        let must = self.required().chain(self.fixed_names()).chain(id);
        must.into_iter().all(|name| claims.get(name).is_some())
    }

    fn has_what_is_fixed(&self, claims: &Claims) -> bool {
        let holds = |name| claims.get(name) == self.fixed(name).map(json).as_ref();
        self.fixed_names().all(holds)
    }

    fn admits_audiences(&self, audiences: &[&str]) -> bool {
        let known =
            |audience: &&str| self.0.audiences.iter().any(|known| known.as_str() == *audience);
        !audiences.is_empty() && audiences.iter().all(known)
    }

    fn admits_times(&self, claims: &Claims, now_s: u64) -> bool {
        let (Some(iat), Some(exp)) = (claims.iat(), claims.exp()) else { return false };
        let nbf = if self.0.not_before == Some(true) { Some(iat) } else { None };
        claims.nbf() == nbf
            && iat <= now_s.saturating_add(SKEW_S)
            && exp > now_s.max(iat)
            && exp - iat <= u64::from(self.0.max_life_s)
    }
}

/// Absent, or of the type that the template says.
fn is_of_type(claims: &Claims, (name, of): (&str, &ClaimType)) -> bool {
    let is_text = |item: &Json| matches!(item, Json::Text(_));
    claims.get(name).is_none_or(|value| match (of, value) {
        (ClaimType::Text, Json::Text(_))
        | (ClaimType::Number, Json::Integer(_))
        | (ClaimType::Boolean, Json::Bool(_)) => true,
        (ClaimType::Texts, Json::List(items)) => items.iter().all(is_text),
        _ => false,
    })
}

fn json(value: &ClaimValue) -> Json {
    match value {
        ClaimValue::Text(text) => Json::Text(text.clone()),
        ClaimValue::Number(number) => Json::Integer(*number),
        ClaimValue::Flag(flag) => Json::Bool(*flag),
        ClaimValue::Texts(texts) => Json::List(texts.iter().cloned().map(Json::Text).collect()),
    }
}

fn all_differ<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(at, item)| !items.iter().skip(at + 1).any(|other| other == item))
}
