//! Keys: life, visibility, and records that were tampered with.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::collections::BTreeSet;

use kms_crypto::KeyKind;
use kms_protocol::{KeySpec, Value};
use kms_testkit::invariants::{broken, entries, listed};
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{RecordKey, Table};
use pem_rfc7468::decode_vec;
use pollster::block_on;

fn key_params(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into()))])
}

fn record(id: &str) -> RecordKey {
    RecordKey::Text(id.into())
}

#[test]
fn keys_are_made_described_used_and_verified() {
    for (spec, alg) in [("ed25519", "EdDSA"), ("ec-p256", "ES256")] {
        let tab = Tab::ready();
        let id = tab.create(spec, "durable").unwrap();
        let info = tab.call("keys.describe", key_params(&id)).unwrap();
        assert_eq!((text(&info, "spec"), text(&info, "keyId")), (spec.into(), id.clone()));
        let public = tab.call("keys.public_key", key_params(&id)).unwrap();
        let jwk = member(&public, "jwk").unwrap();
        assert_eq!((text(&jwk, "alg"), text(&jwk, "kid")), (alg.into(), text(&info, "kid")));
        let signature = tab.sign(&id, b"text").unwrap();
        let verify = |data: &[u8]| {
            let params = Value::object([
                ("keyId", Value::Text(id.clone())),
                ("data", Value::Bytes(data.to_vec())),
                ("signature", Value::Bytes(signature.clone())),
            ]);
            member(&tab.call("verify", params).unwrap(), "valid")
        };
        assert_eq!(verify(b"text"), Some(Value::Bool(true)));
        assert_eq!(verify(b"Text"), Some(Value::Bool(false)));
    }
}

#[test]
fn keys_of_every_spec_are_made_rotated_and_read_again() {
    for spec in KeySpec::ALL {
        let tab = Tab::ready();
        let id = tab.create(spec.as_str(), "durable").unwrap();
        let rotated = tab.call("keys.rotate", key_params(&id)).unwrap();
        let ordinary =
            spec.usages().ordinary.iter().map(|usage| Value::Text(usage.as_str().into()));
        assert_eq!(member(&rotated, "usage"), Some(Value::List(ordinary.collect())));
        let after = tab.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        let info = after.call("keys.describe", key_params(&id)).unwrap();
        assert_eq!((text(&info, "spec").as_str(), &info), (spec.as_str(), &rotated));
        let Some(Value::List(versions)) = member(&info, "versions") else { panic!("no versions") };
        let kids: BTreeSet<_> = versions.iter().map(|version| text(version, "kid")).collect();
        let public = after.call("keys.public_key", key_params(&id));
        if KeyKind::from(*spec).is_symmetric() {
            assert_eq!((member(&info, "kid"), kids.len()), (None, 1));
            assert_eq!(public, Err("no_public_key".into()));
        } else {
            assert_eq!((kids.contains(&text(&info, "kid")), kids.len()), (true, 2));
            let public = public.unwrap();
            let (Some(Value::Bytes(spki)), Some(Value::Bytes(raw))) =
                (member(&public, "spki"), member(&public, "raw"))
            else {
                panic!("no bytes")
            };
            assert!(spki.ends_with(&raw));
            let pem = text(&public, "pem");
            assert_eq!(decode_vec(pem.as_bytes()), Ok(("PUBLIC KEY", spki)));
            // JOSE has no name for HPKE yet.
            let hpke = matches!(spec, KeySpec::HpkeX25519 | KeySpec::HpkeXWing);
            assert_eq!(member(&public, "jwk").is_none(), hpke);
        }
        assert_eq!(broken(&after), Vec::<String>::new(), "{spec:?}");
    }
}

#[test]
fn status_tells_who_protects_keys_of_every_spec() {
    let status = Tab::default().call("vault.status", Value::Map(vec![])).unwrap();
    let protection = member(&status, "protection").unwrap();
    for spec in KeySpec::ALL {
        assert_eq!(text(&protection, spec.as_str()), "enclave", "{spec:?}");
    }
}

