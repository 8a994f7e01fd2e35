//! Approvals: what is shown is what is done, and nothing else; nobody is worn down.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::fmt::Write as _;

use futures_util::future::join;
use kms_protocol::limits::MAX_APPROVALS;
use kms_protocol::{ErrorCode, Value};
use kms_testkit::invariants::logged;
use kms_testkit::person::turns;
use kms_testkit::tab::{member, origin, outcome, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::UiEvent;
use pollster::block_on;
use sha2::{Digest, Sha256};

type Done = Result<(), String>;

fn ready() -> (Tab, String) {
    let tab = Tab::ready();
    let key = tab.create_confirmed("Payments", "durable").unwrap();
    (tab, key)
}

fn done(reply: Option<Value>) -> Done {
    outcome(reply).map(|_| ())
}

fn refused(code: &str) -> Done {
    Err(code.into())
}

/// Signs while a person approves.
fn approved(tab: &Tab, key: &str, data: &[u8]) -> Done {
    done(tab.send_to_person(tab.signing(key, data), async |tab| tab.does(tab.approved()).await))
}

/// Signs while a person denies.
fn denied(tab: &Tab, key: &str) -> Done {
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    done(tab.send_to_person(tab.signing(key, b"text"), deny))
}

fn batch(tab: &Tab, message: Vec<Value>, person: impl AsyncFnOnce(&Tab)) -> Vec<Done> {
    let Some(Value::List(replies)) = tab.send_to_person(Value::List(message), person) else {
        return Vec::new();
    };
    replies.into_iter().map(|reply| done(Some(reply))).collect()
}

fn policy(more: &[(&'static str, &'static str)]) -> Value {
    let signs = Value::List(vec![Value::Text("sign".into())]);
    let mut members = vec![("operations".into(), signs)];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), Value::Text((*value).into()))));
    Value::Map(members)
}

fn row(method: &str, outcome: &str) -> (String, String) {
    (method.into(), outcome.into())
}

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
fn the_calls_of_a_batch_are_one_decision() {
    let (tab, key) = ready();
    let other = tab.create("ed25519", "durable").unwrap();
    let message = |tab: &Tab| {
        vec![
            tab.signing(&key, b"one"),
            tab.request("rpc.ping", Value::Map(vec![])),
            tab.signing(&other, b"asks nobody"),
            tab.signing("AAAAAAAAAAAAAAAAAAAAAA", b"no such key"),
            Value::Null,
            tab.signing(&key, b"two"),
        ]
    };
    let replies = batch(&tab, message(&tab), async |tab| {
        let asked = tab.approval();
        let shown = asked.operations.iter().map(|one| one.payload.text.clone().unwrap().shown);
        assert_eq!(shown.collect::<Vec<_>>(), ["one", "two"]);
        tab.does(tab.approved()).await;
    });
    let (not_found, invalid) = (refused("not_found"), refused("invalid_request"));
    let expected = [Ok(()), Ok(()), Ok(()), not_found.clone(), invalid.clone(), Ok(())];
    assert_eq!(replies, expected);
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    let cancelled = refused("user_cancelled");
    let expected = [cancelled.clone(), Ok(()), Ok(()), not_found, invalid, cancelled];
    assert_eq!(batch(&tab, message(&tab), deny), expected);
    let approvals = logged(&tab, &key).into_iter().filter(|(method, _)| method == "sign.approval");
    assert_eq!(approvals.count(), 4);
}

#[test]
fn a_call_of_a_batch_that_is_aborted_is_not_asked_about() {
    let (tab, key) = ready();
    let (ask, gone) = (tab.signing(&key, b"stays"), tab.signing(&key, b"goes"));
    // They wait for the call between them, which asks something else.
    let manage = tab.request("vault.manage", Value::Map(vec![]));
    let cancel = Value::object([("cancel", Value::Text(text(&gone, "id")))]);
    let replies = batch(&tab, vec![ask, manage, gone], async |tab| {
        assert_eq!(tab.screen(), "manage");
        assert_eq!(tab.enclave.handle(tab.session, cancel).await, None);
        turns().await;
        tab.does(UiEvent::Cancel).await;
        turns().await;
        let asked = tab.approval().operations;
        let shown = asked.iter().map(|one| one.payload.text.clone().unwrap().shown);
        assert_eq!(shown.collect::<Vec<_>>(), ["stays"]);
        tab.does(tab.approved()).await;
    });
    assert_eq!(replies, [Ok(()), Ok(()), refused("aborted")]);
}

