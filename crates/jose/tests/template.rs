//! Templates: default deny, and every refusal names its rule.

#![allow(clippy::unwrap_used)] // helpers of tests

use kms_jose::{Claims, Issue, JoseError, Template};
use kms_protocol::{
    ByClaim, ClaimType, ClaimValue, FromValue, JwtTemplate, Name, PolicyRule, Value, limits,
};
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap()),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(value).collect()),
        serde_json::Value::Object(members) => {
            let member = |(name, json): (&String, _)| (Name::Owned(name.clone()), value(json));
            Value::Map(members.iter().map(member).collect())
        }
    }
}

fn read<T: FromValue>(json: &serde_json::Value) -> T {
    T::from_value(value(json)).unwrap()
}

fn of_a_shop() -> serde_json::Value {
    serde_json::json!({
        "typ": "receipt+jwt",
        "audiences": ["https://a.example", "https://b.example"],
        "maxLifeSeconds": 300,
        "claims": {"amount": "number", "paid": "boolean", "scope": "texts", "sub": "text"},
        "required": ["amount"],
        "fixed": {"iss": "https://shop.example", "level": 3},
        "tokenId": true,
    })
}

/// That template with other members.
fn with(more: &serde_json::Value) -> Result<Template, JoseError> {
    let mut template = of_a_shop();
    for (name, value) in more.as_object().unwrap() {
        template[name] = value.clone();
    }
    Template::new(read::<JwtTemplate>(&template))
}

fn template() -> Template {
    with(&serde_json::json!({})).unwrap()
}

fn issue(life_s: Option<u32>) -> Issue {
    Issue { now_s: NOW, life_s, id: "AAECAwQFBgcICQoLDA0ODw".into() }
}

fn issued(template: &Template, asked: &serde_json::Value) -> Result<String, JoseError> {
    let asked: ByClaim<ClaimValue> = read(asked);
    template.issue(&asked, &issue(None)).map(|claims| claims.to_json())
}

fn denied<T>(rule: PolicyRule) -> Result<T, JoseError> {
    Err(JoseError::Denied(rule))
}

#[test]
fn a_token_says_what_was_asked_for_what_is_fixed_and_when() {
    let asked = serde_json::json!({"aud": "https://a.example", "amount": 12, "scope": ["x"]});
    let expected = concat!(
        r#"{"amount":12,"aud":"https://a.example","scope":["x"],"iss":"https://shop.example","#,
        r#""level":3,"iat":1800000000,"exp":1800000300,"jti":"AAECAwQFBgcICQoLDA0ODw"}"#
    );
    assert_eq!(issued(&template(), &asked).as_deref(), Ok(expected));
    // What is fixed can be said again, and both audiences can be meant.
    let asked = serde_json::json!({
        "iss": "https://shop.example", "level": 3, "amount": 12, "paid": false,
        "aud": ["https://b.example", "https://a.example"], "sub": "",
    });
    assert!(issued(&template(), &asked).is_ok());
    let one = with(&serde_json::json!({
        "audiences": ["bank"], "notBefore": true, "tokenId": false, "required": [],
    }));
    let expected = concat!(
        r#"{"iss":"https://shop.example","level":3,"aud":"bank","#,
        r#""iat":1800000000,"nbf":1800000000,"exp":1800000300}"#
    );
    assert_eq!(issued(&one.unwrap(), &serde_json::json!({})).as_deref(), Ok(expected));
    let bare = serde_json::json!({"typ": "JWT", "audiences": ["a"], "maxLifeSeconds": 1});
    let bare = Template::new(read(&bare)).unwrap();
    let expected = r#"{"aud":"a","iat":1800000000,"exp":1800000001}"#;
    assert_eq!(issued(&bare, &serde_json::json!({})).as_deref(), Ok(expected));
    assert_eq!(bare.typ().unwrap().as_str(), "JWT");
    assert_eq!(bare.as_policy().max_life_s, 1);
}

