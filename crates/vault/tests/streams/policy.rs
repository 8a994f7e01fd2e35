//! A stream is one use of its key: permitted, counted and logged when it is opened. What happens to
//! the key afterwards.

use kms_crypto::stream::CHUNK_LEN;
use kms_protocol::Value;
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{Code, member, origin, text};
use kms_testkit::{Fault, PASSPHRASE, Tab};

use super::{data, decrypting, encrypt, encrypting, is_gone, key, message, params, refusal, word};
use super::{drafts, write};

fn number(name: &'static str, value: u32) -> (&'static str, Value) {
    (name, Value::Number(value.into()))
}

#[test]
fn a_stream_is_one_use_and_goes_on_when_the_uses_are_used_up() {
    let tab = Tab::ready();
    let uses = ["encrypt", "decrypt"].map(|usage| Value::Text(usage.into()));
    let policy = Value::object([("operations", Value::List(uses.into())), number("maxUses", 2)]);
    let made =
        tab.call("keys.create", Value::object([word("spec", "aes-256"), ("policy", policy)]));
    let key = text(&made.unwrap(), "keyId");
    let (stream, header) = encrypting(&tab, &key).unwrap();
    let reading = decrypting(&tab, &key, &header).unwrap();
    let chunk = message(CHUNK_LEN);
    let first = write(&tab, &stream, (0, false), &chunk).unwrap();
    let second = write(&tab, &stream, (1, true), &chunk).unwrap();
    assert!(write(&tab, &reading, (0, false), &first) == Ok(chunk.clone()));
    assert!(write(&tab, &reading, (1, true), &second) == Ok(chunk));
    let denied = ("policy_denied".to_owned(), "max_uses".to_owned());
    let more = params(&[word("keyId", &key)]);
    assert_eq!(refusal(&tab, "streams.encrypt", more), denied);
    let more = params(&[word("keyId", &key), data("header", &header), drafts()]);
    assert_eq!(refusal(&tab, "streams.decrypt", more), denied);
    let info = tab.call("keys.describe", params(&[word("keyId", &key)])).unwrap();
    assert_eq!(member(&info, "uses"), Some(Value::Number(2.0)));
}

#[test]
fn the_use_is_that_of_the_direction() {
    let tab = Tab::ready();
    let writes = tab.create_for("aes-256", &["encrypt"]).unwrap();
    let reads = tab.create_for("aes-256", &["decrypt"]).unwrap();
    let denied = ("policy_denied".to_owned(), "operation".to_owned());
    let (_, header) = encrypting(&tab, &writes).unwrap();
    let ask = |key: &str| params(&[word("keyId", key), data("header", &header), drafts()]);
    assert_eq!(refusal(&tab, "streams.decrypt", ask(&writes)), denied);
    assert_eq!(refusal(&tab, "streams.encrypt", params(&[word("keyId", &reads)])), denied);
    // Other kinds of keys have no streams.
    let mac = tab.create("hmac-sha256", "durable").unwrap();
    assert_eq!(refusal(&tab, "streams.encrypt", params(&[word("keyId", &mac)])), denied);
}

#[test]
fn opening_is_logged_and_writing_is_not() {
    for audit in ["durable", "deferred"] {
        let tab = Tab::ready();
        let key = tab.create("aes-256", audit).unwrap();
        let (header, payload) = encrypt(&tab, &key, &message(8 * CHUNK_LEN)).unwrap();
        assert!(super::decrypt(&tab, &key, (&header, &payload)).is_ok());
        assert!(decrypting(&tab, &key, b"junk").is_err());
        let stranger = tab.enclave.connect(origin("https://other.example"));
        let theirs = params(&[word("keyId", &key)]);
        assert_eq!(tab.call_as(stranger, "streams.encrypt", theirs), Err("not_found".into()));
        let stream = decrypting(&tab, &key, &header).unwrap();
        assert!(write(&tab, &stream, (0, true), b"damaged in some way").is_err());
        let log = entries(&tab);
        let log: Vec<_> = log
            .iter()
            .skip(2)
            .map(|entry| (text(entry, "method"), text(entry, "outcome")))
            .collect();
        let expected = [
            ("streams.encrypt", "ok"),
            ("streams.decrypt", "ok"),
            ("streams.decrypt", "invalid_ciphertext"),
            ("streams.encrypt", "not_found"),
            ("streams.decrypt", "ok"),
        ];
        let expected = expected.map(|(method, outcome)| (method.to_owned(), outcome.to_owned()));
        assert_eq!(log, expected, "{audit}");
        assert_eq!(broken(&tab), Vec::<String>::new());
    }
}

