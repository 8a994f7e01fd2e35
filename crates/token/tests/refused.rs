//! Tokens that are believed, and all that are not.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_crypto::{PublicKey, SIGNATURE_LEN};
use kms_jose::JoseError;
use kms_token::{
    Binding, Challenge, Circumstances, Digest, Id, KeyState, Life, Refusal, Signer, Tier, Token,
    Verifier, approve, mint,
};
use pollster::block_on;
use support::{Approver, NOW, broker, challenge, id, payload, request, ring, verify, verify_at};

fn alice() -> Approver {
    Approver::new(1)
}

fn bob() -> Approver {
    Approver::new(2)
}

/// What a verifier says of a token of Alice's whose payload was changed before she signed it.
fn signed_with(from: &str, to: &str) -> Refusal {
    let before = payload(alice().mint(&challenge()).reveal());
    let after = before.replacen(from, to, 1);
    assert_ne!(before, after, "{from}");
    let token = alice().sign_raw(&alice().header("EdDSA", "poa+jwt"), &after);
    Token::parse(&token).and_then(|token| verify(&token)).unwrap_err()
}

#[test]
fn a_token_is_believed_and_says_who_approved() {
    let verified = verify(&alice().mint(&challenge())).unwrap();
    assert_eq!(verified.authorization.challenge, challenge());
    assert_eq!(verified.authorization.exp, NOW + 300);
    assert_eq!(verified.approvers, [(alice().kid(), "alice".to_owned())]);
}

#[test]
fn a_token_shows_its_name_and_nothing_else() {
    let token = alice().mint(&challenge());
    assert_eq!(format!("{token:?}"), "Token(BwcHBwcHBwcHBwcHBwcHBw)");
    assert_eq!(Token::parse(token.reveal()).unwrap().jti(), Id::new([7; 16]));
}

