//! Names have one spelling, and a challenge one text.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_token::{
    Action, Binding, Challenge, Constraints, Digest, Grounds, Id, MAX_CHALLENGE, Refusal, SpiffeId,
    Tier,
};
use proptest::prelude::*;
use support::{NOW, challenge, payload};

#[test]
fn spiffe_ids_are_parsed_strictly() {
    let id = SpiffeId::parse("spiffe://ats.example/agent/one").unwrap();
    assert_eq!((id.trust_domain(), id.path()), ("ats.example", "/agent/one"));
    assert_eq!((id.issuer(), format!("{id:?}")), ("spiffe://ats.example", id.to_string()));
    let long = format!("spiffe://ats.example/{}", "x".repeat(2048));
    let domain = format!("spiffe://{}/x", "d".repeat(256));
    for wrong in [
        "",
        "spiffe://",
        "spiffe:///x",
        "spiffe://ats.example",
        "spiffe://ats.example/",
        "spiffe://ats.example/x/",
        "spiffe://ats.example//x",
        "spiffe://ats.example/./x",
        "spiffe://ats.example/../x",
        "spiffe://ats.example/x?y",
        "spiffe://ats.example/x#y",
        "spiffe://ats.example/%78",
        "spiffe://ats.example/x y",
        "spiffe://ats.example/\u{e9}",
        "spiffe://ats.example:443/x",
        "spiffe://user@ats.example/x",
        "spiffe://ATS.example/x",
        "SPIFFE://ats.example/x",
        "https://ats.example/x",
        &long,
        &domain,
    ] {
        assert_eq!(SpiffeId::parse(wrong), Err(Refusal::Name), "{wrong}");
    }
}

