//! Tokens by the template of a key: what it allows is signed, and nothing else.

use kms_crypto::PublicKey;
use kms_jose::{TokenType, Verified, verify};
use kms_protocol::{KeySpec, Name, Value};
use kms_testkit::invariants::{broken, logged};
use kms_testkit::tab::{bytes, member, outcome, template, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::UiEvent;

pub(crate) const SPECS: [&str; 2] = ["ed25519", "ec-p256"];
/// The clock of a tab, in seconds.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn string(text: &str) -> Value {
    Value::Text(text.into())
}

pub(crate) fn texts(all: &[&str]) -> Value {
    Value::List(all.iter().map(|one| string(one)).collect())
}

/// The template of the examples in the documents.
pub(crate) fn of_a_shop() -> Value {
    Value::object([
        ("typ", string("receipt+jwt")),
        ("audiences", texts(&["https://bank.example", "https://tax.example"])),
        ("maxLifeSeconds", Value::Number(300.0)),
        ("claims", claims(&[("amount", string("number")), ("note", string("text"))])),
        ("required", texts(&["amount"])),
        ("fixed", claims(&[("iss", string("https://shop.example"))])),
        ("notBefore", Value::Bool(true)),
        ("tokenId", Value::Bool(true)),
    ])
}

pub(crate) fn claims(members: &[(&'static str, Value)]) -> Value {
    Value::Map(members.iter().map(|(name, value)| (Name::Borrowed(*name), value.clone())).collect())
}

pub(crate) fn params(key: &str, more: &[(&'static str, Value)]) -> Value {
    claims(&[&[("keyId", string(key))], more].concat())
}

/// What a page asks a key of the shop to sign.
pub(crate) fn payment(key: &str) -> Value {
    let asked = [("amount", Value::Number(12.0)), ("aud", string("https://bank.example"))];
    params(key, &[("claims", claims(&asked))])
}

pub(crate) fn shop(spec: &str) -> (Tab, String) {
    let tab = Tab::ready();
    let key = tab.create_for_tokens(spec, of_a_shop(), &[]).unwrap();
    (tab, key)
}

fn public(tab: &Tab, key: &str, spec: KeySpec) -> PublicKey {
    let half = tab.call("keys.public_key", params(key, &[])).unwrap();
    PublicKey::from_raw(spec, &bytes(&half, "raw")).unwrap()
}

fn verified(tab: &Tab, key: &str, token: &str) -> Verified {
    let info = tab.call("keys.describe", params(key, &[])).unwrap();
    let spec = KeySpec::ALL.iter().find(|spec| spec.as_str() == text(&info, "spec"));
    let public = public(tab, key, *spec.unwrap());
    verify(token, &TokenType::new("receipt+jwt").unwrap(), |_| Some(public)).unwrap()
}

/// Code and rule of a refusal.
pub(crate) fn refusal(tab: &Tab, method: &str, params: Value) -> (String, String) {
    let error = member(&tab.send(tab.request(method, params)).unwrap(), "error").unwrap();
    (text(&error, "code"), text(&error, "rule"))
}

pub(crate) fn denied(rule: &str) -> (String, String) {
    ("policy_denied".into(), rule.into())
}

pub(crate) fn row(method: &str, outcome: &str) -> (String, String) {
    (method.into(), outcome.into())
}

#[test]
fn a_token_says_what_was_asked_for_and_when_by_the_enclaves_clock() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        tab.clock.advance(1999);
        let signed = tab.call("jwt.sign", payment(&key)).unwrap();
        let Verified { kid, claims } = verified(&tab, &key, &text(&signed, "token"));
        let info = tab.call("keys.describe", params(&key, &[])).unwrap();
        assert_eq!(kid, text(&info, "kid"));
        assert_eq!((claims.iss(), claims.sub()), (Some("https://shop.example"), None));
        assert_eq!(claims.audiences(), ["https://bank.example"]);
        let now = Some(NOW + 1);
        assert_eq!((claims.iat(), claims.nbf(), claims.exp()), (now, now, Some(NOW + 301)));
        assert_eq!(claims.jti().map(str::len), Some(22));
        assert_eq!(claims.names().count(), 7);
        assert_eq!(member(&signed, "expires"), Some(Value::Number(1_800_000_301_000.0)));
        assert_eq!(member(&signed, "version"), Some(Value::Number(1.0)));
        let again = tab.call("jwt.sign", payment(&key)).unwrap();
        let again = verified(&tab, &key, &text(&again, "token"));
        assert_ne!(again.claims.jti(), claims.jti());
        let expected = [row("keys.create", "ok"), row("jwt.sign", "ok"), row("jwt.sign", "ok")];
        assert_eq!(logged(&tab, &key), expected);
        assert_eq!(broken(&tab), Vec::<String>::new());
    }
}

#[test]
fn a_token_lives_as_long_as_was_asked_and_no_longer_than_it_may() {
    let (tab, key) = shop("ed25519");
    let Value::Map(mut asked) = payment(&key) else { panic!("not an object") };
    asked.push(("lifeSeconds".into(), Value::Number(60.0)));
    let signed = tab.call("jwt.sign", Value::Map(asked.clone())).unwrap();
    assert_eq!(verified(&tab, &key, &text(&signed, "token")).claims.exp(), Some(NOW + 60));
    for life in [0.0, 301.0, f64::from(u32::MAX)] {
        asked.last_mut().unwrap().1 = Value::Number(life);
        assert_eq!(refusal(&tab, "jwt.sign", Value::Map(asked.clone())), denied("jwt_life"));
    }
}

#[test]
fn what_the_template_does_not_allow_is_refused_by_its_rule_and_logged() {
    let (tab, key) = shop("ec-p256");
    let (amount, aud) = (("amount", Value::Number(1.0)), ("aud", string("https://tax.example")));
    let cases = [
        (vec![amount.clone(), aud.clone(), ("role", string("admin"))], "jwt_claim"),
        (vec![amount.clone(), aud.clone(), ("exp", Value::Number(9e15))], "jwt_claim"),
        (vec![amount.clone(), aud.clone(), ("iat", Value::Number(0.0))], "jwt_claim"),
        (vec![amount.clone(), aud.clone(), ("jti", string("again"))], "jwt_claim"),
        (vec![("amount", string("1")), aud.clone()], "jwt_type"),
        (vec![amount.clone(), aud.clone(), ("iss", string("https://bank.example"))], "jwt_fixed"),
        (vec![aud.clone()], "jwt_required"),
        (vec![amount.clone()], "jwt_audience"),
        (vec![amount.clone(), ("aud", string("https://other.example"))], "jwt_audience"),
    ];
    for (asked, rule) in &cases {
        let asked = params(&key, &[("claims", claims(asked))]);
        assert_eq!(refusal(&tab, "jwt.sign", asked), denied(rule));
    }
    assert_eq!(refusal(&tab, "jwt.sign", params(&key, &[])), denied("jwt_required"));
    let refused = vec![row("jwt.sign", "policy_denied"); cases.len() + 1];
    assert_eq!(logged(&tab, &key)[1..], refused);
    let long = "x".repeat(4090);
    let asked = claims(&[amount, aud, ("note", string(&long))]);
    let asked = params(&key, &[("claims", asked)]);
    assert_eq!(tab.call("jwt.sign", asked), Err("payload_too_large".into()));
}

/// A raw signature over the text of a token would be a way around the template.
#[test]
fn a_key_with_a_template_signs_nothing_else_unless_its_policy_says_so() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let data = ("data", Value::Bytes(b"eyJhbGciOiJFZERTQSJ9.e30".to_vec()));
        let signing = params(&key, std::slice::from_ref(&data));
        assert_eq!(refusal(&tab, "sign", signing), denied("operation"));
        let terms = [
            ("audiences", texts(&["https://push.example"])),
            ("lifeMs", Value::Number(60_000.0)),
            ("tokens", Value::Number(1.0)),
        ];
        assert_eq!(refusal(&tab, "vapid.create_lease", params(&key, &terms)), denied("operation"));
        let both = Value::object([
            ("spec", string(spec)),
            (
                "policy",
                Value::object([("operations", texts(&["jwt", "sign"])), ("jwt", template())]),
            ),
        ]);
        let both = text(&tab.call("keys.create", both).unwrap(), "keyId");
        assert!(tab.call("sign", params(&both, &[data])).is_ok());
        assert!(tab.call("jwt.sign", params(&both, &[])).is_ok());
    }
    let tab = Tab::ready();
    for spec in SPECS {
        let ordinary = tab.create(spec, "durable").unwrap();
        assert_eq!(refusal(&tab, "jwt.sign", params(&ordinary, &[])), denied("operation"));
    }
}

