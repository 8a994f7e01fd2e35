//! Keys that leave the vault, and that come in.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use hex_literal::hex;
use kms_crypto::hpke::{self, Binding};
use kms_crypto::{KeyKind, PublicKey};
use kms_protocol::{Name, Value};
use kms_testkit::invariants::{broken, entries, listed};
use kms_testkit::tab::{Code, bytes, member, text};
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

fn new(spec: &str, uses: &[&str]) -> (&'static str, Value) {
    let uses = uses.iter().map(|usage| Value::Text((*usage).into())).collect();
    let policy = Value::object([("operations", Value::List(uses))]);
    ("key", Value::object([("spec", Value::Text(spec.into())), ("policy", policy)]))
}

fn data(name: &'static str, bytes: &[u8]) -> (&'static str, Value) {
    (name, Value::Bytes(bytes.to_vec()))
}

fn mac(tab: &Tab, id: &str) -> Result<Vec<u8>, Code> {
    Ok(bytes(&tab.call("mac", params(id, &[data("data", b"text")]))?, "mac"))
}

fn wrap(tab: &Tab, id: &str, target: &str) -> Result<Vec<u8>, Code> {
    let more = [("targetKeyId", Value::Text(target.into())), context("7")];
    Ok(bytes(&tab.call("keys.wrap", params(id, &more))?, "wrapped"))
}

fn unwrap(tab: &Tab, id: &str, wrapped: &[u8], more: Members<'_>) -> Result<String, Code> {
    let all = [&[data("wrapped", wrapped)], more].concat();
    Ok(text(&tab.call("keys.unwrap", params(id, &all))?, "keyId"))
}

fn export(tab: &Tab, id: &str, recipient: &[u8]) -> Result<Vec<u8>, Code> {
    let more = [data("recipient", recipient), context("7")];
    Ok(bytes(&tab.call("keys.export", params(id, &more))?, "sealed"))
}

fn import(tab: &Tab, id: &str, sealed: &[u8], more: Members<'_>) -> Result<String, Code> {
    let all = [&[data("sealed", sealed)], more].concat();
    Ok(text(&tab.call("keys.import", params(id, &all))?, "keyId"))
}

fn half(tab: &Tab, id: &str) -> Vec<u8> {
    bytes(&tab.call("keys.public_key", params(id, &[])).unwrap(), "raw")
}

fn codes() -> (&'static str, Value) {
    new("hmac-sha256", &["mac"])
}

