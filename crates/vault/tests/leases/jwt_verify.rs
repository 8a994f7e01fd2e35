//! Tokens by the template of a key, read again: what the key signed and its template allows now is
//! valid, and for everything else there is one answer.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_protocol::Value;
use kms_testkit::Tab;
use kms_testkit::invariants::{broken, logged};
use kms_testkit::tab::{bytes, member, outcome, text};

use crate::jwt::{
    NOW, SPECS, claims, denied, of_a_shop, params, payment, refusal, row, shop, string, texts,
};

const VALID: Option<Value> = Some(Value::Bool(true));
const NOT_VALID: Option<Value> = Some(Value::Bool(false));

fn asked(key: &str, token: &str) -> Value {
    params(key, &[("token", string(token))])
}

fn verdict(tab: &Tab, key: &str, token: &str) -> Option<Value> {
    member(&tab.call("jwt.verify", asked(key, token)).unwrap(), "valid")
}

fn signed(tab: &Tab, key: &str) -> String {
    text(&tab.call("jwt.sign", payment(key)).unwrap(), "token")
}

/// A shop whose key also signs whatever it is given, as one that was taken out would.
fn careless(spec: &str) -> (Tab, String) {
    let tab = Tab::ready();
    let key = careless_in(&tab, spec);
    (tab, key)
}

fn careless_in(tab: &Tab, spec: &str) -> String {
    let uses = ("operations", texts(&["jwt", "sign", "verify"]));
    let policy = Value::object([uses, ("jwt", of_a_shop())]);
    let key = Value::object([("spec", string(spec)), ("policy", policy)]);
    text(&tab.call("keys.create", key).unwrap(), "keyId")
}

fn kid(tab: &Tab, key: &str) -> String {
    text(&tab.call("keys.describe", params(key, &[])).unwrap(), "kid")
}

fn alg(spec: &str) -> &'static str {
    if spec == "ed25519" { "EdDSA" } else { "ES256" }
}

/// The header of the tokens of a key.
fn header(tab: &Tab, key: &str, spec: &str) -> String {
    let (alg, kid) = (alg(spec), kid(tab, key));
    format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"receipt+jwt"}}"#)
}

/// A token with this header and payload, rightly signed by the latest version of the key.
fn crafted(tab: &Tab, key: &str, (header, payload): (&str, &str)) -> String {
    let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let input = format!("{}.{}", part(header), part(payload));
    let data = ("data", Value::Bytes(input.clone().into_bytes()));
    let signature = bytes(&tab.call("sign", params(key, &[data])).unwrap(), "signature");
    format!("{input}.{}", Base64UrlUnpadded::encode_string(&signature))
}

/// Claims that the template of a shop allows, with other times.
fn receipt(iat: u64, exp: u64) -> String {
    format!(
        r#"{{"amount":12,"aud":"https://bank.example","iss":"https://shop.example","iat":{iat},"nbf":{iat},"exp":{exp},"jti":"a"}}"#
    )
}

fn now() -> String {
    receipt(NOW, NOW + 300)
}

#[test]
fn what_the_key_signed_is_valid_until_it_expires_and_each_look_is_logged() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let token = signed(&tab, &key);
        assert_eq!(verdict(&tab, &key, &token), VALID);
        tab.clock.advance(299_999);
        assert_eq!(verdict(&tab, &key, &token), VALID);
        tab.clock.advance(1);
        assert_eq!(verdict(&tab, &key, &token), NOT_VALID);
        assert_eq!(verdict(&tab, &key, "no.token.here"), NOT_VALID);
        let looks = vec![row("jwt.verify", "ok"); 4];
        assert_eq!(logged(&tab, &key)[2..], looks);
        assert_eq!(broken(&tab), Vec::<String>::new());
    }
}

#[test]
fn the_longest_token_that_is_signed_is_verified_and_none_is_longer_than_the_limit() {
    let (tab, key) = shop("ed25519");
    let note = ("note", string(&"x".repeat(3800)));
    let given = [("amount", Value::Number(1.0)), ("aud", string("https://tax.example")), note];
    let long = params(&key, &[("claims", claims(&given))]);
    let token = text(&tab.call("jwt.sign", long).unwrap(), "token");
    // Longer than any other text.
    assert!(token.len() > 5000);
    assert_eq!(verdict(&tab, &key, &token), VALID);
    assert_eq!(verdict(&tab, &key, &"a".repeat(8192)), NOT_VALID);
    for (token, code) in [
        ("a".repeat(8193), "payload_too_large"),
        (String::new(), "invalid_params"),
        (format!("{token}\u{e4}"), "invalid_params"),
        (format!("{token}\n"), "invalid_params"),
    ] {
        assert_eq!(tab.call("jwt.verify", asked(&key, &token)), Err(code.into()));
    }
}

