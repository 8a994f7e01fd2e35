//! One decision: for what was shown, by the person, and for nothing else.

use kms_protocol::{ErrorCode, Value};
use kms_testkit::invariants::logged;
use kms_testkit::tab::{member, origin, outcome, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::UiEvent;
use sha2::{Digest, Sha256};

use crate::{approved, denied, done, policy, ready, refused, row};

#[test]
fn a_signature_waits_for_the_person_who_sees_what_is_signed() {
    for audit in ["durable", "deferred"] {
        let tab = Tab::ready();
        let key = tab.create_confirmed("Payments", audit).unwrap();
        let info = tab.call("keys.describe", Value::object([("keyId", Value::Text(key.clone()))]));
        let info = info.unwrap();
        let policy = member(&info, "policy").unwrap();
        assert_eq!(text(&policy, "confirmation"), "sheet");
        let reply = tab.send_to_person(tab.signing(&key, b"Pay 10 to Alice"), async |tab| {
            assert_eq!(tab.screen(), "approve");
            assert_eq!(tab.look(|view| view.origin.clone()), Some(origin(kms_testkit::PAGE)));
            let asked = tab.approval();
            assert_eq!((asked.operations.len(), asked.code), (1, None));
            let one = &asked.operations[0];
            assert_eq!(one.method, "sign");
            assert_eq!(one.label.as_deref(), Some("Payments"));
            assert_eq!((one.spec.as_str(), one.kid.clone()), ("ed25519", text(&info, "kid")));
            assert_eq!(one.payload.bytes, 15);
            assert_eq!(one.payload.sha256, *Sha256::digest(b"Pay 10 to Alice").as_array().unwrap());
            assert_eq!(one.payload.text.as_ref().unwrap().shown, "Pay 10 to Alice");
            tab.does(tab.approved()).await;
        });
        let signed = outcome(reply).unwrap();
        assert_eq!(member(&signed, "version"), Some(Value::Number(1.0)));
        assert_eq!(tab.screen(), "hidden");
        let expected = [row("keys.create", "ok"), row("sign.approval", "ok"), row("sign", "ok")];
        assert_eq!(logged(&tab, &key), expected);
        assert!(tab.verify_audit().is_ok());
    }
}

#[test]
fn a_key_without_such_a_policy_asks_nobody() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    assert!(tab.sign(&key, b"text").is_ok());
    for more in [vec![], vec![("confirmation", "none")]] {
        let policy = policy(&more);
        let params = [("spec", Value::Text("ed25519".into())), ("policy", policy)];
        let info = tab.call("keys.create", Value::object(params)).unwrap();
        let policy = member(&info, "policy").unwrap();
        assert_eq!(member(&policy, "confirmation"), None);
        assert!(tab.sign(&text(&info, "keyId"), b"text").is_ok());
    }
    assert_eq!(tab.screen(), "hidden");
}

#[test]
fn a_policy_with_an_unknown_member_or_value_is_refused() {
    let tab = Tab::ready();
    for (name, value) in [
        ("confirmation", "passkey"),
        ("confirmation", ""),
        ("confirm", "sheet"),
        ("Confirmation", "sheet"),
    ] {
        let policy = policy(&[(name, value)]);
        let params = [("spec", Value::Text("ed25519".into())), ("policy", policy)];
        assert_eq!(tab.call("keys.create", Value::object(params)), Err("invalid_params".into()));
    }
}

#[test]
fn what_is_asked_for_survives_a_restart_and_a_rotation() {
    let (tab, key) = ready();
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(denied(&after, &key), refused("user_cancelled"));
    let rotate = Value::object([("keyId", Value::Text(key.clone()))]);
    assert!(after.call("keys.rotate", rotate).is_ok());
    assert_eq!(denied(&after, &key), refused("user_cancelled"));
    assert_eq!(approved(&after, &key, b"text"), Ok(()));
}

#[test]
fn a_denial_ends_the_request_and_is_logged() {
    let (tab, key) = ready();
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(tab.screen(), "hidden");
    let expected = [row("keys.create", "ok"), row("sign.approval", "user_cancelled")];
    assert_eq!(logged(&tab, &key), expected);
}