#[test]
fn more_than_can_be_read_is_refused_and_not_cut() {
    let (tab, key) = ready();
    let message =
        |tab: &Tab, count: usize| (0..count).map(|_| tab.signing(&key, b"text")).collect();
    let many = batch(&tab, message(&tab, MAX_APPROVALS + 1), async |tab| {
        assert_eq!(tab.screen(), "hidden");
    });
    assert_eq!(many, vec![refused("approval_too_large"); MAX_APPROVALS + 1]);
    let fits = batch(&tab, message(&tab, MAX_APPROVALS), async |tab| {
        assert_eq!(tab.approval().operations.len(), MAX_APPROVALS);
        tab.does(tab.approved()).await;
    });
    assert_eq!(fits, vec![Ok(()); MAX_APPROVALS]);
}

#[test]
fn one_question_at_a_time_and_never_a_shared_answer() {
    let (tab, key) = ready();
    let reply = tab.send_to_person(tab.signing(&key, b"one"), async |tab| {
        // Neither the same call nor another question gets in, from this page or from another.
        let again = block_on(tab.enclave.handle(tab.session, tab.signing(&key, b"one")));
        assert_eq!(done(again), refused("too_many_requests"));
        let manage = tab.call("vault.manage", Value::Map(vec![]));
        assert_eq!(manage, Err("too_many_requests".into()));
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(reply), Ok(()));
    // And it does not get in before another question.
    let asked = tab.ask_person("vault.manage", async |tab| {
        assert_eq!(tab.sign(&key, b"two"), Err("too_many_requests".into()));
    });
    assert!(asked.is_ok());
}

#[test]
fn locking_ends_what_waits() {
    let (tab, key) = ready();
    let reply = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
        assert_eq!(tab.screen(), "hidden");
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(reply), refused("locked"));
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert!(tab.verify_audit().is_ok());
    // The person decided nothing.
    assert_eq!(logged(&tab, &key), [row("keys.create", "ok")]);
}

#[test]
fn a_deadline_ends_the_question() {
    let (tab, key) = ready();
    let mut request = tab.signing(&key, b"text");
    if let Value::Map(members) = &mut request {
        members.push(("deadlineMs".into(), Value::Number(60_000.0)));
    }
    let reply = tab.send_to_person(request, async |tab| {
        tab.clock.advance(60_000);
        tab.enclave.tick().await;
    });
    assert_eq!(done(reply), refused("deadline_exceeded"));
    assert_eq!(tab.screen(), "hidden");
}

#[test]
fn what_changed_while_the_person_read_is_looked_at_again() {
    let (tab, key) = ready();
    let params = |id: &str| Value::object([("keyId", Value::Text(id.into()))]);
    let disabled = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        assert!(tab.call("keys.disable", params(&key)).is_ok());
        tab.does(tab.approved()).await;
    });
    assert_eq!(done(disabled), refused("invalid_key_state"));
    assert!(tab.call("keys.enable", params(&key)).is_ok());
    // A rotation in the meantime does not change which version signs: the one that was shown.
    let rotated = tab.send_to_person(tab.signing(&key, b"text"), async |tab| {
        assert!(tab.call("keys.rotate", params(&key)).is_ok());
        tab.does(tab.approved()).await;
    });
    assert_eq!(member(&outcome(rotated).unwrap(), "version"), Some(Value::Number(1.0)));
}

