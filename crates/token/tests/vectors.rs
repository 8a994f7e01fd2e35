//! A token and a statement as they are, byte for byte: Ed25519 signatures have no randomness.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_token::{Challenge, Id, Life, Statement, Target, approve, mint, state};
use pollster::block_on;
use support::{Approver, NOW, broker, challenge};

const TEXT: &str = include_str!("vectors.txt");

#[test]
fn what_is_signed_stays_what_it_was() {
    let (alice, bob) = (Approver::new(1), Approver::new(2));
    let single = alice.mint(&challenge());
    let asked = Challenge { approvals: 2, ..challenge() };
    let first = block_on(approve(&bob, &asked, NOW - 60, Life::default())).unwrap();
    let minting = (Id::new([8; 16]), NOW, Life::default());
    let dual = block_on(mint(&alice, &asked, Some(&first), minting)).unwrap();
    let revoke = Statement::Revoke(Target::Token(Id::new([8; 16])));
    let revoke = block_on(state(&alice, &broker(), &revoke, (Id::new([9; 16]), NOW))).unwrap();
    let written = [&asked.to_json(), single.reveal(), dual.reveal(), &revoke].join("\n");
    assert_eq!(written, TEXT.trim_end(), "{written}");
}
