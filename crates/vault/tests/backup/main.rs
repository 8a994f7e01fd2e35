//! Backups: made in one browser, restored in another, tried out, interrupted and refused.

#![allow(clippy::unwrap_used)] // in the helpers as in the tests

mod damage;
mod faults;
mod index;
mod moves;

use kms_protocol::ErrorCode;
use kms_testkit::person::new;
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
