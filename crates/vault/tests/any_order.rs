//! Whatever a person, a page and time do in whatever order: nothing panics, every enrolment that
//! is stored opens the vault, the records are whole, and no secret leaves for the page.
#![allow(clippy::unwrap_used, clippy::panic)] // the fixtures are plain functions

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use kms_crypto::SecretVec;
use kms_protocol::{AutoLock, EnrolmentKind, KeyId, Label, Value};
use kms_testkit::invariants::{broken, contains_secret};
use kms_testkit::person::{encrypt, id, new, of, passphrase, phrase};
use kms_testkit::{FakePasskey, Fault, PASSPHRASE, Tab};
use kms_vault::{Action, AuditFilter, KeyAction, Part, RecordKey, Table, UiEvent};
use proptest::prelude::*;

const SECOND: &str = "another long passphrase";
const METHODS: [&str; 9] = [
    "vault.setup",
    "vault.unlock",
    "vault.manage",
    "vault.backup",
    "vault.restore",
    "vault.reset",
    "vault.lock",
    "ui.dismiss",
    "keys.manage",
];

/// One thing that happens. Numbers choose among what there is at that moment.
#[derive(Clone, Debug)]
enum Act {
    /// A page calls a method.
    Call(usize),
    /// A passphrase is sent, for something new or for an enrolment.
    Passphrase(usize, Option<usize>),
    /// A passkey answers.
    Passkey(u8, Option<usize>),
    /// A phrase that was shown is typed, for a backup or for an enrolment.
    Phrase(usize, Option<usize>),
    /// The words that were asked for, or others.
    Words(bool),
    /// An event without content.
    Plain(usize),
    /// Something of the management page.
    Action(usize, usize),
    /// The page makes a key; a person confirms its uses, or nobody is asked.
    Create(bool),
    /// The page signs with a key.
    Sign(usize),
    /// What is shown is approved, or something else.
    Approve(bool),
    /// Something of the pages of keys and of the log.
    Browse(usize),
    /// How to encrypt a backup.
    Encrypt(bool, Option<usize>),
    /// A file is chosen: one of the made ones, or none of ours.
    Choose(usize),
    /// Time passes.
    Wait(u64),
    /// A store call fails.
    Fault(u64, usize),
    /// The connection heals.
    Heal,
    /// Another start of the browser.
    Restart,
    /// What somebody who knows what they want does on the screen that is shown.
    Right(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let target = || prop::option::weighted(0.6, 0..4_usize);
    prop_oneof![
        6 => (0..METHODS.len()).prop_map(Act::Call),
        8 => (0..4_usize, target()).prop_map(|(text, to)| Act::Passphrase(text, to)),
        4 => (1..4_u8, target()).prop_map(|(number, to)| Act::Passkey(number, to)),
        3 => (0..3_usize, target()).prop_map(|(words, to)| Act::Phrase(words, to)),
        4 => prop::bool::weighted(0.8).prop_map(Act::Words),
        12 => (0..9_usize).prop_map(Act::Plain),
        8 => (0..9_usize, 0..4_usize).prop_map(|(action, to)| Act::Action(action, to)),
        3 => any::<bool>().prop_map(Act::Create),
        3 => (0..3_usize).prop_map(Act::Sign),
        3 => any::<bool>().prop_map(Act::Approve),
        8 => (0..BROWSE).prop_map(Act::Browse),
        3 => (any::<bool>(), prop::option::of(0..4_usize)).prop_map(|(to, with)| Act::Encrypt(to, with)),
        2 => (0..3_usize).prop_map(Act::Choose),
        2 => prop::sample::select(vec![1_u64, 1000, 60_000, 120_000, 900_000]).prop_map(Act::Wait),
        1 => (1..6_u64, 0..Fault::ALL.len()).prop_map(|(call, fault)| Act::Fault(call, fault)),
        2 => Just(Act::Heal),
        1 => Just(Act::Restart),
        30 => (0..4_usize).prop_map(Act::Right),
    ]
}

/// What a sequence of acts begins with, so that most of them get somewhere.
fn beginning() -> impl Strategy<Value = Vec<Act>> {
    let setup = Act::Call(0);
    prop_oneof![
        1 => Just(vec![]),
        2 => Just(vec![setup.clone(), Act::Passphrase(0, None)]),
        1 => Just(vec![setup.clone(), Act::Passkey(1, None)]),
        2 => Just(vec![setup, Act::Plain(0), Act::Plain(1), Act::Words(true)]),
    ]
}

type Pending = Pin<Box<dyn Future<Output = Option<Value>>>>;

/// A browser, its page, and all that was ever secret.
struct World {
    tab: Tab,
    waiting: Vec<Pending>,
    secrets: RefCell<Vec<Vec<u8>>>,
    words: Vec<String>,
}

fn text(number: usize) -> &'static str {
    [PASSPHRASE, SECOND, "too short", "a third long passphrase"][number % 4]
}

