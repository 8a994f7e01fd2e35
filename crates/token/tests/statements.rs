//! What is signed about keys and tokens.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_jose::JoseError;
use kms_token::{
    Id, Key, KeyRing, KeyState, Refusal, Signed, Signer, SpiffeId, Statement, Target, state,
};
use pollster::block_on;
use support::{Approver, NOW, broker, challenge, payload, ring};

fn alice() -> Approver {
    Approver::new(1)
}

fn root() -> Approver {
    Approver::new(8)
}

fn with_admin() -> KeyRing {
    let mut ring = ring();
    ring.enrol(Key { admin: true, ..root().key("root") }).unwrap();
    ring
}

fn signed(by: &Approver, statement: &Statement) -> String {
    block_on(state(by, &broker(), statement, (Id::new([3; 16]), NOW))).unwrap()
}

fn apply(ring: &mut KeyRing, by: &Approver, statement: &Statement) -> Result<(), Refusal> {
    let signed = Signed::verify(&signed(by, statement), ring, &broker(), NOW)?;
    assert_eq!((signed.kid.as_str(), signed.iat), (by.kid().as_str(), NOW));
    ring.apply(&signed)
}

fn rotate(from: &Approver, to: &Approver) -> Statement {
    let proof = block_on(Statement::prove(to, &broker(), &from.kid())).unwrap();
    Statement::Rotate { key: to.public_key().clone(), proof }
}

fn change(kid: &str, state: KeyState) -> Statement {
    Statement::State { kid: kid.into(), state }
}

fn since() -> KeyState {
    KeyState::VerifyOnly { since: NOW }
}

fn state_of(ring: &KeyRing, key: &Approver) -> KeyState {
    ring.get(&key.kid()).unwrap().state
}

#[test]
fn every_statement_is_read_as_it_was_signed() {
    let statements = [
        Statement::Revoke(Target::Token(Id::new([5; 16]))),
        Statement::Revoke(Target::Challenge(Id::new([5; 16]))),
        Statement::Revoke(Target::Subject(challenge().sub)),
        rotate(&alice(), &Approver::new(4)),
        Statement::Enrol { key: Approver::new(4).public_key().clone(), owner: "dave".into() },
        change(&alice().kid(), KeyState::Active),
        change(&alice().kid(), since()),
        change(&alice().kid(), KeyState::Revoked),
    ];
    for statement in statements {
        let jws = signed(&alice(), &statement);
        let read = Signed::verify(&jws, &ring(), &broker(), NOW).unwrap();
        assert_eq!((read.jti, read.statement), (Id::new([3; 16]), statement));
        let json = payload(&jws);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json_canon::to_string(&value).unwrap(), json);
    }
}

#[test]
fn a_statement_is_for_one_broker_and_for_now() {
    let jws = signed(&alice(), &Statement::Revoke(Target::Subject(challenge().sub)));
    let at = |aud: &SpiffeId, now_s| Signed::verify(&jws, &ring(), aud, now_s).map(drop);
    assert_eq!(at(&broker(), NOW + 300), Ok(()));
    assert_eq!(at(&broker(), NOW + 301), Err(Refusal::Expired));
    assert_eq!(at(&broker(), NOW - 30), Ok(()));
    assert_eq!(at(&broker(), NOW - 31), Err(Refusal::NotYetValid));
    assert_eq!(at(&challenge().sub, NOW), Err(Refusal::Audience));
    let unknown = Signed::verify(&jws, &KeyRing::default(), &broker(), NOW);
    assert_eq!(unknown, Err(Refusal::Jose(JoseError::UnknownKey)));
    // A token says nothing about keys.
    let token = alice().mint(&challenge());
    let refusal = Signed::verify(token.reveal(), &ring(), &broker(), NOW);
    assert_eq!(refusal, Err(Refusal::Jose(JoseError::WrongType)));
}

