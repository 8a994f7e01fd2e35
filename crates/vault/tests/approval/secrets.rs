//! Uses other than signatures: what a person sees of secrets and of new keys.

use std::fmt::Write as _;

use kms_protocol::Value;
use kms_testkit::Tab;
use kms_testkit::invariants::logged;
use kms_testkit::person::turns;
use kms_testkit::tab::{outcome, text};
use kms_vault::UiEvent;
use sha2::{Digest, Sha256};

use crate::{done, refused, row};

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
