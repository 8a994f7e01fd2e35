//! What signers say against a release: a deprecated one asks, a revoked one opens nothing, and what
//! was heard once is not forgotten.

#![allow(clippy::unwrap_used)] // a failed step fails the test

use kms_protocol::{ErrorCode, Standing, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::person::passphrase;
use kms_testkit::releases::{revocation, status};
use kms_testkit::tab::text;
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_vault::{RecordKey, Table, UiEvent, UiScreen};

const BAD: &str = "0.1.0";
const GOOD: &str = "0.2.0";

/// A vault that this release opened last.
fn opened_by(release: &str) -> Tab {
    let tab = Tab::default().restarted_with(release);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    tab
}

/// What the page is told when it brings this.
fn told(tab: &Tab, notice: Value) -> String {
    text(&tab.call("enclave.notice", notice).unwrap(), "standing")
}

/// What the screen before the unlock says.
fn shown(tab: &Tab) -> Option<Standing> {
    let standing = tab.look(|view| match &view.screen {
        UiScreen::Release(notice) => Some(notice.standing),
        _ => None,
    });
    standing.flatten()
}

/// Whether the vault opens for a person who goes on wherever there is a way.
fn opens(tab: &Tab) -> bool {
    let unlocked = tab.ask_person("vault.unlock", async |tab| {
        for _ in 0..3 {
            if tab.screen() == "release" {
                tab.does(UiEvent::Confirm).await;
            }
            if tab.screen() == "unlock" {
                tab.does(tab.with(PASSPHRASE)).await;
            }
        }
        tab.does(UiEvent::Cancel).await;
    });
    unlocked.is_ok()
}

fn logged(tab: &Tab) -> Vec<String> {
    let methods = entries(tab).into_iter().map(|entry| text(&entry, "method"));
    methods.filter(|method| method.starts_with("vault.release")).collect()
}

#[test]
fn a_revoked_release_never_opens_a_vault() {
    let tab = opened_by(BAD).restarted_with(BAD);
    assert_eq!(told(&tab, revocation(BAD, &[1, 2])), "revoked");
    let outcome = tab.ask_person("vault.unlock", async |tab| {
        assert_eq!(shown(tab), Some(Standing::Revoked));
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(shown(tab), Some(Standing::Revoked), "there is no way on");
        tab.does(UiEvent::Cancel).await;
    });
    assert_eq!(outcome, Err("user_cancelled".into()));
    // Nobody has to say it again.
    assert!(!opens(&tab.restarted_with(BAD)));
    // Nor does it make a vault of its own, or of a backup.
    let fresh = Tab::default().restarted_with(BAD);
    assert_eq!(told(&fresh, revocation(BAD, &[1, 2])), "revoked");
    assert_eq!(fresh.set_up(PASSPHRASE), Err("release_revoked".into()));
    let file = opened_by(GOOD).back_up(PASSPHRASE, PASSPHRASE).unwrap();
    assert_eq!(fresh.restore(file, passphrase(PASSPHRASE)), Err("release_revoked".into()));
    // Another release opens the vault.
    assert!(opens(&tab.restarted_with(GOOD)));
}

#[test]
fn a_revocation_locks_the_vault_at_once_and_is_logged() {
    let tab = opened_by(BAD);
    assert_eq!(told(&tab, revocation(BAD, &[2, 3])), "revoked");
    assert_eq!(tab.state(), Ok("locked".into()));
    assert!(!opens(&tab));
    let next = tab.restarted_with(GOOD);
    assert!(opens(&next));
    assert_eq!(logged(&next), ["vault.release.revoked", "vault.release.newer"]);
    assert_eq!(broken(&next), Vec::<String>::new());
}

#[test]
fn what_was_revoked_under_another_release_stays_so() {
    let good = opened_by(BAD).restarted_with(GOOD);
    assert!(opens(&good));
    // It is not about the release that runs, and said twice it is logged once.
    for _ in 0..2 {
        assert_eq!(told(&good, revocation(BAD, &[1, 3])), "unknown");
    }
    assert_eq!(logged(&good), ["vault.release.newer", "vault.release.revoked"]);
    assert!(!opens(&good.restarted_with(BAD)));
    // Also where the header was replaced by one from before, and in a backup.
    let key = RecordKey::Text("header".into());
    let before = opened_by(GOOD);
    let header = before.store.peek(Table::Meta, &key);
    assert_eq!(told(&before, revocation(BAD, &[1, 3])), "unknown");
    let file = before.back_up(PASSPHRASE, PASSPHRASE).unwrap();
    before.store.poke(Table::Meta, &key, header);
    let bad = before.restarted_with(BAD);
    let outcome = bad.ask_person("vault.unlock", async |tab| {
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.problem(), Some(ErrorCode::ReleaseRevoked));
        assert_eq!(shown(tab), Some(Standing::Revoked));
        tab.does(UiEvent::Cancel).await;
    });
    assert!(outcome.is_err());
    let elsewhere = Tab::default().restarted_with(BAD);
    assert_eq!(elsewhere.restore(file, passphrase(PASSPHRASE)), Err("release_revoked".into()));
    assert!(!opens(&elsewhere));
}