#[test]
fn a_token_lives_from_its_nbf_to_its_exp() {
    let (ring, token) = (ring(), alice().mint(&challenge()));
    assert!(verify_at(&ring, &token, NOW + 299).is_ok());
    assert_eq!(verify_at(&ring, &token, NOW + 300), Err(Refusal::Expired));
    assert!(verify_at(&ring, &token, NOW - 30).is_ok());
    assert_eq!(verify_at(&ring, &token, NOW - 31), Err(Refusal::NotYetValid));
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    let (iat, exp) = (format!(r#""iat":{NOW}"#), format!(r#""exp":{}"#, NOW + 300));
    let nbf = format!(r#""nbf":{NOW}"#);
    assert_eq!(signed_with(&nbf, &format!(r#""nbf":{}"#, NOW - 1)), Refusal::NotYetValid);
    assert_eq!(signed_with(&nbf, &format!(r#""nbf":{}"#, NOW + 31)), Refusal::NotYetValid);
    assert_eq!(signed_with(&exp, &format!(r#""exp":{NOW}"#)), Refusal::Life);
    assert_eq!(signed_with(&iat, &format!(r#""iat":{}"#, NOW - 1)), Refusal::Life);
}

#[test]
fn ten_years_are_refused_and_cannot_be_minted() {
    let exp = format!(r#""exp":{}"#, NOW + 300);
    assert_eq!(signed_with(&exp, &format!(r#""exp":{}"#, NOW + 315_360_000)), Refusal::Life);
    let years = Life::new(315_360_000);
    assert_eq!(years.seconds(), 900);
    let token = block_on(mint(&alice(), &challenge(), None, (Id::new([7; 16]), NOW, years)));
    let token = token.unwrap();
    // Minted within the cap, and still longer than what this verifier accepts.
    assert_eq!(verify(&token), Err(Refusal::Life));
    let (ring, audience) = (ring(), broker());
    let patient = Verifier { ring: &ring, audience: &audience, life: years };
    assert_eq!(patient.verify_minted(&token, NOW).unwrap().authorization.exp, NOW + 900);
    assert_eq!(Life::new(0).seconds(), 1);
}

#[test]
fn another_audience_issuer_or_subject_is_refused() {
    let other = Challenge { aud: id("spiffe://ats.example/other"), ..challenge() };
    assert_eq!(verify(&alice().mint(&other)), Err(Refusal::Audience));
    let other = Challenge { sub: id("spiffe://ats.example/agent/two"), ..challenge() };
    assert_eq!(verify(&alice().mint(&other)), Err(Refusal::Subject));
    let (iss, other) = (r#""iss":"spiffe://ats.example""#, r#""iss":"spiffe://other.example""#);
    assert_eq!(signed_with(iss, other), Refusal::Issuer);
}

#[test]
fn another_certificate_of_the_same_workload_is_refused() {
    let other = Challenge { certificate: Digest::of(b"the next one"), ..challenge() };
    assert_eq!(verify(&alice().mint(&other)), Err(Refusal::Certificate));
}

#[test]
fn another_method_path_query_or_body_is_refused() {
    let path = "/v1/proxy/crm/contacts/42";
    let empty = Digest::of(b"");
    let others = [
        Binding::new("DELETE", path, empty),
        Binding::new("GET", "/v1/proxy/crm/contacts/43", empty),
        Binding::new("GET", "/v1/proxy/crm/contacts/42?all=1", empty),
        Binding::new("GET", path, Digest::of(b"{}")),
    ];
    let (ring, audience, asked) = (ring(), broker(), challenge());
    let verifier = Verifier { ring: &ring, audience: &audience, life: Life::default() };
    let token = alice().mint(&asked);
    for other in others {
        let (sub, certificate) = (&asked.sub, asked.certificate);
        let request = &other.unwrap();
        let at = Circumstances { sub, certificate, request, now_s: NOW };
        assert_eq!(verifier.verify(&token, &at), Err(Refusal::Request));
    }
}

#[test]
fn the_key_decides_about_the_algorithm() {
    let payload = payload(alice().mint(&challenge()).reveal());
    let refusal = |alg| {
        let text = alice().sign_raw(&alice().header(alg, "poa+jwt"), &payload);
        Token::parse(&text).and_then(|token| verify(&token)).unwrap_err()
    };
    assert_eq!(refusal("ES256"), Refusal::Jose(JoseError::WrongAlgorithm));
    for alg in ["none", "None", "HS256", "RS256", "eddsa"] {
        assert_eq!(refusal(alg), Refusal::Jose(JoseError::UnsupportedAlgorithm), "{alg}");
    }
}

#[test]
fn a_key_that_is_not_known_or_not_named_is_refused() {
    let token = Approver::new(9).mint(&challenge());
    assert_eq!(verify(&token), Err(Refusal::Jose(JoseError::UnknownKey)));
    let payload = payload(token.reveal());
    let without = alice().sign_raw(r#"{"alg":"EdDSA","typ":"poa+jwt"}"#, &payload);
    assert_eq!(verify(&Token::parse(&without).unwrap()), Err(Refusal::Jose(JoseError::UnknownKey)));
}

#[test]
fn a_signature_of_somebody_else_is_refused() {
    let payload = payload(alice().mint(&challenge()).reveal());
    let forged = Approver::new(9).sign_raw(&alice().header("EdDSA", "poa+jwt"), &payload);
    let refusal = verify(&Token::parse(&forged).unwrap());
    assert_eq!(refusal, Err(Refusal::Jose(JoseError::InvalidSignature)));
}

#[test]
fn what_is_signed_for_something_else_is_no_token() {
    let payload = payload(alice().mint(&challenge()).reveal());
    for typ in ["JWT", "poa-approval+jwt", "poa-statement+jwt"] {
        let text = alice().sign_raw(&alice().header("EdDSA", typ), &payload);
        let refusal = verify(&Token::parse(&text).unwrap());
        assert_eq!(refusal, Err(Refusal::Jose(JoseError::WrongType)), "{typ}");
    }
}

#[test]
fn keys_count_by_their_state() {
    let token = alice().mint(&challenge());
    let of = |state| {
        let mut ring = kms_token::KeyRing::default();
        ring.enrol(kms_token::Key { state, ..alice().key("alice") }).unwrap();
        verify_at(&ring, &token, NOW + 1).map(drop)
    };
    assert_eq!(of(KeyState::Active), Ok(()));
    assert_eq!(of(KeyState::VerifyOnly { since: NOW }), Ok(()));
    assert_eq!(of(KeyState::VerifyOnly { since: NOW - 1 }), Err(Refusal::KeyState));
    assert_eq!(of(KeyState::Next), Err(Refusal::KeyState));
    assert_eq!(of(KeyState::Revoked), Err(Refusal::KeyState));
}

#[test]
fn members_that_stand_twice_are_refused() {
    let twice = r#"{"act":"crm.contact.delete","act""#;
    assert_eq!(signed_with(r#"{"act""#, twice), Refusal::Jose(JoseError::InvalidClaims));
    let inner = r#""req":{"body":"x","body""#;
    assert_eq!(signed_with(r#""req":{"body""#, inner), Refusal::Jose(JoseError::InvalidClaims));
}

#[test]
fn members_that_nobody_knows_or_in_another_order_are_refused() {
    assert_eq!(signed_with(r#"{"act""#, r#"{"aaa":1,"act""#), Refusal::Claims);
    assert_eq!(signed_with(r#""cnf":{"#, r#""cnf":{"jkt":"x","#), Refusal::Claims);
    assert_eq!(signed_with(r#""type":"human""#, r#""type":"human","zzz":"x""#), Refusal::Claims);
    let (iat, nbf) = (format!(r#""iat":{NOW}"#), format!(r#""nbf":{NOW}"#));
    assert_eq!(signed_with(&format!(",{nbf}"), ""), Refusal::Claims);
    assert_eq!(signed_with(&format!(",{iat}"), ""), Refusal::Claims);
    assert_eq!(signed_with(&format!("{iat},"), &format!("{iat},{nbf},")), {
        Refusal::Jose(JoseError::InvalidClaims)
    });
}

#[test]
fn members_of_another_kind_are_refused() {
    for (from, to) in [
        (r#""act":"crm.contact.read""#, r#""act":1"#),
        (r#""cnf":{"#, r#""cnf":"x","cng":{"#),
        (r#""req":{"#, r#""req":1,"ref":{"#),
        (r#""approvals":1"#, r#""approvals":"1""#),
        (r#""approvals":1"#, r#""approvals":256"#),
        (r#"{"id":"42"}"#, r#"{"id":42}"#),
        (r#"{"id":"42"}"#, r#"{"ID":"42"}"#),
        (r#""accountable_party":{"#, r#""accountable_party":1,"accountable_partz":{"#),
    ] {
        assert_eq!(signed_with(from, to), Refusal::Claims, "{to}");
    }
    let aud = r#""aud":"spiffe://ats.example/broker""#;
    let list = r#""aud":["spiffe://ats.example/broker"]"#;
    assert_eq!(signed_with(aud, list), Refusal::Claims);
}

#[test]
fn what_was_approved_is_what_is_asked() {
    let act = r#""act":"crm.contact.read""#;
    assert_eq!(signed_with(act, r#""act":"crm.contact.delete""#), Refusal::Challenge);
    assert_eq!(signed_with(r#"{"id":"42"}"#, r#"{"id":"43"}"#), Refusal::Challenge);
    assert_eq!(signed_with(r#""jurisdiction":"DE""#, r#""jurisdiction":"FR""#), Refusal::Challenge);
    assert_eq!(signed_with(r#""approvals":1"#, r#""approvals":2"#), Refusal::Challenge);
}

#[test]
fn a_tier_is_signed_with_what_it_takes() {
    let rated = |tier| Challenge { tier: Some(tier), ..challenge() };
    assert!(Challenge::parse(rated(Tier::Low).to_json().as_bytes()).is_ok());
    let critical = Challenge { tier: Some(Tier::Critical), ..dual() };
    assert_eq!(Challenge::parse(critical.to_json().as_bytes()), Ok(critical.clone()));
    assert_ne!(critical.digest(), Challenge { tier: Some(Tier::High), ..dual() }.digest());
    // One approval is not enough for it, whoever says so.
    for tier in [Tier::High, Tier::Critical] {
        let json = rated(tier).to_json();
        assert_eq!(Challenge::parse(json.as_bytes()), Err(Refusal::Claims));
        assert_eq!(verify(&alice().mint(&rated(tier))), Err(Refusal::Claims));
    }
    for (changed, refusal) in [
        ("}", Refusal::Challenge),
        (r#","tier":"low"}"#, Refusal::Challenge),
        (r#","tier":"none"}"#, Refusal::Claims),
        (r#","tier":1}"#, Refusal::Claims),
    ] {
        let token = block_on(mint(&alice(), &critical, Some(&first(&bob(), &critical)), NEW));
        let payload = payload(token.unwrap().reveal());
        let other = payload.replace(r#","tier":"critical"}"#, changed);
        assert_ne!(payload, other);
        let forged = Token::parse(&alice().sign_json("poa+jwt", &other)).unwrap();
        assert_eq!(verify(&forged), Err(refusal), "{changed}");
    }
}

const NEW: (Id, u64, Life) = (Id::new([8; 16]), NOW, Life::new(300));

#[test]
fn what_is_too_long_is_refused() {
    let long = format!(r#""basis":"{}""#, "x".repeat(257));
    assert_eq!(signed_with(r#""basis":"contract""#, &long), Refusal::Claims);
    let long = format!(r#""basis":"{}""#, "x".repeat(4000));
    assert_eq!(signed_with(r#""basis":"contract""#, &long), Refusal::Jose(JoseError::TooLarge));
    let refusal = Token::parse(&"x".repeat(8193)).unwrap_err();
    assert_eq!(refusal, Refusal::Jose(JoseError::TooLarge));
}

#[test]
fn a_token_without_a_name_is_none() {
    let token = alice().sign_json("poa+jwt", "{}");
    assert_eq!(Token::parse(&token).unwrap_err(), Refusal::Claims);
    let token = alice().sign_json("poa+jwt", r#"{"jti":"short"}"#);
    assert_eq!(Token::parse(&token).unwrap_err(), Refusal::Name);
}

#[test]
fn nobody_approves_what_they_answer_for() {
    let mut own = challenge();
    own.leg.party = "Alice".into();
    assert_eq!(verify(&alice().mint(&own)), Err(Refusal::Approvers));
    assert!(verify(&bob().mint(&own)).is_ok());
}

fn dual() -> Challenge {
    Challenge { approvals: 2, ..challenge() }
}

fn first(approver: &Approver, challenge: &Challenge) -> String {
    block_on(approve(approver, challenge, NOW - 60, Life::default())).unwrap()
}

fn mint_with(first: &str) -> Token {
    let minting = (Id::new([7; 16]), NOW, Life::default());
    block_on(mint(&alice(), &dual(), Some(first), minting)).unwrap()
}

#[test]
fn two_approvers_sign_one_token() {
    let token = mint_with(&first(&bob(), &dual()));
    let verified = verify(&token).unwrap();
    let names: Vec<_> = verified.approvers.iter().map(|(_, owner)| owner.as_str()).collect();
    assert_eq!(names, ["bob", "alice"]);
}

#[test]
fn the_second_approver_is_another_one_with_another_key() {
    assert_eq!(verify(&mint_with(&first(&alice(), &dual()))), Err(Refusal::Approvers));
    // The same person with a second key.
    let mut ring = ring();
    ring.enrol(Approver::new(3).key("ALICE")).unwrap();
    let token = mint_with(&first(&Approver::new(3), &dual()));
    assert_eq!(verify_at(&ring, &token, NOW), Err(Refusal::Approvers));
    let mut own = dual();
    own.leg.party = "bob".into();
    let minting = (Id::new([7; 16]), NOW, Life::default());
    let token = block_on(mint(&alice(), &own, Some(&first(&bob(), &own)), minting)).unwrap();
    assert_eq!(verify(&token), Err(Refusal::Approvers));
}

#[test]
fn a_first_approval_is_needed_just_where_two_approve() {
    let minting = || (Id::new([7; 16]), NOW, Life::default());
    let none = block_on(mint(&alice(), &dual(), None, minting()));
    assert_eq!(none.unwrap_err(), Refusal::Approvers);
    let approval = first(&bob(), &challenge());
    let more = block_on(mint(&alice(), &challenge(), Some(&approval), minting()));
    assert_eq!(more.unwrap_err(), Refusal::Approvers);
    // The same, of software that does not look.
    let json = payload(mint_with(&first(&bob(), &dual())).reveal());
    let start = json.find(r#""apr""#).unwrap();
    let end = json.find(r#""aud""#).unwrap();
    let json = format!("{}{}", &json[..start], &json[end..]);
    let token = alice().sign_raw(&alice().header("EdDSA", "poa+jwt"), &json);
    assert_eq!(verify(&Token::parse(&token).unwrap()), Err(Refusal::Approvers));
}

#[test]
fn a_first_approval_is_of_this_challenge_and_of_a_key_that_counts() {
    let other = Challenge { id: Id::new([2; 16]), ..dual() };
    assert_eq!(verify(&mint_with(&first(&bob(), &other))), Err(Refusal::Challenge));
    let unknown = verify(&mint_with(&first(&Approver::new(9), &dual())));
    assert_eq!(unknown, Err(Refusal::Jose(JoseError::UnknownKey)));
    assert_eq!(verify(&mint_with("a.b.c")), Err(Refusal::Jose(JoseError::Malformed)));
    // A token is no approval.
    let token = verify(&mint_with(bob().mint(&challenge()).reveal()));
    assert_eq!(token, Err(Refusal::Jose(JoseError::WrongType)));
    let old = block_on(approve(&bob(), &dual(), NOW - 300, Life::default())).unwrap();
    assert_eq!(verify(&mint_with(&old)), Err(Refusal::Expired));
    for json in [
        r#"{"aud":"spiffe://ats.example/broker","chl":"x"}"#.to_owned(),
        r#"{"exp":2,"iat":1}"#.to_owned(),
        payload(&first(&bob(), &dual())).replace(r#"{"aud""#, r#"{"a":1,"aud""#),
    ] {
        let approval = bob().sign_json("poa-approval+jwt", &json);
        assert_eq!(verify(&mint_with(&approval)), Err(Refusal::Claims), "{json}");
    }
}

struct Broken(Approver);

impl Signer for Broken {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    async fn sign(&self, _: &[u8]) -> Result<[u8; SIGNATURE_LEN], Refusal> {
        Err(Refusal::Signer)
    }
}

#[test]
fn without_a_signature_there_is_no_token() {
    let minting = (Id::new([7; 16]), NOW, Life::default());
    let refusal = block_on(mint(&Broken(alice()), &challenge(), None, minting));
    assert_eq!(refusal.unwrap_err(), Refusal::Signer);
}

#[test]
fn the_request_of_the_tests_is_the_one_of_the_challenge() {
    assert_eq!(challenge().req, request());
}
