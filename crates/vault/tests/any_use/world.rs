//! A browser with its page, what the page was given, and every secret that was ever made.

use kms_protocol::{IntoValue, KeySpec, KeyUsage, Method, SpecUsages, Value};
use kms_testkit::invariants::broken;
use kms_testkit::tab::{Code, bytes, member, outcome, template, text};
use kms_testkit::{PASSPHRASE, Tab, watched};
use kms_vault::{Part, UiCommand, UiEvent};

use crate::person::Person;
use crate::secrets::{Secrets, forget, watch};

/// What the keys of a world are for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// What is ordinary for the spec.
    Ordinary,
    /// That and the rest, as far as it goes together.
    All,
    /// What a key for others is not for.
    Apart,
}

impl Purpose {
    pub(crate) const ALL: [Self; 3] = [Self::Ordinary, Self::All, Self::Apart];
    const APART: [KeyUsage; 3] = [KeyUsage::Vapid, KeyUsage::Mac, KeyUsage::Approve];

    fn uses(self, spec: KeySpec) -> Vec<KeyUsage> {
        let SpecUsages { ordinary, further } = spec.usages();
        let all = ordinary.iter().chain(further).copied();
        match self {
            Self::Ordinary => ordinary.to_vec(),
            Self::All => all.filter(|usage| !Self::APART.contains(usage)).collect(),
            Self::Apart => all.filter(|usage| Self::APART.contains(usage)).collect(),
        }
    }
}

/// Id of no key and of no lease.
pub(crate) const NOBODYS: &str = "AAECAwQFBgcICQoLDA0ODw";

/// A key of the page.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) spec: KeySpec,
    pub(crate) uses: Vec<KeyUsage>,
}

/// Something that an answer brought.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) by: Method,
    /// Of the key that reads it.
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
    /// The spec of the key that is in it, if one is.
    pub(crate) inside: Option<KeySpec>,
}

pub(crate) struct World {
    pub(crate) tab: Tab,
    pub(crate) keys: Vec<Key>,
    pub(crate) given: Vec<Given>,
    pub(crate) leases: Vec<String>,
    /// The keys that the last backup has.
    saved: Vec<Key>,
    pub(crate) secrets: Secrets,
    /// The data keys that went to the page, and by what.
    pub(crate) data_keys: Vec<(Method, Vec<u8>)>,
    /// What succeeded.
    pub(crate) done: Vec<Method>,
    /// How many secrets were drawn or taken in as a key.
    pub(crate) made: usize,
    /// What was refused, and why.
    pub(crate) refused: Vec<(Method, Code)>,
    pub(crate) person: Person,
}

thread_local! {
    /// The world in which nothing was done yet; to make its keys is slow.
    static FIRST: World = World::first();
}

impl World {
    /// The first world on a disk of its own.
    pub(crate) fn new() -> Self {
        // What another case made last is nothing of this one's: both draw the same bytes.
        forget();
        FIRST.with(|first| {
            let tab = first.tab.on(first.tab.store.copied());
            let mut world = Self {
                keys: first.keys.clone(),
                secrets: first.secrets.clone(),
                ..Self::over(tab)
            };
            world.revive();
            world
        })
    }

    pub(crate) fn over(tab: Tab) -> Self {
        Self {
            tab,
            keys: vec![],
            given: vec![],
            leases: vec![],
            saved: vec![],
            secrets: Secrets::default(),
            data_keys: vec![],
            done: vec![],
            made: 0,
            refused: vec![],
            person: Person::Proves,
        }
    }

    fn first() -> Self {
        watch();
        let mut world = Self::over(Tab::default());
        world.revive();
        world
    }

    /// Calls a method. Whatever is drawn in 32 bytes while a key is made is that key, and so is what
    /// a key is made of that is agreed on, derived, unwrapped or imported.
    pub(crate) fn ask(&mut self, method: Method, params: Value) -> Option<Value> {
        let (tab, request) = (&self.tab, self.tab.request(method.name(), params));
        let person = self.person;
        let (reply, drawn) =
            watched(|| tab.send_to_person(request, async |tab| person.answer(tab).await));
        if makes_a_key(method) {
            let drawn: Vec<_> = drawn.into_iter().filter(|bytes| bytes.len() == 32).collect();
            self.made += drawn.len();
            for secret in drawn {
                self.secrets.add(secret);
            }
        }
        self.secrets.take_in();
        let reply = reply.unwrap();
        let result = match outcome(Some(reply.clone())) {
            Ok(result) => Some(result),
            Err(code) => {
                self.refused.push((method, code));
                None
            }
        };
        if result.is_some() {
            self.changed(method);
        }
        let reply = self.without_data_key(method, reply);
        assert!(!self.secrets.are_in(&reply), "{method:?}");
        self.done.extend(result.is_some().then_some(method));
        result
    }

    /// A reply without the data key that its policy lets the page have. In no other place of it, in no
    /// other reply and in nothing else may that be found.
    fn without_data_key(&mut self, method: Method, reply: Value) -> Value {
        let (Method::GenerateDataKey | Method::DecryptDataKey, Value::Map(mut members)) =
            (method, reply.clone())
        else {
            return reply;
        };
        for (_, result) in members.iter_mut().filter(|(name, _)| name == "result") {
            let data_key = bytes(result, "plaintext");
            if let Value::Map(result) = result {
                result.retain(|(name, _)| name != "plaintext");
            }
            if !data_key.is_empty() {
                self.data_keys.push((method, data_key));
            }
        }
        Value::Map(members)
    }