#[test]
fn a_key_of_another_site_does_not_exist() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let other = tab.enclave.connect(origin("https://other.example"));
    let sign = Value::object([("keyId", Value::Text(id.clone())), ("data", Value::Bytes(vec![1]))]);
    let not_found = Err("not_found".to_owned());
    assert_eq!(tab.call_as(other, "sign", sign), not_found);
    assert_eq!(tab.call_as(other, "keys.describe", key_params(&id)), not_found);
    assert_eq!(tab.call_as(other, "keys.public_key", key_params(&id)), not_found);
    // Also when the key is not in the cache.
    assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert_eq!(tab.call_as(other, "keys.describe", key_params(&id)), not_found);
    let page = tab.call_as(other, "keys.list", Value::Map(vec![])).unwrap();
    assert_eq!(member(&page, "keys"), Some(Value::List(vec![])));
    assert!(tab.sign(&id, b"text").is_ok());
}

#[test]
fn lists_come_in_pages_without_gaps() {
    let tab = Tab::ready();
    let mut made: Vec<_> = (0..25).map(|_| tab.create("ed25519", "deferred").unwrap()).collect();
    made.sort();
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    for _ in 0..4 {
        let params = Value::object([("limit", Value::Number(10.0)), ("cursor", cursor)]);
        let page = tab.call("keys.list", params).unwrap();
        let Some(Value::List(keys)) = member(&page, "keys") else { panic!("no keys") };
        seen.extend(keys.iter().map(|info| text(info, "keyId")));
        match member(&page, "next") {
            Some(next) => cursor = next,
            None => break,
        }
        assert_eq!(keys.len(), 10);
    }
    assert_eq!(seen, made);
    for limit in [0.0, 101.0] {
        let params = Value::object([("limit", Value::Number(limit))]);
        assert_eq!(tab.call("keys.list", params), Err("invalid_params".into()));
    }
}

#[test]
fn a_record_at_another_id_is_unreadable() {
    let tab = Tab::ready();
    let first = tab.create("ed25519", "durable").unwrap();
    let second = tab.create("ed25519", "durable").unwrap();
    let moved = tab.store.peek(Table::Keys, &record(&first));
    tab.store.poke(Table::Keys, &record(&second), moved);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(after.sign(&second, b"text"), Err("unreadable".into()));
    assert!(after.sign(&first, b"text").is_ok());
    let page = after.call("keys.list", Value::Map(vec![])).unwrap();
    assert_eq!(member(&page, "unreadable"), Some(Value::Number(1.0)));
    let Some(Value::List(keys)) = member(&page, "keys") else { panic!("no keys: {page:?}") };
    assert_eq!(keys.iter().map(|key| text(key, "keyId")).collect::<Vec<_>>(), [first]);
}

#[test]
fn what_cannot_be_read_hides_no_key_of_any_page() {
    let tab = Tab::ready();
    let mut ids: Vec<_> = (0..7).map(|_| tab.create("ed25519", "durable").unwrap()).collect();
    ids.sort_unstable();
    // One is damaged, one missing, one put where the index knows none, one under no name at all.
    tab.store.poke(Table::Keys, &record(&ids[1]), Some(vec![0]));
    tab.store.poke(Table::Keys, &record(&ids[4]), None);
    tab.store.poke(Table::Keys, &record("zzz"), tab.store.peek(Table::Keys, &record(&ids[0])));
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    for limit in 1..10 {
        let (mut found, mut unreadable, mut cursor) = (Vec::new(), 0.0, Value::Null);
        loop {
            let params = [("limit", Value::Number(limit.into())), ("cursor", cursor)];
            let page = after.call("keys.list", Value::object(params)).unwrap();
            let Some(Value::List(keys)) = member(&page, "keys") else { panic!("{page:?}") };
            found.extend(keys.iter().map(|key| text(key, "keyId")));
            let Some(Value::Number(count)) = member(&page, "unreadable") else { panic!() };
            unreadable += count;
            let Some(next) = member(&page, "next") else { break };
            cursor = next;
        }
        let left: Vec<_> = [0, 2, 3, 5, 6].iter().map(|at| ids[*at].clone()).collect();
        assert_eq!((found, unreadable), (left, 3.0), "{limit} a page");
    }
}

