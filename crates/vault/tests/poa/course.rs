//! From a challenge to a token that a broker accepts.

use kms_protocol::Value;
use kms_testkit::broker::challenge;
use kms_testkit::invariants::{contains_secret, logged};
use kms_testkit::tab::{member, text};
use kms_testkit::watched;
use kms_token::{Challenge, Refusal, Tier};

use crate::{Approver, a_log, approving, at_first, refused, ring, verify};

fn row(method: &str, outcome: &str) -> (String, String) {
    (method.into(), outcome.into())
}

#[test]
fn a_person_sees_all_of_a_challenge_and_mints_its_token() {
    let alice = Approver::new();
    let asked = challenge(1);
    let shown = alice.shown(at_first(&asked, vec![]));
    let expected = format!(
        "workload: spiffe://ats.example/agent/one\n\
         action: crm.contact.read\n\
         risk: not rated\n\
         constraint: id = \"42\"\n\
         request: GET /contacts/42\n\
         body: none\n\
         accountable: \"human\" \"carol\"\n\
         basis: \"contract\"\n\
         jurisdiction: \"DE\"\n\
         accepted by: spiffe://ats.example/broker\n\
         certificate: {}\n\
         challenge: {}\n\
         signatures: one, and this is it\n\
         lives: 300 seconds\n\
         log, never seen before: {}",
        asked.certificate,
        asked.id,
        a_log().key()
    );
    assert_eq!(shown, expected);
    let signed = alice.approved(at_first(&asked, vec![])).unwrap();
    assert_eq!(text(&signed, "kind"), "token");
    assert_eq!(member(&signed, "version"), Some(Value::Number(1.0)));
    let now_s = alice.now_s();
    let verified = verify(&ring([alice.known_as("alice")]), &asked, &signed, now_s).unwrap();
    assert_eq!(verified.authorization.challenge, asked);
    assert_eq!(verified.authorization.exp, now_s + 300);
    let kid = alice.public(1).thumbprint();
    assert_eq!(verified.approvers, [(kid, "alice".to_owned())]);
    let expected = [
        row("keys.create", "ok"),
        row("poa.approve.approval", "user_cancelled"),
        row("poa.approve.approval", "ok"),
        row("poa.approve", "ok"),
    ];
    assert_eq!(logged(&alice.tab, &alice.key), expected);
    assert!(alice.tab.verify_audit().is_ok());
}

#[test]
fn a_person_sees_and_signs_the_tier() {
    let alice = Approver::new();
    let asked = Challenge { tier: Some(Tier::Critical), ..challenge(2) };
    let shown = alice.shown(at_first(&asked, vec![]));
    assert!(shown.contains("action: crm.contact.read\nrisk: critical\n"), "{shown}");
    // What takes two is not asked of one.
    let alone = Challenge { approvals: 1, ..asked };
    assert_eq!(alice.unasked(at_first(&alone, vec![])), refused("invalid_params"));
}

#[test]
fn two_tokens_of_one_challenge_have_two_names() {
    let alice = Approver::new();
    let asked = challenge(1);
    let ring = ring([alice.known_as("alice")]);
    let name = |since| {
        let call = approving(&asked, a_log().offered(since), vec![]);
        let signed = alice.approved(call).unwrap();
        verify(&ring, &asked, &signed, alice.now_s()).unwrap().authorization.jti
    };
    assert_ne!(name(None), name(Some(5)));
}

#[test]
fn a_token_lives_as_long_as_is_asked_and_never_longer_than_the_cap() {
    let alice = Approver::new();
    let (asked, ring) = (challenge(1), ring([alice.known_as("alice")]));
    let mut since = None;
    for (life, expected) in
        [(None, 300), (Some(0), 1), (Some(10), 10), (Some(900), 900), (Some(u32::MAX), 900)]
    {
        let more = life.map(|life| ("lifeSeconds", Value::Number(life.into())));
        let call = || approving(&asked, a_log().offered(since), more.clone().into_iter().collect());
        assert!(alice.shown(call()).contains(&format!("lives: {expected} seconds")));
        // The person may think for as long as they like: the life begins with their answer.
        let signed = alice.ask(call(), async |tab| {
            tab.clock.advance(60_000);
            tab.does(tab.approved()).await;
        });
        let (signed, now_s) = (signed.unwrap(), alice.now_s());
        let verified = verify(&ring, &asked, &signed, now_s).unwrap();
        let claims = verified.authorization;
        assert_eq!((claims.iat, claims.nbf, claims.exp), (now_s, now_s, now_s + expected));
        let told = member(&signed, "expires");
        let ms = u32::try_from(claims.exp).unwrap();
        assert_eq!(told, Some(Value::Number(f64::from(ms) * 1000.0)));
        let late = verify(&ring, &asked, &signed, now_s + expected);
        assert_eq!(late, Err(Refusal::Expired));
        since = Some(5);
    }
}