    /// What is different after a method succeeded. What is decrypted or opened was the page's
    /// before, and is too short to be looked for.
    fn changed(&mut self, method: Method) {
        match method {
            Method::Backup => self.saved.clone_from(&self.keys),
            Method::Restore => self.keys.clone_from(&self.saved),
            Method::Reset => {
                self.keys.clear();
                self.given.clear();
                self.leases.clear();
            }
            _ => {}
        }
    }

    pub(crate) fn create(&mut self, spec: KeySpec, purpose: Purpose) {
        let uses = purpose.uses(spec);
        if uses.is_empty() {
            return;
        }
        let jwt = if uses.contains(&KeyUsage::Jwt) { template() } else { Value::Null };
        let names = uses.iter().map(|usage| Value::Text(usage.as_str().into())).collect();
        let policy = Value::object([("operations", Value::List(names)), ("jwt", jwt)]);
        let params = [("spec", Value::Text(spec.as_str().into())), ("policy", policy)];
        if let Some(made) = self.ask(Method::CreateKey, Value::object(params)) {
            self.keys.push(Key { id: text(&made, "keyId"), spec, uses });
        }
    }

    /// Makes a vault where there is none, unlocks one that is locked, and makes keys if there are none.
    pub(crate) fn revive(&mut self) {
        self.person = Person::Proves;
        let method = match self.tab.state().as_deref() {
            Ok("uninitialized") => Some(Method::Setup),
            Ok("locked") => Some(Method::Unlock),
            _ => None,
        };
        if let Some(method) = method {
            self.ask(method, Value::Map(vec![])).unwrap();
        }
        if self.keys.is_empty() {
            for spec in KeySpec::ALL {
                for purpose in Purpose::ALL {
                    self.create(*spec, purpose);
                }
            }
        }
    }

    pub(crate) fn restart(&mut self) {
        self.tab = self.tab.restarted();
        self.revive();
    }

    /// One of the keys that are for a use, or, every other time, of those that can be by their spec;
    /// one that does not exist if there is none.
    pub(crate) fn key_for(&self, usage: Option<KeyUsage>, number: usize) -> Key {
        let is_for = |key: &Key, usage| match number % 2 {
            0 => key.uses.contains(&usage),
            _ => key.spec.usages().contain(usage),
        };
        let fit = |key: &&Key| usage.is_none_or(|usage| is_for(key, usage));
        let keys: Vec<_> = self.keys.iter().filter(fit).collect();
        let chosen = keys.get(number / 2 % keys.len().max(1)).copied();
        let nobodys = || Key { id: NOBODYS.into(), spec: KeySpec::Ed25519, uses: vec![] };
        chosen.cloned().unwrap_or_else(nobodys)
    }

    /// Keeps what an answer brought.
    pub(crate) fn keep(&mut self, by: Method, (key, inside): (&str, Option<KeySpec>), got: &Value) {
        for name in ["ciphertext", "sealed", "wrapped", "signature", "mac", "header"] {
            let bytes = bytes(got, name);
            if !bytes.is_empty() {
                self.given.push(Given { by, key: key.into(), bytes, inside });
            }
        }
        if member(got, "token").is_some() {
            let bytes = text(got, "token").into_bytes();
            self.given.push(Given { by, key: key.into(), bytes, inside });
        }
        let lease = member(got, "leaseId").map(|_| text(got, "leaseId"));
        self.leases.extend(lease.filter(|lease| !self.leases.contains(lease)));
    }

    /// The log as it is saved for the person.
    fn exported(&self) -> Vec<Value> {
        let managed = self.tab.ask_person("vault.manage", async |tab| {
            tab.does(UiEvent::Open(Part::Audit)).await;
            tab.does(UiEvent::Export).await;
        });
        assert!(managed.is_ok());
        let entries = self.tab.outbox.take_commands().into_iter().map(|command| match command {
            UiCommand::Log(entries) => entries,
            _ => vec![],
        });
        entries.flatten().map(IntoValue::into_value).collect()
    }

    /// Nothing leaked into what nobody asked for, and the vault is whole.
    pub(crate) fn check(&mut self) {
        self.revive();
        for event in self.tab.outbox.events() {
            assert!(!self.secrets.are_in(&event));
        }
        for record in self.tab.store.dump() {
            assert!(!self.secrets.are_in_bytes(&record));
        }
        for file in self.tab.files.made() {
            assert!(!self.secrets.are_in_bytes(&file));
        }
        let log = self.exported();
        assert!(!log.is_empty());
        for entry in log {
            assert!(!self.secrets.are_in(&entry));
        }
        assert!(self.secrets.contains(PASSPHRASE.as_bytes()));
        assert_eq!(broken(&self.tab), Vec::<String>::new());
    }
}

/// The key of a stream is as secret as those of the vault.
fn makes_a_key(method: Method) -> bool {
    matches!(
        method,
        Method::CreateKey
            | Method::RotateKey
            | Method::EncryptStream
            | Method::AgreeKey
            | Method::DeriveKey
            | Method::UnwrapKey
            | Method::ImportKey
    )
}
