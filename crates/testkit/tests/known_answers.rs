//! Every suite of known answers on the software provider. The number of vectors, run and set
//! aside, is part of the suite.

#![allow(clippy::unwrap_used)] // helpers of tests

use kms_crypto::CryptoError;
use kms_crypto::software::SoftwareProvider;
use kms_testkit::known_answers::{self, Case};
use pollster::block_on;

#[test]
fn software_gives_every_known_answer() {
    let provider = SoftwareProvider::new(|_| Err(CryptoError::Random));
    for name in known_answers::names() {
        let suite = known_answers::load(name).unwrap();
        for Case { id, call, expected } in &suite.cases {
            let answer = block_on(known_answers::answer(&provider, call));
            assert_eq!(answer, *expected, "{name} {id}: {}", call.function());
        }
    }
}

#[test]
fn there_is_no_other_suite() {
    assert!(known_answers::load("x448").is_err());
}