impl World {
    fn new() -> Self {
        let secrets = (0..4).map(|number| text(number).as_bytes().to_vec()).collect();
        let (waiting, words) = (Vec::new(), Vec::new());
        Self { tab: Tab::default(), waiting, secrets: RefCell::new(secrets), words }
    }

    /// Lets something run to its end, and everything that waits with it.
    fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = Box::pin(work);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..100_000 {
            let secrets = self.secrets.borrow();
            self.waiting.retain_mut(|request| match request.as_mut().poll(&mut context) {
                Poll::Ready(reply) => {
                    assert!(!reply.is_some_and(|reply| contains_secret(&reply, &secrets)));
                    false
                }
                Poll::Pending => true,
            });
            drop(secrets);
            if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return done;
            }
        }
        panic!("it never ends");
    }

    fn does(&mut self, event: UiEvent) {
        let (enclave, view) = (self.tab.enclave.clone(), self.tab.outbox.view());
        self.drive(async move { enclave.handle_ui(view, event).await });
    }

    fn call(&mut self, method: &str) {
        self.send(self.tab.request(method, Value::Map(vec![])));
    }

    fn send(&mut self, request: Value) {
        let (enclave, session) = (self.tab.enclave.clone(), self.tab.session);
        self.waiting.push(Box::pin(async move { enclave.handle(session, request).await }));
        self.drive(async {});
    }

    fn enrolment(&self, number: usize) -> String {
        let all = self.tab.enrolments();
        let chosen = all.get(number % all.len().max(1));
        chosen.map_or_else(|| "AAAAAAAAAAAAAAAAAAAAAA".into(), |(id, _, _)| id.clone())
    }

    fn factor(&mut self, factor: kms_vault::Factor, to: Option<usize>) {
        let event = match to {
            Some(number) => of(&self.enrolment(number), factor),
            None => new(factor),
        };
        self.does(event);
    }

    fn step(&mut self, act: &Act) {
        match act {
            Act::Call(method) => self.call(METHODS[*method]),
            Act::Passphrase(number, to) => self.factor(passphrase(text(*number)), *to),
            Act::Passkey(number, to) => {
                let passkey = FakePasskey::new(*number);
                let salt = self.tab.new_salt();
                self.secrets.borrow_mut().push(passkey.prf(&salt));
                let event = match to {
                    Some(_) => self.tab.enrolled(&passkey),
                    None => new(passkey.answer(&salt)),
                };
                // A frame evaluates a passkey for what the screen asks for, nothing else.
                if to.is_none() || matches!(event, UiEvent::Factor { enrolment: Some(_), .. }) {
                    self.does(event);
                }
            }
            Act::Phrase(number, to) => {
                let words = self.words.get(*number).cloned().unwrap_or_default();
                self.factor(phrase(&words), *to);
            }
            Act::Words(right) => {
                let wrong = UiEvent::Words(SecretVec::copy_of(b"zoo zoo zoo"));
                let words = if *right { self.tab.asked_words() } else { wrong };
                self.does(words);
            }
            Act::Plain(number) => self.does(plain(*number)),
            Act::Action(number, to) => {
                let action = action(*number, &self.enrolment(*to));
                self.does(UiEvent::Action(action));
            }
            Act::Create(confirmed) => {
                let (enclave, session) = (self.tab.enclave.clone(), self.tab.session);
                let request = self.tab.request("keys.create", new_key(*confirmed));
                self.drive(async move { enclave.handle(session, request).await });
            }
            Act::Sign(number) => {
                let key = self.key(*number);
                let id = key.as_ref().map_or("AAECAwQFBgcICQoLDA0ODw", KeyId::as_str);
                self.send(self.tab.signing(id, b"text"));
            }
            Act::Approve(shown) => {
                let digest = vec![0; 32];
                let other = UiEvent::Approve { digest, code: None, assertion: None };
                self.does(if *shown { self.tab.approved() } else { other });
            }
            Act::Browse(number) => self.browse(*number),
            Act::Encrypt(to_phrase, with) => self.does(encrypt(*to_phrase, with.map(text))),
            Act::Choose(number) => {
                let made = self.tab.files.made();
                let file = made.get(*number).cloned().unwrap_or_else(|| b"not a backup".to_vec());
                self.tab.files.choose(file);
            }
            Act::Wait(ms) => {
                self.tab.clock.advance(*ms);
                let enclave = self.tab.enclave.clone();
                self.drive(async move { enclave.tick().await });
            }
            Act::Fault(call, fault) => self.tab.store.fail_at(*call, Fault::ALL[*fault]),
            Act::Heal => {
                self.tab.store.heal();
            }
            Act::Right(number) => self.right(*number),
            Act::Restart => {
                self.waiting.clear();
                self.tab = self.tab.restarted();
            }
        }
        self.note_words();
        self.check();
    }

    /// An event of the pages of keys and of the log, about the first key there is.
    fn browse(&mut self, number: usize) {
        self.does(browse(number, self.key(0)));
    }

    fn key(&self, number: usize) -> Option<KeyId> {
        let keys = self.tab.store.keys(Table::Keys);
        match keys.get(number % keys.len().max(1))? {
            RecordKey::Text(id) => KeyId::new(id.clone()).ok(),
            RecordKey::Number(_) => None,
        }
    }

    fn right(&mut self, number: usize) {
        match self.tab.screen() {
            "keys" => self.browse(2),
            "key" => self.browse([5, 6, 7, 9][number]),
            "audit" => self.browse([4, 5, 10, 11][number]),
            "unlock" => {
                let all = self.tab.enrolments();
                let Some((id, kind, _)) = all.get(number % all.len().max(1)) else { return };
                for event in self.keys_for(&self.tab, id, kind) {
                    if self.tab.screen() == "unlock" {
                        self.does(event);
                    }
                }
            }
            "setup" | "add_passphrase" => self.factor(passphrase(text(number % 2)), None),
            "add_passkey" => {
                let passkey = FakePasskey::new(u8::try_from(number).unwrap_or(0) + 1);
                self.factor(passkey.answer(&self.tab.new_salt()), None);
            }
            "phrase" => self.does(UiEvent::Written),
            "confirm_phrase" => self.does(self.tab.asked_words()),
            "backup" => self.does(encrypt(number == 0, Some(SECOND))),
            "restore" => {
                if let Some(file) = self.tab.files.made().pop() {
                    self.tab.files.choose(file);
                }
                self.factor(passphrase(SECOND), None);
            }
            "manage" => {
                let id = self.enrolment(number);
                let action = action([0, 1, 2, 4][number], &id);
                let event = if number == 3 { browse(0, None) } else { UiEvent::Action(action) };
                self.does(event);
            }
            "approve" => self.does(self.tab.approved()),
            "hidden" => self.call(METHODS[[1, 2, 3, 4][number]]),
            _ => self.does(UiEvent::Confirm),
        }
    }

    fn note_words(&mut self) {
        let words = self.tab.words();
        if !words.is_empty() && !self.words.contains(&words) {
            self.secrets.borrow_mut().push(words.clone().into_bytes());
            self.words.push(words);
        }
    }

    /// Nothing that was secret is in what left for the page, or on disk as it is.
    fn check(&self) {
        let secrets = self.secrets.borrow();
        for event in self.tab.outbox.events() {
            assert!(!contains_secret(&event, &secrets));
        }
        let mut stored = self.tab.store.dump();
        stored.extend(self.tab.files.made());
        for record in stored {
            assert!(!contains_secret(&Value::Bytes(record), &secrets));
        }
    }

    /// In the end every enrolment opens the vault, and the vault is whole.
    fn end(&mut self) {
        self.waiting.clear();
        self.tab.store.heal();
        let after = self.tab.restarted();
        after.clock.advance(3_600_000);
        if after.state().as_deref() == Ok("uninitialized") {
            assert!(after.set_up(PASSPHRASE).is_ok());
        }
        for (enrolment, kind, _) in after.enrolments() {
            let after = self.tab.restarted();
            let opened = after.ask_person("vault.unlock", async |tab| {
                for event in self.keys_for(tab, &enrolment, &kind) {
                    if tab.screen() == "unlock" {
                        tab.clock.advance(3_600_000);
                        tab.does(event).await;
                    }
                }
            });
            assert!(opened.is_ok(), "{kind} {opened:?}");
            assert_eq!(broken(&after), Vec::<String>::new());
        }
    }

    fn keys_for(&self, tab: &Tab, enrolment: &str, kind: &str) -> Vec<UiEvent> {
        match kind {
            "passphrase" => (0..4).map(|number| of(enrolment, passphrase(text(number)))).collect(),
            "passkey" => {
                let own = |number| tab.enrolled(&FakePasskey::new(number));
                let all = (1..5).map(own);
                all.filter(|event| matches!(event, UiEvent::Factor { enrolment: Some(_), .. }))
                    .collect()
            }
            _ => self.words.iter().map(|words| of(enrolment, phrase(words))).collect(),
        }
    }
}

