//! Sealing to a key of the vault, by the vault and by an outsider; opening.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256 as Theirs;
use hpke::rand_core::{CryptoRng, Error, RngCore};
use hpke::{Deserializable, Kem, OpModeS, Serializable};
use kms_protocol::{Name, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{Code, bytes, member, text};
use kms_testkit::{PASSPHRASE, Tab};

type Members<'a> = &'a [(&'static str, Value)];

fn params(id: &str, more: Members<'_>) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn context() -> (&'static str, Value) {
    let member = |name, text: &str| (Name::Borrowed(name), Value::Text(text.into()));
    ("context", Value::Map(vec![member("user", "7"), member("app", "notes")]))
}

/// The same context in CBOR, written by hand: the shorter name first.
const CONTEXT: &[u8] = b"\xa2\x63app\x65notes\x64user\x617";

fn version(number: u32) -> (&'static str, Value) {
    ("version", Value::Number(number.into()))
}

fn seal(tab: &Tab, id: &str, more: Members<'_>) -> Result<Vec<u8>, Code> {
    let plaintext = ("plaintext", Value::Bytes(b"a plain text".to_vec()));
    let sealed = tab.call("seal", params(id, &[&[plaintext, context()], more].concat()))?;
    Ok(bytes(&sealed, "sealed"))
}

fn open(tab: &Tab, id: &str, sealed: &[u8], more: Members<'_>) -> Result<Vec<u8>, Code> {
    let sealed = ("sealed", Value::Bytes(sealed.to_vec()));
    let opened = tab.call("open", params(id, &[&[sealed], more].concat()))?;
    Ok(bytes(&opened, "plaintext"))
}

/// Seals as somebody who has the public key and another HPKE library.
fn seal_outside(public: &[u8], aad: &[u8], info: &[u8]) -> Vec<u8> {
    let public = <Theirs as Kem>::PublicKey::from_bytes(public).unwrap();
    let sealed = hpke::single_shot_seal::<AesGcm256, HkdfSha256, Theirs, _>(
        &OpModeS::Base,
        &public,
        info,
        b"a plain text",
        aad,
        &mut Fixed,
    );
    let (encapsulated, ciphertext) = sealed.unwrap();
    [&encapsulated.to_bytes()[..], &ciphertext].concat()
}

#[test]
fn an_outsider_seals_with_the_public_half_alone() {
    let tab = Tab::ready();
    let id = tab.create("hpke-x25519", "durable").unwrap();
    let public = bytes(&tab.call("keys.public_key", params(&id, &[])).unwrap(), "raw");
    let sealed = seal_outside(&public, CONTEXT, b"ats-kms/v1/seal");
    assert_eq!(open(&tab, &id, &sealed, &[context()]).as_deref(), Ok(&b"a plain text"[..]));
    let bare = seal_outside(&public, b"\xa0", b"ats-kms/v1/seal");
    assert_eq!(open(&tab, &id, &bare, &[]).as_deref(), Ok(&b"a plain text"[..]));
    let invalid = Err("invalid_ciphertext".to_owned());
    assert_eq!(open(&tab, &id, &sealed, &[]), invalid);
    for (aad, info) in [(&b""[..], &b"ats-kms/v1/seal"[..]), (CONTEXT, b"")] {
        let other = seal_outside(&public, aad, info);
        assert_eq!(open(&tab, &id, &other, &[context()]), invalid);
    }
}

#[test]
fn what_is_sealed_is_opened_with_its_version_also_after_a_restart() {
    let tab = Tab::ready();
    let id = tab.create("hpke-x25519", "durable").unwrap();
    let old = seal(&tab, &id, &[]).unwrap();
    assert_eq!(old.len(), 32 + 12 + 16);
    assert_ne!(seal(&tab, &id, &[]).unwrap(), old);
    assert!(tab.call("keys.rotate", params(&id, &[])).is_ok());
    let new = seal(&tab, &id, &[]).unwrap();
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let plain = Ok(&b"a plain text"[..]);
    assert_eq!(open(&after, &id, &old, &[context(), version(1)]).as_deref(), plain);
    assert_eq!(open(&after, &id, &new, &[context()]).as_deref(), plain);
    assert_eq!(open(&after, &id, &old, &[context()]), Err("invalid_ciphertext".into()));
    let first = seal(&after, &id, &[version(1)]).unwrap();
    assert_eq!(open(&after, &id, &first, &[context(), version(1)]).as_deref(), plain);
    let least = [("minEncryptionVersion", Value::Number(2.0))];
    assert!(after.call("keys.set_min_versions", params(&id, &least)).is_ok());
    assert_eq!(seal(&after, &id, &[version(1)]), Err("policy_denied".into()));
    assert!(open(&after, &id, &old, &[context(), version(1)]).is_ok());
    let least = [("minDecryptionVersion", Value::Number(2.0))];
    assert!(after.call("keys.set_min_versions", params(&id, &least)).is_ok());
    assert_eq!(open(&after, &id, &old, &[context(), version(1)]), Err("policy_denied".into()));
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn whatever_is_wrong_with_a_sealed_message_has_one_code() {
    let tab = Tab::ready();
    let id = tab.create("hpke-x25519", "deferred").unwrap();
    let other = tab.create("hpke-x25519", "deferred").unwrap();
    let good = seal(&tab, &id, &[]).unwrap();
    let invalid = Err("invalid_ciphertext".to_owned());
    assert_eq!(open(&tab, &other, &good, &[context()]), invalid);
    for end in 0..good.len() {
        assert_eq!(open(&tab, &id, &good[..end], &[context()]), invalid, "length {end}");
    }
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 0x80;
        assert_eq!(open(&tab, &id, &bad, &[context()]), invalid, "byte {index}");
    }
    // An encapsulated key that forces the secret.
    let zero = [&[0; 32], &good[32..]].concat();
    assert_eq!(open(&tab, &id, &zero, &[context()]), invalid);
}

#[test]
fn sealing_and_opening_are_permitted_and_logged_apart() {
    let tab = Tab::ready();
    let seals = tab.create_for("hpke-x25519", &["seal"]).unwrap();
    let opens = tab.create_for("hpke-x25519", &["open"]).unwrap();
    let sealed = seal(&tab, &seals, &[]).unwrap();
    assert_eq!(open(&tab, &seals, &sealed, &[context()]), Err("policy_denied".into()));
    assert_eq!(seal(&tab, &opens, &[]), Err("policy_denied".into()));
    assert_eq!(open(&tab, &opens, &sealed, &[context()]), Err("invalid_ciphertext".into()));
    let log: Vec<_> = entries(&tab)
        .iter()
        .skip(3)
        .map(|entry| (text(entry, "method"), text(entry, "outcome")))
        .collect();
    let expected = [
        ("seal", "ok"),
        ("open", "policy_denied"),
        ("seal", "policy_denied"),
        ("open", "invalid_ciphertext"),
    ];
    let expected = expected.map(|(method, outcome)| (method.to_owned(), outcome.to_owned()));
    assert_eq!(log, expected);
}

#[test]
fn sealing_needs_no_private_key_and_is_not_counted() {
    let tab = Tab::ready();
    let uses = ["seal", "open"].map(|usage| Value::Text(usage.into()));
    let most = ("maxUses", Value::Number(1.0));
    let policy = Value::object([("operations", Value::List(uses.into())), most]);
    let spec = Value::Text("hpke-x25519".into());
    let made =
        tab.call("keys.create", Value::object([("spec", spec), ("policy", policy)])).unwrap();
    let id = text(&made, "keyId");
    let sealed: Vec<_> = (0..3).map(|_| seal(&tab, &id, &[]).unwrap()).collect();
    assert!(open(&tab, &id, &sealed[0], &[context()]).is_ok());
    assert_eq!(open(&tab, &id, &sealed[1], &[context()]), Err("policy_denied".into()));
    let info = tab.call("keys.describe", params(&id, &[])).unwrap();
    assert_eq!(member(&info, "uses"), Some(Value::Number(1.0)));
}

/// Not random at all.
struct Fixed;

impl RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        7
    }

    fn next_u64(&mut self) -> u64 {
        7
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.fill(7);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Fixed {}
