//! The management page: only the person drives it, and every action begins with a fresh unlock.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use futures_util::future::join;
use kms_protocol::{AutoLock, EnrolmentKind, ErrorCode, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::person::{id, new, of, passphrase, rename, submit};
use kms_testkit::tab::{member, origin, outcome, text};
use kms_testkit::{FakePasskey, PASSPHRASE, Tab};
use kms_vault::{Action, RecordKey, Table, UiEvent, UiScreen, Why};
use pollster::block_on;

const SECOND: &str = "another long passphrase";
const CANCELLED: &str = "user_cancelled";

fn empty() -> Value {
    Value::Map(Vec::new())
}

fn add(kind: EnrolmentKind) -> UiEvent {
    UiEvent::Action(Action::Add(kind))
}

fn remove(enrolment: &str) -> UiEvent {
    UiEvent::Action(Action::Remove(id(enrolment)))
}

fn set(idle_ms: u32, absolute_ms: u32) -> UiEvent {
    UiEvent::Action(Action::AutoLock(AutoLock { idle_ms, absolute_ms }))
}

/// Methods of the log from this entry on.
fn log(tab: &Tab, from: usize) -> Vec<String> {
    entries(tab)[from..].iter().map(|entry| text(entry, "method")).collect()
}

/// A vault with two passphrases; returns the ids.
fn two() -> (Tab, String, String) {
    let tab = Tab::ready();
    let added = tab.manage(add(EnrolmentKind::Passphrase), PASSPHRASE, async |tab| {
        tab.does(submit(SECOND)).await;
    });
    assert!(added.is_ok());
    let ids: Vec<_> = tab.enrolments().into_iter().map(|(id, _, _)| id).collect();
    (tab, ids[0].clone(), ids[1].clone())
}

fn unlock(tab: &Tab, enrolment: &str, with: &str) -> Result<(), String> {
    tab.ask("vault.unlock", vec![of(enrolment, passphrase(with))]).map(|_| ())
}

#[test]
fn a_passphrase_is_added_and_opens() {
    let (tab, first, second) = two();
    assert_eq!(log(&tab, 1), ["vault.fresh_unlock", "vault.enrol.add"]);
    let after = tab.restarted();
    assert_eq!(unlock(&after, &second, SECOND), Ok(()));
    assert_eq!(broken(&after), Vec::<String>::new());
    let after = tab.restarted();
    assert_eq!(unlock(&after, &first, SECOND), Err(CANCELLED.into()));
    assert_eq!(unlock(&after, &first, PASSPHRASE), Ok(()));
}

#[test]
fn closing_the_page_is_success_wherever_it_stands() {
    let tab = Tab::ready();
    assert!(tab.ask("vault.manage", vec![]).is_ok());
    assert!(tab.ask("vault.manage", vec![add(EnrolmentKind::Passkey)]).is_ok());
    assert!(tab.manage(add(EnrolmentKind::Passkey), PASSPHRASE, async |_| ()).is_ok());
    assert_eq!(tab.enrolments().len(), 1);
}

#[test]
fn nothing_is_done_without_a_fresh_unlock() {
    let (tab, first, second) = two();
    let stored = tab.store.dump();
    let actions: [(&dyn Fn() -> UiEvent, Why); 7] = [
        (&|| add(EnrolmentKind::Passphrase), Why::Add),
        (&|| rename(&second, "Other"), Why::Rename),
        (&|| remove(&second), Why::Remove),
        (&|| set(120_000, 3_600_000), Why::AutoLock),
        (&|| UiEvent::Action(Action::Backup), Why::Backup),
        (&|| UiEvent::Action(Action::Drill), Why::Drill),
        (&|| UiEvent::Action(Action::Reset), Why::Reset),
    ];
    for (action, expected) in actions {
        let done = tab.ask_person("vault.manage", async |tab| {
            tab.does(action()).await;
            let why = tab.look(|view| match view.screen {
                UiScreen::Unlock { why, .. } => Some(why),
                _ => None,
            });
            assert_eq!(why.flatten(), Some(expected));
            // None of these gets past it.
            for event in [UiEvent::Confirm, submit(SECOND), UiEvent::Written, action()] {
                tab.does(event).await;
            }
            assert_eq!(tab.screen(), "unlock");
            tab.does(UiEvent::Back).await;
            assert_eq!(tab.screen(), "manage");
        });
        assert!(done.is_ok());
        assert_eq!(tab.store.dump(), stored);
    }
    // Wrong attempts are charged to the enrolment they were for, and back off.
    let tried = tab.ask_person("vault.manage", async |tab| {
        tab.does(remove(&second)).await;
        for _ in 0..3 {
            tab.does(of(&first, passphrase("not the passphrase"))).await;
            assert_eq!(tab.problem(), Some(ErrorCode::UnlockFailed));
        }
        tab.does(of(&first, passphrase(PASSPHRASE))).await;
        assert_eq!((tab.screen(), tab.problem()), ("unlock", Some(ErrorCode::UnlockDelayed)));
        tab.does(of(&second, passphrase(SECOND))).await;
    });
    assert!(tried.is_ok());
    assert_eq!(tab.enrolments().len(), 1);
}

#[test]
fn a_removed_enrolment_opens_nothing_even_if_it_is_put_back() {
    let (tab, _, second) = two();
    let header = RecordKey::Text("header".into());
    let old = tab.store.peek(Table::Meta, &header);
    assert!(tab.manage(remove(&second), PASSPHRASE, async |_| ()).is_ok());
    assert_eq!(tab.enrolments().len(), 1);
    assert_eq!(log(&tab, 3), ["vault.fresh_unlock", "vault.enrol.remove"]);
    let after = tab.restarted();
    assert_eq!(unlock(&after, &second, SECOND), Err(CANCELLED.into()));
    // Whoever can write to the disk puts the old header back.
    tab.store.poke(Table::Meta, &header, old);
    let after = tab.restarted();
    assert_eq!(unlock(&after, &second, SECOND), Err("vault_corrupt".into()));
    assert_eq!(after.state().as_deref(), Ok("locked"));
}

#[test]
fn the_last_enrolment_cannot_be_removed() {
    let (tab, first, second) = two();
    assert!(tab.manage(remove(&second), PASSPHRASE, async |_| ()).is_ok());
    let stored = tab.store.dump();
    let done = tab.ask_person("vault.manage", async |tab| {
        tab.does(remove(&first)).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", Some(ErrorCode::LastEnrolment)));
    });
    assert!(done.is_ok());
    assert_eq!(tab.store.dump(), stored);
}

#[test]
fn two_tabs_cannot_remove_each_the_others_last_enrolment() {
    let (tab, first, second) = two();
    let other = tab.beside();
    assert!(other.unlock(PASSPHRASE).is_ok());
    let done = tab.ask_person("vault.manage", async |tab| {
        tab.does(remove(&second)).await;
        // Meanwhile the other tab removes the other one.
        let removed = other.manage(remove(&first), PASSPHRASE, async |_| ());
        assert!(removed.is_ok());
        tab.does(of(&second, passphrase(SECOND))).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", Some(ErrorCode::LastEnrolment)));
    });
    assert!(done.is_ok());
    let left: Vec<_> = tab.enrolments().into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(left, std::slice::from_ref(&second));
    let after = tab.restarted();
    assert_eq!(unlock(&after, &second, SECOND), Ok(()));
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn an_enrolment_is_renamed() {
    let (tab, first, _) = two();
    assert!(tab.manage(rename(&first, "At home"), PASSPHRASE, async |_| ()).is_ok());
    assert_eq!(tab.restarted().enrolments()[0].2, "At home");
    assert_eq!(log(&tab, 3), ["vault.fresh_unlock", "vault.enrol.rename"]);
    let done = tab.ask_person("vault.manage", async |tab| {
        tab.does(rename("AAAAAAAAAAAAAAAAAAAAAA", "Nobody")).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", Some(ErrorCode::InvalidParams)));
    });
    assert!(done.is_ok());
}

fn auto_lock(tab: &Tab) -> [Option<Value>; 2] {
    let status = tab.call("vault.status", empty()).unwrap();
    let times = member(&status, "autoLock").unwrap();
    ["idleMs", "absoluteMs"].map(|name| member(&times, name))
}

#[test]
fn the_times_of_automatic_locking_are_set_within_limits() {
    let tab = Tab::ready();
    let number = |ms: u32| Some(Value::Number(ms.into()));
    assert_eq!(auto_lock(&tab), [number(900_000), number(28_800_000)]);
    for (idle, absolute) in [
        (900_001, 28_800_000),
        (900_000, 28_800_001),
        (59_999, 28_800_000),
        (900_000, 59_999),
        (0, 0),
        (u32::MAX, u32::MAX),
    ] {
        let done = tab.ask_person("vault.manage", async |tab| {
            tab.does(set(idle, absolute)).await;
            assert_eq!((tab.screen(), tab.problem()), ("manage", Some(ErrorCode::InvalidParams)));
        });
        assert!(done.is_ok());
    }
    assert!(tab.manage(set(60_000, 120_000), PASSPHRASE, async |_| ()).is_ok());
    assert_eq!(auto_lock(&tab), [number(60_000), number(120_000)]);
    assert_eq!(log(&tab, 1), ["vault.fresh_unlock", "vault.settings"]);
    tab.clock.advance(59_999);
    block_on(tab.enclave.tick());
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
    tab.clock.advance(1);
    block_on(tab.enclave.tick());
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    // It lasts.
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(auto_lock(&after), [number(60_000), number(120_000)]);
}

#[test]
fn another_tab_learns_of_new_times_with_its_next_write() {
    let tab = Tab::ready();
    let other = tab.beside();
    assert!(other.unlock(PASSPHRASE).is_ok());
    assert!(tab.manage(set(60_000, 120_000), PASSPHRASE, async |_| ()).is_ok());
    assert!(other.create("ed25519", "durable").is_ok());
    assert_eq!(auto_lock(&other), auto_lock(&tab));
}

#[test]
fn settings_that_were_put_back_moved_or_removed_are_detected() {
    let tab = Tab::ready();
    let key = RecordKey::Text("settings".into());
    let old = tab.store.peek(Table::Meta, &key).unwrap();
    assert!(tab.manage(set(60_000, 120_000), PASSPHRASE, async |_| ()).is_ok());
    let current = tab.store.peek(Table::Meta, &key).unwrap();
    let mut flipped = current.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [Some(old), None, Some(flipped), Some(Vec::new())] {
        let copy = tab.store.copied();
        copy.poke(Table::Meta, &key, bad);
        assert_eq!(tab.on(copy).unlock(PASSPHRASE), Err("vault_corrupt".into()));
    }
    assert!(tab.restarted().unlock(PASSPHRASE).is_ok());
}

#[test]
fn a_fresh_unlock_does_not_last() {
    for (kind, screen) in
        [(EnrolmentKind::Passphrase, "add_passphrase"), (EnrolmentKind::Passkey, "add_passkey")]
    {
        let tab = Tab::ready();
        let done = tab.manage(add(kind), PASSPHRASE, async |tab| {
            assert_eq!(tab.screen(), screen);
            tab.clock.advance(119_999);
            tab.enclave.tick().await;
            assert_eq!(tab.screen(), screen);
            tab.clock.advance(1);
            tab.enclave.tick().await;
            assert_eq!(tab.screen(), "unlock");
            tab.does(submit(SECOND)).await;
            assert_eq!(tab.screen(), "unlock");
        });
        assert!(done.is_ok());
        assert_eq!(tab.enrolments().len(), 1);
    }
    // Also when the timer is late: the event itself finds out.
    let tab = Tab::ready();
    let done = tab.manage(UiEvent::Action(Action::Reset), PASSPHRASE, async |tab| {
        assert_eq!(tab.screen(), "reset");
        tab.clock.advance(120_000);
        tab.does(UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "unlock");
    });
    assert!(done.is_ok());
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
}

#[test]
fn the_same_passkey_is_not_enrolled_twice() {
    let tab = Tab::default();
    let passkey = FakePasskey::new(1);
    assert!(tab.set_up_with_passkey(&passkey).is_ok());
    let done = tab.ask_person("vault.manage", async |tab| {
        tab.does(add(EnrolmentKind::Passkey)).await;
        tab.does(tab.enrolled(&passkey)).await;
        let exclude = tab.look(|view| match &view.screen {
            UiScreen::AddPasskey(new) => new.exclude.clone(),
            _ => Vec::new(),
        });
        assert_eq!(exclude.unwrap(), std::slice::from_ref(&passkey.credential));
        tab.does(new(passkey.answer(&tab.new_salt()))).await;
        assert_eq!((tab.screen(), tab.problem()), ("add_passkey", Some(ErrorCode::PasskeyFailed)));
        tab.does(new(FakePasskey::new(2).answer(&tab.new_salt()))).await;
        assert_eq!(tab.screen(), "manage");
    });
    assert!(done.is_ok());
    assert_eq!(tab.enrolments().len(), 2);
}

#[test]
fn weak_passphrases_are_not_added() {
    let tab = Tab::ready();
    let done = tab.manage(add(EnrolmentKind::Passphrase), PASSPHRASE, async |tab| {
        tab.does(submit("elevenchars")).await;
        let shown = (tab.screen(), tab.problem());
        assert_eq!(shown, ("add_passphrase", Some(ErrorCode::WeakPassphrase)));
        // A factor of another kind does not fit.
        tab.does(new(FakePasskey::new(1).answer(&[0; 32]))).await;
    });
    assert!(done.is_ok());
    assert_eq!(tab.enrolments().len(), 1);
}

#[test]
fn enrolments_are_bounded() {
    let tab = Tab::default();
    let passkey = FakePasskey::new(1);
    assert!(tab.set_up_with_passkey(&passkey).is_ok());
    let done = tab.ask_person("vault.manage", async |tab| {
        for number in 2..=16 {
            tab.does(add(EnrolmentKind::Passkey)).await;
            tab.does(tab.enrolled(&passkey)).await;
            tab.does(new(FakePasskey::new(number).answer(&tab.new_salt()))).await;
        }
        assert_eq!(tab.screen(), "manage");
        tab.does(add(EnrolmentKind::Passkey)).await;
        assert_eq!(tab.problem(), Some(ErrorCode::TooManyEnrolments));
    });
    assert!(done.is_ok());
    assert_eq!(tab.enrolments().len(), 16);
    assert_eq!(tab.restarted().enrolments().len(), 16);
}

#[test]
fn pages_learn_nothing_but_the_state() {
    let tab = Tab::ready();
    let mut seen = tab.manage(add(EnrolmentKind::Passphrase), PASSPHRASE, async |tab| {
        tab.does(submit(SECOND)).await;
    });
    let status = tab.call("vault.status", empty());
    assert_eq!(seen, status);
    // `vault.status` itself has exactly these members, and no method takes an event.
    let Ok(Value::Map(members)) = &mut seen else { return };
    let names: Vec<_> = members.iter().map(|(name, _)| &**name).collect();
    let expected =
        ["state", "enrolments", "protection", "autoLock", "storage", "backup", "audit", "release"];
    assert_eq!(names, expected);
    let storage = member(&status.unwrap(), "storage").unwrap();
    assert_eq!(member(&storage, "partitioned"), Some(Value::Bool(true)));
    assert!(matches!(member(&storage, "usage"), Some(Value::Number(used)) if used > 0.0));
}

#[test]
fn management_needs_an_unlocked_vault() {
    let tab = Tab::default();
    for (method, code) in [
        ("vault.manage", "not_initialized"),
        ("vault.backup", "not_initialized"),
        ("vault.reset", "not_initialized"),
    ] {
        assert_eq!(tab.call(method, empty()), Err(code.into()));
    }
    let tab = Tab::ready().restarted();
    for method in ["vault.manage", "vault.backup"] {
        assert_eq!(tab.call(method, empty()), Err("locked".into()));
    }
    assert_eq!(tab.call("vault.restore", empty()), Err("already_initialized".into()));
    assert_eq!(tab.outbox.take_commands().len(), 0);
}

#[test]
fn no_page_can_swap_what_the_person_looks_at() {
    let tab = Tab::ready();
    let other = tab.enclave.connect(origin("https://other.example"));
    let done = tab.ask_person("vault.manage", async |tab| {
        for method in ["vault.reset", "vault.backup"] {
            let request = tab.request(method, empty());
            let refused = tab.enclave.handle(other, request).await;
            assert_eq!(outcome(refused), Err("too_many_requests".into()));
        }
        assert_eq!(tab.screen(), "manage");
        assert_eq!(tab.look(|view| view.origin.clone()), Some(origin(kms_testkit::PAGE)));
    });
    assert!(done.is_ok());
}

#[test]
fn a_page_that_asks_for_the_same_waits_with_the_first() {
    let tab = Tab::ready();
    let other = tab.enclave.connect(origin("https://other.example"));
    let first = tab.enclave.handle(tab.session, tab.request("vault.manage", empty()));
    let second = tab.enclave.handle(other, tab.request("vault.manage", empty()));
    let person = async {
        assert_eq!(tab.look(|view| view.origin.clone()), Some(origin(kms_testkit::PAGE)));
        tab.does(UiEvent::Cancel).await;
    };
    let (first, (second, ())) = block_on(join(first, join(second, person)));
    assert!(outcome(first).is_ok() && outcome(second).is_ok());
}

#[test]
fn locking_closes_the_page_and_wipes_the_fresh_unlock() {
    let tab = Tab::ready();
    for event in [UiEvent::Lock, UiEvent::Hidden] {
        assert!(tab.unlock(PASSPHRASE).is_ok());
        let locked = tab.manage(add(EnrolmentKind::Passphrase), PASSPHRASE, async |tab| {
            tab.does(event).await;
            assert_eq!(tab.screen(), "hidden");
            tab.does(submit(SECOND)).await;
        });
        assert_eq!(locked, Err("locked".into()));
        assert_eq!(tab.enrolments().len(), 1);
        assert_eq!(tab.state().as_deref(), Ok("locked"));
    }
}

#[test]
fn an_action_that_fails_comes_back_to_the_page() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let first = tab.first(EnrolmentKind::Passphrase);
    let done = tab.manage(add(EnrolmentKind::Passphrase), PASSPHRASE, async |tab| {
        tab.store.fail_at(2, kms_testkit::Fault::Fail);
        tab.does(submit(SECOND)).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", Some(ErrorCode::StorageQuota)));
        tab.store.heal();
        tab.does(rename(&first, "Mine")).await;
        tab.does(of(&first, passphrase(PASSPHRASE))).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", None));
    });
    assert!(done.is_ok());
    assert_eq!(tab.enrolments()[0].2, "Mine");
    assert!(tab.sign(&key, b"text").is_ok());
    assert_eq!(broken(&tab), Vec::<String>::new());
}

#[test]
fn a_vault_deleted_on_the_page_is_told_to_who_opened_it() {
    let tab = Tab::ready();
    let done = tab.manage(UiEvent::Action(Action::Reset), PASSPHRASE, async |tab| {
        // What the reply tells is still being asked for when the vault is gone.
        tab.store.slow_health();
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(done.map(|status| text(&status, "state")).as_deref(), Ok("uninitialized"));
}
