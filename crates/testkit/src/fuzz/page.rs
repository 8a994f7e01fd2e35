//! Messages of a page to an enclave whose vault is open and has a key of each spec.

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kms_protocol::{KeySpec, Value};

use super::json;
use crate::tab::{member, outcome};
use crate::{PASSPHRASE, Tab};

/// Requests that one tab answers before it is replaced: what it keeps for tests grows.
const REQUESTS: u32 = 10_000;
/// Turns of the event loop after which an answer waits for a person.
const TURNS: u32 = 100;
/// The id of a key in the golden samples. There is none of that name.
const SAMPLE: &str = "AAECAwQFBgcICQoLDA0ODw";

thread_local! {
    static PAGE: RefCell<Page> = RefCell::new(Page::new());
}

struct Page {
    tab: Tab,
    keys: Vec<String>,
    answered: u32,
}

impl Page {
    fn new() -> Self {
        let tab = Tab::ready();
        let make = |spec: &KeySpec| tab.create(spec.as_str(), "deferred").unwrap();
        let keys = KeySpec::ALL.iter().map(make).collect();
        Self { tab, keys, answered: 0 }
    }

    /// What a request may have closed is opened again; what it has spoiled is made anew.
    fn is_open(&self) -> bool {
        let unlocked = || self.tab.state().as_deref() == Ok("unlocked");
        self.answered < REQUESTS && (unlocked() || self.tab.unlock(PASSPHRASE).is_ok())
    }

    fn answer(&mut self, message: Value, choice: usize) -> Option<Value> {
        self.answered += 1;
        self.tab.clock.advance(1000);
        let key = self.keys.get(choice % self.keys.len())?;
        let message = aimed(message, key);
        let mut work = pin!(self.tab.enclave.handle(self.tab.session, message));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..TURNS {
            if let Poll::Ready(reply) = work.as_mut().poll(&mut context) {
                return reply;
            }
        }
        None
    }
}

/// The message with the name of this key for the one of the samples, which a mutation would not find.
fn aimed(message: Value, key: &str) -> Value {
    match message {
        Value::Text(text) if text == SAMPLE => Value::Text(key.into()),
        Value::List(items) => Value::List(items.into_iter().map(|item| aimed(item, key)).collect()),
        Value::Map(members) => {
            let aim = |(name, value)| (name, aimed(value, key));
            Value::Map(members.into_iter().map(aim).collect())
        }
        other => other,
    }
}

/// The answer to a message of a page, in JSON with `{"$hex": "…"}` for bytes; none if it waits for a
/// person or the text is no message. The length of the text decides which key it is about.
#[must_use]
pub fn answer(input: &[u8]) -> Option<Value> {
    let message = json::read(input)?;
    PAGE.with_borrow_mut(|page| {
        if !page.is_open() {
            *page = Page::new();
        }
        page.answer(message, input.len())
    })
}

/// A message is answered at once or waits for a person, and the answer is a reply.
///
/// # Panics
/// If it is not.
pub fn request(input: &[u8]) {
    let reply = answer(input).filter(|reply| !matches!(reply, Value::List(_)));
    if let Some(reply) = reply {
        let told = outcome(Some(reply.clone()));
        assert!(told != Err("not a reply".into()), "{reply:?}");
        assert!(member(&reply, "error").is_none() || told.is_err_and(|code| !code.is_empty()));
    }
}
