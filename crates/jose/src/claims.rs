//! The claims of a token (RFC 7519, section 4).

use crate::json::{Json, Object};
use crate::{JoseError, limits};

/// A set of claims. The registered ones are of the right kind; times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims(Object);

impl Claims {
    /// Reads JSON: one object, within the limits, without a name that stands twice.
    pub fn parse(json: &[u8]) -> Result<Self, JoseError> {
        if json.len() > limits::MAX_CLAIMS {
            return Err(JoseError::TooLarge);
        }
        Self::check(Object::parse(json).ok_or(JoseError::InvalidClaims)?)
    }

    /// Takes an object whose registered claims are of the right kind.
    pub fn check(object: Object) -> Result<Self, JoseError> {
        let well_formed = object.names().all(|name| match (name, object.get(name)) {
            ("iss" | "sub" | "jti", Some(value)) => matches!(value, Json::Text(_)),
            ("exp" | "nbf" | "iat", Some(value)) => matches!(value, Json::Integer(_)),
            ("aud", Some(value)) => is_audience(value),
            _ => true,
        });
        if well_formed { Ok(Self(object)) } else { Err(JoseError::InvalidClaims) }
    }

    /// The JSON text that is signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// One claim in a line, as JSON writes its value: what stands in a text begins no line. Of when
    /// the token is made, only how long it lives from then on.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let seconds = self.exp().unwrap_or(0).saturating_sub(self.iat().unwrap_or(0));
        let shown = self.names().filter(|name| !matches!(*name, "iat" | "nbf" | "exp" | "jti"));
        let line = |name| self.get(name).map(|value| format!("{name}: {}\n", value.to_json()));
        let lines: String = shown.filter_map(line).collect();
        format!("{lines}exp: iat + {seconds}")
    }

    /// Who issued it (section 4.1.1).
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.text("iss")
    }

    /// Whom it is about (section 4.1.2).
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.text("sub")
    }

    /// For whom it is (section 4.1.3); none if the claim is absent.
    #[must_use]
    pub fn audiences(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Json::Text(one)) => vec![one],
            Some(Json::List(several)) => several.iter().filter_map(text).collect(),
            _ => Vec::new(),
        }
    }

    /// From when on it is no longer valid, in seconds since 1970-01-01T00:00Z (section 4.1.4).
    #[must_use]
    pub fn exp(&self) -> Option<u64> {
        self.integer("exp")
    }

    /// From when on it is valid (section 4.1.5).
    #[must_use]
    pub fn nbf(&self) -> Option<u64> {
        self.integer("nbf")
    }

    /// When it was issued (section 4.1.6).
    #[must_use]
    pub fn iat(&self) -> Option<u64> {
        self.integer("iat")
    }

    /// Its own name (section 4.1.7).
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.text("jti")
    }

    /// Any claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// The names of all claims.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(text)
    }

    fn integer(&self, name: &str) -> Option<u64> {
        match self.0.get(name) {
            Some(Json::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

fn text(value: &Json) -> Option<&str> {
    match value {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

/// One text, or several that differ.
fn is_audience(value: &Json) -> bool {
    match value {
        Json::Text(_) => true,
        Json::List(items) => {
            let unique = |(at, item): (usize, &Json)| !items.iter().take(at).any(|b| b == item);
            !items.is_empty()
                && items.iter().all(|item| text(item).is_some())
                && items.iter().enumerate().all(unique)
        }
        _ => false,
    }
}