#[test]
fn records_that_are_none_of_ours_are_not_taken_for_the_end() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let sealed = tab.store.peek(Table::Keys, &record(&id));
    tab.store.poke(Table::Keys, &RecordKey::Number(1), sealed);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let one = Value::object([("limit", Value::Number(1.0))]);
    assert_eq!(after.call("keys.list", one), Err("unreadable".into()));
    let page = after.call("keys.list", Value::Map(vec![])).unwrap();
    assert_eq!(member(&page, "unreadable"), Some(Value::Number(1.0)));
}

#[test]
fn a_record_of_another_vault_is_unreadable() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let other = Tab::over(kms_testkit::TestPorts::new(9), 9);
    assert!(other.set_up(PASSPHRASE).is_ok());
    other.store.poke(Table::Keys, &record(&id), tab.store.peek(Table::Keys, &record(&id)));
    assert_eq!(other.sign(&id, b"text"), Err("unreadable".into()));
}

#[test]
fn a_bit_flipped_anywhere_in_a_record_is_unreadable() {
    let tab = Tab::ready();
    let id = tab.create("ec-p256", "deferred").unwrap();
    let good = tab.store.peek(Table::Keys, &record(&id)).unwrap();
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 0x10;
        after.store.poke(Table::Keys, &record(&id), Some(bad));
        assert_eq!(after.sign(&id, b"text"), Err("unreadable".into()), "byte {index}");
    }
    for end in 0..good.len() {
        after.store.poke(Table::Keys, &record(&id), Some(good[..end].to_vec()));
        assert_eq!(after.sign(&id, b"text"), Err("unreadable".into()), "length {end}");
    }
    // Removed is not the same as never made.
    after.store.poke(Table::Keys, &record(&id), None);
    assert_eq!(after.sign(&id, b"text"), Err("unreadable".into()));
    after.store.poke(Table::Keys, &record(&id), Some(good));
    assert!(after.sign(&id, b"text").is_ok());
}

#[test]
fn other_tabs_and_sessions_of_the_site_learn_of_new_keys() {
    let tab = Tab::ready();
    let same = tab.enclave.connect(origin(kms_testkit::PAGE));
    let other = tab.enclave.connect(origin("https://other.example"));
    assert!(tab.create("ed25519", "durable").is_ok());
    assert_eq!(tab.outbox.names(same), ["keys_changed"]);
    assert!(tab.outbox.names(other).is_empty());
}

