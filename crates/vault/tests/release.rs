//! The tripwire: a person sees that another release runs before they open the vault with it.

#![allow(clippy::unwrap_used)] // a failed step fails the test

use kms_protocol::{ErrorCode, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::person::passphrase;
use kms_testkit::releases::digest;
use kms_testkit::tab::text;
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_vault::{Action, Course, RecordKey, ReleaseChange, Table, UiEvent, UiScreen};

const OLD: &str = "0.1.0";
const NEW: &str = "0.2.0";

/// A vault that this release opened last.
fn opened_by(release: &str) -> Tab {
    let tab = Tab::default().restarted_with(release);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    tab
}

/// The change on display.
fn shown(tab: &Tab) -> Option<ReleaseChange> {
    let change = tab.look(|view| match &view.screen {
        UiScreen::Release(notice) => notice.change.clone(),
        _ => None,
    });
    change.flatten()
}

/// Opens the vault by a person who accepts the change once.
fn accept(tab: &Tab) -> Result<Value, String> {
    tab.ask_person("vault.unlock", async |tab| {
        assert_eq!(tab.screen(), "release");
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
    })
}

/// The entries of the log about releases.
fn logged(tab: &Tab) -> Vec<String> {
    let methods = entries(tab).into_iter().map(|entry| text(&entry, "method"));
    methods.filter(|method| method.starts_with("vault.release")).collect()
}

/// Puts other bytes into the header, as whoever can write to the storage can.
fn edit_header(tab: &Tab, from: &str, to: &str) {
    let key = RecordKey::Text("header".into());
    let header = tab.store.peek(Table::Meta, &key).unwrap();
    let at = header.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    let edited = [&header[..at], to.as_bytes(), &header[at + from.len()..]].concat();
    tab.store.poke(Table::Meta, &key, Some(edited));
}

#[test]
fn another_release_is_shown_before_the_unlock_and_once() {
    let before = opened_by(OLD);
    let tab = before.restarted_with(NEW);
    let unlocked = tab.ask_person("vault.unlock", async |tab| {
        let change = shown(tab).unwrap();
        assert_eq!((change.from.version.as_str(), change.to.version.as_str()), (OLD, NEW));
        assert_eq!(
            (change.course, change.to.wasm.as_str()),
            (Course::Newer, digest("wasm").as_str())
        );
        // Nothing that opens the vault is taken here.
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.screen(), "release");
        tab.does(UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "unlock");
        tab.does(tab.with(PASSPHRASE)).await;
    });
    assert!(unlocked.is_ok());
    assert_eq!(logged(&tab), ["vault.release.newer"]);
    let again = tab.restarted_with(NEW);
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(logged(&again), ["vault.release.newer"]);
    assert_eq!(broken(&again), Vec::<String>::new());
}

#[test]
fn an_older_release_is_shown_as_such() {
    let tab = opened_by(NEW).restarted_with(OLD);
    let unlocked = tab.ask_person("vault.unlock", async |tab| {
        assert_eq!(shown(tab).map(|change| change.course), Some(Course::Older));
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
    });
    assert!(unlocked.is_ok());
    assert_eq!(logged(&tab), ["vault.release.older"]);
}

#[test]
fn who_does_not_accept_it_does_not_open_the_vault() {
    let tab = opened_by(OLD).restarted_with(NEW);
    let cancelled = tab.ask("vault.unlock", vec![UiEvent::Cancel]);
    assert_eq!(cancelled, Err("user_cancelled".into()));
    // What was not accepted is asked again, also before a reset.
    assert_eq!(tab.ask("vault.reset", vec![UiEvent::Cancel]), Err("user_cancelled".into()));
    assert!(accept(&tab).is_ok());
}

#[test]
fn a_reset_goes_on_after_the_change_was_accepted() {
    let tab = opened_by(OLD).restarted_with(NEW);
    let deleted = tab.ask_person("vault.reset", async |tab| {
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
        tab.does(UiEvent::Confirm).await;
    });
    assert!(deleted.is_ok());
}