#[test]
fn a_site_that_is_denied_again_and_again_has_to_wait() {
    let (tab, key) = ready();
    let wait = |tab: &Tab| {
        let error = member(&tab.send(tab.signing(&key, b"text")).unwrap(), "error").unwrap();
        assert_eq!(text(&error, "code"), "too_many_requests");
        member(&error, "retryAfterMs")
    };
    for _ in 0..3 {
        assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    }
    assert_eq!(wait(&tab), Some(Value::Number(10_000.0)));
    // A thousand more requests show nothing.
    let _shown = tab.outbox.take_commands();
    for _ in 0..1000 {
        assert_eq!(tab.sign(&key, b"text"), Err("too_many_requests".into()));
    }
    assert!(tab.outbox.take_commands().is_empty());
    // Other keys and another site are not affected.
    let free = tab.create("ed25519", "durable").unwrap();
    assert!(tab.sign(&free, b"text").is_ok());
    tab.clock.advance(10_000);
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(wait(&tab), Some(Value::Number(20_000.0)));
    tab.clock.advance(20_000);
    assert_eq!(approved(&tab, &key, b"text"), Ok(()));
    // An approval starts the count again.
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(denied(&tab, &key), refused("user_cancelled"));
    assert_eq!(approved(&tab, &key, b"text"), Ok(()));
}

#[test]
fn taking_questions_back_counts_as_denials() {
    let (tab, key) = ready();
    for round in 0..3 {
        let request = tab.signing(&key, b"text");
        let cancel = Value::object([("cancel", Value::Text(text(&request, "id")))]);
        let dismiss = tab.request("ui.dismiss", Value::Map(vec![]));
        let back = if round == 1 { cancel } else { dismiss };
        let reply = tab.send_to_person(request, async |tab| {
            assert_eq!(tab.screen(), "approve");
            tab.enclave.handle(tab.session, back).await;
        });
        assert!(done(reply).is_err());
        assert_eq!(tab.screen(), "hidden");
    }
    assert_eq!(tab.sign(&key, b"text"), Err("too_many_requests".into()));
}

