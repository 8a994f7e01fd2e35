//! The secrets of a thread: each reports itself when it is made, and is looked for in every form in
//! which bytes travel.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use kms_crypto::probe;
use kms_protocol::Value;

/// Bytes of a secret that are compared first, and the length of the shortest one looked for.
const HEAD: usize = 16;

thread_local! {
    static MADE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// From now on every secret that this process makes is noted, by thread.
pub(crate) fn watch() {
    // Another test of the process may have been first.
    let _first = probe::set(|_, bytes| MADE.with_borrow_mut(|made| made.push(bytes.to_vec())));
}

/// Forgets what was noted.
pub(crate) fn forget() {
    made();
}

/// What was noted since it was asked for last.
fn made() -> Vec<Vec<u8>> {
    MADE.take()
}

/// All secrets so far that nobody but the enclave may see.
#[derive(Clone)]
pub(crate) struct Secrets {
    known: HashSet<Vec<u8>>,
    /// Each form of each secret, by its first bytes.
    forms: HashMap<[u8; HEAD], Vec<Vec<u8>>>,
    /// With which two bytes a form begins, to pass over most places at once.
    begins: Vec<bool>,
}

impl Default for Secrets {
    fn default() -> Self {
        let begins = vec![false; 1 << 16];
        Self { known: HashSet::new(), forms: HashMap::new(), begins }
    }
}

impl Secrets {
    /// Takes in what was made meanwhile.
    pub(crate) fn take_in(&mut self) {
        for secret in made() {
            self.add(secret);
        }
    }

    /// Takes in a secret, unless anybody could guess it.
    pub(crate) fn add(&mut self, secret: Vec<u8>) {
        let different: HashSet<_> = secret.iter().collect();
        if secret.len() < HEAD || different.len() < HEAD / 2 || self.known.contains(&secret) {
            return;
        }
        for form in forms(&secret) {
            self.begins[first(&form)] = true;
            self.forms.entry(head(&form)).or_default().push(form);
        }
        self.known.insert(secret);
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.known.iter()
    }

    pub(crate) fn contains(&self, secret: &[u8]) -> bool {
        self.known.contains(secret)
    }

    /// Whether one of them is in a value, in whatever form.
    pub(crate) fn are_in(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
            Value::Text(text) => self.are_in_bytes(text.as_bytes()),
            Value::Bytes(bytes) => self.are_in_bytes(bytes),
            Value::List(items) => items.iter().any(|item| self.are_in(item)),
            Value::Map(members) => members
                .iter()
                .any(|(name, value)| self.are_in_bytes(name.as_bytes()) || self.are_in(value)),
        }
    }

    pub(crate) fn are_in_bytes(&self, bytes: &[u8]) -> bool {
        let begins = |at: usize| {
            let forms = self.forms.get(&head(&bytes[at..]));
            forms.is_some_and(|forms| forms.iter().any(|form| bytes[at..].starts_with(form)))
        };
        bytes.windows(HEAD).enumerate().any(|(at, head)| self.begins[first(head)] && begins(at))
    }
}

fn first(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn head(bytes: &[u8]) -> [u8; HEAD] {
    std::array::from_fn(|at| bytes[at])
}

/// The bytes themselves, in hexadecimal, and in base64 wherever they stand in a longer text.
pub(crate) fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let mut forms = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    for before in 0..3 {
        let text = [&vec![0; before], secret].concat();
        // Characters that depend on the secret alone.
        let whole = (before * 8).div_ceil(6)..text.len() * 8 / 6;
        for encoded in [Base64::encode_string(&text), Base64UrlUnpadded::encode_string(&text)] {
            forms.push(encoded.as_bytes()[whole.clone()].to_vec());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}