#[test]
fn actions_and_identifiers_have_one_spelling() {
    assert_eq!(Action::parse("crm.contact.read").unwrap().as_str(), "crm.contact.read");
    let long = format!("a.{}", "x".repeat(128));
    for wrong in
        ["", "read", ".read", "crm.", "crm..read", "CRM.read", "crm.read ", "crm/x.y", &long]
    {
        assert_eq!(Action::parse(wrong), Err(Refusal::Name), "{wrong}");
    }
    let id = Id::new([0xff; 16]);
    assert_eq!(Id::parse(&id.to_string()), Ok(id));
    assert_eq!(format!("{id:?}"), "_____________________w");
    // The last character has bits that mean nothing.
    for wrong in ["_____________________x", "", "AAAA", "====="] {
        assert_eq!(Id::parse(wrong), Err(Refusal::Name), "{wrong}");
    }
    let digest = Digest::of(b"");
    assert_eq!(format!("{digest:?}"), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
}

#[test]
fn requests_have_one_reading() {
    let of = |method, path| Binding::new(method, path, Digest::of(b""));
    let request = of("GET", "/a/b-c_d.~?x=1&y=/2").unwrap();
    assert_eq!((request.method(), request.path()), ("GET", "/a/b-c_d.~"));
    assert_eq!((request.query(), request.target()), (Some("x=1&y=/2"), "/a/b-c_d.~?x=1&y=/2"));
    assert_eq!((of("PUT", "/a").unwrap().query(), request.body()), (None, Digest::of(b"")));
    let long = format!("/{}", "x".repeat(1024));
    for wrong in [
        "", "a", "/", "//a", "/a/", "/a//b", "/./a", "/a/..", "/%61", "/a%2fb", "/a;b", "/a\\b",
        "/a b", "/a#b", "/a?b c", "/a?b%20", "/a?b?c", "/\u{e9}", "/a\0", &long,
    ] {
        assert_eq!(of("GET", wrong), Err(Refusal::Name), "{wrong}");
    }
    for wrong in ["get", "", "TRACE", "CONNECT", "OPTIONS", "GET "] {
        assert_eq!(of(wrong, "/a"), Err(Refusal::Name), "{wrong}");
    }
}

#[test]
fn constraints_are_few_short_and_differ() {
    let constraints = Constraints::new([("id", "42"), ("account", "7")]).unwrap();
    assert_eq!(constraints.get("id"), Some("42"));
    assert_eq!(constraints.get("other"), None);
    assert_eq!(constraints.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["account", "id"]);
    let names: Vec<_> = (0..17).map(|n| format!("n{n}")).collect();
    let many = Constraints::new(names.iter().map(|name| (name.as_str(), "x")));
    assert_eq!(many, Err(Refusal::Claims));
    let long = "x".repeat(257);
    for wrong in [
        [("a", "1"), ("a", "1")],
        [("", "1"), ("a", "1")],
        [("A", "1"), ("a", "1")],
        [("a", ""), ("b", "1")],
        [("a", "x\ny"), ("b", "1")],
        [("a", "\u{85}"), ("b", "1")],
        [("a", &long), ("b", "1")],
    ] {
        assert_eq!(Constraints::new(wrong), Err(Refusal::Claims), "{wrong:?}");
    }
}

#[test]
fn a_challenge_is_read_as_it_was_written() {
    let json = challenge().to_json();
    assert_eq!(Challenge::parse(json.as_bytes()), Ok(challenge()));
    assert_eq!(challenge().digest(), Digest::of(json.as_bytes()));
    for (from, to) in [
        (r#"{"act""#, r#"{"aaa":1,"act""#),
        (r#""approvals":1"#, r#""approvals":0"#),
        (r#""approvals":1"#, r#""approvals":3"#),
        (r#""approvals":1"#, r#""approvals":1,"approvals":1"#),
        (r#""con":{"id":"42"}"#, r#""con":7"#),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json);
        assert_eq!(Challenge::parse(changed.as_bytes()), Err(Refusal::Claims), "{to}");
    }
    let long = " ".repeat(MAX_CHALLENGE) + &json;
    assert_eq!(Challenge::parse(long.as_bytes()), Err(Refusal::Claims));
}

/// An independent RFC 8785 writes the same.
#[test]
fn challenges_and_tokens_are_in_canonical_form() {
    let token = support::Approver::new(1).mint(&challenge());
    for json in [challenge().to_json(), payload(token.reveal())] {
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json_canon::to_string(&value).unwrap(), json);
    }
    assert!(payload(token.reveal()).contains(&format!(r#""iat":{NOW}"#)));
}

fn texts() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 \"\\\\\u{e9}\u{1f600}/<>&]{1,40}"
}

proptest! {
    #[test]
    fn every_challenge_comes_back(
        act in "[a-z]{1,9}(\\.[a-z0-9_]{1,9}){1,3}",
        con in proptest::collection::btree_map("[a-z_]{1,9}", texts(), 0..9),
        (party, basis) in (texts(), texts()),
        path in "(/[a-zA-Z0-9~_-]{1,9}){1,4}",
        body: Vec<u8>,
        tier in proptest::option::of(proptest::sample::select(vec![Tier::Low, Tier::High, Tier::Critical])),
        more in 0u8..=1,
    ) {
        let leg = Grounds { party, basis, ..challenge().leg };
        let con = con.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let asked = Challenge {
            act: Action::parse(&act).unwrap(),
            con: Constraints::new(con).unwrap(),
            leg,
            req: Binding::new("POST", &path, Digest::of(&body)).unwrap(),
            approvals: tier.map_or(1 + more, |tier| tier.approvals().max(1 + more)),
            tier,
            ..challenge()
        };
        let json = asked.to_json();
        prop_assert_eq!(Challenge::parse(json.as_bytes()), Ok(asked));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(json_canon::to_string(&value).unwrap(), json);
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in ".{0,200}", bytes: Vec<u8>) {
        let _ = SpiffeId::parse(&text);
        let _ = Action::parse(&text);
        let _ = Id::parse(&text);
        let _ = Digest::parse(&text);
        let _ = Binding::new("GET", &text, Digest::of(b""));
        let _ = kms_token::Token::parse(&text);
        prop_assert!(Challenge::parse(&bytes).is_err());
    }

    /// One changed character anywhere in a token, and it is refused.
    #[test]
    fn a_changed_token_is_refused(at in 0usize..2000, to in "[A-Za-z0-9_.-]") {
        let token = support::Approver::new(1).mint(&challenge());
        let text = token.reveal();
        let at = at % text.len();
        let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
        prop_assume!(changed != text);
        let refused = kms_token::Token::parse(&changed).and_then(|token| support::verify(&token));
        prop_assert!(refused.is_err());
    }
}