fn object(members: &[(&'static str, &str)]) -> Value {
    let member =
        |(name, value): &(&'static str, &str)| ((*name).into(), Value::Text((*value).into()));
    Value::Map(members.iter().map(member).collect())
}

/// Runs a batch of requests and returns what became of each: a key id or an error code.
fn batch(tab: &Tab, requests: &[(&str, Value)]) -> Vec<Result<Value, String>> {
    let numbered = requests.iter().enumerate().map(|(at, (method, params))| {
        Value::object([
            ("id", Value::Text(format!("b{at}"))),
            ("method", Value::Text((*method).into())),
            ("params", params.clone()),
        ])
    });
    let replies = block_on(tab.enclave.handle(tab.session, Value::List(numbered.collect())));
    let replies = match replies {
        Some(Value::List(replies)) => replies,
        _ => Vec::new(),
    };
    assert_eq!(replies.len(), requests.len(), "a batch has a reply for each request");
    let outcome = |reply: &Value| match member(reply, "error") {
        Some(error) => Err(text(&error, "code")),
        None => Ok(member(reply, "result").unwrap()),
    };
    replies.iter().map(outcome).collect()
}

#[test]
fn changes_of_keys_share_a_write() {
    let tab = Tab::ready();
    let create = || ("keys.create", object(&[("spec", "ed25519")]));
    let before = tab.store.commits();
    let made = batch(&tab, &vec![create(); 60]);
    assert!(made.iter().all(Result::is_ok));
    assert_eq!(tab.store.commits() - before, 1, "60 keys are one write");
    assert_eq!(listed(&tab).len(), 60);
    assert_eq!(broken(&tab), Vec::<String>::new());
    // The same key twice in one batch: both changes hold, in their order.
    let id = text(made[0].as_ref().unwrap(), "keyId");
    let before = tab.store.commits();
    let named = |label| ("keys.update", object(&[("keyId", &id), ("label", label)]));
    let disable = ("keys.disable", object(&[("keyId", &id)]));
    let changed = batch(&tab, &[named("one"), disable, named("two")]);
    assert!(changed.iter().all(Result::is_ok), "{changed:?}");
    assert_eq!(tab.store.commits() - before, 1);
    let info = tab.restarted();
    assert!(info.unlock(PASSPHRASE).is_ok());
    let info = info.call("keys.describe", object(&[("keyId", &id)])).unwrap();
    assert_eq!((text(&info, "label").as_str(), text(&info, "state").as_str()), ("two", "disabled"));
}

#[test]
fn what_is_refused_keeps_nothing_else_from_being_written() {
    let tab = Tab::ready();
    let named = |alias| ("keys.create", object(&[("spec", "ed25519"), ("alias", alias)]));
    let outcomes = batch(&tab, &[named("a"), named("b"), named("a"), named("c"), named("b")]);
    let codes: Vec<_> = outcomes.iter().map(|made| made.as_ref().err().cloned()).collect();
    let taken = || Some("alias_taken".to_owned());
    assert_eq!(codes, [None, None, taken(), None, taken()]);
    assert_eq!(listed(&tab).len(), 3);
    assert_eq!(broken(&tab), Vec::<String>::new());
}

/// Signs with a deferred key while something else happens to it.
fn sign_while(tab: &Tab, key: &str, (method, params): (&str, Value)) -> Result<Value, String> {
    let open = tab.crypto.hold_signature();
    let data = Value::Bytes(b"text".to_vec());
    let sign = Value::object([("keyId", Value::Text(key.into())), ("data", data)]);
    let sign = tab.enclave.handle(tab.session, tab.request("sign", sign));
    let change = async {
        let changed = tab.enclave.handle(tab.session, tab.request(method, params)).await;
        assert!(changed.is_some_and(|reply| member(&reply, "result").is_some()), "{method}");
        let _waiting = open.send(());
    };
    let (reply, ()) = block_on(futures_util::future::join(sign, change));
    let reply = reply.unwrap();
    match member(&reply, "error") {
        Some(error) => Err(text(&error, "code")),
        None => Ok(member(&reply, "result").unwrap()),
    }
}

#[test]
fn a_signature_is_released_only_if_the_key_still_permits_it() {
    let tab = Tab::ready();
    for audit in ["deferred", "durable"] {
        let key = tab.create("ed25519", audit).unwrap();
        let renamed = object(&[("keyId", &key), ("label", "other")]);
        assert!(sign_while(&tab, &key, ("keys.update", renamed)).is_ok(), "{audit}");
        let disabled = ("keys.disable", key_params(&key));
        let refused = sign_while(&tab, &key, disabled);
        assert_eq!(refused, Err("invalid_key_state".into()), "{audit}");
    }
    assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let signed = entries(&tab).into_iter().filter(|entry| text(entry, "method") == "sign");
    let outcomes: Vec<_> = signed.map(|entry| text(&entry, "outcome")).collect();
    assert_eq!(outcomes, ["ok", "invalid_key_state", "ok"]);
}

#[test]
fn a_signature_that_fails_is_logged_as_such() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    tab.crypto.fail_signature();
    assert_eq!(tab.sign(&key, b"text"), Err("invalid_key".into()));
    block_on(tab.enclave.tick());
    let last = entries(&tab).pop().unwrap();
    assert_eq!(
        (text(&last, "method").as_str(), text(&last, "outcome").as_str()),
        ("sign", "invalid_key")
    );
    assert!(tab.sign(&key, b"text").is_ok());
}