fn new_key(confirmed: bool) -> Value {
    let mut params = vec![("spec", Value::Text("ed25519".into()))];
    if confirmed {
        let signs = Value::List(vec![Value::Text("sign".into())]);
        let policy = [("operations", signs), ("confirmation", Value::Text("sheet".into()))];
        params.push(("policy", Value::object(policy)));
    }
    Value::Map(params.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn plain(number: usize) -> UiEvent {
    match number {
        0 => UiEvent::NewPhrase,
        1 => UiEvent::Written,
        2 => UiEvent::Back,
        3 => UiEvent::Restore,
        4 | 5 => UiEvent::Confirm,
        6 => UiEvent::Cancel,
        7 => UiEvent::Activity,
        _ => UiEvent::Estimate(SecretVec::copy_of(PASSPHRASE.as_bytes())),
    }
}

/// How many events [`browse`] knows.
const BROWSE: usize = 15;

fn browse(number: usize, key: Option<KeyId>) -> UiEvent {
    let missing = || KeyId::new("AAECAwQFBgcICQoLDA0ODw").unwrap();
    let about = |key_id| UiEvent::Filter(AuditFilter { key_id, ..AuditFilter::default() });
    match number {
        0 => UiEvent::Open(Part::Keys),
        1 => UiEvent::Open(Part::Audit),
        2 => UiEvent::OpenKey(key.unwrap_or_else(missing)),
        3 => UiEvent::OpenKey(missing()),
        4 => UiEvent::Turn(true),
        5 => about(key),
        6 => UiEvent::Key(KeyAction::Rename(Label::new("Another name").unwrap())),
        7 => UiEvent::Key(KeyAction::Rotate),
        8 => UiEvent::Key(KeyAction::Trim(2)),
        9 => UiEvent::Key(KeyAction::Raise { decryption: 1, encryption: 2 }),
        10 => UiEvent::Turn(false),
        11 => about(None),
        13 => UiEvent::Export,
        // Neither waits for its deletion, nor is it destroyed: both would look like a lost key.
        12 => UiEvent::Key(KeyAction::CancelDeletion),
        // A key that is disabled would look like one that is lost.
        _ => UiEvent::Key(KeyAction::Enable),
    }
}

fn action(number: usize, enrolment: &str) -> Action {
    match number {
        0 => Action::Add(EnrolmentKind::Passphrase),
        1 => Action::Add(EnrolmentKind::Passkey),
        2 => Action::Add(EnrolmentKind::RecoveryPhrase),
        3 => Action::Rename(id(enrolment), Label::new("Another name").unwrap()),
        4 => Action::Remove(id(enrolment)),
        5 => Action::AutoLock(AutoLock { idle_ms: 60_000, absolute_ms: 120_000 }),
        6 => Action::Backup,
        7 => Action::Drill,
        _ => Action::Reset,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_leaves_a_whole_vault(
        first in beginning(),
        acts in prop::collection::vec(act(), 0..60),
    ) {
        let mut world = World::new();
        for act in first.iter().chain(&acts) {
            world.step(act);
        }
        world.end();
    }
}

#[test]
fn the_search_for_secrets_finds_one() {
    let world = World::new();
    let leak = Value::Text(format!("it is {SECOND}."));
    assert!(contains_secret(&leak, &world.secrets.borrow()));
    assert!(!contains_secret(&Value::Text("nothing".into()), &world.secrets.borrow()));
}
