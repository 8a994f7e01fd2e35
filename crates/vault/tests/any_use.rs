//! Whatever a page does with its keys in whatever order: no answer, no event and no record has the
//! bytes of a key in it, and the vault stays whole.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::{KeySpec, KeyUsage, Method, Name, SpecUsages, Value};
use kms_testkit::invariants::{broken, contains_secret};
use kms_testkit::tab::{bytes, member, outcome, template, text};
use kms_testkit::{PASSPHRASE, Tab, watched};
use proptest::prelude::*;

/// One thing that a page does. Numbers choose among what there is at that moment.
#[derive(Clone, Debug)]
enum Act {
    /// A key is made, for the ordinary uses of its spec or for others as well, as far as they go
    /// together.
    Create(usize, bool),
    /// A method is called on a key, with something that an earlier answer brought.
    Use(usize, usize, usize),
    /// Another start of the browser.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..KeySpec::ALL.len(), any::<bool>()).prop_map(|(spec, all)| Act::Create(spec, all)),
        12 => (0..METHODS.len(), 0..8_usize, 0..8_usize)
            .prop_map(|(method, key, what)| Act::Use(method, key, what)),
        1 => Just(Act::Restart),
    ]
}

const METHODS: [Method; 24] = [
    Method::Sign,
    Method::SignJwt,
    Method::Verify,
    Method::Encrypt,
    Method::Decrypt,
    Method::Rewrap,
    Method::EncryptStream,
    Method::DecryptStream,
    Method::Mac,
    Method::VerifyMac,
    Method::Seal,
    Method::Open,
    Method::GenerateDataKey,
    Method::DecryptDataKey,
    Method::AgreeKey,
    Method::DeriveKey,
    Method::WrapKey,
    Method::UnwrapKey,
    Method::ExportKey,
    Method::ImportKey,
    Method::RotateKey,
    Method::DescribeKey,
    Method::PublicKey,
    Method::ListKeys,
];

/// A browser with its page, what the page was given, and every key as it was drawn.
struct World {
    tab: Tab,
    keys: Vec<(KeySpec, String)>,
    /// With the spec of the key that is in it, if one is.
    given: Vec<(Vec<u8>, Option<KeySpec>)>,
    secrets: Vec<Vec<u8>>,
    /// How often each method succeeded.
    done: Vec<Method>,
}

fn uses(spec: KeySpec, all: bool) -> Value {
    let SpecUsages { ordinary, further } = spec.usages();
    let more = if all { further } else { &[] };
    let uses = ordinary.iter().chain(more);
    // What a key for others is not for.
    let uses = uses.filter(|usage| {
        !all || ![KeyUsage::Vapid, KeyUsage::Mac, KeyUsage::Approve].contains(usage)
    });
    Value::List(uses.map(|usage| Value::Text(usage.as_str().into())).collect())
}

impl World {
    fn new() -> Self {
        let tab = Tab::ready();
        let mut world = Self { tab, keys: vec![], given: vec![], secrets: vec![], done: vec![] };
        for spec in 0..KeySpec::ALL.len() {
            world.create(spec, true);
            world.create(spec, false);
        }
        world
    }

    /// Whatever is drawn in 32 bytes while a key is made is that key, and so is what a key is made of
    /// that is agreed on, derived, unwrapped or imported.
    fn ask(&mut self, method: Method, params: Value, makes: bool) -> Option<Value> {
        let (tab, request) = (&self.tab, self.tab.request(method.name(), params));
        let (reply, drawn) = watched(|| tab.send(request));
        let reply = reply.unwrap();
        if makes {
            self.secrets.extend(drawn.into_iter().filter(|bytes| bytes.len() == 32));
        }
        assert!(!contains_secret(&reply, &self.secrets), "{method:?}");
        outcome(Some(reply)).ok()
    }

    fn create(&mut self, spec: usize, all: bool) {
        let spec = KeySpec::ALL[spec];
        let signs = all && spec.usages().contain(KeyUsage::Jwt);
        let jwt = if signs { template() } else { Value::Null };
        let policy = Value::object([("operations", uses(spec, all)), ("jwt", jwt)]);
        let params = [("spec", Value::Text(spec.as_str().into())), ("policy", policy)];
        let made = self.ask(Method::CreateKey, Value::object(params), true);
        self.keys.push((spec, text(&made.unwrap(), "keyId")));
    }