#[test]
fn everything_else_is_refused_by_its_rule() {
    let rest = serde_json::json!({"aud": "https://a.example", "amount": 12});
    let cases = [
        (serde_json::json!({"email": "a@b.example"}), PolicyRule::JwtClaim),
        (serde_json::json!({"iat": 1}), PolicyRule::JwtClaim),
        (serde_json::json!({"exp": 9_007_199_254_740_991_u64}), PolicyRule::JwtClaim),
        (serde_json::json!({"nbf": 1}), PolicyRule::JwtClaim),
        (serde_json::json!({"jti": "mine"}), PolicyRule::JwtClaim),
        (serde_json::json!({"amount": "12"}), PolicyRule::JwtType),
        (serde_json::json!({"amount": true}), PolicyRule::JwtType),
        (serde_json::json!({"paid": 1}), PolicyRule::JwtType),
        (serde_json::json!({"scope": "x"}), PolicyRule::JwtType),
        (serde_json::json!({"sub": 1}), PolicyRule::JwtType),
        (serde_json::json!({"sub": ["me"]}), PolicyRule::JwtType),
        (serde_json::json!({"aud": 1}), PolicyRule::JwtType),
        (serde_json::json!({"aud": []}), PolicyRule::JwtType),
        (
            serde_json::json!({"aud": ["https://a.example", "https://a.example"]}),
            PolicyRule::JwtType,
        ),
        (serde_json::json!({"iss": "https://other.example"}), PolicyRule::JwtFixed),
        (serde_json::json!({"level": 4}), PolicyRule::JwtFixed),
        (serde_json::json!({"level": "3"}), PolicyRule::JwtFixed),
        (serde_json::json!({"aud": "https://c.example"}), PolicyRule::JwtAudience),
        (serde_json::json!({"aud": "HTTPS://a.example"}), PolicyRule::JwtAudience),
        (serde_json::json!({"aud": ["https://a.example", "c"]}), PolicyRule::JwtAudience),
    ];
    for (more, rule) in cases {
        let mut asked = rest.clone();
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(issued(&template(), &asked), denied(rule), "{asked}");
    }
    let nothing = issued(&template(), &serde_json::json!({"aud": "https://a.example"}));
    assert_eq!(nothing, denied(PolicyRule::JwtRequired));
    let for_nobody = issued(&template(), &serde_json::json!({"amount": 1}));
    assert_eq!(for_nobody, denied(PolicyRule::JwtAudience));
}

#[test]
fn a_token_lives_as_long_as_it_may_and_no_longer() {
    let asked: ByClaim<ClaimValue> =
        read(&serde_json::json!({"aud": "https://a.example", "amount": 1}));
    let exp = |life| template().issue(&asked, &issue(life)).map(|claims| claims.exp());
    for (life, seconds) in [(None, 300), (Some(300), 300), (Some(1), 1)] {
        assert_eq!(exp(life), Ok(Some(NOW + seconds)));
    }
    for life in [0, 301, u32::MAX] {
        assert_eq!(exp(Some(life)), denied(PolicyRule::JwtLife), "{life}");
    }
}

/// What is signed has to be read by whoever has these limits.
#[test]
fn a_list_that_no_reader_takes_is_refused() {
    let asked = |count: usize| {
        let scope = vec!["x"; count];
        serde_json::json!({"aud": "https://a.example", "amount": 1, "scope": scope})
    };
    let most = kms_jose::limits::MAX_ITEMS;
    assert!(issued(&template(), &asked(most)).is_ok());
    assert_eq!(issued(&template(), &asked(most + 1)), Err(JoseError::TooLarge));
}

#[test]
fn claims_that_are_too_long_are_refused() {
    let text = "x".repeat(kms_jose::limits::MAX_CLAIMS);
    let asked = serde_json::json!({"aud": "https://a.example", "amount": 1, "sub": text});
    assert_eq!(issued(&template(), &asked), Err(JoseError::TooLarge));
}

