//! A token whose signatures were verified before: everything else of it is looked at again.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_jose::JoseError;
use kms_token::{
    Challenge, Circumstances, KeyRing, KeyState, Life, Refusal, Seen, Signed, SpiffeId, Statement,
    Token, Verified, Verifier, approve, mint, state,
};
use pollster::block_on;
use support::{Approver, NOW, broker, challenge, id, ring, verify};

fn again(
    ring: &KeyRing,
    (token, seen): (&Token, Option<Seen>),
    (sub, now_s): (&SpiffeId, u64),
) -> Result<Verified, Refusal> {
    let (audience, asked) = (broker(), challenge());
    let verifier = Verifier { ring, audience: &audience, life: Life::default() };
    let (certificate, request) = (asked.certificate, &asked.req);
    verifier.verify_again(token, seen, &Circumstances { sub, certificate, request, now_s })
}

fn dual(first: &str) -> Token {
    let asked = Challenge { approvals: 2, ..challenge() };
    let minting = (kms_token::Id::new([8; 16]), NOW, Life::default());
    block_on(mint(&Approver::new(1), &asked, Some(first), minting)).unwrap()
}

/// The ring after this approver's key went down.
fn ring_with(seed: u8, to: KeyState) -> KeyRing {
    let (approver, mut ring) = (Approver::new(seed), ring());
    let statement = Statement::State { kid: approver.kid(), state: to };
    let jti = kms_token::Id::new([9; 16]);
    let jws = block_on(state(&approver, &broker(), &statement, (jti, NOW))).unwrap();
    let signed = Signed::verify(&jws, &ring, &broker(), NOW).unwrap();
    ring.apply(&signed).unwrap();
    ring
}

#[test]
fn a_token_that_was_seen_is_judged_as_one_that_was_not() {
    let asked = Challenge { approvals: 2, ..challenge() };
    let first = block_on(approve(&Approver::new(2), &asked, NOW, Life::default())).unwrap();
    for token in [Approver::new(1).mint(&challenge()), dual(&first)] {
        let sub = &challenge().sub;
        let new = verify(&token).unwrap();
        for seen in [None, Some(new.seen)] {
            let of = (&token, seen);
            assert_eq!(again(&ring(), of, (sub, NOW)).as_ref(), Ok(&new));
            assert_eq!(again(&ring(), of, (sub, NOW + 300)), Err(Refusal::Expired));
            let other = id("spiffe://ats.example/agent/other");
            assert_eq!(again(&ring(), of, (&other, NOW)), Err(Refusal::Subject));
            let revoked = ring_with(1, KeyState::Revoked);
            assert_eq!(again(&revoked, of, (sub, NOW)), Err(Refusal::KeyState));
            let bob = again(&ring_with(2, KeyState::Revoked), of, (sub, NOW));
            let signed_by_bob = new.approvers.len() == 2;
            assert_eq!(bob.err(), signed_by_bob.then_some(Refusal::KeyState));
        }
    }
}

#[test]
fn what_was_seen_is_one_text() {
    let (good, asked) = (Approver::new(1).mint(&challenge()), challenge());
    let seen = Some(verify(&good).unwrap().seen);
    let (head, _) = good.reveal().rsplit_once('.').unwrap();
    let other = Approver::new(2).mint(&asked);
    let (_, signature) = other.reveal().rsplit_once('.').unwrap();
    let forged = Token::parse(&format!("{head}.{signature}")).unwrap();
    let refused = again(&ring(), (&forged, seen), (&asked.sub, NOW));
    assert_eq!(refused, Err(Refusal::Jose(JoseError::InvalidSignature)));
    // A good one that was not seen is verified as any.
    assert!(again(&ring(), (&other, seen), (&asked.sub, NOW)).is_ok());
}
