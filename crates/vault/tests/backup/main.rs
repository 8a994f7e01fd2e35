//! Backups: made in one browser, restored in another, tried out, interrupted and refused.

#![allow(clippy::unwrap_used)] // in the helpers as in the tests

mod damage;
mod dates;
mod faults;
mod index;
mod log;
mod moves;

use kms_protocol::{ErrorCode, Value};
use kms_testkit::person::new;
use kms_testkit::tab::member;
use kms_testkit::{PASSPHRASE, Tab, TestPorts};
use kms_vault::{Action, Factor, UiEvent};

/// Passphrase of the backups.
pub(crate) const SECRET: &str = "a passphrase for the file";

/// Another browser of another person.
pub(crate) fn elsewhere(seed: u64) -> Tab {
    Tab::over(TestPorts::new(seed), seed)
}

/// What a file is refused with by a browser without a vault, in which nothing changes.
pub(crate) fn refused(tab: &Tab, file: &[u8], factor: Factor) -> Option<ErrorCode> {
    let before = tab.store.dump();
    assert_eq!(tab.restore(file.to_vec(), factor), Err("user_cancelled".into()));
    assert_eq!(tab.store.dump(), before);
    assert_eq!(tab.restarted().state().as_deref(), Ok("uninitialized"));
    tab.problem()
}

/// What the vault's own drill says about a file; nothing is written meanwhile.
pub(crate) fn drilled(tab: &Tab, file: &[u8], factor: Factor) -> Option<ErrorCode> {
    tab.files.choose(file.to_vec());
    let _closed = tab.manage(UiEvent::Action(Action::Drill), PASSPHRASE, async |tab| {
        let before = tab.store.dump();
        tab.does(new(factor)).await;
        assert_eq!(tab.problem().is_some(), tab.store.dump() == before);
    });
    tab.problem()
}

#[allow(clippy::cast_precision_loss)] // times of this age are exact
pub(crate) fn number(value: u64) -> Value {
    Value::Number(value as f64)
}

/// What the status says about backups.
pub(crate) fn health(tab: &Tab, name: &str) -> Option<Value> {
    let status = tab.call("vault.status", Value::Map(vec![])).unwrap();
    member(&member(&status, "backup").unwrap(), name)
}