#[test]
fn what_was_heard_while_locked_is_sealed_at_the_next_unlock() {
    let good = opened_by(GOOD).restarted_with(GOOD);
    assert_eq!(told(&good, revocation(BAD, &[1, 2])), "unknown");
    assert!(opens(&good));
    let key = RecordKey::Text("header".into());
    let without = opened_by(GOOD).store.peek(Table::Meta, &key).unwrap();
    let with = good.store.peek(Table::Meta, &key).unwrap();
    assert!(with.len() > without.len() + 300, "the proof is in the header");
    assert!(!opens(&good.restarted_with(BAD)));
}

#[test]
fn a_deprecated_release_asks_and_logs_the_answer() {
    let tab = opened_by(BAD).restarted_with(BAD);
    assert_eq!(told(&tab, status(BAD, "deprecated")), "deprecated");
    let unlocked = tab.ask_person("vault.unlock", async |tab| {
        assert_eq!(shown(tab), Some(Standing::Deprecated));
        tab.does(UiEvent::Confirm).await;
        tab.does(tab.with(PASSPHRASE)).await;
    });
    assert!(unlocked.is_ok());
    assert_eq!(logged(&tab), ["vault.release.deprecated"]);
    // A later release may revoke as well.
    assert_eq!(told(&tab, status(BAD, "revoked")), "revoked");
    assert_eq!(tab.state(), Ok("locked".into()));
    assert!(!opens(&tab.restarted_with(BAD)));
}

#[test]
fn a_warning_in_the_middle_of_an_unlock_is_not_overlooked() {
    for (notice, problem) in [
        (status(BAD, "deprecated"), ErrorCode::ReleaseDeprecated),
        (revocation(BAD, &[1, 2]), ErrorCode::ReleaseRevoked),
    ] {
        let tab = opened_by(BAD).restarted_with(BAD);
        let outcome = tab.ask_person("vault.unlock", async |tab| {
            assert_eq!(tab.screen(), "unlock");
            let request = tab.request("enclave.notice", notice);
            assert!(tab.enclave.handle(tab.session, request).await.is_some());
            tab.does(tab.with(PASSPHRASE)).await;
            assert_eq!((tab.screen(), tab.problem()), ("release", Some(problem)));
            tab.does(UiEvent::Cancel).await;
        });
        assert!(outcome.is_err());
    }
}

#[test]
fn a_word_of_nobody_is_nothing() {
    let tab = opened_by(BAD);
    for notice in [
        revocation(BAD, &[1]),
        revocation(BAD, &[7, 8]),
        revocation(BAD, &[1, 1]),
        status(BAD, "allowed"),
        status(GOOD, "deprecated"),
    ] {
        let before = tab.store.dump();
        assert_eq!(told(&tab, notice), "unknown");
        assert_eq!(tab.store.dump(), before);
    }
    assert_eq!(tab.state(), Ok("unlocked".into()));
}

#[test]
fn a_proof_in_the_header_cannot_be_made_up() {
    let tab = opened_by(GOOD).restarted_with(GOOD);
    assert_eq!(told(&tab, revocation(BAD, &[1, 2])), "unknown");
    // The bytes of the manifest in the header now name the good release.
    let key = RecordKey::Text("header".into());
    let header = tab.store.peek(Table::Meta, &key).unwrap();
    let named = br#""version":"0.1.0""#;
    let at = header.windows(named.len()).position(|part| part == named).unwrap();
    let mut edited = header.clone();
    edited[at..at + named.len()].copy_from_slice(br#""version":"0.2.0""#);
    tab.store.poke(Table::Meta, &key, Some(edited));
    assert!(opens(&tab.restarted_with(GOOD)));
}

#[test]
fn the_memory_is_bounded() {
    let tab = opened_by(GOOD);
    for number in 0..70 {
        assert_eq!(told(&tab, revocation(&format!("0.0.{number}"), &[1, 2])), "unknown");
    }
    assert!(!opens(&tab.restarted_with("0.0.69")));
    assert!(!opens(&tab.restarted_with("0.0.6")));
    assert!(opens(&tab.restarted_with("0.0.5")), "the oldest made room");
}

#[test]
fn a_fault_of_the_store_does_not_let_a_revoked_release_go_on() {
    for unlocked in [true, false] {
        for fault in Fault::ALL {
            for call in 1.. {
                let before = opened_by(BAD);
                let tab = if unlocked { before } else { before.restarted_with(BAD) };
                tab.store.fail_at(call, fault);
                let heard = tab.call("enclave.notice", revocation(BAD, &[1, 2]));
                let fired = tab.store.heal();
                let name = format!("{fault:?} at call {call}: {heard:?}");
                assert_ne!(tab.state(), Ok("unlocked".into()), "{name}");
                assert!(!opens(&tab), "{name}");
                if heard.is_ok() {
                    assert!(!opens(&tab.restarted_with(BAD)), "{name}: it was acknowledged");
                }
                let next = tab.restarted_with(GOOD);
                next.clock.advance(3_600_000);
                assert!(opens(&next), "{name}");
                assert_eq!(broken(&next), Vec::<String>::new(), "{name}");
                if !fired {
                    break;
                }
            }
        }
    }
}