#[test]
fn a_template_goes_with_its_use_and_makes_sense() {
    let tab = Tab::ready();
    let create = |spec: &str, uses: &[&str], jwt: Value| {
        let policy = Value::object([("operations", texts(uses)), ("jwt", jwt)]);
        let params = Value::object([("spec", string(spec)), ("policy", policy)]);
        tab.call("keys.create", params).map(|_| ())
    };
    assert_eq!(create("ed25519", &["jwt"], template()), Ok(()));
    let refused = Err("invalid_params".into());
    assert_eq!(create("ed25519", &["jwt"], Value::Null), refused);
    assert_eq!(create("ed25519", &["sign"], template()), refused);
    assert_eq!(create("ec-p256", &["jwt", "vapid"], template()), refused);
    for spec in ["x25519", "ec-p256-agreement", "aes-256", "hmac-sha256", "hpke-x25519"] {
        assert_eq!(create(spec, &["jwt"], template()), refused);
    }
    let Value::Map(members) = template() else { panic!("not an object") };
    for (at, (name, _)) in members.iter().enumerate() {
        let mut without = members.clone();
        without.remove(at);
        assert_eq!(create("ed25519", &["jwt"], Value::Map(without)), refused, "{name}");
    }
    for (name, value) in [
        ("audiences", Value::List(vec![])),
        ("maxLifeSeconds", Value::Number(0.0)),
        ("claims", claims(&[("iss", string("text"))])),
        ("claims", claims(&[("amount", string("float"))])),
        ("fixed", claims(&[("exp", Value::Number(1.0))])),
        ("fixed", claims(&[("roles", texts(&["admin"]))])),
        ("required", texts(&["amount"])),
        ("alg", string("none")),
    ] {
        let mut with = members.clone();
        with.retain(|(known, _)| known != name);
        with.push((name.into(), value));
        assert_eq!(create("ed25519", &["jwt"], Value::Map(with)), refused, "{name}");
    }
}

