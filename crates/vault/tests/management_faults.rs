//! Every store call of every change of the vault fails once, in every way. Afterwards the vault
//! is as it was before or as it was to become, and what was reported as done is done.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::{AutoLock, EnrolmentKind, Label, Value};
use kms_testkit::invariants::broken;
use kms_testkit::person::{id, new, of, passphrase, submit};
use kms_testkit::tab::member;
use kms_testkit::{FakePasskey, Fault, PASSPHRASE, Tab};
use kms_vault::{Action, RecordKey, Table, UiEvent};

const SECOND: &str = "another long passphrase";

fn empty() -> Value {
    Value::Map(Vec::new())
}

/// What a person sees of an unlocked vault.
fn seen(tab: &Tab) -> String {
    let status = tab.call("vault.status", empty()).unwrap();
    let enrolments: Vec<_> =
        tab.enrolments().into_iter().map(|(_, kind, label)| (kind, label)).collect();
    format!("{enrolments:?} {:?}", member(&status, "autoLock"))
}

/// Runs `change` on a fresh copy of `before` with each store call behind the fresh unlock, and
/// in it, failing in each way.
fn schedule(before: &Tab, change: impl Fn(&Tab) -> bool) {
    let old = {
        let tab = before.on(before.store.copied());
        assert!(tab.unlock(PASSPHRASE).is_ok());
        seen(&tab)
    };
    let mut both = [false, false];
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            tab.store.fail_at(call, fault);
            let done = change(&tab);
            let fired = tab.store.heal();
            let name = format!("{fault:?} at call {call}, done {done}");
            assert!(call < 100, "{name}: the change never ends");
            if !fired {
                assert!(done, "{name}");
                break;
            }
            both[usize::from(done)] = true;
            check(&tab, &name, (done, &old), &change);
        }
    }
    assert_eq!(both, [true, true], "some fail, and some are survived");
}

fn check(tab: &Tab, name: &str, (done, old): (bool, &str), change: impl Fn(&Tab) -> bool) {
    let after = tab.restarted();
    after.clock.advance(3_600_000);
    assert!(after.unlock(PASSPHRASE).is_ok(), "{name}: {:?}", after.problem());
    assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
    let now = seen(&after);
    assert!(!done || now != old, "{name}: what was reported as done is gone");
    // Whatever was reported, it can be asked for again, and then it is done.
    if now == old {
        assert!(change(&after), "{name}, repeated");
        assert_ne!(seen(&after), old, "{name}, repeated");
    }
    assert_eq!(broken(&after), Vec::<String>::new(), "{name}, repeated");
}

/// Whether an action ended on the management page without a problem.
fn acted(tab: &Tab, action: Action, then: impl AsyncFnOnce(&Tab)) -> bool {
    let mut done = false;
    let managed = tab.manage(UiEvent::Action(action), PASSPHRASE, async |tab| {
        let opened = tab.screen() != "unlock";
        then(tab).await;
        done = opened && (tab.screen(), tab.problem()) == ("manage", None);
    });
    managed.is_ok() && done
}

fn add_passphrase(tab: &Tab) -> bool {
    let add = Action::Add(EnrolmentKind::Passphrase);
    acted(tab, add, async |tab| tab.does(submit(SECOND)).await)
}

#[test]
fn adding_a_passphrase_is_all_or_nothing() {
    schedule(&Tab::ready(), add_passphrase);
}

#[test]
fn adding_a_passkey_is_all_or_nothing() {
    schedule(&Tab::ready(), |tab| {
        acted(tab, Action::Add(EnrolmentKind::Passkey), async |tab| {
            tab.does(new(FakePasskey::new(1).answer(&tab.new_salt()))).await;
        })
    });
}

#[test]
fn adding_a_recovery_phrase_is_all_or_nothing() {
    schedule(&Tab::ready(), |tab| {
        acted(tab, Action::Add(EnrolmentKind::RecoveryPhrase), async |tab| {
            tab.does(UiEvent::Written).await;
            tab.does(tab.asked_words()).await;
        })
    });
}

#[test]
fn renaming_is_all_or_nothing() {
    schedule(&Tab::ready(), |tab| {
        let first = id(&tab.first(EnrolmentKind::Passphrase));
        acted(tab, Action::Rename(first, Label::new("Other").unwrap()), async |_| ())
    });
}

#[test]
fn removing_is_all_or_nothing() {
    let before = Tab::ready();
    assert!(add_passphrase(&before));
    let second = before.enrolments()[1].0.clone();
    schedule(&before, |tab| acted(tab, Action::Remove(id(&second)), async |_| ()));
}