/// A verifier, too, can ask whether a token says what the key may.
#[test]
fn claims_of_others_are_checked_by_the_same_rules() {
    let check = |json: &str| {
        let template = with(&serde_json::json!({"notBefore": true})).unwrap();
        template.check(&Claims::parse(json.as_bytes()).unwrap(), NOW)
    };
    let good = concat!(
        r#"{"iss":"https://shop.example","level":3,"aud":"https://a.example","amount":1,"#,
        r#""iat":1799999900,"nbf":1799999900,"exp":1800000100,"jti":"1"}"#
    );
    assert_eq!(check(good), Ok(()));
    let cases = [
        ("\"level\":3,", "", PolicyRule::JwtRequired),
        (",\"jti\":\"1\"", "", PolicyRule::JwtRequired),
        ("\"amount\":1,", "\"amount\":1,\"x\":null,", PolicyRule::JwtClaim),
        ("\"amount\":1,", "\"amount\":1,\"scope\":[1],", PolicyRule::JwtType),
        ("\"amount\":1,", "\"amount\":null,", PolicyRule::JwtType),
        ("\"level\":3", "\"level\":null", PolicyRule::JwtFixed),
        (",\"nbf\":1799999900", "", PolicyRule::JwtLife),
        ("\"iat\":1799999900,", "", PolicyRule::JwtLife),
        (",\"exp\":1800000100", "", PolicyRule::JwtLife),
        ("1800000100", "1800000000", PolicyRule::JwtLife),
        ("1800000100", "1800000201", PolicyRule::JwtLife),
        ("1799999900", "1800000061", PolicyRule::JwtLife),
    ];
    for (from, to, rule) in cases {
        assert_eq!(check(&good.replace(from, to)), denied(rule), "{from} {to}");
    }
    assert_eq!(check(&good.replace("1799999900", "1800000060")), Ok(()));
    let other_nbf = good.replace("\"nbf\":1799999900", "\"nbf\":1799999899");
    assert_eq!(check(&other_nbf), denied(PolicyRule::JwtLife));
}

#[test]
fn a_template_whose_parts_contradict_each_other_is_refused() {
    let many = |count: usize| (0..count).map(|at| format!("a{at}")).collect::<Vec<_>>();
    let types = |count: usize| {
        let types = many(count).into_iter().map(|name| (name, "text".into()));
        serde_json::Value::Object(types.collect())
    };
    for bad in [
        serde_json::json!({"audiences": []}),
        serde_json::json!({"audiences": many(limits::MAX_AUDIENCES + 1)}),
        serde_json::json!({"audiences": ["a", "a"]}),
        serde_json::json!({"maxLifeSeconds": 0}),
        serde_json::json!({"maxLifeSeconds": limits::MAX_TOKEN_LIFE_S + 1}),
        serde_json::json!({"claims": types(limits::MAX_CLAIMS - 1), "required": []}),
        serde_json::json!({"claims": {"iss": "text"}, "required": [], "fixed": {}}),
        serde_json::json!({"claims": {"sub": "number"}, "required": []}),
        serde_json::json!({"claims": {"aud": "text"}, "required": []}),
        serde_json::json!({"claims": {"exp": "number"}, "required": []}),
        serde_json::json!({"claims": {"jti": "text"}, "required": []}),
        serde_json::json!({"fixed": {"nbf": 1}}),
        serde_json::json!({"fixed": {"iat": 1}}),
        serde_json::json!({"fixed": {"aud": "a"}}),
        serde_json::json!({"fixed": {"iss": 1}}),
        serde_json::json!({"fixed": {"sub": true}}),
        serde_json::json!({"fixed": {"amount": 1}}),
        serde_json::json!({"required": ["amount", "amount"]}),
        serde_json::json!({"required": ["iss"]}),
        serde_json::json!({"required": ["email"]}),
    ] {
        assert_eq!(with(&bad), Err(JoseError::InvalidTemplate), "{bad}");
    }
    let full = serde_json::json!({
        "audiences": many(limits::MAX_AUDIENCES), "maxLifeSeconds": limits::MAX_TOKEN_LIFE_S,
        "claims": types(limits::MAX_CLAIMS - 2), "required": many(limits::MAX_CLAIMS - 2),
    });
    assert!(with(&full).is_ok());
}