#[test]
fn a_token_is_verified_by_the_version_that_it_names_as_long_as_that_may_be_used() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let first = signed(&tab, &key);
        assert!(tab.call("keys.rotate", params(&key, &[])).is_ok());
        let second = signed(&tab, &key);
        let both = || [&first, &second].map(|token| verdict(&tab, &key, token));
        assert_eq!(both(), [VALID, VALID]);
        let number = |name| (name, Value::Number(2.0));
        let least = params(&key, &[number("minDecryptionVersion"), number("minEncryptionVersion")]);
        assert!(tab.call("keys.set_min_versions", least).is_ok());
        assert_eq!(both(), [NOT_VALID, VALID]);
        let trimmed = params(&key, &[number("minAvailableVersion")]);
        assert!(tab.call("keys.trim", trimmed).is_ok());
        assert_eq!(both(), [NOT_VALID, VALID]);
    }
}

#[test]
fn a_token_names_a_version_of_this_very_key() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let other = tab.create_for_tokens(spec, of_a_shop(), &[]).unwrap();
        let (own, others) = (signed(&tab, &key), signed(&tab, &other));
        assert_eq!((verdict(&tab, &key, &own), verdict(&tab, &other, &others)), (VALID, VALID));
        assert_eq!(verdict(&tab, &key, &others), NOT_VALID);
        assert_eq!(verdict(&tab, &other, &own), NOT_VALID);
        // A name that is right, over a signature of another key or of another version.
        let (key, other) = (careless_in(&tab, spec), careless_in(&tab, spec));
        let header = header(&tab, &key, spec);
        assert_eq!(verdict(&tab, &key, &crafted(&tab, &key, (&header, &now()))), VALID);
        assert_eq!(verdict(&tab, &key, &crafted(&tab, &other, (&header, &now()))), NOT_VALID);
        assert!(tab.call("keys.rotate", params(&key, &[])).is_ok());
        assert_eq!(verdict(&tab, &key, &crafted(&tab, &key, (&header, &now()))), NOT_VALID);
    }
}

#[test]
fn no_bit_of_a_token_can_be_another_one() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let token = signed(&tab, &key);
        let parts: Vec<&str> = token.split('.').collect();
        let mut tried = 0;
        for at in 0..3 {
            let bytes = Base64UrlUnpadded::decode_vec(parts[at]).unwrap();
            for byte in (0..bytes.len()).step_by(3) {
                let mut changed = bytes.clone();
                changed[byte] ^= 1 << (byte % 8);
                let changed = Base64UrlUnpadded::encode_string(&changed);
                let mut parts = parts.clone();
                parts[at] = &changed;
                let one = format!("bit {} of byte {byte} of part {at}", byte % 8);
                assert_eq!(verdict(&tab, &key, &parts.join(".")), NOT_VALID, "{one}");
                tried += 1;
            }
        }
        assert!(tried > 100, "{tried}");
        assert_eq!(verdict(&tab, &key, &token), VALID);
        for other in ["a.b", &token[1..], &format!("{token}."), &token.replace('.', "..")] {
            assert_eq!(verdict(&tab, &key, other), NOT_VALID, "{other}");
        }
    }
}

