//! Tokens and their claims.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kms_testkit::fuzz::jws(input));
