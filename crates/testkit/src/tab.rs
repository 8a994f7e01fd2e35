//! A tab: an enclave, a page in it, and a person who answers the sheet.

use std::cell::Cell;

use futures_util::future::join;
use kms_crypto::SecretVec;
use kms_crypto::software::DeviceKey;
use kms_protocol::{CallerOrigin, Value};
use kms_vault::{Config, Enclave, SessionId, UiEvent};
use pollster::block_on;

use crate::{FastKdf, ManualClock, MemoryStore, Recorder, TestPorts, seeded_provider};

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
        let (store, clock) = (ports.store.clone(), ports.clock.clone());
        let (kdf, outbox) = (ports.kdf.clone(), ports.outbox.clone());
        let enclave = Enclave::new(ports, config());
        // A store that cannot be read shows in every later call.
        let _reported = block_on(enclave.start());
        let session = enclave.connect(origin(PAGE));
        let next = Cell::new(0);
        Self { enclave, session, store, clock, kdf, outbox, seed, next }
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

    /// A tab on another store.
    #[must_use]
    pub fn on(&self, store: MemoryStore<DeviceKey>) -> Self {
        let seed = self.seed + 1000;
        let ports = TestPorts {
            store,
            clock: self.clock.clone(),
            crypto: seeded_provider(seed),
            ..TestPorts::new(seed)
        };
        Self::over(ports, seed)
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

    /// Calls a method that asks the person, who does this.
    pub fn ask(&self, method: &str, events: Vec<UiEvent>) -> Result<Value, Code> {
        let request = self.request(method, Value::Map(Vec::new()));
        let person = async {
            for event in events {
                self.enclave.handle_ui(event).await;
            }
        };
        let (reply, ()) = block_on(join(self.enclave.handle(self.session, request), person));
        outcome(reply)
    }

    /// Makes a vault.
    pub fn set_up(&self, passphrase: &str) -> Result<Value, Code> {
        self.ask("vault.setup", vec![submit(passphrase), UiEvent::Cancel])
    }

    /// Unlocks the vault.
    pub fn unlock(&self, passphrase: &str) -> Result<Value, Code> {
        self.ask("vault.unlock", vec![submit(passphrase), UiEvent::Cancel])
    }

    /// Makes a key; returns its id.
    pub fn create(&self, spec: &str, audit: &str) -> Result<String, Code> {
        let params = [("spec", Value::Text(spec.into())), ("audit", Value::Text(audit.into()))];
        let info = self.call("keys.create", Value::object(params))?;
        Ok(text(&info, "keyId"))
    }

    /// Signs with a key.
    pub fn sign(&self, key_id: &str, data: &[u8]) -> Result<Vec<u8>, Code> {
        let data = Value::Bytes(data.to_vec());
        let params = Value::object([("keyId", Value::Text(key_id.into())), ("data", data)]);
        match member(&self.call("sign", params)?, "signature") {
            Some(Value::Bytes(signature)) => Ok(signature),
            _ => Ok(Vec::new()),
        }
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

/// The configuration of every tab.
#[must_use]
pub fn config() -> Config {
    Config {
        release: "0.0.0-test".into(),
        worker_digest: "sha256-worker".into(),
        wasm_digest: "sha256-wasm".into(),
        auto_lock: Config::AUTO_LOCK,
    }
}

/// The event of a person who enters a passphrase.
#[must_use]
pub fn submit(passphrase: &str) -> UiEvent {
    UiEvent::Submit(SecretVec::copy_of(passphrase.as_bytes()))
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

/// A text member of an object; empty if there is none.
#[must_use]
pub fn text(value: &Value, name: &str) -> String {
    match member(value, name) {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    }
}