#[test]
fn a_header_says_what_is_true_of_the_key_and_nothing_else() {
    for spec in SPECS {
        let (tab, key) = careless(spec);
        let (kid, alg) = (kid(&tab, &key), alg(spec));
        let valid = |header: &str| verdict(&tab, &key, &crafted(&tab, &key, (header, &now())));
        let swapped = if spec == "ed25519" { "ES256" } else { "EdDSA" };
        let rest = format!(r#""kid":"{kid}","typ":"receipt+jwt""#);
        assert_eq!(valid(&format!(r#"{{"alg":"{alg}",{rest}}}"#)), VALID);
        for header in [
            format!(r#"{{"alg":"{swapped}",{rest}}}"#),
            format!(r#"{{"alg":"none",{rest}}}"#),
            format!(r"{{{rest}}}"),
            format!(r#"{{"alg":"{alg}",{rest},"b64":true}}"#),
            format!(r#"{{"alg":"{alg}",{rest},"crit":["exp"]}}"#),
            format!(r#"{{"alg":"{alg}",{rest},"kid":"{kid}"}}"#),
            format!(r#"{{"alg":"{alg}","typ":"receipt+jwt"}}"#),
            format!(r#"{{"alg":"{alg}","kid":"{key}","typ":"receipt+jwt"}}"#),
            format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"JWT"}}"#),
            format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"Receipt+JWT"}}"#),
        ] {
            assert_eq!(valid(&header), NOT_VALID, "{header}");
        }
    }
}

/// Who has the key, or had it, is still held to its template.
#[test]
fn claims_are_what_the_template_allows_now() {
    let (tab, key) = careless("ed25519");
    let header = header(&tab, &key, "ed25519");
    let valid = |claims: &str| verdict(&tab, &key, &crafted(&tab, &key, (&header, claims)));
    for good in [now(), receipt(NOW - 299, NOW + 1), receipt(NOW + 60, NOW + 360)] {
        assert_eq!(valid(&good), VALID, "{good}");
    }
    let without = |part: &str| {
        assert!(now().contains(part), "{part}");
        now().replace(part, "")
    };
    let with = |part: &str| now().replacen('{', &format!("{{{part},"), 1);
    for bad in [
        receipt(NOW - 300, NOW),
        receipt(NOW, NOW + 301),
        receipt(NOW + 61, NOW + 300),
        receipt(NOW, NOW),
        now().replace(r#""nbf":1"#, r#""nbf":2"#),
        without(&format!(r#""nbf":{NOW},"#)),
        without(&format!(r#""iat":{NOW},"#)),
        without(&format!(r#""exp":{},"#, NOW + 300)),
        without(r#""amount":12,"#),
        without(r#""iss":"https://shop.example","#),
        without(r#""aud":"https://bank.example","#),
        without(r#","jti":"a""#),
        now().replace("https://bank.example", "https://other.example"),
        now().replace("https://shop.example", "https://bank.example"),
        now().replace("12", r#""12""#),
        with(r#""role":"admin""#),
        with(r#""amount":12"#),
        "[]".into(),
        "no claims".into(),
    ] {
        assert_eq!(valid(&bad), NOT_VALID, "{bad}");
    }
}

#[test]
fn a_key_without_a_template_or_not_for_verifying_says_nothing_of_any_token() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let token = signed(&tab, &key);
        let create = |uses: &[&str], jwt: Value| {
            let policy = Value::object([("operations", texts(uses)), ("jwt", jwt)]);
            let key = Value::object([("spec", string(spec)), ("policy", policy)]);
            text(&tab.call("keys.create", key).unwrap(), "keyId")
        };
        let bare = create(&["sign", "verify"], Value::Null);
        let only_signs = create(&["jwt"], of_a_shop());
        let own = signed(&tab, &only_signs);
        let crafted = crafted(&tab, &bare, (&header(&tab, &bare, spec), &now()));
        for (key, tokens) in [(&bare, [&token, &crafted]), (&only_signs, [&token, &own])] {
            let before = logged(&tab, key).len();
            for token in tokens {
                let refused = refusal(&tab, "jwt.verify", asked(key, token));
                assert_eq!(refused, denied("operation"));
            }
            let refused = vec![row("jwt.verify", "policy_denied"); 2];
            assert_eq!(logged(&tab, key)[before..], refused);
        }
    }
}

#[test]
fn looking_at_a_token_is_no_use_of_the_private_key() {
    let tab = Tab::ready();
    let most = [("maxUses", Value::Number(1.0)), ("confirmation", string("sheet"))];
    let key = tab.create_for_tokens("ed25519", of_a_shop(), &most).unwrap();
    let reply = tab.send_to_person(tab.request("jwt.sign", payment(&key)), async |tab| {
        tab.does(tab.approved()).await;
    });
    let token = text(&outcome(reply).unwrap(), "token");
    for _ in 0..3 {
        assert_eq!(verdict(&tab, &key, &token), VALID);
    }
    let info = tab.call("keys.describe", params(&key, &[])).unwrap();
    assert_eq!(member(&info, "uses"), Some(Value::Number(1.0)));
}

/// The signature is checked where the others are, and who cannot check says nothing of the token.
#[test]
fn a_failure_of_the_port_is_an_error_and_no_verdict() {
    for spec in SPECS {
        let (tab, key) = shop(spec);
        let token = signed(&tab, &key);
        tab.crypto.fail_verification();
        assert_eq!(tab.call("jwt.verify", asked(&key, &token)), Err("internal".into()));
        assert_eq!(logged(&tab, &key).last(), Some(&row("jwt.verify", "internal")));
        assert_eq!(verdict(&tab, &key, &token), VALID);
    }
}
