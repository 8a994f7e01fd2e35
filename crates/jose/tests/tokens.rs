//! Tokens from claims to verification, and everything that is refused on the way.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::PublicKey;
use kms_crypto::software::SoftwareKey;
use kms_jose::{
    Claims, JoseError, Json, Jws, TokenType, Unsigned, Verified, limits, vapid, verify, verify_by,
};
use kms_protocol::{ContactUrl, KeySpec, PushOrigin};
use proptest::prelude::*;

const SPECS: [KeySpec; 2] = [KeySpec::Ed25519, KeySpec::EcP256];

fn signer(spec: KeySpec, byte: u8) -> SoftwareKey {
    let fill = |out: &mut [u8]| {
        out.fill(byte);
        Ok(())
    };
    SoftwareKey::generate(spec, fill).unwrap()
}

fn token(spec: KeySpec, claims: &str) -> String {
    let signer = signer(spec, 7);
    let claims = Claims::parse(claims.as_bytes()).unwrap();
    let key = signer.public_key().unwrap().unwrap();
    let unsigned = Unsigned::new(&key, &TokenType::jwt(), &claims).unwrap();
    let signature = signer.sign(unsigned.signing_input()).unwrap();
    unsigned.sign(&signature)
}

/// A token with this header and payload, rightly signed.
fn crafted(header: &str, payload: &[u8]) -> String {
    let text = Base64UrlUnpadded::encode_string;
    let input = format!("{}.{}", text(header.as_bytes()), text(payload));
    let signature = signer(KeySpec::Ed25519, 7).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", text(&signature))
}