#[test]
fn verifying_asks_nobody() {
    let (tab, key) = ready();
    let params = [
        ("keyId", Value::Text(key)),
        ("data", Value::Bytes(b"text".to_vec())),
        ("signature", Value::Bytes(vec![0; 64])),
    ];
    assert!(tab.call("verify", Value::object(params)).is_ok());
    assert_eq!(tab.screen(), "hidden");
}

#[test]
fn an_approval_counts_for_what_was_shown_only() {
    let (tab, key) = ready();
    let mut before = None;
    let first = tab.send_to_person(tab.signing(&key, b"Pay 10"), async |tab| {
        before = Some((tab.outbox.view(), tab.approved()));
        tab.call("ui.dismiss", Value::Map(vec![])).unwrap();
    });
    assert_eq!(done(first), refused("user_cancelled"));
    let (view, approval) = before.unwrap();
    let UiEvent::Approve { digest, .. } = &approval else { panic!("not an approval") };
    let old = digest.clone();
    // The page swaps what is asked under the person's finger: neither the screen nor the digest
    // of before counts, also for the very same data.
    let second = tab.send_to_person(tab.signing(&key, b"Pay 10"), async |tab| {
        tab.enclave.handle_ui(view, approval).await;
        assert_eq!(tab.screen(), "approve");
        for digest in [old, vec![0; 32], vec![], tab.approval().digest[..31].to_vec()] {
            tab.does(UiEvent::Approve { digest, code: None, assertion: None }).await;
            assert_eq!(tab.screen(), "approve");
        }
        // What fits other screens does nothing on this one.
        for event in [UiEvent::Confirm, UiEvent::Back, UiEvent::NewPhrase] {
            tab.does(event).await;
            assert_eq!(tab.screen(), "approve");
        }
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(second), Ok(()));
}

#[test]
fn an_approval_on_another_screen_does_nothing() {
    let tab = Tab::default();
    let stray = UiEvent::Approve { digest: vec![0; 32], code: None, assertion: None };
    assert_eq!(tab.ask("vault.setup", vec![stray]), Err("user_cancelled".into()));
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
}

#[test]
fn what_cannot_be_read_needs_a_code() {
    let (tab, key) = ready();
    let long = vec![b'a'; 2000];
    for data in [&[0xff, 0x00][..], &long] {
        let reply = tab.send_to_person(tab.signing(&key, data), async |tab| {
            let asked = tab.approval();
            let code = asked.code.unwrap();
            assert!(code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit()));
            let wrong = if code == "0000" { "1111" } else { "0000" };
            for typed in [None, Some(wrong.to_owned()), Some(String::new())] {
                let digest = asked.digest.to_vec();
                tab.does(UiEvent::Approve { digest, code: typed, assertion: None }).await;
                assert_eq!(tab.problem(), Some(ErrorCode::CodeMismatch));
            }
            tab.does(tab.approved()).await;
        });
        assert_eq!(done(reply), Ok(()));
    }
    // Nothing has to be typed where all can be read, so nothing may be.
    let reply = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        let digest = tab.approval().digest.to_vec();
        tab.does(UiEvent::Approve { digest, code: Some("0000".into()), assertion: None }).await;
        assert_eq!(tab.problem(), Some(ErrorCode::CodeMismatch));
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(reply), Ok(()));
}

#[test]
fn no_message_of_the_page_can_approve() {
    let (tab, key) = ready();
    let reply = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        let digest = Value::Bytes(tab.approval().digest.to_vec());
        for method in ["ui.approve", "approve", "sign.approval"] {
            let params = Value::object([("digest", digest.clone())]);
            assert_eq!(tab.call(method, params), Err("unknown_method".into()));
        }
        let message = Value::object([("ui", Value::Text("approve".into())), ("digest", digest)]);
        assert_eq!(done(tab.send(message)), refused("invalid_request"));
        let smuggled = [
            ("keyId", Value::Text(key.clone())),
            ("data", Value::Bytes(vec![1])),
            ("approval", Value::Bytes(vec![0; 32])),
        ];
        assert_eq!(tab.call("sign", Value::object(smuggled)), Err("invalid_params".into()));
        tab.does(UiEvent::Cancel).await;
    });
    assert_eq!(done(reply), refused("user_cancelled"));
}
