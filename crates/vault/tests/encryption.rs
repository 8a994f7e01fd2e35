//! Encryption: contexts, versions, rewrapping, data keys; what is refused, and what is logged.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::limits::MAX_PLAINTEXT;
use kms_protocol::{Name, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{Code, bytes, member, origin, text};
use kms_testkit::{Fault, PASSPHRASE, Tab};

type Members<'a> = &'a [(&'static str, Value)];

fn params(id: &str, more: Members<'_>) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

fn context(members: &[(&'static str, &str)]) -> (&'static str, Value) {
    let member =
        |(name, text): &(&'static str, &str)| (Name::Borrowed(*name), Value::Text((*text).into()));
    ("context", Value::Map(members.iter().map(member).collect()))
}

fn drafts() -> (&'static str, Value) {
    context(&[("purpose", "drafts"), ("user", "7")])
}

fn data(name: &'static str, bytes: &[u8]) -> (&'static str, Value) {
    (name, Value::Bytes(bytes.to_vec()))
}

fn number(value: u32) -> Value {
    Value::Number(value.into())
}

fn encrypt(tab: &Tab, id: &str, more: Members<'_>) -> Result<Vec<u8>, Code> {
    let all = [&[data("plaintext", b"a plain text"), drafts()], more].concat();
    Ok(bytes(&tab.call("encrypt", params(id, &all))?, "ciphertext"))
}

fn decrypt(tab: &Tab, id: &str, ciphertext: &[u8]) -> Result<Vec<u8>, Code> {
    let more = [data("ciphertext", ciphertext), drafts()];
    Ok(bytes(&tab.call("decrypt", params(id, &more))?, "plaintext"))
}

fn rewrap(tab: &Tab, id: &str, ciphertext: &[u8]) -> Result<Vec<u8>, Code> {
    let more = [data("ciphertext", ciphertext), drafts()];
    Ok(bytes(&tab.call("rewrap", params(id, &more))?, "ciphertext"))
}

fn rotate(tab: &Tab, id: &str) {
    assert!(tab.call("keys.rotate", params(id, &[])).is_ok());
}

fn minimum(tab: &Tab, id: &str, decryption: u32, encryption: u32) {
    let more = [
        ("minDecryptionVersion", number(decryption)),
        ("minEncryptionVersion", number(encryption)),
    ];
    assert!(tab.call("keys.set_min_versions", params(id, &more)).is_ok());
}

/// Code and rule of a refusal.
fn refusal(tab: &Tab, method: &str, params: Value) -> (String, String) {
    let reply = tab.send(tab.request(method, params)).unwrap();
    let error = member(&reply, "error").unwrap();
    (text(&error, "code"), text(&error, "rule"))
}

fn denied(rule: &str) -> (String, String) {
    ("policy_denied".into(), rule.into())
}

#[test]
fn what_is_encrypted_is_decrypted_also_after_a_restart() {
    let tab = Tab::ready();
    let id = tab.create("aes-256", "durable").unwrap();
    let (one, two) = (encrypt(&tab, &id, &[]).unwrap(), encrypt(&tab, &id, &[]).unwrap());
    // Mark, version, nonce, ciphertext, tag.
    assert_eq!((one.len(), one[..5].to_vec()), (1 + 4 + 12 + 12 + 16, vec![1, 0, 0, 0, 1]));
    assert_ne!(one, two);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    for tab in [&tab, &after] {
        for ciphertext in [&one, &two] {
            assert_eq!(decrypt(tab, &id, ciphertext).as_deref(), Ok(&b"a plain text"[..]));
        }
    }
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn the_order_of_a_context_means_nothing_and_everything_else_does() {
    let tab = Tab::ready();
    let id = tab.create("aes-256", "deferred").unwrap();
    let made = encrypt(&tab, &id, &[]).unwrap();
    let read = |context| tab.call("decrypt", params(&id, &[data("ciphertext", &made), context]));
    assert!(read(context(&[("user", "7"), ("purpose", "drafts")])).is_ok());
    let others: [&[(&'static str, &str)]; 5] = [
        &[],
        &[("purpose", "drafts")],
        &[("purpose", "drafts"), ("user", "8")],
        &[("purpose", "drafts"), ("User", "7")],
        &[("purpose", "drafts"), ("user", "7"), ("more", "")],
    ];
    for other in others {
        assert_eq!(read(context(other)), Err("invalid_ciphertext".into()), "{other:?}");
    }
    // No context and an empty one are the same.
    let bare = tab.call("encrypt", params(&id, &[data("plaintext", b"")])).unwrap();
    let bare = data("ciphertext", &bytes(&bare, "ciphertext"));
    assert!(tab.call("decrypt", params(&id, &[bare, context(&[])])).is_ok());
}

#[test]
fn whatever_is_wrong_with_a_ciphertext_has_one_code() {
    let tab = Tab::ready();
    let id = tab.create("aes-256", "deferred").unwrap();
    let other = tab.create("aes-256", "deferred").unwrap();
    let good = encrypt(&tab, &id, &[]).unwrap();
    let invalid = Err("invalid_ciphertext".to_owned());
    assert_eq!(decrypt(&tab, &other, &good), invalid);
    for end in 0..good.len() {
        assert_eq!(decrypt(&tab, &id, &good[..end]), invalid, "length {end}");
    }
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 1;
        // A version that does not exist is told: which ones there are is no secret.
        let expected =
            if (1..5).contains(&index) { "version_not_found" } else { "invalid_ciphertext" };
        assert_eq!(decrypt(&tab, &id, &bad), Err(expected.into()), "byte {index}");
        assert_eq!(rewrap(&tab, &id, &bad), Err(expected.into()), "byte {index}");
    }
    // What was made with one version is not opened with another.
    rotate(&tab, &id);
    let mut moved = good.clone();
    moved[4] = 2;
    assert_eq!(decrypt(&tab, &id, &moved), invalid);
    assert!(decrypt(&tab, &id, &good).is_ok());
}

#[test]
fn versions_and_their_minimums_bind_encryption() {
    let tab = Tab::ready();
    let id = tab.create("aes-256", "durable").unwrap();
    let old = encrypt(&tab, &id, &[]).unwrap();
    rotate(&tab, &id);
    let new = encrypt(&tab, &id, &[]).unwrap();
    assert_eq!((old[4], new[4]), (1, 2));
    assert_eq!(encrypt(&tab, &id, &[("version", number(1))]).unwrap()[4], 1);
    assert_eq!(encrypt(&tab, &id, &[("version", number(3))]), Err("version_not_found".into()));
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    for ciphertext in [&old, &new] {
        assert!(decrypt(&after, &id, ciphertext).is_ok());
    }
    minimum(&after, &id, 1, 2);
    let first = [data("plaintext", b""), ("version", number(1))];
    assert_eq!(refusal(&after, "encrypt", params(&id, &first)), denied("min_version"));
    assert!(decrypt(&after, &id, &old).is_ok());
    minimum(&after, &id, 2, 2);
    let read = params(&id, &[data("ciphertext", &old), drafts()]);
    for method in ["decrypt", "rewrap"] {
        assert_eq!(refusal(&after, method, read.clone()), denied("min_version"), "{method}");
    }
    assert!(after.call("keys.trim", params(&id, &[("minAvailableVersion", number(2))])).is_ok());
    assert_eq!(decrypt(&after, &id, &old), Err("version_not_found".into()));
    assert!(decrypt(&after, &id, &new).is_ok());
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn rewrapping_moves_a_ciphertext_to_the_latest_version() {
    let tab = Tab::ready();
    let id = tab.create_for("aes-256", &["encrypt"]).unwrap();
    let old = encrypt(&tab, &id, &[]).unwrap();
    rotate(&tab, &id);
    let new = rewrap(&tab, &id, &old).unwrap();
    assert_eq!(new[..5], [1, 0, 0, 0, 2]);
    // Whoever may rewrap may not read.
    let read = params(&id, &[data("ciphertext", &new), drafts()]);
    assert_eq!(refusal(&tab, "decrypt", read), denied("operation"));
    let other = tab.create("aes-256", "durable").unwrap();
    let made = encrypt(&tab, &other, &[]).unwrap();
    rotate(&tab, &other);
    let moved = rewrap(&tab, &other, &made).unwrap();
    assert_eq!(decrypt(&tab, &other, &moved).as_deref(), Ok(&b"a plain text"[..]));
    // Another context is not taken over.
    let bare = params(&other, &[data("ciphertext", &made)]);
    assert_eq!(tab.call("rewrap", bare), Err("invalid_ciphertext".into()));
}

#[test]
fn what_could_not_come_back_is_not_encrypted() {
    let tab = Tab::ready();
    let id = tab.create("aes-256", "deferred").unwrap();
    let encrypt = |len| {
        let made = tab.call("encrypt", params(&id, &[data("plaintext", &vec![7; len])]))?;
        Ok::<_, Code>(bytes(&made, "ciphertext"))
    };
    assert_eq!(encrypt(MAX_PLAINTEXT + 1), Err("payload_too_large".into()));
    let made = encrypt(MAX_PLAINTEXT).unwrap();
    let read = tab.call("decrypt", params(&id, &[data("ciphertext", &made)])).unwrap();
    assert_eq!(bytes(&read, "plaintext"), vec![7; MAX_PLAINTEXT]);
}

fn data_key(tab: &Tab, id: &str, bare: bool) -> Result<Value, Code> {
    let more = [drafts(), ("withPlaintext", Value::Bool(bare))];
    tab.call("data_keys.generate", params(id, &more))
}

#[test]
fn a_data_key_comes_out_bare_only_where_the_policy_says_so() {
    let tab = Tab::ready();
    let wrapped_only = tab.create_for("aes-256", &["data_key", "decrypt"]).unwrap();
    let made = data_key(&tab, &wrapped_only, false).unwrap();
    assert_eq!((member(&made, "plaintext"), member(&made, "version")), (None, Some(number(1))));
    let wrapped = bytes(&made, "wrapped");
    let ask = |id: &str| params(id, &[data("wrapped", &wrapped), drafts()]);
    assert_eq!(refusal(&tab, "data_keys.decrypt", ask(&wrapped_only)), denied("operation"));
    let bare = params(&wrapped_only, &[("withPlaintext", Value::Bool(true))]);
    assert_eq!(refusal(&tab, "data_keys.generate", bare), denied("operation"));
    // It is no ciphertext: what decrypts does not open it.
    assert_eq!(decrypt(&tab, &wrapped_only, &wrapped), Err("invalid_ciphertext".into()));
    let mut relabelled = wrapped.clone();
    relabelled[0] = 1;
    assert_eq!(decrypt(&tab, &wrapped_only, &relabelled), Err("invalid_ciphertext".into()));
    // Without a policy there are no data keys.
    let ordinary = tab.create("aes-256", "durable").unwrap();
    assert_eq!(data_key(&tab, &ordinary, false), Err("policy_denied".into()));
}

#[test]
fn a_bare_data_key_is_what_was_wrapped() {
    let tab = Tab::ready();
    let id = tab.create_for("aes-256", &["data_key_plaintext"]).unwrap();
    let made = data_key(&tab, &id, true).unwrap();
    let (wrapped, bare) = (bytes(&made, "wrapped"), bytes(&made, "plaintext"));
    assert_eq!((bare.len(), wrapped.len()), (32, 1 + 4 + 12 + 32 + 16));
    assert_ne!(bytes(&data_key(&tab, &id, true).unwrap(), "plaintext"), bare);
    rotate(&tab, &id);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let read = |context| {
        let read =
            after.call("data_keys.decrypt", params(&id, &[data("wrapped", &wrapped), context]));
        Ok::<_, Code>(bytes(&read?, "plaintext"))
    };
    assert_eq!(read(drafts()), Ok(bare));
    assert_eq!(read(context(&[])), Err("invalid_ciphertext".into()));
    minimum(&after, &id, 2, 2);
    assert_eq!(read(drafts()), Err("policy_denied".into()));
}

#[test]
fn uses_of_the_secret_key_are_counted_also_those_that_read() {
    let tab = Tab::ready();
    let uses = ["encrypt", "decrypt"].map(|usage| Value::Text(usage.into()));
    let policy = Value::object([("operations", Value::List(uses.into())), ("maxUses", number(2))]);
    let spec = Value::Text("aes-256".into());
    let made =
        tab.call("keys.create", Value::object([("spec", spec), ("policy", policy)])).unwrap();
    let id = text(&made, "keyId");
    let ciphertext = encrypt(&tab, &id, &[]).unwrap();
    // What fails is not counted.
    assert_eq!(decrypt(&tab, &id, &[1]), Err("invalid_ciphertext".into()));
    assert!(decrypt(&tab, &id, &ciphertext).is_ok());
    let read = params(&id, &[data("ciphertext", &ciphertext), drafts()]);
    assert_eq!(refusal(&tab, "decrypt", read), denied("max_uses"));
    let info = tab.call("keys.describe", params(&id, &[])).unwrap();
    assert_eq!(member(&info, "uses"), Some(number(2)));
}

#[test]
fn every_use_is_logged_with_its_outcome_and_never_what_it_was_about() {
    let tab = Tab::ready();
    let id = tab.create_for("aes-256", &["encrypt", "decrypt", "data_key_plaintext"]).unwrap();
    let stranger = tab.enclave.connect(origin("https://other.example"));
    let ciphertext = encrypt(&tab, &id, &[]).unwrap();
    assert!(decrypt(&tab, &id, &ciphertext).is_ok());
    assert!(decrypt(&tab, &id, b"junk").is_err());
    assert!(rewrap(&tab, &id, &ciphertext).is_ok());
    assert!(data_key(&tab, &id, true).is_ok());
    assert!(data_key(&tab, &id, false).is_err());
    let theirs = params(&id, &[data("ciphertext", &ciphertext)]);
    assert_eq!(tab.call_as(stranger, "decrypt", theirs), Err("not_found".into()));
    let log: Vec<_> = entries(&tab)
        .iter()
        .skip(2)
        .map(|entry| (text(entry, "method"), text(entry, "outcome")))
        .collect();
    let expected = [
        ("encrypt", "ok"),
        ("decrypt", "ok"),
        ("decrypt", "invalid_ciphertext"),
        ("rewrap", "ok"),
        ("data_keys.generate", "ok"),
        ("data_keys.generate", "policy_denied"),
        ("decrypt", "not_found"),
    ];
    let expected = expected.map(|(method, outcome)| (method.to_owned(), outcome.to_owned()));
    assert_eq!(log, expected);
    for record in tab.store.dump() {
        assert!(!record.windows(12).any(|window| window == b"a plain text"));
    }
}

#[test]
fn nothing_is_released_that_could_not_be_logged() {
    type Act = fn(&Tab, &str, &[u8]) -> Result<Vec<u8>, Code>;
    let before = Tab::ready();
    let id = before.create("aes-256", "durable").unwrap();
    let made = encrypt(&before, &id, &[]).unwrap();
    let acts: [Act; 3] = [|tab, id, _| encrypt(tab, id, &[]), decrypt, rewrap];
    for act in acts {
        for fault in Fault::ALL {
            for call in 1.. {
                let tab = before.on(before.store.copied());
                assert!(tab.unlock(PASSPHRASE).is_ok());
                tab.store.fail_at(call, fault);
                let done = act(&tab, &id, &made);
                let fired = tab.store.heal();
                let logged = entries(&tab).len();
                let after = tab.restarted();
                assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
                assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
                assert!(done.is_err() || logged >= 4, "{fault:?} {call}");
                if !fired {
                    assert!(done.is_ok());
                    break;
                }
            }
        }
    }
}