/// What the next write of each direction says after something was done to the key.
fn after(change: &[(&str, &[(&'static str, Value)])]) -> [Result<(), Code>; 2] {
    let tab = Tab::ready();
    let key = key(&tab);
    let (made, payload) = encrypt(&tab, &key, &message(CHUNK_LEN + 1)).unwrap();
    let (stream, _) = encrypting(&tab, &key).unwrap();
    let reading = decrypting(&tab, &key, &made).unwrap();
    let (first, rest) = payload.split_at(CHUNK_LEN + 16);
    assert!(write(&tab, &stream, (0, false), &message(CHUNK_LEN)).is_ok());
    assert!(write(&tab, &reading, (0, false), first).is_ok());
    for (method, more) in change {
        let more = [&[word("keyId", &key)], *more].concat();
        assert!(tab.call(method, params(&more)).is_ok(), "{method}");
    }
    let written = [write(&tab, &stream, (1, true), b"end"), write(&tab, &reading, (1, true), rest)];
    // Enabling the key again brings back no stream.
    let _enabled = tab.call("keys.enable", params(&[word("keyId", &key)]));
    assert!(is_gone(&tab, &stream) && is_gone(&tab, &reading));
    written.map(|written| written.map(drop))
}

#[test]
fn a_key_that_may_not_be_used_any_more_ends_its_streams() {
    let refused = |code: &str| Err(code.to_owned());
    let state = [refused("invalid_key_state"), refused("invalid_key_state")];
    assert_eq!(after(&[("keys.disable", &[])]), state);
    assert_eq!(after(&[("keys.schedule_deletion", &[number("days", 7)])]), state);
    let minimum = [number("minDecryptionVersion", 2), number("minEncryptionVersion", 2)];
    let rotate: (&str, &[(&'static str, Value)]) = ("keys.rotate", &[]);
    let raise = ("keys.set_min_versions", &minimum[..]);
    let old = [refused("policy_denied"), refused("policy_denied")];
    assert_eq!(after(&[rotate, raise]), old);
    let writing = ("keys.set_min_versions", &minimum[1..]);
    assert_eq!(after(&[rotate, writing]), [refused("policy_denied"), Ok(())]);
    let trim = [number("minAvailableVersion", 2)];
    let gone = [refused("version_not_found"), refused("version_not_found")];
    assert_eq!(after(&[rotate, raise, ("keys.trim", &trim)]), gone);
    // What changes nothing of the use changes nothing of the stream.
    assert_eq!(after(&[("keys.update", &[word("label", "Files")]), rotate]), [Ok(()), Ok(())]);
}

#[test]
fn a_key_that_another_tab_disables_ends_the_streams_of_this_one_when_it_learns_of_it() {
    let tab = Tab::ready();
    let key = key(&tab);
    let (stream, _) = encrypting(&tab, &key).unwrap();
    let beside = tab.beside();
    assert!(beside.unlock(PASSPHRASE).is_ok());
    assert!(beside.call("keys.disable", params(&[word("keyId", &key)])).is_ok());
    assert!(write(&tab, &stream, (0, false), &message(CHUNK_LEN)).is_ok());
    assert!(tab.create("aes-256", "durable").is_ok());
    let refused = write(&tab, &stream, (1, false), &message(CHUNK_LEN));
    assert!(refused == Err("invalid_key_state".into()));
    assert!(is_gone(&tab, &stream));
}

type Open = fn(&Tab, &str, &[u8]) -> Result<String, Code>;

#[test]
fn no_stream_is_opened_that_could_not_be_logged() {
    let before = Tab::ready();
    let key = key(&before);
    let (header, _) = encrypt(&before, &key, b"").unwrap();
    let opens: [Open; 2] = [
        |tab, key, _| Ok(encrypting(tab, key)?.0),
        |tab, key, header| decrypting(tab, key, header),
    ];
    for open in opens {
        for fault in Fault::ALL {
            for call in 1.. {
                let tab = before.on(before.store.copied());
                assert!(tab.unlock(PASSPHRASE).is_ok());
                tab.store.fail_at(call, fault);
                let opened = open(&tab, &key, &header);
                let fired = tab.store.heal();
                let logged = entries(&tab).len();
                assert!(opened.is_err() || logged >= 5, "{fault:?} {call}");
                // A place that was taken for nothing was given back.
                if opened.is_err() && tab.state().as_deref() == Ok("unlocked") {
                    let all = (0..4).filter(|_| open(&tab, &key, &header).is_ok()).count();
                    assert_eq!(all, 4, "{fault:?} {call}");
                }
                let after = tab.restarted();
                assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
                assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
                if !fired {
                    assert!(opened.is_ok());
                    break;
                }
            }
        }
    }
}