#[test]
fn refusals_say_which_rule_it_was() {
    let denied = JoseError::Denied(PolicyRule::JwtClaim);
    assert_eq!(denied.to_string(), "the template does not allow this: jwt_claim");
}

#[test]
fn a_person_sees_each_claim_in_one_line() {
    let asked: ByClaim<ClaimValue> = read(&serde_json::json!({
        "aud": "https://a.example", "amount": 12, "paid": true, "scope": ["a\nb", "c\""],
        "sub": "me\naud: \"https://b.example\"",
    }));
    let claims = template().issue(&asked, &issue(Some(60))).unwrap();
    let expected = [
        "amount: 12",
        "aud: \"https://a.example\"",
        "paid: true",
        r#"scope: ["a\nb","c\""]"#,
        r#"sub: "me\naud: \"https://b.example\"""#,
        "iss: \"https://shop.example\"",
        "level: 3",
        "exp: iat + 60",
    ];
    assert_eq!(claims.to_lines().lines().collect::<Vec<_>>(), expected);
    assert_eq!(Claims::parse(b"{}").unwrap().to_lines(), "exp: iat + 0");
}

fn any_value() -> impl Strategy<Value = ClaimValue> {
    prop_oneof![
        "\\PC{0,8}".prop_map(ClaimValue::Text),
        (0..1_u64 << 53).prop_map(ClaimValue::Number),
        any::<bool>().prop_map(ClaimValue::Flag),
        prop::collection::vec("\\PC{0,8}", 0..3).prop_map(ClaimValue::Texts),
    ]
}

proptest! {
    /// Whatever a page asks for: what comes out is within the template, and reads as it was meant.
    #[test]
    fn what_is_issued_is_within_the_template(
        names in prop::collection::vec(0..8_usize, 0..6),
        values in prop::collection::vec(any_value(), 6),
        life_s in prop::option::of(0..400_u32),
    ) {
        let all = ["amount", "paid", "scope", "sub", "iss", "level", "aud", "exp"];
        let name = |at: &usize| kms_protocol::ClaimName::new(all[*at]).unwrap();
        let asked: ByClaim<_> = names.iter().map(name).zip(values).collect();
        if let Ok(claims) = template().issue(&asked, &issue(life_s)) {
            prop_assert_eq!(template().check(&claims, NOW), Ok(()));
            prop_assert_eq!(Claims::parse(claims.to_json().as_bytes()), Ok(claims));
        }
    }

    #[test]
    fn a_template_with_one_type_admits_only_that(value in any_value()) {
        for of in ClaimType::ALL {
            let claims = serde_json::json!({"x": of.as_str()});
            let template = with(&serde_json::json!({
                "claims": claims, "required": ["x"], "fixed": {}, "audiences": ["a"],
            })).unwrap();
            let name = kms_protocol::ClaimName::new("x").unwrap();
            let asked: ByClaim<_> = [(name, value.clone())].into_iter().collect();
            let fits = matches!(
                (of, &value),
                (ClaimType::Text, ClaimValue::Text(_))
                    | (ClaimType::Number, ClaimValue::Number(_))
                    | (ClaimType::Boolean, ClaimValue::Flag(_))
                    | (ClaimType::Texts, ClaimValue::Texts(_))
            );
            prop_assert_eq!(template.issue(&asked, &issue(None)).is_ok(), fits);
        }
    }
}
