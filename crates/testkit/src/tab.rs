//! A tab: an enclave, a page in it, and a person who answers the sheet.

use std::cell::Cell;

use kms_crypto::software::DeviceKey;
use kms_protocol::{CallerOrigin, EnrolmentKind, Label, Value};
use kms_vault::{Config, Enclave, Names, SessionId};
use pollster::block_on;

use crate::passkey::{ENCLAVE, HOST};
use crate::releases;
use crate::{
    CryptoPlan, FastKdf, ManualClock, MemoryFiles, MemoryStore, Recorder, TabLock, TabRing,
    TestPorts, seeded_provider,
};

/// The page of most tests.
pub const PAGE: &str = "https://page.example";
/// A passphrase that may open a vault.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// An error code as it was sent.
pub type Code = String;

/// One tab.
pub struct Tab {
    /// The enclave itself.
    pub enclave: Enclave<TestPorts>,
    /// The session of [`PAGE`].
    pub session: SessionId,
    /// Its connection to the store.
    pub store: MemoryStore<DeviceKey>,
    /// Its clock.
    pub clock: ManualClock,
    /// Its KDF.
    pub kdf: FastKdf,
    /// What it sent by itself.
    pub outbox: Recorder,
    /// The other tabs.
    pub tabs: TabRing,
    /// Its person's files.
    pub files: MemoryFiles,
    /// Its provider.
    pub crypto: CryptoPlan,
    /// The lock it shares with the others.
    pub lock: TabLock,
    seed: u64,
    next: Cell<u32>,
}

impl Default for Tab {
    fn default() -> Self {
        Self::over(TestPorts::new(1), 1)
    }
}

impl Tab {
    /// A tab over these ports.
    #[must_use]
    pub fn over(ports: TestPorts, seed: u64) -> Self {
        Self::running(config(), ports, seed)
    }

    fn running(config: Config, ports: TestPorts, seed: u64) -> Self {
        let (store, clock) = (ports.store.clone(), ports.clock.clone());
        let (kdf, outbox) = (ports.kdf.clone(), ports.outbox.clone());
        let (files, lock) = (ports.files.clone(), ports.lock.clone());
        let (tabs, crypto) = (ports.tabs.clone(), ports.crypto.plan());
        let enclave = Enclave::new(ports, config);
        // A store that cannot be read shows in every later call.
        let _reported = block_on(enclave.start());
        let session = enclave.connect(origin(PAGE));
        let next = Cell::new(0);
        Self { enclave, session, store, clock, kdf, outbox, tabs, files, crypto, lock, seed, next }
    }

    /// A tab whose vault is set up and unlocked.
    #[must_use]
    pub fn ready() -> Self {
        let tab = Self::default();
        // Shows in the first call otherwise.
        let _status = tab.set_up(PASSPHRASE);
        tab
    }

    /// The same browser after a restart: same disk, same clock, nothing else.
    #[must_use]
    pub fn restarted(&self) -> Self {
        self.on(self.store.reopen())
    }

    /// The same browser after a restart, with another release.
    #[must_use]
    pub fn restarted_with(&self, release: &str) -> Self {
        let seed = self.seed + 1000;
        let config = Config { release: release.into(), ..config() };
        Self::running(config, self.ports_on(self.store.reopen(), seed), seed)
    }

    /// A second tab of the same browser, at the same time.
    #[must_use]
    pub fn beside(&self) -> Self {
        let seed = self.seed + 500;
        let ports = TestPorts {
            lock: self.lock.clone(),
            tabs: self.tabs.neighbour(),
            ..self.ports_on(self.store.reopen(), seed)
        };
        Self::over(ports, seed)
    }

    /// A tab on another store.
    #[must_use]
    pub fn on(&self, store: MemoryStore<DeviceKey>) -> Self {
        let seed = self.seed + 1000;
        Self::over(self.ports_on(store, seed), seed)
    }