#[test]
fn a_header_that_hides_the_change_is_found_at_the_unlock() {
    let before = opened_by(NEW);
    for hidden in [OLD, "0.3.0"] {
        let tab = before.on(before.store.copied());
        edit_header(&tab, NEW, OLD);
        let tab = tab.restarted_with(OLD);
        if hidden != OLD {
            // The header tells of a change, but of another one.
            edit_header(&tab, OLD, hidden);
        }
        let tab = tab.restarted_with(OLD);
        let outcome = tab.ask_person("vault.unlock", async |tab| {
            if tab.screen() == "release" {
                tab.does(UiEvent::Confirm).await;
            }
            tab.does(tab.with(PASSPHRASE)).await;
            // Refused: now the person sees what the sealed settings say.
            assert_eq!(tab.problem(), Some(ErrorCode::ReleaseChanged));
            let change = shown(tab).unwrap();
            assert_eq!((change.from.version.as_str(), change.course), (NEW, Course::Older));
            tab.does(UiEvent::Confirm).await;
            tab.does(tab.with(PASSPHRASE)).await;
        });
        assert!(outcome.is_ok(), "{hidden}");
        assert_eq!(logged(&tab), ["vault.release.older"], "{hidden}");
        // The header is right again.
        assert!(tab.restarted_with(OLD).unlock(PASSPHRASE).is_ok(), "{hidden}");
    }
}

#[test]
fn a_change_by_another_tab_is_asked_about() {
    let before = opened_by(OLD);
    let (first, second) = (before.restarted_with("0.3.0"), before.restarted_with(NEW));
    assert!(accept(&second).is_ok());
    // It looks at what is stored now, not at what it read when it started.
    assert!(accept(&first).is_ok());
    // Back in the other tab, which was unlocked all the time, before something that matters.
    let times = kms_protocol::AutoLock { idle_ms: 60_000, absolute_ms: 60_000 };
    let set = second.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Action(Action::AutoLock(times))).await;
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.problem(), Some(ErrorCode::ReleaseChanged));
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
        tab.does(UiEvent::Cancel).await;
    });
    assert!(set.is_ok());
    let events = ["vault.release.newer", "vault.release.newer", "vault.release.older"];
    assert_eq!(logged(&second), events);
}

#[test]
fn a_store_fault_loses_no_change_and_asks_no_less() {
    let before = opened_by(OLD);
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied()).restarted_with(NEW);
            tab.store.fail_at(call, fault);
            let outcome = tab.ask_person("vault.unlock", async |tab| {
                tab.does(UiEvent::Confirm).await;
                tab.does(tab.with(PASSPHRASE)).await;
            });
            if !tab.store.heal() {
                assert!(outcome.is_ok());
                break;
            }
            let after = tab.restarted_with(NEW);
            after.clock.advance(3_600_000);
            let was_written = after.ask_person("vault.unlock", async |tab| {
                tab.does(tab.with(PASSPHRASE)).await;
            });
            let name = format!("{fault:?} at call {call}: {outcome:?}");
            assert!(outcome.is_err() || was_written.is_ok(), "{name}");
            if was_written.is_err() {
                assert!(accept(&after).is_ok(), "{name}");
            }
            assert_eq!(logged(&after), ["vault.release.newer"], "{name}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_restore_brings_the_vault_to_the_release_that_runs() {
    let tab = opened_by(NEW);
    let file = tab.back_up(PASSPHRASE, PASSPHRASE).unwrap();
    let elsewhere = Tab::default().restarted_with(OLD);
    assert!(elsewhere.restore(file, passphrase(PASSPHRASE)).is_ok());
    assert_eq!(logged(&elsewhere), ["vault.release.older"]);
    assert!(elsewhere.restarted_with(OLD).unlock(PASSPHRASE).is_ok());
}