#[test]
fn statements_of_another_form_are_refused() {
    let start = format!(
        r#"{{"aud":"spiffe://ats.example/broker","iat":{NOW},"jti":"{}","#,
        Id::new([3; 16])
    );
    let key = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";
    for end in [
        r#""op":"other"}"#.to_owned(),
        r#""op":"revoke","value":"x","what":"everything"}"#.to_owned(),
        r#""op":"revoke"}"#.to_owned(),
        r#""kid":"x","op":"state","state":"next"}"#.to_owned(),
        r#""kid":"x","op":"state","state":"active","zzz":1}"#.to_owned(),
        r#""key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","op":"enrol","owner":"x"}"#
            .to_owned(),
        format!(r#""key":"{key}","op":"enrol","owner":""}}"#),
        format!(r#""key":"{key}","op":"enrol","owner":"x y"}}"#),
    ] {
        let jws = alice().sign_json("poa-statement+jwt", &format!("{start}{end}"));
        let refusal = Signed::verify(&jws, &ring(), &broker(), NOW);
        assert_eq!(refusal, Err(Refusal::Claims), "{end}");
    }
    let jws = alice().sign_json("poa-statement+jwt", r#"{"iat":1}"#);
    assert_eq!(Signed::verify(&jws, &ring(), &broker(), NOW), Err(Refusal::Claims));
}

#[test]
fn a_rotation_retires_one_key_and_begins_another() {
    let (mut ring, new) = (ring(), Approver::new(4));
    apply(&mut ring, &alice(), &rotate(&alice(), &new)).unwrap();
    assert_eq!(state_of(&ring, &alice()), since());
    assert_eq!(state_of(&ring, &new), KeyState::Active);
    assert_eq!(ring.get(&new.kid()).unwrap().owner, "alice");
    // The old one rotates no more.
    let again = apply(&mut ring, &alice(), &rotate(&alice(), &Approver::new(5)));
    assert_eq!(again, Err(Refusal::KeyRight));
}

#[test]
fn a_rotation_needs_a_proof_of_the_new_key() {
    let (mut ring, new) = (ring(), Approver::new(4));
    let Statement::Rotate { proof: others, .. } = rotate(&Approver::new(2), &new) else { return };
    let stolen = Statement::Rotate { key: new.public_key().clone(), proof: others };
    assert_eq!(apply(&mut ring, &alice(), &stolen), Err(Refusal::Claims));
    let Statement::Rotate { proof, .. } = rotate(&alice(), &Approver::new(5)) else { return };
    let unproved = Statement::Rotate { key: new.public_key().clone(), proof };
    let refusal = apply(&mut ring, &alice(), &unproved);
    assert_eq!(refusal, Err(Refusal::Jose(JoseError::UnknownKey)));
    assert_eq!(ring.iter().count(), 2);
}

#[test]
fn states_only_go_down() {
    let mut ring = with_admin();
    let kid = alice().kid();
    let steps = [
        (KeyState::Active, Err(Refusal::KeyState)),
        (since(), Ok(())),
        (KeyState::Active, Err(Refusal::KeyState)),
        (KeyState::Revoked, Ok(())),
        (since(), Err(Refusal::KeyState)),
        (KeyState::Revoked, Err(Refusal::KeyState)),
    ];
    for (to, outcome) in steps {
        assert_eq!(apply(&mut ring, &root(), &change(&kid, to)), outcome, "{}", to.as_str());
    }
    let unknown = apply(&mut ring, &root(), &change("nobody", KeyState::Revoked));
    assert_eq!(unknown, Err(Refusal::Jose(JoseError::UnknownKey)));
    assert_eq!(KeyState::Next.as_str(), "next");
}

#[test]
fn an_administrator_enrols_a_key_that_signs_only_when_it_is_activated() {
    let (mut ring, new) = (with_admin(), Approver::new(4));
    let enrol = Statement::Enrol { key: new.public_key().clone(), owner: "dave".into() };
    assert_eq!(apply(&mut ring, &alice(), &enrol), Err(Refusal::KeyRight));
    apply(&mut ring, &root(), &enrol).unwrap();
    assert_eq!(state_of(&ring, &new), KeyState::Next);
    // Nor does it make itself active, or take itself back.
    let own = change(&new.kid(), KeyState::Active);
    assert_eq!(apply(&mut ring, &new, &own), Err(Refusal::KeyRight));
    let own = change(&new.kid(), KeyState::Revoked);
    assert_eq!(apply(&mut ring, &new, &own), Err(Refusal::KeyRight));
    apply(&mut ring, &root(), &change(&new.kid(), KeyState::Active)).unwrap();
    assert_eq!(state_of(&ring, &new), KeyState::Active);
    assert_eq!(apply(&mut ring, &root(), &enrol), Err(Refusal::KeyState));
}

#[test]
fn an_approver_retires_only_its_own_key() {
    let mut ring = with_admin();
    let bob = Approver::new(2).kid();
    let other = apply(&mut ring, &alice(), &change(&bob, KeyState::Revoked));
    assert_eq!(other, Err(Refusal::KeyRight));
    apply(&mut ring, &alice(), &change(&alice().kid(), since())).unwrap();
    apply(&mut ring, &alice(), &change(&alice().kid(), KeyState::Revoked)).unwrap();
    let late = Statement::Revoke(Target::Subject(challenge().sub));
    assert_eq!(apply(&mut ring, &alice(), &late), Err(Refusal::KeyRight));
    apply(&mut ring, &Approver::new(2), &late).unwrap();
}

#[test]
fn a_statement_of_a_key_that_is_not_there_changes_nothing() {
    let jws = signed(&alice(), &change(&alice().kid(), KeyState::Revoked));
    let signed = Signed::verify(&jws, &ring(), &broker(), NOW).unwrap();
    assert_eq!(KeyRing::default().apply(&signed), Err(Refusal::KeyRight));
}

#[test]
fn a_ring_takes_each_key_once_and_names_its_owner() {
    let mut ring = ring();
    assert_eq!(ring.enrol(alice().key("alice")), Err(Refusal::KeyState));
    assert_eq!(ring.enrol(Approver::new(4).key("")), Err(Refusal::KeyState));
}