#[test]
fn two_people_approve_on_two_devices() {
    let (alice, bob) = (Approver::new(), Approver::other());
    let asked = challenge(2);
    let shown = alice.shown(at_first(&asked, vec![]));
    assert!(shown.contains("signatures: two, and this is the first\n"));
    let first = alice.approved(at_first(&asked, vec![])).unwrap();
    assert_eq!(text(&first, "kind"), "approval");
    let both = ring([alice.known_as("alice"), bob.known_as("bob")]);
    // The first of two approvals is no token.
    assert!(verify(&both, &asked, &first, alice.now_s()).is_err());
    let with_first = || vec![("first", Value::Text(text(&first, "signed")))];
    let kid = alice.public(1).thumbprint();
    let shown = bob.shown(at_first(&asked, with_first()));
    assert!(shown.contains(&format!("this is the second, after that of key {kid}\n")), "{shown}");
    let signed = bob.approved(at_first(&asked, with_first())).unwrap();
    assert_eq!(text(&signed, "kind"), "token");
    let verified = verify(&both, &asked, &signed, bob.now_s()).unwrap();
    let owners: Vec<_> = verified.approvers.iter().map(|(_, owner)| owner.as_str()).collect();
    assert_eq!(owners, ["alice", "bob"]);
    // Neither of them alone is enough for the broker.
    for known in [alice.known_as("alice"), bob.known_as("bob")] {
        assert!(verify(&ring([known]), &asked, &signed, bob.now_s()).is_err());
    }
}

#[test]
fn a_first_approval_that_nobody_would_accept_is_refused_before_the_person_is_asked() {
    let (alice, bob) = (Approver::new(), Approver::other());
    let asked = challenge(2);
    let first = text(&alice.approved(at_first(&asked, vec![])).unwrap(), "signed");
    let second = |asked: &Challenge, first: &str| {
        at_first(asked, vec![("first", Value::Text(first.into()))])
    };
    let other = Challenge { id: kms_token::Id::new([2; 16]), ..challenge(2) };
    let token = text(&bob.approved(second(&asked, &first)).unwrap(), "signed");
    let again = |asked: &Challenge, first: &str| {
        approving(asked, a_log().offered(Some(5)), second(asked, first).1.split_off(2))
    };
    for (asked, first) in [(&other, first.as_str()), (&asked, ""), (&asked, &token)] {
        assert_eq!(bob.unasked(again(asked, first)), refused("invalid_params"));
    }
    // A challenge for one approver has no first approval.
    assert_eq!(bob.unasked(again(&challenge(1), &first)), refused("invalid_params"));
    // Nobody approves twice.
    assert_eq!(alice.unasked(again(&asked, &first)), refused("invalid_params"));
    // It ends while the person is thinking, and then it has ended.
    let late = bob.ask(again(&asked, &first), async |tab| {
        tab.clock.advance(300_000);
        tab.does(tab.approved()).await;
    });
    assert_eq!(late, refused("invalid_params"));
    assert_eq!(bob.unasked(again(&asked, &first)), refused("invalid_params"));
}

#[test]
fn a_denial_signs_nothing_and_sees_nothing() {
    let alice = Approver::new();
    assert_eq!(alice.denied(at_first(&challenge(1), vec![])), refused("user_cancelled"));
    assert_eq!(alice.seen(), None);
}

#[test]
fn no_answer_has_a_key_in_it() {
    let (alice, drawn) = watched(Approver::new);
    let secrets: Vec<_> = drawn.into_iter().filter(|bytes| bytes.len() == 32).collect();
    assert!(!secrets.is_empty());
    let audience = || ("audience", Value::Text(challenge(1).aud.as_str().into()));
    let target = [("what", "token"), ("value", "AQEBAQEBAQEBAQEBAQEBAQ")];
    let target = target.map(|(name, value)| (name, Value::Text(value.into())));
    let revoked = [&[audience()], &target[..]].concat();
    let rejected = vec![("challenge", Value::Text(challenge(1).to_json()))];
    assert!(alice.tab.call("keys.rotate", alice.params(vec![])).is_ok());
    let rotated = vec![audience(), ("version", Value::Number(1.0))];
    for call in [
        at_first(&challenge(1), vec![]),
        ("poa.reject", rejected),
        ("poa.revoke", revoked),
        ("poa.rotate", rotated),
        ("poa.log", vec![]),
    ] {
        let answer = alice.approved(call).unwrap();
        assert!(!contains_secret(&answer, &secrets));
    }
}
