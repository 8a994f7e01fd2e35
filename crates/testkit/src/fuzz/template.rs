//! Templates of tokens, and claims that nobody vouches for.

use kms_jose::{Claims, Issue, Json, Template};
use kms_protocol::{ByClaim, ClaimValue, FromValue, JwtTemplate};
use serde_json::json;

use super::json;

/// The time at which tokens are issued and checked, in seconds.
const NOW: u64 = 1_800_000_000;

/// A list of two in JSON: a template as in a policy, and claims. The claims are asked for by a page,
/// and they are those of a token.
///
/// # Panics
/// If something is issued, or let pass, that is not within the template.
pub fn template(input: &[u8]) {
    let Ok(serde_json::Value::Array(parts)) = serde_json::from_slice(input) else { return };
    let [template, claims] = &parts[..] else { return };
    let text = |part: &serde_json::Value| part.to_string().into_bytes();
    let read = json::read(&text(template)).map(JwtTemplate::from_value);
    let Some(Ok(terms)) = read else { return };
    let Ok(template) = Template::new(terms.clone()) else { return };
    if let Ok(claims) = Claims::parse(&text(claims))
        && template.check(&claims, NOW).is_ok()
    {
        is_within(&terms, &claims);
    }
    let asked = json::read(&text(claims)).map(ByClaim::<ClaimValue>::from_value);
    let Some(Ok(asked)) = asked else { return };
    let issue = Issue { now_s: NOW, life_s: None, id: "AAECAwQFBgcICQoLDA0ODw".into() };
    if let Ok(claims) = template.issue(&asked, &issue) {
        is_within(&terms, &claims);
        assert_eq!(claims.iat(), Some(NOW));
        assert_eq!(Claims::parse(claims.to_json().as_bytes()).as_ref(), Ok(&claims));
        // Whatever stands in a text: a line for each claim that is shown.
        let written = ["iat", "nbf", "exp", "jti"];
        let shown = claims.names().filter(|name| !written.contains(name)).count();
        assert_eq!(claims.to_lines().lines().count(), shown + 1);
    }
}

/// What holds of every token of a template, said in another way than the template says it.
fn is_within(terms: &JwtTemplate, claims: &Claims) {
    let (iat, exp) = (claims.iat().unwrap(), claims.exp().unwrap());
    assert!(exp > NOW && exp > iat && exp - iat <= u64::from(terms.max_life_s));
    assert!(!claims.audiences().is_empty());
    for audience in claims.audiences() {
        assert!(terms.audiences.iter().any(|known| known.as_str() == audience));
    }
    for (name, value) in terms.fixed.iter().flat_map(ByClaim::iter) {
        let same = match (value.value(), claims.get(name).unwrap()) {
            (ClaimValue::Text(fixed), Json::Text(said)) => fixed == said,
            (ClaimValue::Number(fixed), Json::Integer(said)) => fixed == said,
            (ClaimValue::Flag(fixed), Json::Bool(said)) => fixed == said,
            _ => false,
        };
        assert!(same, "{name}");
    }
    for name in claims.names() {
        let named = |of: bool, written| of && name == written;
        let known = ["aud", "iat", "exp"].contains(&name)
            || named(terms.not_before == Some(true), "nbf")
            || named(terms.token_id == Some(true), "jti")
            || terms.claims.as_ref().is_some_and(|claims| claims.get(name).is_some())
            || terms.fixed.as_ref().is_some_and(|fixed| fixed.get(name).is_some());
        assert!(known, "{name}");
    }
    for name in terms.required.iter().flatten() {
        assert!(claims.get(name.as_str()).is_some());
    }
}

/// Templates with claims that they let through, as a page asks for them and as a token has them.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let full = json!({
        "typ": "receipt+jwt", "audiences": ["bank", "tax"], "maxLifeSeconds": 300,
        "claims": {"amount": "number", "paid": "boolean", "scope": "texts", "sub": "text"},
        "required": ["amount"], "fixed": {"iss": "shop", "level": 3, "test": false},
        "notBefore": true, "tokenId": true,
    });
    let least = json!({"typ": "JWT", "audiences": ["bank"], "maxLifeSeconds": 60});
    let asked =
        json!({"aud": ["bank", "tax"], "amount": 1, "paid": true, "scope": ["a"], "sub": "b"});
    let said = json!({
        "aud": "bank", "amount": 1, "iss": "shop", "level": 3, "test": false, "iat": NOW, "nbf": NOW,
        "exp": NOW + 300, "jti": "c",
    });
    let said_least = json!({"aud": "bank", "iat": NOW, "exp": NOW + 60});
    let pairs =
        [json!([full, asked]), json!([full, said]), json!([least, {}]), json!([least, said_least])];
    pairs.iter().map(|pair| pair.to_string().into_bytes()).collect()
}
