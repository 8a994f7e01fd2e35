//! When each way to unlock was made and last used, as `vault.status` says.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::{EnrolmentKind, Value};
use kms_testkit::person::{new, passphrase};
use kms_testkit::tab::member;
use kms_testkit::{FakePasskey, PASSPHRASE, Tab};
use kms_vault::{Action, UiEvent};

const SECRET: &str = "a passphrase for the file";
/// What the clock of every tab shows first.
const START: f64 = 1_800_000_000_000.0;

/// So many milliseconds after the start.
fn at(ms: u32) -> Value {
    Value::Number(START + f64::from(ms))
}

/// `created` and `lastUsed` of each enrolment.
fn dates(tab: &Tab) -> Vec<[Value; 2]> {
    let status = tab.call("vault.status", Value::Map(vec![])).unwrap();
    let date = |one: &Value, name| member(one, name).unwrap_or(Value::Null);
    match member(&status, "enrolments") {
        Some(Value::List(all)) => {
            all.iter().map(|one| ["created", "lastUsed"].map(|name| date(one, name))).collect()
        }
        _ => vec![],
    }
}

#[test]
fn it_is_told_when_each_was_made_and_last_used() {
    let (tab, passkey) = (Tab::default(), FakePasskey::new(1));
    tab.clock.advance(1);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    assert_eq!(dates(&tab), [[at(1), Value::Null]]);
    tab.clock.advance(10);
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passkey));
    let added = tab.manage(add, PASSPHRASE, async |tab| {
        tab.clock.advance(100);
        tab.does(new(passkey.answer(&tab.new_salt()))).await;
    });
    assert!(added.is_ok());
    // A fresh unlock is a use of the old one; the new one was proved, which is none.
    assert_eq!(dates(&tab), [[at(1), at(11)], [at(111), Value::Null]]);
    let tab = tab.restarted();
    tab.clock.advance(1000);
    let unlocked =
        tab.ask_person("vault.unlock", async |tab| tab.does(tab.enrolled(&passkey)).await);
    assert!(unlocked.is_ok());
    assert_eq!(dates(&tab), [[at(1), at(11)], [at(111), at(1111)]]);
    // A wrong attempt is no use.
    let tab = tab.restarted();
    tab.clock.advance(10_000);
    assert!(tab.unlock("not the passphrase").is_err());
    assert_eq!(dates(&tab)[0], [at(1), at(11)]);
}

#[test]
fn one_that_is_renewed_keeps_its_date_and_one_of_a_restore_gets_its_own() {
    let tab = Tab::default();
    tab.kdf.set_memory(Some(19_456));
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let tab = tab.restarted();
    tab.clock.advance(10);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert_eq!(tab.kdf.asked()[1], (65_536, 3, 1));
    assert_eq!(dates(&tab), [[at(0), at(10)]]);
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let fresh = Tab::default();
    fresh.clock.advance(500);
    assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
    assert_eq!(dates(&fresh), [[at(500), at(500)]]);
}
