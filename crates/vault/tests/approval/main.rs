//! Approvals: what is shown is what is done, and nothing else; nobody is worn down.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

mod asked;
mod assertion;
mod decision;
mod secrets;

use kms_protocol::Value;
use kms_testkit::Tab;
use kms_testkit::tab::outcome;
use kms_vault::UiEvent;

type Done = Result<(), String>;

fn ready() -> (Tab, String) {
    let tab = Tab::ready();
    let key = tab.create_confirmed("Payments", "durable").unwrap();
    (tab, key)
}

fn done(reply: Option<Value>) -> Done {
    outcome(reply).map(|_| ())
}

fn refused(code: &str) -> Done {
    Err(code.into())
}

/// Signs while a person approves.
fn approved(tab: &Tab, key: &str, data: &[u8]) -> Done {
    done(tab.send_to_person(tab.signing(key, data), async |tab| tab.does(tab.approved()).await))
}

/// Signs while a person denies.
fn denied(tab: &Tab, key: &str) -> Done {
    let deny = async |tab: &Tab| tab.does(UiEvent::Cancel).await;
    done(tab.send_to_person(tab.signing(key, b"text"), deny))
}

fn batch(tab: &Tab, message: Vec<Value>, person: impl AsyncFnOnce(&Tab)) -> Vec<Done> {
    let Some(Value::List(replies)) = tab.send_to_person(Value::List(message), person) else {
        return Vec::new();
    };
    replies.into_iter().map(|reply| done(Some(reply))).collect()
}

fn policy(more: &[(&'static str, &'static str)]) -> Value {
    let signs = Value::List(vec![Value::Text("sign".into())]);
    let mut members = vec![("operations".into(), signs)];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), Value::Text((*value).into()))));
    Value::Map(members)
}

fn row(method: &str, outcome: &str) -> (String, String) {
    (method.into(), outcome.into())
}
