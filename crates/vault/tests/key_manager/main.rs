//! The pages of keys: the person sees the keys of all sites and changes them; no page does.
#![allow(clippy::unwrap_used, clippy::panic)] // the fixtures are plain functions

mod changes;
mod pages;

use kms_protocol::{KeyInfo, Label, Value};
use kms_testkit::invariants::entries;
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{KeyAction, KeyRow, SessionId, UiEvent, UiScreen, Why};

const OTHER: &str = "https://other.example";

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn with_id(key_id: &str) -> Value {
    Value::object([("keyId", Value::Text(key_id.into()))])
}

/// A key of another site; returns its session and the id.
fn foreign(tab: &Tab) -> (SessionId, String) {
    let session = tab.enclave.connect(origin(OTHER));
    let params = Value::object([("spec", Value::Text("ed25519".into()))]);
    let key = tab.call_as(session, "keys.create", params).unwrap();
    (session, text(&key, "keyId"))
}

/// The key on display.
fn shown(tab: &Tab) -> KeyInfo {
    let shown = tab.look(|view| match &view.screen {
        UiScreen::Key(details) => {
            assert_eq!(details.public.len(), details.key.versions.len());
            Some(details.key.clone())
        }
        _ => None,
    });
    shown.flatten().unwrap()
}

/// The keys on display, and whether there are pages before and behind them.
fn page(tab: &Tab) -> (Vec<KeyRow>, bool, bool) {
    let page = tab.look(|view| match &view.screen {
        UiScreen::Keys(page) => Some((page.rows.clone(), page.before, page.more)),
        _ => None,
    });
    page.flatten().unwrap()
}

fn ids(rows: &[KeyRow]) -> Vec<String> {
    let id = |row: &KeyRow| match row {
        KeyRow::Key(key) => key.key_id.as_str().to_owned(),
        KeyRow::Unreadable(_) => panic!("unreadable"),
    };
    rows.iter().map(id).collect()
}

fn why(tab: &Tab) -> Option<Why> {
    let why = tab.look(|view| match view.screen {
        UiScreen::Unlock { why, .. } => Some(why),
        _ => None,
    });
    why.flatten()
}

/// Does something with the key on display, through a fresh unlock if that is asked for.
async fn act(tab: &Tab, action: KeyAction) {
    tab.does(UiEvent::Key(action)).await;
    if tab.screen() == "unlock" {
        tab.does(tab.with(PASSPHRASE)).await;
    }
}

/// Method, outcome and whether a site is named, of the entries from this one on.
fn log(tab: &Tab, from: usize) -> Vec<(String, String, bool)> {
    let row = |entry: &Value| {
        (text(entry, "method"), text(entry, "outcome"), member(entry, "callerOrigin").is_some())
    };
    entries(tab)[from..].iter().map(row).collect()
}
