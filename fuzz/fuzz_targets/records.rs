//! What is inside a seal, and the header, which has none.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kms_testkit::fuzz::records(input));
