//! Notes, checkpoints, proofs and policies of logs.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kms_testkit::fuzz::proof(input));