#[test]
fn the_template_is_told_and_stays_what_it_is() {
    let (tab, key) = shop("ed25519");
    let told = |tab: &Tab| {
        let info = tab.call("keys.describe", params(&key, &[])).unwrap();
        member(&member(&info, "policy").unwrap(), "jwt").unwrap()
    };
    assert_eq!(told(&tab), of_a_shop());
    let again = tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(told(&again), of_a_shop());
    let first = text(&again.call("jwt.sign", payment(&key)).unwrap(), "token");
    assert!(again.call("keys.rotate", params(&key, &[])).is_ok());
    let second = text(&again.call("jwt.sign", payment(&key)).unwrap(), "token");
    assert_ne!(first.split('.').next(), second.split('.').next());
    let Value::Map(mut old) = payment(&key) else { panic!("not an object") };
    old.push(("version".into(), Value::Number(1.0)));
    let old = again.call("jwt.sign", Value::Map(old)).unwrap();
    assert_eq!(text(&old, "token").split('.').next(), first.split('.').next());
}

#[test]
fn uses_are_counted_and_each_item_of_a_batch_has_its_own_answer() {
    let tab = Tab::ready();
    let most = [("maxUses", Value::Number(2.0))];
    let key = tab.create_for_tokens("ed25519", of_a_shop(), &most).unwrap();
    let message = vec![
        tab.request("jwt.sign", payment(&key)),
        tab.request("jwt.sign", params(&key, &[])),
        tab.request("jwt.sign", payment(&key)),
        tab.request("jwt.sign", payment(&key)),
    ];
    let Some(Value::List(replies)) = tab.send(Value::List(message)) else { panic!("no batch") };
    let codes: Vec<_> = replies
        .into_iter()
        .map(|reply| outcome(Some(reply)).map(|signed| text(&signed, "token").len() > 200))
        .collect();
    let refused = || Err("policy_denied".into());
    assert_eq!(codes, [Ok(true), refused(), Ok(true), refused()]);
    assert_eq!(refusal(&tab, "jwt.sign", payment(&key)), denied("max_uses"));
    let info = tab.call("keys.describe", params(&key, &[])).unwrap();
    assert_eq!(member(&info, "uses"), Some(Value::Number(2.0)));
    assert!(tab.verify_audit().is_ok());
}

#[test]
fn a_person_who_is_asked_sees_the_claims() {
    let tab = Tab::ready();
    let asks = [("confirmation", string("sheet"))];
    let key = tab.create_for_tokens("ec-p256", of_a_shop(), &asks).unwrap();
    let asking = || tab.request("jwt.sign", payment(&key));
    let reply = tab.send_to_person(asking(), async |tab| {
        let asked = tab.approval();
        assert_eq!((asked.operations.len(), asked.code.as_ref()), (1, None));
        assert_eq!(asked.operations[0].method, "jwt.sign");
        let expected = "typ: receipt+jwt\namount: 12\naud: \"https://bank.example\"\n\
                        iss: \"https://shop.example\"\nexp: iat + 300";
        assert_eq!(asked.operations[0].payload.text.as_ref().unwrap().shown, expected);
        // The token begins when the person has answered.
        tab.clock.advance(20_000);
        tab.does(tab.approved()).await;
    });
    let signed = outcome(reply).unwrap();
    assert_eq!(verified(&tab, &key, &text(&signed, "token")).claims.exp(), Some(NOW + 320));
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    assert_eq!(outcome(tab.send_to_person(asking(), deny)), Err("user_cancelled".into()));
    // Nobody is asked about what is refused anyway.
    assert_eq!(refusal(&tab, "jwt.sign", params(&key, &[])), denied("jwt_required"));
    assert_eq!(tab.screen(), "hidden");
    let expected = [
        row("jwt.sign.approval", "ok"),
        row("jwt.sign", "ok"),
        row("jwt.sign.approval", "user_cancelled"),
        row("jwt.sign", "policy_denied"),
    ];
    assert_eq!(logged(&tab, &key)[1..], expected);
}