fn part(token: &str, at: usize) -> String {
    let bytes = Base64UrlUnpadded::decode_vec(token.split('.').nth(at).unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn tokens_verify_by_the_key_that_they_name() {
    for spec in SPECS {
        let claims = r#"{"iss":"enclave","exp":2000000000}"#;
        let token = token(spec, claims);
        let key = signer(spec, 7).public_key().unwrap().unwrap();
        let kid = key.thumbprint();
        let alg = key.jwk().unwrap().alg;
        assert_eq!(part(&token, 0), format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"JWT"}}"#));
        assert_eq!(part(&token, 1), claims);
        let verified = verify(&token, &TokenType::jwt(), |asked| {
            assert_eq!(asked, kid);
            Some(key.clone())
        });
        let verified = verified.unwrap();
        assert_eq!((verified.kid, verified.claims.iss()), (kid, Some("enclave")));
    }
}

#[test]
fn a_key_that_is_not_known_or_not_the_named_one_verifies_nothing() {
    let (jwt, token) = (TokenType::jwt(), token(KeySpec::Ed25519, r#"{"exp":1}"#));
    let other = |spec| signer(spec, 8).public_key().unwrap();
    assert_eq!(verify(&token, &jwt, |_| None).err(), Some(JoseError::UnknownKey));
    for spec in SPECS {
        assert_eq!(verify(&token, &jwt, |_| other(spec)).err(), Some(JoseError::UnknownKey));
    }
    let unnamed = crafted(r#"{"alg":"EdDSA","typ":"JWT"}"#, b"{}");
    let own = || signer(KeySpec::Ed25519, 7).public_key().unwrap();
    assert_eq!(verify(&unnamed, &jwt, |_| own()).err(), Some(JoseError::UnknownKey));
    // A right name and a wrong signature.
    let (front, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{front}.{}", Base64UrlUnpadded::encode_string(&[1; 64]));
    assert_eq!(verify(&forged, &jwt, |_| own()).err(), Some(JoseError::InvalidSignature));
}

/// What a check of signatures that never waits comes to.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let done = match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    };
    done.unwrap()
}

#[test]
fn somebody_elses_check_of_the_signature_has_the_last_word() {
    for spec in SPECS {
        let token = token(spec, r#"{"iss":"enclave"}"#);
        let jws = Jws::parse(&token).unwrap();
        let key = signer(spec, 7).public_key().unwrap().unwrap();
        let by = |said: Result<bool, &'static str>| {
            at_once(verify_by(&jws, (&key, &TokenType::jwt()), async |input, signature| {
                let (front, last) = token.rsplit_once('.').unwrap();
                assert_eq!(input, front.as_bytes());
                assert_eq!(Base64UrlUnpadded::encode_string(signature), last);
                said
            }))
        };
        let Verified { kid, claims } = by(Ok(true)).unwrap().unwrap();
        assert_eq!((kid, claims.iss()), (key.thumbprint(), Some("enclave")));
        assert_eq!(by(Ok(false)).unwrap().err(), Some(JoseError::InvalidSignature));
        assert_eq!(by(Err("no engine")).err(), Some("no engine"));
    }
}

#[test]
fn a_signature_is_not_checked_where_anything_else_is_wrong() {
    let jwt = TokenType::jwt();
    let own = signer(KeySpec::Ed25519, 7).public_key().unwrap().unwrap();
    let other = signer(KeySpec::EcP256, 7).public_key().unwrap().unwrap();
    let refused = |header: &str, key: &PublicKey| {
        let token = crafted(header, b"{}");
        let jws = Jws::parse(&token).unwrap();
        let unasked = async |_: &[u8], _: &[u8; 64]| -> Result<bool, ()> { panic!("{header}") };
        at_once(verify_by(&jws, (key, &jwt), unasked)).unwrap().err()
    };
    let (kid, others) = (own.thumbprint(), other.thumbprint());
    let unnamed = r#"{"alg":"EdDSA","typ":"JWT"}"#;
    assert_eq!(refused(unnamed, &own), Some(JoseError::UnknownKey));
    let named = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#);
    assert_eq!(refused(&named, &other), Some(JoseError::UnknownKey));
    let untyped = format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#);
    assert_eq!(refused(&untyped, &own), Some(JoseError::WrongType));
    for (alg, kid, key) in [("EdDSA", &others, &other), ("ES256", &kid, &own)] {
        let swapped = format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"JWT"}}"#);
        assert_eq!(refused(&swapped, key), Some(JoseError::WrongAlgorithm));
    }
    // What is signed is read after that, and is refused as anywhere.
    let named = crafted(&named, b"[]");
    let valid = async |_: &[u8], _: &[u8; 64]| Ok::<_, ()>(true);
    let claims = at_once(verify_by(&Jws::parse(&named).unwrap(), (&own, &jwt), valid)).unwrap();
    assert_eq!(claims.err(), Some(JoseError::InvalidClaims));
}

#[test]
fn a_token_of_another_type_is_refused() {
    let key = signer(KeySpec::Ed25519, 7).public_key().unwrap().unwrap();
    let (kid, receipt) = (key.thumbprint(), TokenType::new("receipt+jwt").unwrap());
    let by_type = |typ: &str| {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}"{typ}}}"#);
        verify(&crafted(&header, b"{}"), &receipt, |_| Some(key.clone())).err()
    };
    assert_eq!(by_type(r#","typ":"receipt+jwt""#), None);
    for typ in ["", r#","typ":"JWT""#, r#","typ":"Receipt+JWT""#] {
        assert_eq!(by_type(typ), Some(JoseError::WrongType), "{typ}");
    }
    for bad in ["", "a b", "application/jwt", "a\"b", "\u{e4}", &"a".repeat(65)] {
        assert_eq!(TokenType::new(bad).err(), Some(JoseError::InvalidHeader), "{bad}");
    }
}

#[test]
fn a_header_has_nothing_else() {
    for header in [
        r#"{"alg":"EdDSA","crit":["exp"]}"#,
        r#"{"alg":"EdDSA","b64":false}"#,
        r#"{"alg":"EdDSA","jwk":{}}"#,
        r#"{"alg":"EdDSA","x5c":[]}"#,
        r#"{"alg":"EdDSA","kid":1}"#,
        r#"{"alg":"EdDSA","typ":null}"#,
        r#"{"alg":"EdDSA","alg":"EdDSA"}"#,
        r#"{"alg":["EdDSA"]}"#,
        r#"{"kid":"a"}"#,
        "{}",
        "[]",
        "EdDSA",
        r#"{"alg":"EdDSA"} x"#,
    ] {
        let refused = Jws::parse(&crafted(header, b"{}")).err();
        assert_eq!(refused, Some(JoseError::InvalidHeader), "{header}");
    }
    for alg in ["none", "None", "eddsa", "Ed25519", "HS256", ""] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        let refused = Jws::parse(&crafted(&header, b"{}")).err();
        assert_eq!(refused, Some(JoseError::UnsupportedAlgorithm), "{alg}");
    }
}

#[test]
fn what_is_too_large_is_not_looked_at() {
    let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, "a".repeat(limits::MAX_HEADER));
    assert_eq!(Jws::parse(&crafted(&header, b"{}")).err(), Some(JoseError::TooLarge));
    let token = "a".repeat(limits::MAX_TOKEN + 1);
    assert_eq!(Jws::parse(&token).err(), Some(JoseError::TooLarge));
    let claims = |len: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(len - 8));
    assert!(Claims::parse(claims(limits::MAX_CLAIMS).as_bytes()).is_ok());
    let long = Claims::parse(claims(limits::MAX_CLAIMS + 1).as_bytes());
    assert_eq!(long.err(), Some(JoseError::TooLarge));
    // Writing makes nothing longer, so what was read within the limit stays within it.
    let escapes = format!(r#"{{"a":"{}"}}"#, "\\u0001\\n\\\"".repeat(300));
    let claims = Claims::parse(escapes.as_bytes()).unwrap();
    assert_eq!(claims.to_json(), escapes);
}

#[test]
fn claims_are_one_object_within_the_limits() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    let listed = |items: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(items - 1));
    let members = |count: usize| {
        let members: Vec<_> = (0..count).map(|at| format!("\"a{at}\":{at}")).collect();
        format!("{{{}}}", members.join(","))
    };
    for good in [
        "{}".into(),
        r#"{"a":null,"b":true,"c":"x","d":{"e":[false]}}"#.into(),
        r#"{"a":9007199254740991}"#.into(),
        nested(limits::MAX_DEPTH - 1),
        listed(limits::MAX_ITEMS),
        members(limits::MAX_MEMBERS),
    ] {
        assert!(Claims::parse(good.as_bytes()).is_ok(), "{good}");
    }
    for bad in [
        String::new(),
        "[]".into(),
        "1".into(),
        "{} {}".into(),
        r#"{"a":1,"a":1}"#.into(),
        r#"{"a":1,"\u0061":2}"#.into(),
        r#"{"a":{"b":1,"b":1}}"#.into(),
        r#"{"a":-1}"#.into(),
        r#"{"a":1.5}"#.into(),
        r#"{"a":1e3}"#.into(),
        r#"{"a":9007199254740992}"#.into(),
        r#"{"a":18446744073709551616}"#.into(),
        r#"{"a":"\ud800"}"#.into(),
        r#"{"a":1,}"#.into(),
        r"{a:1}".into(),
        nested(limits::MAX_DEPTH),
        listed(limits::MAX_ITEMS + 1),
        members(limits::MAX_MEMBERS + 1),
    ] {
        let refused = Claims::parse(bad.as_bytes()).err();
        assert_eq!(refused, Some(JoseError::InvalidClaims), "{bad}");
    }
    assert_eq!(Claims::parse(b"{\"a\":\"\xff\"}").err(), Some(JoseError::InvalidClaims));
}