#[test]
fn setting_times_is_all_or_nothing() {
    let times = AutoLock { idle_ms: 120_000, absolute_ms: 3_600_000 };
    schedule(&Tab::ready(), |tab| acted(tab, Action::AutoLock(times.clone()), async |_| ()));
}

#[test]
fn a_removed_enrolment_that_was_reported_as_removed_opens_nothing() {
    let before = Tab::ready();
    assert!(add_passphrase(&before));
    let second = before.enrolments()[1].0.clone();
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            tab.store.fail_at(call, fault);
            let done = acted(&tab, Action::Remove(id(&second)), async |_| ());
            if !tab.store.heal() {
                break;
            }
            let after = tab.restarted();
            after.clock.advance(3_600_000);
            let opened = after.ask("vault.unlock", vec![of(&second, passphrase(SECOND))]);
            assert!(!done || opened.is_err(), "{fault:?} at call {call}");
        }
    }
}

#[test]
fn setting_up_with_each_kind_is_all_or_nothing() {
    let passkey = FakePasskey::new(1);
    let kinds: [&dyn Fn(&Tab) -> bool; 2] =
        [&|tab| tab.set_up_with_passkey(&passkey).is_ok(), &|tab| tab.set_up_with_phrase().is_ok()];
    for set_up in kinds {
        for fault in Fault::ALL {
            for call in 1.. {
                let tab = Tab::default();
                tab.store.fail_at(call, fault);
                let done = set_up(&tab);
                let fired = tab.store.heal();
                let after = tab.restarted();
                let state = after.state();
                let name = format!("{fault:?} at call {call}, done {done}, then {state:?}");
                assert!(!done || state.as_deref() == Ok("locked"), "{name}");
                let whole = match state.as_deref() {
                    Ok("uninitialized") => set_up(&after),
                    Ok("locked") => after.enrolments().len() == 1,
                    _ => false,
                };
                assert!(whole, "{name}");
                if !fired {
                    assert!(done, "{name}");
                    break;
                }
            }
        }
    }
}

#[test]
fn a_wrong_attempt_is_charged_or_not_made() {
    let before = Tab::ready();
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            tab.store.fail_at(call, fault);
            assert!(tab.unlock("not the passphrase").is_err());
            let tried = !tab.kdf.asked().is_empty();
            if !tab.store.heal() {
                assert!(tried);
                break;
            }
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok());
            let log = kms_testkit::invariants::entries(&after);
            let failed = |entry: &&Value| kms_testkit::tab::text(entry, "outcome") != "ok";
            let charged = log.iter().filter(failed).count();
            assert!(charged >= usize::from(tried), "{fault:?} at call {call}");
            assert!(charged <= 1, "{fault:?} at call {call}");
        }
    }
}

#[test]
fn deleting_is_all_or_nothing() {
    let before = Tab::ready();
    assert!(before.create("ed25519", "durable").is_ok());
    for unlocked in [true, false] {
        for fault in Fault::ALL {
            for call in 1.. {
                let tab = before.on(before.store.copied());
                assert!(!unlocked || tab.unlock(PASSPHRASE).is_ok());
                tab.store.fail_at(call, fault);
                let done = tab.reset(PASSPHRASE).is_ok();
                let fired = tab.store.heal();
                let name = format!("{fault:?} at call {call}, done {done}, {unlocked}");
                let after = tab.restarted();
                after.clock.advance(3_600_000);
                if after.state().as_deref() == Ok("uninitialized") {
                    assert!(tab.store.keys(Table::Keys).is_empty(), "{name}");
                    assert!(tab.store.keys(Table::Audit).is_empty(), "{name}");
                    assert!(after.set_up(PASSPHRASE).is_ok(), "{name}");
                } else {
                    assert!(!done, "{name}");
                    assert!(after.unlock(PASSPHRASE).is_ok(), "{name}");
                    assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
                }
                if !fired {
                    assert!(done, "{name}");
                    break;
                }
            }
        }
    }
}

#[test]
fn migrating_is_all_or_nothing() {
    let golden = kms_testkit::golden::Golden::read(include_str!("golden/v1.txt"));
    let header = RecordKey::Text("header".into());
    let start = Tab::default();
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = start.on(golden.store.copied());
            tab.kdf.set_real();
            tab.store.fail_at(call, fault);
            let done = tab.unlock(PASSPHRASE).is_ok();
            if !tab.store.heal() {
                assert!(done);
                break;
            }
            let schema = tab.store.peek(Table::Meta, &header).unwrap()[1];
            let after = tab.restarted();
            after.clock.advance(3_600_000);
            after.kdf.set_real();
            assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} at call {call}, {schema}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} at call {call}");
        }
    }
}
