//! Keys that are agreed on or derived: both sides have the same one, and nobody sees it.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_crypto::software::SoftwareKey;
use kms_crypto::{CryptoProvider, KeyKind, SecretBytes};
use kms_protocol::{Name, Value};
use kms_testkit::invariants::{broken, entries, listed};
use kms_testkit::tab::{Code, bytes, text};
use kms_testkit::{Fault, PASSPHRASE, Tab, TestPorts, seeded_provider};
use pollster::block_on;

type Members<'a> = &'a [(&'static str, Value)];

fn params(id: &str, more: Members<'_>) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn context(user: &str) -> (&'static str, Value) {
    ("context", Value::Map(vec![(Name::Borrowed("user"), Value::Text(user.into()))]))
}

/// What a new key is to be.
fn new(spec: &str, uses: &[&str]) -> (&'static str, Value) {
    let uses = uses.iter().map(|usage| Value::Text((*usage).into())).collect();
    let policy = Value::object([("operations", Value::List(uses))]);
    ("key", Value::object([("spec", Value::Text(spec.into())), ("policy", policy)]))
}

fn version(number: u32) -> (&'static str, Value) {
    ("version", Value::Number(number.into()))
}

fn half(tab: &Tab, id: &str) -> Vec<u8> {
    bytes(&tab.call("keys.public_key", params(id, &[])).unwrap(), "raw")
}

fn agree(tab: &Tab, id: &str, peer: &[u8], more: Members<'_>) -> Result<String, Code> {
    let peer = ("peer", Value::Bytes(peer.to_vec()));
    Ok(text(&tab.call("keys.agree", params(id, &[&[peer], more].concat()))?, "keyId"))
}

fn derive(tab: &Tab, id: &str, more: Members<'_>) -> Result<String, Code> {
    Ok(text(&tab.call("keys.derive", params(id, more))?, "keyId"))
}

/// The code of a message: what tells one key for codes from another.
fn mac(tab: &Tab, id: &str) -> Result<Vec<u8>, Code> {
    let data = ("data", Value::Bytes(b"text".to_vec()));
    Ok(bytes(&tab.call("mac", params(id, &[data]))?, "mac"))
}

fn other_browser() -> Tab {
    let other = Tab::over(TestPorts::new(9), 9);
    assert!(other.set_up(PASSPHRASE).is_ok());
    other
}

#[test]
fn two_browsers_agree_on_a_key_that_neither_page_sees() {
    for spec in ["x25519", "ec-p256-agreement"] {
        let (here, there) = (Tab::ready(), other_browser());
        let (mine, yours) =
            (here.create(spec, "durable").unwrap(), there.create(spec, "durable").unwrap());
        let (my_half, your_half) = (half(&here, &mine), half(&there, &yours));
        let codes = new("hmac-sha256", &["mac", "verify_mac"]);
        let ours = [codes.clone(), context("7")];
        let one = agree(&here, &mine, &your_half, &ours).unwrap();
        let other = agree(&there, &yours, &my_half, &ours).unwrap();
        let expected = mac(&here, &one).unwrap();
        assert_eq!(mac(&there, &other), Ok(expected.clone()), "{spec}");
        let after = here.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        assert_eq!(mac(&after, &one), Ok(expected.clone()));
        let info = after.call("keys.describe", params(&one, &[])).unwrap();
        assert_eq!(text(&info, "origin"), "derived");
        // Another context is another key, and so is another purpose.
        let elsewhere = agree(&here, &mine, &your_half, &[codes, context("8")]).unwrap();
        assert_ne!(mac(&here, &elsewhere).unwrap(), expected);
        // A version that was replaced still agrees, until it may not.
        assert!(here.call("keys.rotate", params(&mine, &[])).is_ok());
        let newest = agree(&here, &mine, &your_half, &ours).unwrap();
        assert_ne!(mac(&here, &newest).unwrap(), expected);
        let older = [&ours[..], &[version(1)]].concat();
        let again = agree(&here, &mine, &your_half, &older).unwrap();
        assert_eq!(mac(&here, &again), Ok(expected));
        let least =
            ["minEncryptionVersion", "minDecryptionVersion"].map(|name| (name, Value::Number(2.0)));
        assert!(here.call("keys.set_min_versions", params(&mine, &least)).is_ok());
        assert_eq!(agree(&here, &mine, &your_half, &older), Err("policy_denied".into()));
        assert_eq!(broken(&after), Vec::<String>::new());
    }
}

#[test]
fn a_peer_that_is_no_key_is_refused() {
    let tab = Tab::ready();
    let keys = new("aes-256", &["encrypt"]);
    for spec in ["x25519", "ec-p256-agreement"] {
        let id = tab.create(spec, "durable").unwrap();
        let good = half(&tab, &id);
        let before = listed(&tab).len();
        let mut off = good.clone();
        off[good.len() - 1] ^= 0x80;
        for bad in [&good[1..], &[], &vec![0; good.len()], &off] {
            let refused = agree(&tab, &id, bad, std::slice::from_ref(&keys));
            assert_eq!(refused, Err("invalid_key".into()), "{spec}");
        }
        assert_eq!(listed(&tab).len(), before);
    }
}

#[test]
fn the_same_context_derives_the_same_key_and_another_one_another() {
    let tab = Tab::ready();
    let id = tab.create_for("hmac-sha256", &["derive"]).unwrap();
    let codes = new("hmac-sha256", &["mac"]);
    let derived = |tab: &Tab, user, more: Members<'_>| {
        let all = [&[codes.clone(), context(user)], more].concat();
        mac(tab, &derive(tab, &id, &all).unwrap()).unwrap()
    };
    let first = derived(&tab, "7", &[]);
    assert!(tab.call("keys.rotate", params(&id, &[])).is_ok());
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(derived(&after, "7", &[version(1)]), first);
    assert_ne!(derived(&after, "7", &[]), first);
    assert_ne!(derived(&after, "8", &[version(1)]), first);
    let other = after.create_for("hmac-sha256", &["derive"]).unwrap();
    let elsewhere = derive(&after, &other, &[codes.clone(), context("7")]).unwrap();
    assert_ne!(mac(&after, &elsewhere).unwrap(), first);
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn a_derived_key_cannot_be_computed_by_a_page() {
    let tab = Tab::ready();
    for both in [["derive", "mac"], ["mac", "derive"]] {
        let made = tab.create_for("hmac-sha256", &both);
        assert_eq!(made, Err("invalid_params".into()));
    }
    // If codes and derivation had the same key, a code would be the key of the leaf.
    let root = tab.create_for("hmac-sha256", &["derive"]).unwrap();
    let codes = derive(&tab, &root, &[new("hmac-sha256", &["mac"])]).unwrap();
    let roots = derive(&tab, &root, &[new("hmac-sha256", &["derive"])]).unwrap();
    let leaf = derive(&tab, &roots, &[new("hmac-sha256", &["mac"]), context("7")]).unwrap();
    let info = [
        &b"\x85\x71ats-kms/v1/derive\x6bhmac-sha256\x76"[..],
        roots.as_bytes(),
        b"\x01\xa1\x64user\x617\x01",
    ];
    let data = ("data", Value::Bytes(info.concat()));
    let guess = bytes(&tab.call("mac", params(&codes, &[data])).unwrap(), "mac");
    assert_ne!(code_under(&guess), mac(&tab, &leaf).unwrap());
}

/// The code that [`mac`] asks for, under a key that is known.
fn code_under(key: &[u8]) -> Vec<u8> {
    let key = SecretBytes::copy_of(key).unwrap();
    let key = SoftwareKey::from_secret(KeyKind::HmacSha256, key).unwrap();
    block_on(seeded_provider(1).mac(&key, b"text")).unwrap().to_vec()
}

#[test]
fn a_new_key_is_symmetric_and_its_policy_makes_sense() {
    let tab = Tab::ready();
    let id = tab.create_for("hmac-sha256", &["derive"]).unwrap();
    for (spec, uses) in [("ed25519", "sign"), ("x25519", "agree"), ("aes-256", "mac")] {
        assert_eq!(
            derive(&tab, &id, &[new(spec, &[uses])]),
            Err("invalid_params".into()),
            "{spec}"
        );
    }
    let codes = tab.create("hmac-sha256", "durable").unwrap();
    let refused = derive(&tab, &codes, &[new("aes-256", &["encrypt"])]);
    assert_eq!(refused, Err("policy_denied".into()));
    assert_eq!(listed(&tab).len(), 2);
}

#[test]
fn the_use_of_the_old_key_and_the_making_of_the_new_one_are_logged() {
    let tab = Tab::ready();
    let root = tab.create_for("hmac-sha256", &["derive"]).unwrap();
    let leaf = derive(&tab, &root, &[new("aes-256", &["encrypt"])]).unwrap();
    let row = |entry: &Value| (text(entry, "method"), text(entry, "keyId"));
    let log: Vec<_> = entries(&tab).iter().skip(2).map(row).collect();
    assert_eq!(log, [("keys.derive".into(), root), ("keys.create".into(), leaf)]);
}

#[test]
fn a_derivation_that_fails_anywhere_leaves_a_whole_key_or_none() {
    let before = Tab::ready();
    let root = before.create_for("hmac-sha256", &["derive"]).unwrap();
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            tab.store.fail_at(call, fault);
            let done = derive(&tab, &root, &[new("aes-256", &["encrypt"])]);
            if !tab.store.heal() {
                assert!(done.is_ok());
                break;
            }
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
            assert!(done.is_err() || listed(&after).len() == 2, "{fault:?} {call}");
        }
    }
}
