//! Who holds a key: what is shown is true of the key itself, not only of its kind.
#![allow(clippy::unwrap_used, clippy::panic)] // the fixtures are plain functions

use kms_crypto::PublicKey;
use kms_protocol::{KeyId, KeySpec, Protection, Value};
use kms_testkit::tab::{member, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{KeyRow, Part, UiEvent, UiScreen};

fn named(key_id: &str) -> Value {
    Value::object([("keyId", Value::Text(key_id.into()))])
}

/// The public half of the latest version.
fn public(tab: &Tab, key_id: &str) -> PublicKey {
    let public = tab.call("keys.public_key", named(key_id)).unwrap();
    let Some(Value::Bytes(raw)) = member(&public, "raw") else { panic!("no bytes") };
    PublicKey::from_raw(KeySpec::Ed25519, &raw).unwrap()
}

/// Who holds the key, and who each version of it.
fn shown(info: &Value) -> (String, Vec<String>) {
    let Some(Value::List(versions)) = member(info, "versions") else { panic!("no versions") };
    (text(info, "protection"), versions.iter().map(|one| text(one, "protection")).collect())
}

fn described(tab: &Tab, key_id: &str) -> (String, Vec<String>) {
    shown(&tab.call("keys.describe", named(key_id)).unwrap())
}

fn listed(tab: &Tab, key_id: &str) -> String {
    let page = tab.call("keys.list", Value::Map(vec![])).unwrap();
    let Some(Value::List(keys)) = member(&page, "keys") else { panic!("no keys") };
    text(keys.iter().find(|key| text(key, "keyId") == key_id).unwrap(), "protection")
}

fn holders(latest: &str, versions: &[&str]) -> (String, Vec<String>) {
    (latest.into(), versions.iter().map(|one| (*one).into()).collect())
}

/// The key on display, or on the page of keys on display.
fn on_display(tab: &Tab, key_id: &str) -> (Protection, Vec<Option<Protection>>) {
    let seen = tab.look(|view| match &view.screen {
        UiScreen::Key(details) => Some(details.key.clone()),
        UiScreen::Keys(page) => page.rows.iter().find_map(|row| match row {
            KeyRow::Key(key) if key.key_id.as_str() == key_id => Some((**key).clone()),
            _ => None,
        }),
        _ => None,
    });
    let key = seen.flatten().unwrap();
    (key.protection, key.versions.iter().map(|version| version.protection).collect())
}

#[test]
fn a_key_that_the_browser_refuses_is_shown_as_held_by_the_enclave() {
    let tab = Tab::ready();
    let make = || tab.create("ed25519", "durable").unwrap();
    let (refused, other) = (make(), make());
    tab.crypto.refuse_key(public(&tab, &refused));
    assert_eq!(described(&tab, &refused), holders("enclave", &["enclave"]));
    assert_eq!(described(&tab, &other), holders("browser", &["browser"]));
    assert_eq!(listed(&tab, &refused), "enclave");
    assert_eq!(listed(&tab, &other), "browser");
    let status = tab.call("vault.status", Value::Map(vec![])).unwrap();
    assert_eq!(text(&member(&status, "protection").unwrap(), "ed25519"), "browser");
}

#[test]
fn each_version_has_a_holder_of_its_own_and_the_key_that_of_its_latest() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    tab.crypto.refuse_key(public(&tab, &id));
    let rotated = tab.call("keys.rotate", named(&id)).unwrap();
    assert_eq!(shown(&rotated), holders("browser", &["enclave", "browser"]));
    assert_eq!(listed(&tab, &id), "browser");
    tab.crypto.refuse_key(public(&tab, &id));
    for method in ["keys.describe", "keys.disable", "keys.describe"] {
        let told = tab.call(method, named(&id)).unwrap();
        assert_eq!(shown(&told), holders("enclave", &["browser", "enclave"]), "{method}");
    }
}

#[test]
fn a_new_key_says_who_holds_it_at_once() {
    let before = Tab::ready();
    let id = before.create("ed25519", "durable").unwrap();
    // The same randomness gives the same key.
    let tab = Tab::ready();
    tab.crypto.refuse_key(public(&before, &id));
    let asked = Value::object([("spec", Value::Text("ed25519".into()))]);
    let made = tab.call("keys.create", asked).unwrap();
    assert_eq!((text(&made, "keyId"), shown(&made)), (id, holders("enclave", &["enclave"])));
}

#[test]
fn the_person_sees_who_holds_the_key_and_each_version() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    tab.crypto.refuse_key(public(&tab, &id));
    assert!(tab.call("keys.rotate", named(&id)).is_ok());
    let (browser, enclave) = (Protection::Browser, Protection::Enclave);
    let managed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Keys)).await;
        assert_eq!(on_display(tab, &id), (browser, vec![None, None]));
        tab.does(UiEvent::OpenKey(KeyId::new(id.clone()).unwrap())).await;
        assert_eq!(on_display(tab, &id), (browser, vec![Some(enclave), Some(browser)]));
        tab.does(UiEvent::Back).await;
    });
    assert!(managed.is_ok());
    tab.crypto.refuse_key(public(&tab, &id));
    let managed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Keys)).await;
        assert_eq!(on_display(tab, &id).0, enclave);
    });
    assert!(managed.is_ok());
}

/// Nobody holds what is destroyed; it is of the class of its kind.
#[test]
fn a_destroyed_key_is_still_described() {
    let mut tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let days = ("days", Value::Number(7.0));
    let asked = Value::object([("keyId", Value::Text(id.clone())), days]);
    assert!(tab.call("keys.schedule_deletion", asked).is_ok());
    for _ in 0..7 {
        tab.clock.advance(24 * 60 * 60 * 1000);
        tab = tab.restarted();
        assert!(tab.unlock(PASSPHRASE).is_ok());
    }
    let half = public(&tab, &id);
    tab.crypto.refuse_key(half);
    let told = tab.call("keys.describe", named(&id)).unwrap();
    assert_eq!(
        (text(&told, "state"), shown(&told)),
        ("destroyed".into(), holders("browser", &["browser"]))
    );
}

/// Where the enclave holds all keys of a kind, no secret is brought into its memory to say so.
#[test]
fn nothing_is_unwrapped_for_what_is_known_of_the_kind() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let before = tab.crypto.unwrapped();
    assert_eq!(described(&tab, &id), holders("enclave", &["enclave"]));
    assert_eq!(listed(&tab, &id), "enclave");
    assert_eq!(tab.crypto.unwrapped(), before);
    tab.crypto.refuse_key(public(&tab, &id));
    assert_eq!(listed(&tab, &id), "enclave");
    assert_eq!(tab.crypto.unwrapped(), before + 1);
}