    /// One of the keys that can be for a use.
    fn key_for(&self, usage: Option<KeyUsage>, number: usize) -> &(KeySpec, String) {
        let fit =
            |(spec, _): &&(KeySpec, String)| usage.is_none_or(|usage| spec.usages().contain(usage));
        let keys: Vec<_> = self.keys.iter().filter(fit).collect();
        keys[number % keys.len()]
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Create(spec, all) => self.create(spec, all),
            Act::Use(method, key, what) => self.use_key(METHODS[method], key, what),
            Act::Restart => {
                self.tab = self.tab.restarted();
                assert!(self.tab.unlock(PASSPHRASE).is_ok());
            }
        }
    }

    fn use_key(&mut self, method: Method, key: usize, what: usize) {
        let usage = method.key_rule().and_then(|rule| rule.usage);
        let (used, id) = self.key_for(usage, key).clone();
        let id = Value::Text(id);
        let given = self.given.get(self.given.len().saturating_sub(what + 1));
        let (given, inside) = given.cloned().unwrap_or_default();
        let given = Value::Bytes(given);
        let half = Value::object([("keyId", id.clone())]);
        let (target, target_id) = self.key_for(Some(KeyUsage::Export), what).clone();
        let leaving = match method {
            Method::WrapKey => Some(target),
            Method::ExportKey => Some(used),
            _ => None,
        };
        let spec = match method {
            Method::UnwrapKey | Method::ImportKey => inside.unwrap_or(KeySpec::Ed25519),
            _ => [KeySpec::Aes256, KeySpec::HmacSha256][what / 4],
        };
        let new = Value::object([("spec", Value::Text(spec.as_str().into()))]);
        let text = || Value::Bytes(b"text".to_vec());
        let context = Value::Map(vec![(Name::Borrowed("a"), Value::Text("b".into()))]);
        let more: Vec<(&'static str, Value)> = match method {
            Method::Sign | Method::Mac => vec![("data", text())],
            Method::Verify => vec![("data", text()), ("signature", given)],
            Method::VerifyMac => vec![("data", text()), ("mac", given)],
            Method::Encrypt | Method::Seal => vec![("plaintext", text())],
            Method::Decrypt | Method::Rewrap => vec![("ciphertext", given)],
            Method::DecryptStream => vec![("header", given)],
            Method::Open => vec![("sealed", given)],
            Method::GenerateDataKey => vec![("withPlaintext", Value::Bool(what.is_multiple_of(2)))],
            Method::DecryptDataKey => vec![("wrapped", given)],
            Method::AgreeKey => {
                let public = self.ask(Method::PublicKey, half, false).unwrap();
                vec![("peer", Value::Bytes(bytes(&public, "raw"))), ("key", new)]
            }
            Method::DeriveKey => vec![("key", new), ("context", context)],
            Method::WrapKey => vec![("targetKeyId", Value::Text(target_id))],
            Method::UnwrapKey => vec![("wrapped", given), ("key", new)],
            Method::ExportKey => {
                let receiving = self.key_for(Some(KeyUsage::Import), what).1.clone();
                let half = Value::object([("keyId", Value::Text(receiving))]);
                let public = self.ask(Method::PublicKey, half, false).unwrap();
                vec![("recipient", Value::Bytes(bytes(&public, "raw")))]
            }
            Method::ImportKey => vec![("sealed", given), ("key", new)],
            _ => vec![],
        };
        let mut members = vec![(Name::Borrowed("keyId"), id)];
        members.retain(|_| method != Method::ListKeys);
        members.extend(more.into_iter().map(|(name, value)| (Name::Borrowed(name), value)));
        // The key of a stream is as secret as those of the vault.
        let makes = matches!(
            method,
            Method::RotateKey
                | Method::EncryptStream
                | Method::AgreeKey
                | Method::DeriveKey
                | Method::UnwrapKey
                | Method::ImportKey
        );
        let answer = self.ask(method, Value::Map(members), makes);
        let Some(answer) = answer else { return };
        self.stream(&answer);
        self.done.push(method);
        for name in ["ciphertext", "sealed", "wrapped", "signature", "mac", "header"] {
            let bytes = Some(bytes(&answer, name)).filter(|bytes| !bytes.is_empty());
            self.given.extend(bytes.map(|bytes| (bytes, leaving)));
        }
    }

    /// Uses a stream that was opened, up to its end: a page can only have a few.
    fn stream(&mut self, opened: &Value) {
        let Some(stream_id) = member(opened, "streamId") else { return };
        let members = [
            ("streamId", stream_id),
            ("chunk", Value::Number(0.0)),
            ("data", Value::Bytes(b"text".to_vec())),
            ("last", Value::Bool(true)),
        ];
        // One that decrypts finds no ciphertext in it.
        self.ask(Method::WriteStream, Value::object(members), false);
    }

    fn check(&self) {
        for event in self.tab.outbox.events() {
            assert!(!contains_secret(&event, &self.secrets));
        }
        for record in self.tab.store.dump() {
            assert!(!contains_secret(&Value::Bytes(record), &self.secrets));
        }
        assert_eq!(broken(&self.tab), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_order_of_uses_leaks_no_key(acts in prop::collection::vec(act(), 0..60)) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
        world.check();
    }
}

#[test]
fn every_method_of_the_sequences_succeeds_in_some() {
    let mut world = World::new();
    for round in 0..4 {
        for method in METHODS {
            for what in 0..8 {
                world.use_key(method, round, what);
            }
        }
    }
    for method in METHODS {
        assert!(world.done.contains(&method), "{method:?}");
    }
    world.check();
}

#[test]
fn what_a_key_is_made_of_is_searched_for() {
    // What is unwrapped or imported has to be wrapped or exported before.
    for (method, before) in [
        (Method::AgreeKey, None),
        (Method::DeriveKey, None),
        (Method::UnwrapKey, Some(Method::WrapKey)),
        (Method::ImportKey, Some(Method::ExportKey)),
    ] {
        let mut world = World::new();
        for round in 0..4 {
            for method in before.into_iter().chain([method]) {
                (0..8).for_each(|what| world.use_key(method, round, what));
            }
        }
        let made = world.done.iter().filter(|done| **done == method).count();
        let without = World::new().secrets.len();
        assert!(made > 0 && world.secrets.len() >= without + made, "{method:?}");
    }
}

#[test]
fn the_search_would_find_a_key() {
    let world = World::new();
    assert!(world.secrets.len() >= KeySpec::ALL.len());
    for secret in &world.secrets {
        let leak = Value::List(vec![Value::Bytes([&[1], &secret[..], &[2]].concat())]);
        assert!(contains_secret(&leak, &world.secrets));
    }
}