#[test]
fn a_page_that_goes_away_leaves_no_question() {
    let (tab, key) = ready();
    let request = tab.signing(&key, b"text");
    let person = async {
        tab.enclave.disconnect(tab.session);
        assert_eq!(tab.screen(), "hidden");
    };
    let (reply, ()) = block_on(join(tab.enclave.handle(tab.session, request), person));
    assert!(done(reply).is_err());
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

/// A key for some uses, each of which a person confirms.
fn confirmed_for(tab: &Tab, spec: &str, uses: &[&str]) -> String {
    let uses = uses.iter().map(|usage| Value::Text((*usage).into())).collect();
    let policy = Value::object([
        ("operations", Value::List(uses)),
        ("confirmation", Value::Text("sheet".into())),
    ]);
    let params = [("spec", Value::Text(spec.into())), ("policy", policy)];
    text(&tab.call("keys.create", Value::object(params)).unwrap(), "keyId")
}

fn about(key: &str, more: &[(&'static str, Value)]) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(key.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

/// What a person is shown of a request that they approve, and what comes of it.
fn shown_of(tab: &Tab, method: &str, params: Value) -> (Vec<String>, Result<Value, String>) {
    let mut shown = Vec::new();
    let reply = tab.send_to_person(tab.request(method, params), async |tab| {
        while tab.screen() == "approve" {
            for one in tab.approval().operations {
                shown.push(one.payload.text.unwrap().shown);
            }
            tab.does(tab.approved()).await;
            turns().await;
        }
    });
    (shown, outcome(reply))
}

#[test]
fn a_person_sees_what_is_decrypted_and_what_it_is_bound_to() {
    let tab = Tab::ready();
    let key = confirmed_for(&tab, "aes-256", &["encrypt", "decrypt"]);
    let context = || {
        let member = ("user\nkey".into(), Value::Text("7\u{202e}".into()));
        ("context", Value::Map(vec![member]))
    };
    let plaintext = ("plaintext", Value::Bytes(b"a draft".to_vec()));
    let (shown, made) = shown_of(&tab, "encrypt", about(&key, &[plaintext, context()]));
    assert_eq!(shown, ["plaintext: \"a draft\"\ncontext: \"user\\nkey\" = \"7\\u{202e}\""]);
    let ciphertext = kms_testkit::tab::bytes(&made.unwrap(), "ciphertext");
    let params = about(&key, &[("ciphertext", Value::Bytes(ciphertext.clone())), context()]);
    let (shown, read) = shown_of(&tab, "decrypt", params.clone());
    let digest = Sha256::digest(&ciphertext).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let length = ciphertext.len();
    assert_eq!(
        shown,
        [format!(
            "ciphertext: {length} bytes, SHA-256 {digest}\ncontext: \"user\\nkey\" = \"7\\u{{202e}}\""
        )]
    );
    assert_eq!(kms_testkit::tab::bytes(&read.unwrap(), "plaintext"), b"a draft");
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    let denied = tab.send_to_person(tab.request("decrypt", params), deny);
    assert_eq!(done(denied), refused("user_cancelled"));
    let expected = [
        row("keys.create", "ok"),
        row("encrypt.approval", "ok"),
        row("encrypt", "ok"),
        row("decrypt.approval", "ok"),
        row("decrypt", "ok"),
        row("decrypt.approval", "user_cancelled"),
    ];
    assert_eq!(logged(&tab, &key), expected);
}

#[test]
fn a_key_that_asks_does_not_leave_under_one_that_does_not() {
    let tab = Tab::ready();
    let wrapping = tab.create_for("aes-256", &["wrap"]).unwrap();
    let target = confirmed_for(&tab, "hmac-sha256", &["mac", "export"]);
    let params = || about(&wrapping, &[("targetKeyId", Value::Text(target.clone()))]);
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    let denied = tab.send_to_person(tab.request("keys.wrap", params()), deny);
    assert_eq!(done(denied), refused("user_cancelled"));
    let (shown, wrapped) = shown_of(&tab, "keys.wrap", params());
    assert_eq!(shown, [format!("wrapped under: {wrapping}")]);
    assert!(wrapped.is_ok());
    let expected = [row("keys.create", "ok"), row("keys.wrap.approval", "user_cancelled")];
    assert_eq!(logged(&tab, &target)[..2], expected);
}

#[test]
fn two_keys_that_ask_are_asked_about_one_after_the_other() {
    let tab = Tab::ready();
    let wrapping = confirmed_for(&tab, "aes-256", &["wrap"]);
    let target = confirmed_for(&tab, "aes-256", &["encrypt", "export"]);
    let params = about(&wrapping, &[("targetKeyId", Value::Text(target.clone()))]);
    let (shown, wrapped) = shown_of(&tab, "keys.wrap", params);
    assert_eq!(shown, [format!("targetKeyId: {target}"), format!("wrapped under: {wrapping}")]);
    assert!(wrapped.is_ok());
}

#[test]
fn a_person_sees_what_a_new_key_will_be_for() {
    let tab = Tab::ready();
    let key = confirmed_for(&tab, "hmac-sha256", &["derive"]);
    let policy = Value::object([
        ("operations", Value::List(vec![Value::Text("encrypt".into())])),
        ("callerOrigins", Value::List(vec![Value::Text("https://guest.example".into())])),
        ("confirmation", Value::Text("sheet".into())),
    ]);
    let page = kms_testkit::PAGE;
    let asking = format!(
        "key: aes-256 for encrypt\nkey of: {page}\nkey of: https://guest.example\nkey asks: you"
    );
    let ordinary = format!("key: aes-256 for encrypt, decrypt\nkey of: {page}\nkey asks: nobody");
    for (policy, expected) in [(policy, asking), (Value::Null, ordinary)] {
        let spec = ("spec", Value::Text("aes-256".into()));
        let new = ("key", Value::object([spec, ("policy", policy)]));
        let (shown, made) = shown_of(&tab, "keys.derive", about(&key, &[new]));
        assert_eq!(shown, [expected]);
        assert!(made.is_ok());
    }
}

#[test]
fn a_person_sees_whether_a_data_key_leaves() {
    let tab = Tab::ready();
    let key = confirmed_for(&tab, "aes-256", &["data_key", "data_key_plaintext"]);
    for (bare, told) in [(true, "goes to the site"), (false, "stays wrapped")] {
        let params = about(&key, &[("withPlaintext", Value::Bool(bare))]);
        let (shown, made) = shown_of(&tab, "data_keys.generate", params);
        assert_eq!(shown, [format!("plaintext: {told}")]);
        assert!(made.is_ok());
    }
}
