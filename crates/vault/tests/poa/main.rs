//! Approving what workloads ask for: what is shown is what is signed, and nothing is signed on a fork.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

mod course;
mod log;
mod named;
mod refused;
mod statements;

use kms_crypto::{KeyKind, PublicKey};
use kms_protocol::Value;
use kms_testkit::broker::broker;
use kms_testkit::tab::{bytes, member, outcome, text};
use kms_testkit::{FakeLog, Tab};
use kms_token::{
    Challenge, Circumstances, Key, KeyRing, KeyState, Life, Refusal, Token, Verified, Verifier,
};
use kms_vault::UiEvent;

type Members = Vec<(&'static str, Value)>;

/// An approver: a vault with a key for it, and the person.
struct Approver {
    tab: Tab,
    key: String,
}

impl Approver {
    fn new() -> Self {
        Self::on(Tab::ready())
    }

    /// Another person's, on another device.
    fn other() -> Self {
        let tab = Tab::over(kms_testkit::TestPorts::new(77), 77);
        assert!(tab.set_up(kms_testkit::PASSPHRASE).is_ok());
        Self::on(tab)
    }

    fn on(tab: Tab) -> Self {
        let key = tab.create_for("ed25519", &["approve"]).unwrap();
        Self { tab, key }
    }

    fn params(&self, members: Members) -> Value {
        let id = ("keyId".into(), Value::Text(self.key.clone()));
        let members = members.into_iter().map(|(name, value)| (name.into(), value));
        Value::Map(std::iter::once(id).chain(members).collect())
    }

    /// Calls a method that a person is asked about, who then does something.
    fn ask(
        &self,
        (method, members): (&str, Members),
        person: impl AsyncFnOnce(&Tab),
    ) -> Result<Value, String> {
        let request = self.tab.request(method, self.params(members));
        outcome(self.tab.send_to_person(request, person))
    }

    /// The same where the person approves, if they are asked.
    fn approved(&self, call: (&str, Members)) -> Result<Value, String> {
        self.ask(call, async |tab| {
            if tab.screen() == "approve" {
                tab.does(tab.approved()).await;
            }
        })
    }

    /// The same where nobody is asked, because it is refused before.
    fn unasked(&self, call: (&str, Members)) -> Result<Value, String> {
        self.ask(call, async |tab| assert_eq!(tab.screen(), "hidden"))
    }

    fn denied(&self, call: (&str, Members)) -> Result<Value, String> {
        self.ask(call, async |tab| tab.does(UiEvent::Cancel).await)
    }

    /// What the person is shown.
    fn shown(&self, call: (&str, Members)) -> String {
        let mut shown = String::new();
        let looked = self.ask(call, async |tab| {
            let asked = tab.approval();
            let [one] = &asked.operations[..] else { return };
            shown.clone_from(&one.payload.text.as_ref().unwrap().shown);
            assert!(one.payload.is_readable() && asked.code.is_none());
            tab.does(UiEvent::Cancel).await;
        });
        assert_eq!(looked, Err("user_cancelled".into()));
        shown
    }

    fn public(&self, version: u32) -> PublicKey {
        let version = ("version", Value::Number(version.into()));
        let public = self.tab.call("keys.public_key", self.params(vec![version])).unwrap();
        PublicKey::from_raw(KeyKind::Ed25519, &bytes(&public, "raw")).unwrap()
    }

    /// The key as the broker knows it.
    fn known_as(&self, owner: &str) -> Key {
        let (owner, state) = (owner.into(), KeyState::Active);
        Key { public: self.public(1), owner, admin: false, state }
    }

    fn now_s(&self) -> u64 {
        kms_vault::Clock::now_ms(&self.tab.clock) / 1000
    }

    /// How many lines of the log it saw.
    fn seen(&self) -> Option<f64> {
        let log = self.tab.call("poa.log", self.params(vec![])).unwrap();
        match member(&member(&log, "seen")?, "size") {
            Some(Value::Number(size)) => Some(size),
            _ => None,
        }
    }
}

/// The log of most tests.
fn a_log() -> FakeLog {
    FakeLog::new(9, 5)
}

/// A call that approves a challenge.
fn approving(challenge: &Challenge, log: Value, more: Members) -> (&'static str, Members) {
    let mut members = vec![("challenge", Value::Text(challenge.to_json())), ("log", log)];
    members.extend(more);
    ("poa.approve", members)
}

/// The same by a key that saw nothing yet.
fn at_first(challenge: &Challenge, more: Members) -> (&'static str, Members) {
    approving(challenge, a_log().offered(None), more)
}

fn ring(keys: impl IntoIterator<Item = Key>) -> KeyRing {
    let mut ring = KeyRing::default();
    keys.into_iter().for_each(|key| drop(ring.enrol(key).unwrap()));
    ring
}

/// What a broker says of a token that is presented as the challenge says.
fn verify(
    ring: &KeyRing,
    challenge: &Challenge,
    signed: &Value,
    now_s: u64,
) -> Result<Verified, Refusal> {
    let (audience, life) = (broker(), Life::new(u64::MAX));
    let verifier = Verifier { ring, audience: &audience, life };
    let Challenge { sub, certificate, req, .. } = challenge;
    let at = Circumstances { sub, certificate: *certificate, request: req, now_s };
    verifier.verify(&Token::parse(&text(signed, "signed"))?, &at)
}

fn refused(code: &str) -> Result<Value, String> {
    Err(code.into())
}
