//! What the fuzz targets of `fuzz/` do with an input, and what each begins with. A property that
//! does not hold is a panic. Inputs that were found stand in `tests/vectors/fuzz` and run in the
//! native tests.
#![allow(clippy::unwrap_used, clippy::panic)] // a panic is how a target tells what it found

mod json;
mod page;
mod proof;
mod release;
pub mod seeds;
mod template;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::software::SoftwareKey;
use kms_crypto::{Envelope, PublicKey};
use kms_jose::{Claims, Jws, TokenType, verify};
use kms_protocol::KeySpec;

pub use self::page::{answer, request};
pub use self::proof::proof;
pub use self::template::template;
use crate::{MemoryFiles, PASSPHRASE, Tab, TestPorts};

/// A target: its name, what it does, what it begins with.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

/// Every target.
pub const TARGETS: [Target; 7] = [
    ("request", request, seeds::requests),
    ("envelope", envelope, seeds::envelopes),
    ("records", records, kms_vault::fuzzing::seeds),
    ("jws", jws, seeds::tokens),
    ("template", template, template::seeds),
    ("proof", proof, proof::seeds),
    ("backup", backup, seeds::backups),
];

/// The stored form of a sealed record: what is read is written as it was.
///
/// # Panics
/// If it is not.
pub fn envelope(input: &[u8]) {
    if let Ok(envelope) = Envelope::decode(input) {
        assert_eq!(envelope.encode(), input);
    }
}

/// What is inside the seal of a key or of settings, and the header; the first byte tells which.
///
/// # Panics
/// If what was read cannot be written and read again.
pub fn records(input: &[u8]) {
    kms_vault::fuzzing::read(input);
}

thread_local! {
    static KEYS: [PublicKey; 2] = [KeySpec::Ed25519, KeySpec::EcP256].map(|spec| {
        key(spec).public_key().unwrap().unwrap()
    });
}

fn key(spec: KeySpec) -> SoftwareKey {
    let fill = |out: &mut [u8]| {
        out.fill(7);
        Ok(())
    };
    SoftwareKey::generate(spec, fill).unwrap()
}

/// A token, or the claims of one: a token has one text, and claims are read as they were written.
///
/// # Panics
/// If not.
pub fn jws(input: &[u8]) {
    if let Ok(claims) = Claims::parse(input) {
        assert_eq!(Claims::parse(claims.to_json().as_bytes()), Ok(claims));
    }
    let Ok(token) = std::str::from_utf8(input) else { return };
    if Jws::parse(token).is_ok() {
        let parts = token.split('.').map(|part| Base64UrlUnpadded::decode_vec(part).unwrap());
        let texts: Vec<_> = parts.map(|part| Base64UrlUnpadded::encode_string(&part)).collect();
        assert_eq!(texts.join("."), token);
    }
    KEYS.with(|keys| {
        let find = |kid: &str| keys.iter().find(|key| key.thumbprint() == kid).cloned();
        if let Ok(verified) = verify(token, &TokenType::jwt(), find) {
            assert!(find(&verified.kid).is_some());
        }
    });
}

/// The plaintext of a backup, as somebody who can encrypt would write it: it is restored to a
/// vault that opens, or nothing is there afterwards.
///
/// # Panics
/// If something else is there.
pub fn backup(input: &[u8]) {
    let file = seeds::FILE.with(|file| {
        MemoryFiles::rewritten(file, |part, plain| {
            *plain = if part == 0 { input.to_vec() } else { Vec::new() };
        })
    });
    let tab = Tab::over(TestPorts::new(3), 3);
    let restored = tab.restore(file, crate::person::passphrase(PASSPHRASE)).is_ok();
    let state = if restored { "unlocked" } else { "uninitialized" };
    assert_eq!(tab.state().as_deref(), Ok(state));
}
