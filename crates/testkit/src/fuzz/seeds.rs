//! What the targets begin with: what the product itself writes.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use kms_jose::{Claims, TokenType, Unsigned};
use kms_protocol::{KeySpec, Value};
use kms_vault::Table;
use serde_json::json;

use super::key;
use crate::{MemoryFiles, PASSPHRASE, Tab};

thread_local! {
    /// A backup of a vault with a key of each kind and a lease.
    pub(super) static FILE: Vec<u8> = {
        let tab = vault();
        tab.back_up(PASSPHRASE, PASSPHRASE).unwrap()
    };
}

fn vault() -> Tab {
    let tab = Tab::ready();
    tab.create("ed25519", "durable").unwrap();
    let key = tab.create_for_vapid().unwrap();
    let terms = Value::object([
        ("keyId", Value::Text(key)),
        ("audiences", Value::List(vec![Value::Text("https://push.example".into())])),
        ("lifeMs", Value::Number(60_000.0)),
        ("tokens", Value::Number(5.0)),
    ]);
    tab.allow("vapid.create_lease", terms, PASSPHRASE).unwrap();
    tab
}

/// The golden sample of each method as a request, and all of them as a batch.
///
/// # Panics
/// If the samples cannot be read.
#[must_use]
pub fn requests() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/protocol");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let sample = |path| {
        let text = fs::read_to_string(path).unwrap();
        let sample: serde_json::Value = serde_json::from_str(&text).unwrap();
        json!({"id": "q1", "method": sample["method"], "params": sample["params"]})
    };
    let mut messages: Vec<_> = files.iter().map(sample).collect();
    messages.push(serde_json::Value::Array(messages.clone()));
    messages.push(json!({"cancel": "q1"}));
    messages.iter().map(|message| message.to_string().into_bytes()).collect()
}

/// Sealed records of a vault.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn envelopes() -> Vec<Vec<u8>> {
    let tab = vault();
    let keys = tab.store.keys(Table::Keys);
    keys.iter().filter_map(|key| tab.store.peek(Table::Keys, key)).collect()
}

/// Tokens of the keys that the target knows, and claims.
///
/// # Panics
/// If one cannot be made.
#[must_use]
pub fn tokens() -> Vec<Vec<u8>> {
    let json = br#"{"iss":"a","sub":"b","aud":["c","d"],"exp":4,"nbf":3,"iat":2,"jti":"e","f":{}}"#;
    let claims = Claims::parse(json).unwrap();
    let token = |spec| {
        let signer = key(spec);
        let public = signer.public_key().unwrap().unwrap();
        let unsigned = Unsigned::new(&public, &TokenType::jwt(), &claims).unwrap();
        let signature = signer.sign(unsigned.signing_input()).unwrap();
        unsigned.sign(&signature).into_bytes()
    };
    vec![json.to_vec(), token(KeySpec::Ed25519), token(KeySpec::EcP256)]
}

/// The plaintext of a backup.
#[must_use]
pub fn backups() -> Vec<Vec<u8>> {
    let plain = RefCell::new(Vec::new());
    let read = |_, part: &mut Vec<u8>| plain.borrow_mut().extend_from_slice(part);
    FILE.with(|file| MemoryFiles::rewritten(file, read));
    vec![plain.into_inner()]
}
