//! Message authentication codes and random bytes.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::collections::BTreeSet;

use kms_protocol::Value;
use kms_testkit::invariants::broken;
use kms_testkit::tab::{Code, bytes, member};
use kms_testkit::{PASSPHRASE, Tab};

fn params(id: &str, more: &[(&'static str, Value)]) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn version(number: u32) -> (&'static str, Value) {
    ("version", Value::Number(number.into()))
}

fn mac(tab: &Tab, id: &str, more: &[(&'static str, Value)]) -> Result<Vec<u8>, Code> {
    let data = ("data", Value::Bytes(b"text".to_vec()));
    let all = [&[data], more].concat();
    Ok(bytes(&tab.call("mac", params(id, &all))?, "mac"))
}

fn verify(tab: &Tab, id: &str, (data, mac): (&[u8], &[u8]), number: u32) -> Result<bool, Code> {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let more = [("data", bytes(data)), ("mac", bytes(mac)), version(number)];
    let verdict = tab.call("verify_mac", params(id, &more))?;
    Ok(member(&verdict, "valid") == Some(Value::Bool(true)))
}

#[test]
fn codes_are_checked_under_their_version() {
    let tab = Tab::ready();
    let id = tab.create("hmac-sha256", "durable").unwrap();
    let old = mac(&tab, &id, &[]).unwrap();
    assert_eq!(old.len(), 32);
    assert_eq!(mac(&tab, &id, &[]), Ok(old.clone()));
    assert!(tab.call("keys.rotate", params(&id, &[])).is_ok());
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    for tab in [&tab, &after] {
        let new = mac(tab, &id, &[]).unwrap();
        assert_eq!(mac(tab, &id, &[version(1)]), Ok(old.clone()));
        assert_eq!(mac(tab, &id, &[version(3)]), Err("version_not_found".into()));
        assert_eq!(verify(tab, &id, (b"text", &old), 1), Ok(true));
        assert_eq!(verify(tab, &id, (b"text", &old), 2), Ok(false));
        assert_eq!(verify(tab, &id, (b"text", &new), 2), Ok(true));
        assert_eq!(verify(tab, &id, (b"Text", &new), 2), Ok(false));
        for part in [&new[..31], &[], &[&new[..], &[0]].concat()] {
            assert_eq!(verify(tab, &id, (b"text", part), 2), Ok(false));
        }
    }
    let least = [("minEncryptionVersion", Value::Number(2.0))];
    assert!(after.call("keys.set_min_versions", params(&id, &least)).is_ok());
    assert_eq!(mac(&after, &id, &[version(1)]), Err("policy_denied".into()));
    assert_eq!(verify(&after, &id, (b"text", &old), 1), Ok(true));
    let least = [("minDecryptionVersion", Value::Number(2.0))];
    assert!(after.call("keys.set_min_versions", params(&id, &least)).is_ok());
    assert_eq!(verify(&after, &id, (b"text", &old), 1), Err("policy_denied".into()));
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn a_key_that_only_checks_makes_no_code_and_one_of_another_spec_does_neither() {
    let tab = Tab::ready();
    let checks = tab.create_for("hmac-sha256", &["verify_mac"]).unwrap();
    assert_eq!(mac(&tab, &checks, &[]), Err("policy_denied".into()));
    assert_eq!(verify(&tab, &checks, (b"text", &[0; 32]), 1), Ok(false));
    for spec in ["ed25519", "ec-p256", "aes-256", "x25519", "hpke-x25519"] {
        let other = tab.create(spec, "durable").unwrap();
        assert_eq!(mac(&tab, &other, &[]), Err("policy_denied".into()), "{spec}");
        let policy = tab.create_for(spec, &["mac"]);
        assert_eq!(policy, Err("invalid_params".into()), "{spec}");
    }
}

#[test]
fn random_bytes_come_from_the_generator_and_are_bounded() {
    let tab = Tab::ready();
    let random = |length: f64| {
        let made = tab.call("random", Value::object([("length", Value::Number(length))]))?;
        Ok::<_, Code>(bytes(&made, "bytes"))
    };
    for length in [1_u16, 32, 4096] {
        assert_eq!(random(length.into()).unwrap().len(), usize::from(length));
    }
    let many: BTreeSet<_> = (0..100).map(|_| random(32.0).unwrap()).collect();
    assert_eq!(many.len(), 100);
    for length in [0.0, 4097.0] {
        assert_eq!(random(length), Err("invalid_params".into()));
    }
    let entries = tab.verify_audit();
    assert!(random(1.0).is_ok());
    assert_eq!(tab.verify_audit(), entries);
}
