//! Versions and the life of keys: rotating, minimum versions, trimming, disabling.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::pin::pin;
use std::task::{Context, Waker};

use futures_util::future::join;
use kms_protocol::Value;
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{member, outcome, text};
use kms_testkit::{Fault, PASSPHRASE, Tab, TestPorts};
use kms_vault::{RecordKey, Table, VaultLock};
use pollster::block_on;

fn params(id: &str, more: &[(&'static str, Value)]) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn number(value: u32) -> Value {
    Value::Number(value.into())
}

fn change(tab: &Tab, method: &str, id: &str) -> Result<Value, String> {
    tab.call(method, params(id, &[]))
}

fn sign(tab: &Tab, id: &str, version: Option<u32>) -> Result<(Vec<u8>, Value), String> {
    let version = version.map_or(Value::Null, number);
    let data = Value::Bytes(b"text".to_vec());
    let signed = tab.call("sign", params(id, &[("data", data), ("version", version)]))?;
    let Some(Value::Bytes(signature)) = member(&signed, "signature") else {
        return Err("no signature".into());
    };
    Ok((signature, member(&signed, "version").unwrap_or(Value::Null)))
}

fn verify(tab: &Tab, id: &str, signature: &[u8], version: u32) -> Result<bool, String> {
    let more = [
        ("data", Value::Bytes(b"text".to_vec())),
        ("signature", Value::Bytes(signature.to_vec())),
        ("version", number(version)),
    ];
    let verdict = tab.call("verify", params(id, &more))?;
    Ok(member(&verdict, "valid") == Some(Value::Bool(true)))
}

fn minimum(tab: &Tab, id: &str, decryption: u32, encryption: u32) -> Result<Value, String> {
    let more = [
        ("minDecryptionVersion", number(decryption)),
        ("minEncryptionVersion", number(encryption)),
    ];
    tab.call("keys.set_min_versions", params(id, &more))
}

fn trim(tab: &Tab, id: &str, least: u32) -> Result<Value, String> {
    tab.call("keys.trim", params(id, &[("minAvailableVersion", number(least))]))
}

fn kids(info: &Value) -> Vec<String> {
    match member(info, "versions") {
        Some(Value::List(versions)) => versions.iter().map(|one| text(one, "kid")).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_rotated_key_signs_with_its_latest_version_and_keeps_the_old_ones() {
    for spec in ["ed25519", "ec-p256"] {
        let tab = Tab::ready();
        let id = tab.create(spec, "durable").unwrap();
        let (old, first) = sign(&tab, &id, None).unwrap();
        assert_eq!(first, number(1));
        let rotated = change(&tab, "keys.rotate", &id).unwrap();
        assert_eq!(text(&rotated, "keyId"), id);
        assert_eq!(member(&rotated, "version"), Some(number(2)));
        let kids = kids(&rotated);
        assert_eq!((kids.len(), text(&rotated, "kid")), (2, kids[1].clone()));
        assert_ne!(kids[0], kids[1]);
        // Also from what is on disk.
        let after = tab.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        for tab in [&tab, &after] {
            let (new, second) = sign(tab, &id, None).unwrap();
            assert_eq!(second, number(2));
            assert_eq!(verify(tab, &id, &old, 1), Ok(true));
            assert_eq!(verify(tab, &id, &old, 2), Ok(false));
            assert_eq!(verify(tab, &id, &new, 2), Ok(true));
            let (again, one) = sign(tab, &id, Some(1)).unwrap();
            assert_eq!((verify(tab, &id, &again, 1), one), (Ok(true), number(1)));
            assert_eq!(sign(tab, &id, Some(3)), Err("version_not_found".into()));
            for (version, kid) in [(1, &kids[0]), (2, &kids[1])] {
                let more = [("version", number(version))];
                let public = tab.call("keys.public_key", params(&id, &more)).unwrap();
                assert_eq!(text(&member(&public, "jwk").unwrap(), "kid"), *kid);
            }
        }
        assert_eq!(broken(&after), Vec::<String>::new());
    }
}

#[test]
fn versions_below_the_minimum_are_refused_and_can_be_trimmed() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let (old, _) = sign(&tab, &id, None).unwrap();
    for _ in 0..2 {
        assert!(change(&tab, "keys.rotate", &id).is_ok());
    }
    assert_eq!(trim(&tab, &id, 2), Err("policy_denied".into()));
    assert!(minimum(&tab, &id, 2, 3).is_ok());
    assert_eq!(sign(&tab, &id, Some(2)), Err("policy_denied".into()));
    assert_eq!(verify(&tab, &id, &old, 1), Err("policy_denied".into()));
    assert_eq!(minimum(&tab, &id, 1, 3), Err("policy_denied".into()));
    let refused =
        tab.send(tab.request("keys.trim", params(&id, &[("minAvailableVersion", number(3))])));
    let error = member(&refused.unwrap(), "error").unwrap();
    assert_eq!(
        (text(&error, "code"), text(&error, "rule")),
        ("policy_denied".into(), "min_version".into())
    );
    assert_eq!(kids(&trim(&tab, &id, 2).unwrap()).len(), 2);
    assert_eq!(verify(&tab, &id, &old, 1), Err("version_not_found".into()));
    assert_eq!(broken(&tab), Vec::<String>::new());
}

#[test]
fn a_disabled_key_is_not_used_in_any_tab() {
    for audit in ["durable", "deferred"] {
        let tab = Tab::ready();
        let id = tab.create("ed25519", audit).unwrap();
        let second = tab.beside();
        assert!(second.unlock(PASSPHRASE).is_ok());
        assert!(sign(&second, &id, None).is_ok());
        let disabled = change(&tab, "keys.disable", &id).unwrap();
        assert_eq!(text(&disabled, "state"), "disabled");
        let state = Err("invalid_key_state".to_owned());
        assert_eq!(sign(&tab, &id, None).map(|_| ()), state);
        if audit == "deferred" {
            // It learns of it when it next writes.
            assert!(sign(&second, &id, None).is_ok());
            block_on(second.enclave.tick());
        }
        assert_eq!(sign(&second, &id, None).map(|_| ()), state);
        assert!(change(&second, "keys.enable", &id).is_ok());
        assert!(sign(&second, &id, None).is_ok());
        assert!(sign(&tab, &id, None).is_err() || audit == "durable");
        assert_eq!(broken(&second), Vec::<String>::new());
    }
}

#[test]
fn a_use_that_waits_for_its_entry_is_refused_when_the_key_is_disabled_before_it() {
    let ports = TestPorts::new(1);
    let lock = ports.lock.clone();
    let tab = Tab::over(ports, 1);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let id = tab.create("ed25519", "durable").unwrap();
    let held = block_on(lock.acquire());
    let data = ("data", Value::Bytes(vec![1]));
    let disable = tab.request("keys.disable", params(&id, &[]));
    let signs: Vec<_> =
        (0..3).map(|_| tab.request("sign", params(&id, std::slice::from_ref(&data)))).collect();
    let mut disabling = pin!(tab.enclave.handle(tab.session, disable));
    let mut signing = pin!(tab.enclave.handle(tab.session, Value::List(signs)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(disabling.as_mut().poll(&mut context).is_pending());
    assert!(signing.as_mut().poll(&mut context).is_pending());
    drop(held);
    let (disabled, signed) = block_on(join(disabling, signing));
    assert!(outcome(disabled).is_ok());
    let Some(Value::List(replies)) = signed else { panic!("a batch is answered by a list") };
    for reply in replies {
        assert_eq!(outcome(Some(reply)), Err("invalid_key_state".into()));
    }
    assert_eq!(broken(&tab), Vec::<String>::new());
}

#[test]
fn uses_of_another_tab_go_on_when_the_key_was_only_renamed() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let second = tab.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    assert!(sign(&second, &id, None).is_ok());
    let named = [("label", Value::Text("Another".into()))];
    let info = tab.call("keys.update", params(&id, &named)).unwrap();
    assert_eq!(text(&info, "label"), "Another");
    let data = ("data", Value::Bytes(vec![1]));
    let request = || second.request("sign", params(&id, std::slice::from_ref(&data)));
    let batch = Value::List((0..4).map(|_| request()).collect());
    let Some(Value::List(replies)) = second.send(batch) else {
        panic!("a batch is answered by a list")
    };
    assert!(replies.iter().all(|reply| member(reply, "result").is_some()));
    let info = tab.call("keys.update", params(&id, &[])).unwrap();
    assert_eq!(member(&info, "label"), None);
    assert_eq!(broken(&second), Vec::<String>::new());
}

#[test]
fn a_use_of_a_key_that_vanished_meanwhile_is_refused_and_the_log_goes_on() {
    for call in 1.. {
        let tab = Tab::ready();
        let id = tab.create("ed25519", "durable").unwrap();
        let second = tab.beside();
        assert!(second.unlock(PASSPHRASE).is_ok());
        assert!(sign(&second, &id, None).is_ok());
        let other = tab.create("ed25519", "durable").unwrap();
        let record = RecordKey::Text(id.clone());
        let kept = tab.store.peek(Table::Keys, &record);
        tab.store.poke(Table::Keys, &record, None);
        second.store.fail_at(call, Fault::Fail);
        let refused = sign(&second, &id, None);
        assert!(refused.is_err());
        let fired = second.store.heal();
        tab.store.poke(Table::Keys, &record, kept);
        assert!(sign(&second, &other, None).is_ok());
        assert_eq!(broken(&second), Vec::<String>::new(), "call {call}");
        if !fired {
            assert_eq!(refused.map(|_| ()), Err("unreadable".into()));
            break;
        }
    }
}

#[test]
fn two_tabs_that_rotate_make_two_versions_or_one_is_told() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let second = tab.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    assert!(sign(&second, &id, None).is_ok());
    assert!(change(&tab, "keys.rotate", &id).is_ok());
    // The second tab made a version 2 of what it knew.
    assert_eq!(change(&second, "keys.rotate", &id), Err("storage_conflict".into()));
    let rotated = change(&second, "keys.rotate", &id).unwrap();
    assert_eq!(kids(&rotated).len(), 3);
    assert_eq!(broken(&second), Vec::<String>::new());
}

#[test]
fn a_change_that_fails_anywhere_happens_whole_or_not_at_all() {
    type Act = fn(&Tab, &str) -> Result<Value, String>;
    let acts: [Act; 4] = [
        |tab, id| change(tab, "keys.rotate", id),
        |tab, id| change(tab, "keys.disable", id),
        |tab, id| tab.call("keys.update", params(id, &[("label", Value::Text("x".into()))])),
        |tab, id| minimum(tab, id, 2, 2),
    ];
    let before = Tab::ready();
    let id = before.create("ed25519", "durable").unwrap();
    assert!(change(&before, "keys.rotate", &id).is_ok());
    let old = before.call("keys.describe", params(&id, &[])).unwrap();
    for act in acts {
        for fault in Fault::ALL {
            for call in 1.. {
                let tab = before.on(before.store.copied());
                assert!(tab.unlock(PASSPHRASE).is_ok());
                tab.store.fail_at(call, fault);
                let done = act(&tab, &id);
                if !tab.store.heal() {
                    assert!(done.is_ok());
                    break;
                }
                let after = tab.restarted();
                assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
                let now = after.call("keys.describe", params(&id, &[])).unwrap();
                assert!(now != old || done.is_err(), "{fault:?} {call}");
                if text(&now, "state") == "enabled" {
                    assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
                }
            }
        }
    }
}

#[test]
fn what_is_done_to_keys_is_logged_with_its_outcome() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    assert!(change(&tab, "keys.rotate", &id).is_ok());
    assert!(change(&tab, "keys.disable", &id).is_ok());
    assert!(change(&tab, "keys.rotate", &id).is_err());
    let missing = "AAECAwQFBgcICQoLDA0ODw";
    assert_eq!(change(&tab, "keys.rotate", missing), Err("not_found".into()));
    let log: Vec<_> = entries(&tab)
        .iter()
        .skip(2)
        .map(|entry| (text(entry, "method"), text(entry, "outcome")))
        .collect();
    let row = |method: &str, outcome: &str| (method.to_owned(), outcome.to_owned());
    let expected = [
        row("keys.rotate", "ok"),
        row("keys.disable", "ok"),
        row("keys.rotate", "invalid_key_state"),
        row("keys.rotate", "not_found"),
    ];
    assert_eq!(log, expected);
}
