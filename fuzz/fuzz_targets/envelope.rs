//! The stored form of a sealed record.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kms_testkit::fuzz::envelope(input));
