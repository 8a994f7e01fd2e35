//! What a screen holds does not last, but a person has the time to write a phrase down. Nor does an
//! open vault last, whoever is there.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::EnrolmentKind;
use kms_testkit::invariants::broken;
use kms_testkit::person::{of, passphrase, phrase, rename};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Action, UiEvent, UiScreen, Why};
use pollster::block_on;

const FILE_PASSPHRASE: &str = "violet harbour 93 mossy lantern";
const MINUTE: u64 = 60_000;

fn add_phrase() -> UiEvent {
    UiEvent::Action(Action::Add(EnrolmentKind::RecoveryPhrase))
}

async fn pass(tab: &Tab, ms: u64) {
    tab.clock.advance(ms);
    tab.enclave.tick().await;
}

/// Somebody who is there all the time.
async fn write_for(tab: &Tab, minutes: u64) {
    for _ in 0..minutes {
        tab.does(UiEvent::Activity).await;
        pass(tab, MINUTE).await;
    }
}

fn why(tab: &Tab) -> Option<Why> {
    let why = tab.look(|view| match view.screen {
        UiScreen::Unlock { why, .. } => Some(why),
        _ => None,
    });
    why.flatten()
}

fn opens(tab: &Tab, words: &str) -> bool {
    let after = tab.restarted();
    let enrolment = after.first(EnrolmentKind::RecoveryPhrase);
    let opened = after.ask("vault.unlock", vec![of(&enrolment, phrase(words))]);
    opened.is_ok() && broken(&after).is_empty()
}

#[test]
fn a_phrase_can_be_written_down_by_hand() {
    let tab = Tab::ready();
    let done = tab.manage(add_phrase(), PASSPHRASE, async |tab| {
        let words = tab.words();
        write_for(tab, 14).await;
        assert_eq!((tab.screen(), tab.words()), ("phrase", words));
        tab.does(UiEvent::Written).await;
        write_for(tab, 5).await;
        assert_eq!(tab.screen(), "confirm_phrase");
        tab.does(tab.asked_words()).await;
        // The RootKey is gone, so it takes another fresh unlock.
        assert_eq!((tab.screen(), why(tab)), ("unlock", Some(Why::Add)));
        assert_eq!(tab.enrolments().len(), 1);
        tab.does(tab.with("not the passphrase")).await;
        assert_eq!(tab.screen(), "unlock");
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", None));
    });
    assert!(done.is_ok());
    assert_eq!(tab.enrolments().len(), 2);
    assert!(opens(&tab, &tab.words()));
}

#[test]
fn whoever_is_fast_unlocks_once() {
    let tab = Tab::ready();
    let done = tab.manage(add_phrase(), PASSPHRASE, async |tab| {
        pass(tab, 2 * MINUTE - 1).await;
        tab.does(UiEvent::Written).await;
        tab.does(tab.asked_words()).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", None));
    });
    assert!(done.is_ok());
    assert!(opens(&tab, &tab.words()));
}

#[test]
fn the_second_unlock_can_be_declined() {
    let tab = Tab::ready();
    let done = tab.manage(add_phrase(), PASSPHRASE, async |tab| {
        pass(tab, 2 * MINUTE).await;
        tab.does(UiEvent::Written).await;
        tab.does(tab.asked_words()).await;
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "manage");
    });
    assert!(done.is_ok());
    assert_eq!(tab.enrolments().len(), 1);
}

#[test]
fn a_phrase_that_is_not_enrolled_is_forgotten_after_twenty_minutes() {
    // On either of its screens, and on the unlock after them.
    for events in 0..3 {
        let tab = Tab::ready();
        let done = tab.manage(add_phrase(), PASSPHRASE, async |tab| {
            let words = tab.words();
            write_for(tab, 19).await;
            if events > 0 {
                tab.does(UiEvent::Written).await;
            }
            if events > 1 {
                tab.does(tab.asked_words()).await;
            }
            pass(tab, MINUTE - 1).await;
            assert_eq!(tab.screen(), ["phrase", "confirm_phrase", "unlock"][events]);
            pass(tab, 1).await;
            assert_eq!((tab.screen(), why(tab)), ("unlock", Some(Why::Add)));
            tab.does(tab.with(PASSPHRASE)).await;
            assert_eq!(tab.screen(), "phrase");
            assert_ne!(tab.words(), words);
        });
        assert!(done.is_ok());
        assert_eq!(tab.enrolments().len(), 1);
    }
}

#[test]
fn so_is_the_phrase_of_a_new_vault() {
    let tab = Tab::default();
    let done = tab.ask_person("vault.setup", async |tab| {
        tab.does(UiEvent::NewPhrase).await;
        pass(tab, 20 * MINUTE - 1).await;
        assert_eq!(tab.screen(), "phrase");
        tab.clock.advance(1);
        tab.does(UiEvent::Written).await;
        assert_eq!(tab.screen(), "setup");
    });
    assert!(done.is_err());
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
}

#[test]
fn an_opened_backup_waits_ten_minutes() {
    let tab = Tab::ready();
    let file = tab.back_up(PASSPHRASE, FILE_PASSPHRASE).unwrap();
    let other = Tab::default();
    other.files.choose(file);
    let done = other.ask_person("vault.restore", async |tab| {
        let chosen = || kms_testkit::person::new(passphrase(FILE_PASSPHRASE));
        tab.does(chosen()).await;
        pass(tab, 10 * MINUTE - 1).await;
        assert_eq!(tab.screen(), "confirm_restore");
        pass(tab, 1).await;
        assert_eq!(tab.screen(), "restore");
        tab.does(UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "restore");
        // Also when the timer is late.
        tab.does(chosen()).await;
        assert_eq!(tab.screen(), "confirm_restore");
        tab.clock.advance(10 * MINUTE);
        tab.does(UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "restore");
        tab.does(chosen()).await;
        tab.does(UiEvent::Confirm).await;
    });
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(other.state().as_deref(), Ok("unlocked"));
}

#[test]
fn neither_activity_nor_a_fresh_unlock_puts_off_the_absolute_limit() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let enrolment = tab.first(EnrolmentKind::Passphrase);
    let (hour, limit) = (60 * MINUTE, 8 * 60 * MINUTE);
    for minute in 1..limit / MINUTE {
        block_on(async {
            tab.does(UiEvent::Activity).await;
            pass(&tab, MINUTE).await;
        });
        assert!(tab.sign(&key, b"text").is_ok(), "minute {minute}");
        if (minute * MINUTE).is_multiple_of(hour) {
            let renamed = tab.manage(rename(&enrolment, "Desk"), PASSPHRASE, async |tab| {
                assert_eq!((tab.screen(), tab.problem()), ("manage", None));
            });
            assert!(renamed.is_ok());
            assert!(tab.unlock(PASSPHRASE).is_ok());
        }
    }
    block_on(pass(&tab, MINUTE - 1));
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
    block_on(pass(&tab, 1));
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    assert_eq!(tab.sign(&key, b"text"), Err("locked".into()));
}