#[test]
fn a_wrapped_key_is_the_same_key_when_it_is_unwrapped() {
    let tab = Tab::ready();
    let wrapping = tab.create_for("aes-256", &["wrap", "unwrap", "decrypt"]).unwrap();
    let target = tab.create_for("hmac-sha256", &["mac", "export"]).unwrap();
    let wrapped = wrap(&tab, &wrapping, &target).unwrap();
    assert_eq!((wrapped.len(), wrapped[0]), (1 + 4 + 12 + 32 + 16, 3));
    assert!(tab.call("keys.rotate", params(&wrapping, &[])).is_ok());
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let copy = unwrap(&after, &wrapping, &wrapped, &[codes(), context("7")]).unwrap();
    assert_eq!(mac(&after, &copy), mac(&after, &target));
    let info = after.call("keys.describe", params(&copy, &[])).unwrap();
    assert_eq!(text(&info, "origin"), "imported");
    let invalid = Err("invalid_ciphertext".to_owned());
    assert_eq!(unwrap(&after, &wrapping, &wrapped, &[codes()]), invalid);
    let other = [new("aes-256", &["encrypt"]), context("7")];
    assert_eq!(unwrap(&after, &wrapping, &wrapped, &other), invalid);
    for index in (0..wrapped.len()).filter(|index| !(1..5).contains(index)) {
        let mut bad = wrapped.clone();
        bad[index] ^= 1;
        assert_eq!(unwrap(&after, &wrapping, &bad, &[codes(), context("7")]), invalid);
    }
    // What decrypts never opens a key, also not one that is relabelled.
    for mark in [1, 3] {
        let mut relabelled = wrapped.clone();
        relabelled[0] = mark;
        let read = params(&wrapping, &[data("ciphertext", &relabelled), context("7")]);
        assert_eq!(after.call("decrypt", read), Err("invalid_ciphertext".into()));
    }
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn a_key_leaves_only_if_its_policy_said_so_when_it_was_made() {
    let tab = Tab::ready();
    let wrapping = tab.create_for("aes-256", &["wrap"]).unwrap();
    let stays = tab.create("hmac-sha256", "durable").unwrap();
    let recipient = tab.create("hpke-x25519", "durable").unwrap();
    let public = half(&tab, &recipient);
    let denied = Err("policy_denied".to_owned());
    assert_eq!(wrap(&tab, &wrapping, &stays), denied);
    assert_eq!(export(&tab, &stays, &public), denied);
    assert_eq!(wrap(&tab, &wrapping, &recipient), denied);
    let leaves = tab.create_for("hmac-sha256", &["export"]).unwrap();
    assert_eq!(wrap(&tab, &stays, &leaves), denied);
    // Such a key would sign tokens without a lease.
    assert_eq!(tab.create_for("ec-p256", &["vapid", "export"]), Err("invalid_params".into()));
    assert!(export(&tab, &leaves, &public).is_ok() && wrap(&tab, &wrapping, &leaves).is_ok());
}

#[test]
fn what_is_made_from_a_key_that_stays_stays_too() {
    let tab = Tab::ready();
    let leaving = new("aes-256", &["encrypt", "export"]);
    let agreed = tab.create("x25519", "durable").unwrap();
    let peer = [data("peer", &half(&tab, &agreed)), leaving.clone()];
    assert_eq!(tab.call("keys.agree", params(&agreed, &peer)), Err("policy_denied".into()));
    let root = tab.create_for("hmac-sha256", &["derive"]).unwrap();
    let more = std::slice::from_ref(&leaving);
    assert_eq!(tab.call("keys.derive", params(&root, more)), Err("policy_denied".into()));
    let open = tab.create_for("hmac-sha256", &["derive", "export"]).unwrap();
    assert!(tab.call("keys.derive", params(&open, more)).is_ok());
}

#[test]
fn a_key_moves_to_another_vault_sealed() {
    let (here, there) = (Tab::ready(), Tab::over(TestPorts::new(9), 9));
    assert!(there.set_up(PASSPHRASE).is_ok());
    let receiving = there.create_for("hpke-x25519", &["import", "open"]).unwrap();
    let key = here.create_for("hmac-sha256", &["mac", "export"]).unwrap();
    let sealed = export(&here, &key, &half(&there, &receiving)).unwrap();
    assert_eq!(sealed.len(), 32 + 32 + 16);
    let arrived = import(&there, &receiving, &sealed, &[codes(), context("7")]).unwrap();
    assert_eq!(mac(&there, &arrived), mac(&here, &key));
    let invalid = Err("invalid_ciphertext".to_owned());
    assert_eq!(import(&there, &receiving, &sealed, &[codes(), context("8")]), invalid);
    let other = [new("aes-256", &["encrypt"]), context("7")];
    assert_eq!(import(&there, &receiving, &sealed, &other), invalid);
    // What opens messages never opens a key.
    let read = params(&receiving, &[data("sealed", &sealed), context("7")]);
    assert_eq!(there.call("open", read), Err("invalid_ciphertext".into()));
    assert_eq!(broken(&there), Vec::<String>::new());
}

#[test]
fn an_outsider_seals_a_key_that_it_made() {
    let tab = Tab::ready();
    let receiving = tab.create_for("hpke-x25519", &["import"]).unwrap();
    let public = PublicKey::from_raw(KeyKind::HpkeX25519, &half(&tab, &receiving)).unwrap();
    let seal = |secret: &[u8]| {
        let binding = Binding { info: b"ats-kms/v1/key", aad: b"\x82\x6bhmac-sha256\xa0" };
        block_on(hpke::seal(&seeded_provider(5), &public, binding, secret)).unwrap()
    };
    let id = import(&tab, &receiving, &seal(&[7; 32]), &[codes()]).unwrap();
    // From Python's hmac module.
    assert_eq!(
        mac(&tab, &id).unwrap(),
        hex!("8483f20ba686a944ee7b4085d898f8839cc318eb6baff7f4600c9005c57f1497")
    );
    for len in [0, 31, 33] {
        let refused = import(&tab, &receiving, &seal(&vec![7; len]), &[codes()]);
        assert_eq!(refused, Err("invalid_ciphertext".into()), "{len}");
    }
}

#[test]
fn an_outsider_seals_private_keys() {
    let tab = Tab::ready();
    let receiving = tab.create_for("hpke-x25519", &["import"]).unwrap();
    let public = PublicKey::from_raw(KeyKind::HpkeX25519, &half(&tab, &receiving)).unwrap();
    let arrived = |spec: &str, uses: &[&str], secret: [u8; 32]| {
        let name = u8::try_from(0x60 + spec.len()).unwrap();
        let aad = [&[0x82, name][..], spec.as_bytes(), &[0xa0]].concat();
        let binding = Binding { info: b"ats-kms/v1/key", aad: &aad };
        let sealed = block_on(hpke::seal(&seeded_provider(5), &public, binding, &secret)).unwrap();
        import(&tab, &receiving, &sealed, &[new(spec, uses)])
    };
    // RFC 8032, section 7.1, TEST 1.
    let secret = hex!("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let public = hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!(half(&tab, &arrived("ed25519", &["sign"], secret).unwrap()), public);
    // RFC 7748, section 6.1, Alice.
    let secret = hex!("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let public = hex!("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    for (spec, usage) in [("x25519", "agree"), ("hpke-x25519", "open")] {
        assert_eq!(half(&tab, &arrived(spec, &[usage], secret).unwrap()), public);
    }
    // RFC 6979, section A.2.5.
    let secret = hex!("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    let x = hex!("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
    let y = hex!("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    for (spec, usage) in [("ec-p256", "sign"), ("ec-p256-agreement", "agree")] {
        let raw = half(&tab, &arrived(spec, &[usage], secret).unwrap());
        assert_eq!(raw, [&[4][..], &x, &y].concat());
        // Zero, and the order.
        let order = hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        for none in [[0; 32], order] {
            assert_eq!(arrived(spec, &[usage], none), Err("invalid_ciphertext".into()));
        }
    }
    assert_eq!(broken(&tab), Vec::<String>::new());
}

/// What a key can be for that shows that two are the same.
const SPECS: [(&str, &str); 6] = [
    ("ed25519", "sign"),
    ("ec-p256", "sign"),
    ("x25519", "agree"),
    ("ec-p256-agreement", "agree"),
    ("hpke-x25519", "open"),
    ("hpke-x-wing", "open"),
];

#[test]
fn private_keys_leave_and_come_in_as_others_do() {
    let (here, there) = (Tab::ready(), Tab::over(TestPorts::new(9), 9));
    assert!(there.set_up(PASSPHRASE).is_ok());
    let receiving = there.create_for("hpke-x25519", &["import"]).unwrap();
    let to = half(&there, &receiving);
    let wrapping = here.create_for("aes-256", &["wrap", "unwrap"]).unwrap();
    for (spec, usage) in SPECS {
        let stays = here.create_for(spec, &[usage]).unwrap();
        assert_eq!(export(&here, &stays, &to), Err("policy_denied".into()), "{spec}");
        assert_eq!(wrap(&here, &wrapping, &stays), Err("policy_denied".into()), "{spec}");
        let key = here.create_for(spec, &[usage, "export"]).unwrap();
        let sealed = export(&here, &key, &to).unwrap();
        assert_eq!(sealed.len(), 32 + 32 + 16, "{spec}");
        let moved = import(&there, &receiving, &sealed, &[new(spec, &[usage]), context("7")]);
        assert_eq!(half(&there, &moved.unwrap()), half(&here, &key), "{spec}");
        let wrapped = wrap(&here, &wrapping, &key).unwrap();
        let copy = unwrap(&here, &wrapping, &wrapped, &[new(spec, &[usage]), context("7")]);
        let copy = copy.unwrap();
        assert_eq!(half(&here, &copy), half(&here, &key), "{spec}");
        // Of another spec it is no key, also of one with the same bytes.
        for (other, usage) in SPECS.into_iter().filter(|(other, _)| *other != spec) {
            let as_other = [new(other, &[usage]), context("7")];
            let invalid = Err("invalid_ciphertext".to_owned());
            assert_eq!(import(&there, &receiving, &sealed, &as_other), invalid, "{spec} {other}");
            assert_eq!(unwrap(&here, &wrapping, &wrapped, &as_other), invalid, "{spec} {other}");
        }
        // The copy may not leave: its policy is its own.
        assert_eq!(export(&here, &copy, &to), Err("policy_denied".into()), "{spec}");
    }
    assert_eq!((broken(&here), broken(&there)), (Vec::<String>::new(), Vec::<String>::new()));
}

#[test]
fn a_moved_key_signs_as_the_first_one() {
    let (here, there) = (Tab::ready(), Tab::over(TestPorts::new(9), 9));
    assert!(there.set_up(PASSPHRASE).is_ok());
    let receiving = there.create_for("hpke-x25519", &["import"]).unwrap();
    for spec in ["ed25519", "ec-p256"] {
        let key = here.create_for(spec, &["verify", "export"]).unwrap();
        let sealed = export(&here, &key, &half(&there, &receiving)).unwrap();
        let moved = import(&there, &receiving, &sealed, &[new(spec, &["sign"]), context("7")]);
        let signed = there.call("sign", params(&moved.unwrap(), &[data("data", b"text")])).unwrap();
        let check = [data("data", b"text"), data("signature", &bytes(&signed, "signature"))];
        let answer = here.call("verify", params(&key, &check)).unwrap();
        assert_eq!(member(&answer, "valid"), Some(Value::Bool(true)), "{spec}");
    }
}

#[test]
fn a_key_moves_under_the_seal_of_x_wing() {
    let (here, there) = (Tab::ready(), Tab::ready());
    let key = here.create_for("hmac-sha256", &["mac", "export"]).unwrap();
    let receiving = there.create_for("hpke-x-wing", &["import"]).unwrap();
    let public = half(&there, &receiving);
    assert_eq!(public.len(), 1216);
    let sealed = export(&here, &key, &public).unwrap();
    assert_eq!(sealed.len(), 1120 + 32 + 16);
    let arrived = import(&there, &receiving, &sealed, &[codes(), context("7")]).unwrap();
    assert_eq!(mac(&there, &arrived), mac(&here, &key));
}

#[test]
fn a_recipient_that_is_no_key_is_refused() {
    let tab = Tab::ready();
    let id = tab.create_for("aes-256", &["export"]).unwrap();
    for bad in [&[0; 32][..], &[9; 31], &[], &[0xff; 32]] {
        assert_eq!(export(&tab, &id, bad), Err("invalid_key".into()));
    }
}

#[test]
fn both_keys_of_a_wrapping_are_in_the_log() {
    let tab = Tab::ready();
    let wrapping = tab.create_for("aes-256", &["wrap", "unwrap"]).unwrap();
    let target = tab.create_for("aes-256", &["export"]).unwrap();
    let wrapped = wrap(&tab, &wrapping, &target).unwrap();
    let made = [new("aes-256", &["encrypt"]), context("7")];
    let copy = unwrap(&tab, &wrapping, &wrapped, &made).unwrap();
    let row = |entry: &Value| (text(entry, "method"), text(entry, "keyId"));
    let log: Vec<_> = entries(&tab).iter().skip(3).map(row).collect();
    let expected = [
        ("keys.wrap", &target),
        ("keys.wrap", &wrapping),
        ("keys.unwrap", &wrapping),
        ("keys.create", &copy),
    ];
    assert_eq!(log, expected.map(|(method, id)| (method.to_owned(), id.clone())));
}

#[test]
fn leaving_is_counted() {
    let tab = Tab::ready();
    let uses = ("operations", Value::List(vec![Value::Text("export".into())]));
    let policy = Value::object([uses, ("maxUses", Value::Number(1.0))]);
    let spec = ("spec", Value::Text("aes-256".into()));
    let made = tab.call("keys.create", Value::object([spec, ("policy", policy)])).unwrap();
    let id = text(&made, "keyId");
    let recipient = tab.create("hpke-x25519", "durable").unwrap();
    let public = half(&tab, &recipient);
    assert!(export(&tab, &id, &public).is_ok());
    assert_eq!(export(&tab, &id, &public), Err("policy_denied".into()));
    let info = tab.call("keys.describe", params(&id, &[])).unwrap();
    assert_eq!(member(&info, "uses"), Some(Value::Number(1.0)));
}

#[test]
fn an_import_that_fails_anywhere_leaves_a_whole_key_or_none() {
    let before = Tab::ready();
    let receiving = before.create_for("hpke-x25519", &["import"]).unwrap();
    let key = before.create_for("hmac-sha256", &["export"]).unwrap();
    let sealed = export(&before, &key, &half(&before, &receiving)).unwrap();
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            tab.store.fail_at(call, fault);
            let done = import(&tab, &receiving, &sealed, &[codes(), context("7")]);
            if !tab.store.heal() {
                assert!(done.is_ok());
                break;
            }
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
            assert!(done.is_err() || listed(&after).len() == 3, "{fault:?} {call}");
        }
    }
}
