//! Statements that a broker takes: rejected, revoked, rotated.

use kms_protocol::Value;
use kms_testkit::broker::{broker, challenge};
use kms_testkit::invariants::logged;
use kms_testkit::tab::text;
use kms_token::{Challenge, KeyRing, KeyState, Refusal, Signed, SpiffeId, Statement, Target};

use crate::{Approver, Members, a_log, approving, at_first, refused, ring, verify};

fn audience() -> (&'static str, Value) {
    ("audience", Value::Text(broker().as_str().into()))
}

fn revoking(what: &str, value: &str) -> (&'static str, Members) {
    let members = [("what", what), ("value", value)].map(|(name, text)| (name, text_of(text)));
    ("poa.revoke", [vec![audience()], members.into()].concat())
}

fn rotating(version: u32) -> (&'static str, Members) {
    ("poa.rotate", vec![audience(), ("version", Value::Number(version.into()))])
}

fn rejecting(challenge: &Challenge) -> (&'static str, Members) {
    ("poa.reject", vec![("challenge", text_of(&challenge.to_json()))])
}

fn text_of(text: &str) -> Value {
    Value::Text(text.into())
}

/// What a broker reads in an answer.
fn read(ring: &KeyRing, answer: &Value, now_s: u64) -> Result<Signed, Refusal> {
    Signed::verify(&text(answer, "statement"), ring, &broker(), now_s)
}

#[test]
fn a_person_revokes_what_they_are_shown() {
    let alice = Approver::new();
    let ring = ring([alice.known_as("alice")]);
    let (id, sub) = (challenge(1).id, challenge(1).sub);
    for (what, value, target, shown) in [
        ("token", id.to_string(), Target::Token(id), "token: "),
        ("challenge", id.to_string(), Target::Challenge(id), "challenge: "),
        ("subject", sub.to_string(), Target::Subject(sub.clone()), "all of workload: "),
    ] {
        let expected = format!("{shown}{value}\nat: spiffe://ats.example/broker");
        assert_eq!(alice.shown(revoking(what, &value)), expected);
        let answer = alice.approved(revoking(what, &value)).unwrap();
        let signed = read(&ring, &answer, alice.now_s()).unwrap();
        assert_eq!(signed.statement, Statement::Revoke(target));
        assert_eq!(ring.clone().apply(&signed), Ok(()));
        assert!(read(&ring, &answer, alice.now_s() + 301).is_err());
    }
    let done = logged(&alice.tab, &alice.key);
    let ok = done.iter().filter(|row| **row == ("poa.revoke".into(), "ok".into()));
    assert_eq!(ok.count(), 3);
}

#[test]
fn a_person_rejects_a_challenge() {
    let alice = Approver::new();
    let ring = ring([alice.known_as("alice")]);
    let asked = challenge(2);
    let shown = alice.shown(rejecting(&asked));
    assert!(shown.starts_with("workload: spiffe://ats.example/agent/one\naction: "), "{shown}");
    assert!(!shown.contains("signatures") && !shown.contains("lives"));
    let answer = alice.approved(rejecting(&asked)).unwrap();
    let signed = read(&ring, &answer, alice.now_s()).unwrap();
    assert_eq!(signed.statement, Statement::Revoke(Target::Challenge(asked.id)));
}

#[test]
fn a_challenge_for_another_service_is_rejected_at_the_broker() {
    let alice = Approver::new();
    let aud = SpiffeId::parse("spiffe://ats.example/service/mail").unwrap();
    let asked = Challenge { aud, ..challenge(1) };
    let ring = ring([alice.known_as("alice")]);
    let there = alice.approved(rejecting(&asked)).unwrap();
    assert_eq!(read(&ring, &there, alice.now_s()), Err(Refusal::Audience));
    let (method, mut members) = rejecting(&asked);
    members.push(audience());
    let here = alice.approved((method, members)).unwrap();
    assert!(read(&ring, &here, alice.now_s()).is_ok());
}

#[test]
fn the_latest_version_takes_the_place_of_the_one_that_the_broker_knows() {
    let alice = Approver::new();
    let mut ring = ring([alice.known_as("alice")]);
    assert_eq!(alice.unasked(rotating(1)), refused("invalid_params"));
    assert!(alice.tab.call("keys.rotate", alice.params(vec![])).is_ok());
    let (old, new) = (alice.public(1).thumbprint(), alice.public(2).thumbprint());
    let shown = alice.shown(rotating(1));
    assert_eq!(shown, format!("new key: {new}\nat: spiffe://ats.example/broker"));
    // Until the broker knows the new version, the old one approves.
    let asked = challenge(1);
    let old_one = vec![("version", Value::Number(1.0))];
    let signed = alice.approved(at_first(&asked, old_one)).unwrap();
    assert!(verify(&ring, &asked, &signed, alice.now_s()).is_ok());
    let call = || approving(&asked, a_log().offered(Some(5)), vec![]);
    let early = alice.approved(call()).unwrap();
    assert!(verify(&ring, &asked, &early, alice.now_s()).is_err());
    let answer = alice.approved(rotating(1)).unwrap();
    let statement = read(&ring, &answer, alice.now_s()).unwrap();
    assert_eq!(ring.apply(&statement), Ok(()));
    assert!(matches!(ring.get(&old).unwrap().state, KeyState::VerifyOnly { .. }));
    assert_eq!(ring.get(&new).unwrap().state, KeyState::Active);
    let signed = alice.approved(call()).unwrap();
    assert!(verify(&ring, &asked, &signed, alice.now_s()).is_ok());
    assert_eq!(alice.unasked(rotating(2)), refused("invalid_params"));
    assert_eq!(alice.unasked(rotating(3)), refused("version_not_found"));
}

#[test]
fn a_denial_states_nothing() {
    let alice = Approver::new();
    assert!(alice.tab.call("keys.rotate", alice.params(vec![])).is_ok());
    let id = challenge(1).id.to_string();
    for call in [rejecting(&challenge(1)), revoking("token", &id), rotating(1)] {
        assert_eq!(alice.denied(call), refused("user_cancelled"));
    }
}

#[test]
fn what_names_nothing_is_refused() {
    let alice = Approver::new();
    let id = challenge(1).id.to_string();
    let sub = challenge(1).sub.to_string();
    for (what, value) in [
        ("token", ""),
        ("token", "AAAA"),
        ("token", sub.as_str()),
        ("challenge", "AQEBAQEBAQEBAQEBAQEBAR"),
        ("subject", id.as_str()),
        ("subject", "spiffe://ats.example"),
        ("subject", "spiffe://ats.example/agent/../broker"),
        ("key", id.as_str()),
    ] {
        assert_eq!(alice.unasked(revoking(what, value)), refused("invalid_params"), "{what}");
    }
    for aud in ["", "https://ats.example", "spiffe://ats.example/"] {
        let (method, mut members) = revoking("token", &id);
        members[0] = ("audience", text_of(aud));
        assert_eq!(alice.unasked((method, members)), refused("invalid_params"), "{aud}");
        let members = vec![("audience", text_of(aud)), ("version", Value::Number(1.0))];
        assert_eq!(alice.unasked(("poa.rotate", members)), refused("invalid_params"), "{aud}");
    }
}