    fn ports_on(&self, store: MemoryStore<DeviceKey>, seed: u64) -> TestPorts {
        TestPorts {
            store,
            clock: self.clock.clone(),
            crypto: seeded_provider(seed).into(),
            files: self.files.clone(),
            ..TestPorts::new(seed)
        }
    }

    /// Sends a message as the page and waits for the answer.
    #[must_use]
    pub fn send(&self, message: Value) -> Option<Value> {
        block_on(self.enclave.handle(self.session, message))
    }

    /// A request with a fresh id.
    #[must_use]
    pub fn request(&self, method: &str, params: Value) -> Value {
        self.next.set(self.next.get() + 1);
        let id = Value::Text(format!("r{}", self.next.get()));
        Value::object([("id", id), ("method", Value::Text(method.into())), ("params", params)])
    }

    /// Calls a method as the page.
    pub fn call(&self, method: &str, params: Value) -> Result<Value, Code> {
        self.call_as(self.session, method, params)
    }

    /// Calls a method as another session.
    pub fn call_as(&self, session: SessionId, method: &str, params: Value) -> Result<Value, Code> {
        let request = self.request(method, params);
        outcome(block_on(self.enclave.handle(session, request)))
    }

    /// The enrolments, as the page sees them: id, kind, label.
    #[must_use]
    pub fn enrolments(&self) -> Vec<(String, String, String)> {
        let status = self.call("vault.status", Value::Map(Vec::new()));
        match status.ok().and_then(|status| member(&status, "enrolments")) {
            Some(Value::List(all)) => {
                let row = |one: &Value| (text(one, "id"), text(one, "kind"), text(one, "label"));
                all.iter().map(row).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Id of the first enrolment of a kind; one that does not exist if there is none.
    #[must_use]
    pub fn first(&self, kind: EnrolmentKind) -> String {
        let enrolments = self.enrolments();
        let mut all = enrolments.into_iter().filter(|(_, name, _)| name == kind.as_str());
        all.next().map_or_else(|| "AAAAAAAAAAAAAAAAAAAAAA".into(), |(id, _, _)| id)
    }

    /// Makes a key; returns its id.
    pub fn create(&self, spec: &str, audit: &str) -> Result<String, Code> {
        let params = [("spec", Value::Text(spec.into())), ("audit", Value::Text(audit.into()))];
        let info = self.call("keys.create", Value::object(params))?;
        Ok(text(&info, "keyId"))
    }

    /// Makes a key that signs VAPID tokens only; returns its id.
    pub fn create_for_vapid(&self) -> Result<String, Code> {
        self.create_for("ec-p256", &["vapid", "verify"])
    }

    /// Makes a key whose every use a person confirms; returns its id.
    pub fn create_confirmed(&self, label: &str, audit: &str) -> Result<String, Code> {
        let operations = ["sign", "verify"].map(|usage| Value::Text(usage.into()));
        let policy = Value::object([
            ("operations", Value::List(operations.into())),
            ("confirmation", Value::Text("sheet".into())),
        ]);
        let params = [
            ("spec", Value::Text("ed25519".into())),
            ("label", Value::Text(label.into())),
            ("audit", Value::Text(audit.into())),
            ("policy", policy),
        ];
        let info = self.call("keys.create", Value::object(params))?;
        Ok(text(&info, "keyId"))
    }

    /// A request for a signature.
    #[must_use]
    pub fn signing(&self, key_id: &str, data: &[u8]) -> Value {
        let data = Value::Bytes(data.to_vec());
        self.request("sign", Value::object([("keyId", Value::Text(key_id.into())), ("data", data)]))
    }

    /// Signs with a key.
    pub fn sign(&self, key_id: &str, data: &[u8]) -> Result<Vec<u8>, Code> {
        let reply = block_on(self.enclave.handle(self.session, self.signing(key_id, data)));
        Ok(signature(&outcome(reply)?))
    }

    /// Makes a key that is for these uses; returns its id.
    pub fn create_for(&self, spec: &str, uses: &[&str]) -> Result<String, Code> {
        let uses = uses.iter().map(|usage| Value::Text((*usage).into())).collect();
        let policy = Value::object([("operations", Value::List(uses))]);
        let params = [("spec", Value::Text(spec.into())), ("policy", policy)];
        Ok(text(&self.call("keys.create", Value::object(params))?, "keyId"))
    }

    /// Makes a key that signs tokens of a template, with other members of its policy; returns its id.
    pub fn create_for_tokens(
        &self,
        spec: &str,
        template: Value,
        more: &[(&'static str, Value)],
    ) -> Result<String, Code> {
        let uses = ["jwt", "verify"].map(|usage| Value::Text(usage.into()));
        let mut policy =
            vec![("operations".into(), Value::List(uses.into())), ("jwt".into(), template)];
        policy.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
        let params = [("spec", Value::Text(spec.into())), ("policy", Value::Map(policy))];
        Ok(text(&self.call("keys.create", Value::object(params))?, "keyId"))
    }

    /// The state of the vault.
    pub fn state(&self) -> Result<String, Code> {
        Ok(text(&self.call("vault.status", Value::Map(Vec::new()))?, "state"))
    }

    /// Checks the audit log; returns the number of entries.
    pub fn verify_audit(&self) -> Result<f64, Code> {
        match member(&self.call("audit.verify", Value::Map(Vec::new()))?, "count") {
            Some(Value::Number(count)) => Ok(count),
            _ => Ok(-1.0),
        }
    }
}

/// The least that a template of tokens says: for whom, and for how long.
#[must_use]
pub fn template() -> Value {
    Value::object([
        ("typ", Value::Text("JWT".into())),
        ("audiences", Value::List(vec![Value::Text("https://api.example".into())])),
        ("maxLifeSeconds", Value::Number(300.0)),
    ])
}

/// The configuration of every tab.
///
/// # Panics
/// Never: the names are names.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn config() -> Config {
    let name = |text: &str| Label::new(text).unwrap();
    Config {
        release: "0.0.0-test".into(),
        worker_digest: releases::digest("worker"),
        wasm_digest: releases::digest("wasm"),
        auto_lock: Config::AUTO_LOCK,
        host: HOST.into(),
        origin: ENCLAVE.into(),
        signers: releases::signers(),
        names: Names {
            passphrase: name("A passphrase"),
            passkey: name("A passkey"),
            recovery_phrase: name("Some words"),
        },
    }
}

/// An origin.
///
/// # Panics
/// If the text is not one.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn origin(text: &str) -> CallerOrigin {
    CallerOrigin::new(text).unwrap()
}

/// Result or error code of a reply.
pub fn outcome(reply: Option<Value>) -> Result<Value, Code> {
    let reply = reply.ok_or("no reply")?;
    match (member(&reply, "result"), member(&reply, "error")) {
        (Some(result), None) => Ok(result),
        (None, Some(error)) => Err(text(&error, "code")),
        _ => Err("not a reply".into()),
    }
}

/// The signature in a result; empty if there is none.
#[must_use]
pub fn signature(result: &Value) -> Vec<u8> {
    match member(result, "signature") {
        Some(Value::Bytes(signature)) => signature,
        _ => Vec::new(),
    }
}

/// A member of an object.
#[must_use]
pub fn member(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Map(members) => {
            members.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        }
        _ => None,
    }
}

/// A member of an object that is bytes; none if there is none.
#[must_use]
pub fn bytes(value: &Value, name: &str) -> Vec<u8> {
    match member(value, name) {
        Some(Value::Bytes(bytes)) => bytes,
        _ => Vec::new(),
    }
}

/// A text member of an object; empty if there is none.
#[must_use]
pub fn text(value: &Value, name: &str) -> String {
    match member(value, name) {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    }
}
