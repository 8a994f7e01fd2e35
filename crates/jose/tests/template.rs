//! Templates: default deny, and every refusal names its rule.

#![allow(clippy::unwrap_used)] // helpers of tests

use kms_jose::{Algorithm, Claims, JoseError, JwtTemplate, Rule, TokenType};

const NOW: u64 = 1_800_000_000;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).into()).collect()
}

fn template() -> JwtTemplate {
    JwtTemplate {
        algorithm: Algorithm::EdDsa,
        typ: TokenType::jwt(),
        issuers: texts(&["enclave"]),
        subjects: Vec::new(),
        audiences: texts(&["https://a.example", "https://b.example"]),
        max_life_s: 300,
        required: texts(&["jti"]),
        allowed: texts(&["iat", "nbf", "scope"]),
    }
}

fn check(claims: &str) -> Result<(), JoseError> {
    let claims = Claims::parse(claims.as_bytes()).unwrap();
    template().check(Algorithm::EdDsa, &claims, NOW)
}

#[test]
fn what_the_template_says_is_allowed() {
    for good in [
        r#"{"iss":"enclave","aud":"https://a.example","exp":1800000300,"jti":"1"}"#,
        r#"{"iss":"enclave","aud":["https://b.example","https://a.example"],"exp":1800000001,
            "jti":"1","iat":1800000060,"nbf":1800000000,"scope":{"x":1}}"#,
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    let open = JwtTemplate {
        issuers: Vec::new(),
        subjects: texts(&["me"]),
        audiences: Vec::new(),
        required: Vec::new(),
        ..template()
    };
    let claims = Claims::parse(br#"{"sub":"me","exp":1800000001}"#).unwrap();
    assert_eq!(open.check(Algorithm::EdDsa, &claims, NOW), Ok(()));
}

#[test]
fn everything_else_is_refused_by_its_rule() {
    let rest = r#""iss":"enclave","aud":"https://a.example","jti":"1""#;
    let cases = [
        (r#"{"aud":"https://a.example","exp":1800000300,"jti":"1"}"#.into(), Rule::Issuer),
        (rest_with(r#""exp":1800000300"#).replace("enclave", "other"), Rule::Issuer),
        (rest_with(r#""exp":1800000300,"sub":"me""#), Rule::Subject),
        (r#"{"iss":"enclave","exp":1800000300,"jti":"1"}"#.into(), Rule::Audience),
        (rest_with(r#""exp":1800000300"#).replace("a.example", "c.example"), Rule::Audience),
        (
            r#"{"iss":"enclave","aud":["https://a.example","https://c.example"],
                "exp":1800000300,"jti":"1"}"#
                .into(),
            Rule::Audience,
        ),
        (format!("{{{rest}}}"), Rule::Expiry),
        (rest_with(r#""exp":1800000000"#), Rule::Expiry),
        (rest_with(r#""exp":1800000301"#), Rule::Life),
        (rest_with(r#""exp":9007199254740991"#), Rule::Life),
        (rest_with(r#""exp":1800000300,"nbf":1800000300"#), Rule::NotBefore),
        (rest_with(r#""exp":1800000300,"iat":1800000061"#), Rule::IssuedAt),
        (rest_with(r#""exp":1800000300"#).replace("jti", "scope"), Rule::Required),
        (rest_with(r#""exp":1800000300,"email":"a@b.example""#), Rule::Allowed),
    ];
    for (claims, rule) in cases {
        assert_eq!(check(&claims), Err(JoseError::Denied(rule)), "{claims}");
    }
    let claims = Claims::parse(rest_with(r#""exp":1800000300"#).as_bytes()).unwrap();
    let other = template().check(Algorithm::Es256, &claims, NOW);
    assert_eq!(other, Err(JoseError::Denied(Rule::Algorithm)));
}

fn rest_with(more: &str) -> String {
    format!(r#"{{"iss":"enclave","aud":"https://a.example","jti":"1",{more}}}"#)
}

#[test]
fn rules_have_names() {
    let refused = check("{}").unwrap_err();
    assert_eq!(refused.to_string(), "the template does not allow this: jwt.iss");
    let names = [
        (Rule::Algorithm, "jwt.alg"),
        (Rule::Issuer, "jwt.iss"),
        (Rule::Subject, "jwt.sub"),
        (Rule::Audience, "jwt.aud"),
        (Rule::Expiry, "jwt.exp"),
        (Rule::Life, "jwt.max_life"),
        (Rule::NotBefore, "jwt.nbf"),
        (Rule::IssuedAt, "jwt.iat"),
        (Rule::Required, "jwt.required"),
        (Rule::Allowed, "jwt.allowed"),
    ];
    for (rule, name) in names {
        assert_eq!(rule.to_string(), name);
    }
}
