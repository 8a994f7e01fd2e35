//! Templates of tokens, and claims.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kms_testkit::fuzz::template(input));