#[test]
fn registered_claims_are_of_their_kind() {
    for bad in [
        r#"{"iss":1}"#,
        r#"{"sub":null}"#,
        r#"{"jti":[]}"#,
        r#"{"exp":"2000000000"}"#,
        r#"{"nbf":true}"#,
        r#"{"iat":null}"#,
        r#"{"aud":1}"#,
        r#"{"aud":[]}"#,
        r#"{"aud":["a",1]}"#,
        r#"{"aud":["a","a"]}"#,
    ] {
        let refused = Claims::parse(bad.as_bytes()).err();
        assert_eq!(refused, Some(JoseError::InvalidClaims), "{bad}");
    }
    let all = r#"{"iss":"a","sub":"b","aud":["c","d"],"exp":4,"nbf":3,"iat":2,"jti":"e","f":{}}"#;
    let claims = Claims::parse(all.as_bytes()).unwrap();
    assert_eq!((claims.iss(), claims.sub(), claims.jti()), (Some("a"), Some("b"), Some("e")));
    assert_eq!((claims.exp(), claims.nbf(), claims.iat()), (Some(4), Some(3), Some(2)));
    assert_eq!(claims.audiences(), ["c", "d"]);
    assert!(matches!(claims.get("f"), Some(Json::Object(_))));
    assert_eq!(claims.names().count(), 8);
    assert_eq!(claims.to_json(), all);
    let none = Claims::parse(br#"{"aud":"c"}"#).unwrap();
    assert_eq!((none.iss(), none.exp(), none.audiences()), (None, None, vec!["c"]));
}

#[test]
fn vapid_tokens_name_a_push_service_and_no_person() {
    let signer = signer(KeySpec::EcP256, 7);
    let key = signer.public_key().unwrap().unwrap();
    let audience = PushOrigin::new("https://push.example").unwrap();
    let contact = ContactUrl::new("https://app.example/contact").unwrap();
    let named = vapid::token(&key, (&audience, Some(&contact)), 2_000_000_000).unwrap();
    let token = named.sign(&[1; 64]);
    let expected =
        r#"{"aud":"https://push.example","exp":2000000000,"sub":"https://app.example/contact"}"#;
    assert_eq!(part(&token, 1), expected);
    let plain = vapid::token(&key, (&audience, None), 2_000_000_000).unwrap().sign(&[1; 64]);
    assert_eq!(part(&plain, 1), r#"{"aud":"https://push.example","exp":2000000000}"#);
    let field = vapid::authorization("a.b.c", &key);
    let point = Base64UrlUnpadded::encode_string(key.raw());
    assert_eq!((field, point.len()), (format!("vapid t=a.b.c, k={point}"), 87));
    let ed25519 = self::signer(KeySpec::Ed25519, 7).public_key().unwrap().unwrap();
    let refused = vapid::token(&ed25519, (&audience, None), 1);
    assert_eq!(refused.err(), Some(JoseError::UnsupportedAlgorithm));
}

proptest! {
    /// Whatever is accepted is signed as it was understood: reading it again gives the same.
    #[test]
    fn what_is_written_is_what_was_read(
        names in prop::collection::hash_set("[a-z\\\\\"\u{e4}]{1,6}", 0..6),
        number in 0..=limits::MAX_INTEGER,
        text in "\\PC{0,20}",
    ) {
        let members: serde_json::Map<String, serde_json::Value> = names
            .into_iter()
            .map(|name| (name, serde_json::json!([number, { "text": text }, null, true])))
            .collect();
        let json = serde_json::Value::Object(members).to_string();
        let claims = Claims::parse(json.as_bytes());
        prop_assert!(claims.is_ok());
        let claims = claims.unwrap();
        prop_assert_eq!(Claims::parse(claims.to_json().as_bytes()), Ok(claims));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ -~]{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _refused = Jws::parse(&text);
        let _refused = Claims::parse(&bytes);
        let _refused = Jws::parse(&crafted(&text, &bytes));
    }
}
