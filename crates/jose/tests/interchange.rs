//! Tokens that others verify: the library `jose` does in the tests of the client.

#![allow(clippy::unwrap_used)] // helpers of tests

use kms_crypto::software::SoftwareKey;
use kms_jose::{Issue, Template, Unsigned, verify};
use kms_protocol::{
    Audience, ByClaim, ClaimName, ClaimType, ClaimValue, FixedClaim, JwtTemplate, JwtType, KeySpec,
};
use serde_json::{Value, json};

fn of_each<T, const N: usize>(members: [(&str, T); N]) -> ByClaim<T> {
    let member = |(name, value)| (ClaimName::new(name).unwrap(), value);
    members.into_iter().map(member).collect()
}

/// The template of the examples in the documents.
fn template() -> Template {
    let issuer = ClaimValue::Text("https://shop.example".into());
    let types = [("amount", ClaimType::Number), ("lines", ClaimType::Texts)];
    Template::new(JwtTemplate {
        typ: JwtType::new("receipt+jwt").unwrap(),
        audiences: vec![Audience::new("https://bank.example").unwrap()],
        max_life_s: 300,
        claims: Some(of_each(types)),
        required: Some(vec![ClaimName::new("amount").unwrap()]),
        fixed: Some(of_each([("iss", FixedClaim::new(issuer).unwrap())])),
        not_before: Some(true),
        token_id: Some(true),
    })
    .unwrap()
}

fn vector(spec: KeySpec) -> Value {
    let fill = |out: &mut [u8]| {
        out.fill(7);
        Ok(())
    };
    let signer = SoftwareKey::generate(spec, fill).unwrap();
    let public = signer.public_key().unwrap().unwrap();
    let lines = ClaimValue::Texts(vec!["tea \u{2615}".into(), "\"cake\"".into()]);
    let asked = of_each([("amount", ClaimValue::Number(12)), ("lines", lines)]);
    let issue = Issue { now_s: 1_800_000_000, life_s: None, id: "AAECAwQFBgcICQoLDA0ODw".into() };
    let claims = template().issue(&asked, &issue).unwrap();
    let typ = template().typ().unwrap();
    let unsigned = Unsigned::new(&public, &typ, &claims).unwrap();
    let signature = signer.sign(unsigned.signing_input()).unwrap();
    let token = unsigned.sign(&signature);
    let verified = verify(&token, &typ, |_| Some(public.clone())).unwrap();
    assert_eq!(template().check(&verified.claims, 1_800_000_299), Ok(()));
    let jwk = public.jwk().unwrap();
    let mut key =
        json!({"kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "kid": jwk.kid, "alg": jwk.alg});
    if let Some(y) = jwk.y {
        key["y"] = y.into();
    }
    json!({"spec": spec.as_str(), "jwk": key, "token": token})
}

#[test]
fn the_vectors_are_what_is_made_here() {
    let made = format!("{:#}\n", json!([vector(KeySpec::Ed25519), vector(KeySpec::EcP256)]));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/jwt/tokens.json");
    assert_eq!(std::fs::read_to_string(path).unwrap(), made, "{made}");
}
