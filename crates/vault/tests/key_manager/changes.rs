//! What the person does with a key, and what that takes.

use std::cell::Cell;
use std::rc::Rc;

use kms_protocol::{ErrorCode, KeyId, KeyState, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{origin, outcome, text};
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_vault::{AuditFilter, Clock, KeyAction, Part, RecordKey, Table, UiEvent, Why};
use pollster::block_on;

use crate::{OTHER, act, foreign, label, log, shown, why, with_id};

#[test]
fn the_person_does_everything_with_a_key_and_the_log_names_no_site() {
    let tab = Tab::ready();
    let (session, id) = foreign(&tab);
    let before = entries(&tab).len();
    let done = tab.with_key(&id, async |tab| {
        assert_eq!(shown(tab).label, None);
        act(tab, KeyAction::Rename(label("Deploy"))).await;
        assert_eq!((tab.screen(), shown(tab).label), ("key", Some(label("Deploy"))));
        act(tab, KeyAction::Rotate).await;
        act(tab, KeyAction::Rotate).await;
        act(tab, KeyAction::Raise { decryption: 2, encryption: 3 }).await;
        let key = shown(tab);
        assert_eq!(key.versions.len(), 3);
        assert_eq!((key.min_decryption_version, key.min_encryption_version), (2, 3));
        act(tab, KeyAction::Trim(2)).await;
        assert_eq!(shown(tab).versions.len(), 2);
        act(tab, KeyAction::Disable).await;
        assert_eq!((shown(tab).state, tab.problem()), (KeyState::Disabled, None));
        act(tab, KeyAction::Enable).await;
        assert_eq!(shown(tab).state, KeyState::Enabled);
        act(tab, KeyAction::ScheduleDeletion(7)).await;
        let key = shown(tab);
        assert_eq!(key.state, KeyState::PendingDeletion);
        let days = key.deletion_date.map(|date| (date - tab.clock.now_ms()) / 86_400_000);
        assert_eq!(days, Some(7));
        act(tab, KeyAction::CancelDeletion).await;
        assert_eq!((shown(tab).state, tab.problem()), (KeyState::Disabled, None));
    });
    assert!(done.is_ok());
    let methods: Vec<_> = log(&tab, before)
        .into_iter()
        .filter(|(method, ..)| method != "vault.fresh_unlock")
        .collect();
    let by_person = |method: &str| (method.to_owned(), "ok".to_owned(), false);
    let expected = [
        "keys.update",
        "keys.rotate",
        "keys.rotate",
        "keys.set_min_versions",
        "keys.trim",
        "keys.disable",
        "keys.enable",
        "keys.schedule_deletion",
        "keys.cancel_deletion",
    ];
    assert_eq!(methods, expected.map(by_person));
    // The site of the key is told that something happened, the other one is not.
    let told = |session| {
        let names = tab.outbox.names(session);
        names.iter().filter(|name| *name == "keys_changed").count()
    };
    assert_eq!((told(session), told(tab.session)), (10, 0));
    assert!(tab.verify_audit().is_ok());
}

#[test]
fn what_cannot_be_undone_or_lets_more_be_done_needs_a_fresh_unlock() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let actions = [
        (KeyAction::Enable, Why::EnableKey),
        (KeyAction::Rotate, Why::RotateKey),
        (KeyAction::Raise { decryption: 1, encryption: 1 }, Why::RaiseKey),
        (KeyAction::Trim(1), Why::TrimKey),
        (KeyAction::ScheduleDeletion(7), Why::DeleteKey),
    ];
    for (action, expected) in actions {
        let stored = tab.store.dump();
        let done = tab.with_key(&id, async |tab| {
            tab.does(UiEvent::Key(action.clone())).await;
            assert_eq!(why(tab), Some(expected));
            for event in [UiEvent::Confirm, UiEvent::Key(action), UiEvent::Open(Part::Keys)] {
                tab.does(event).await;
                assert_eq!(tab.screen(), "unlock");
            }
            // The way back leads to the key.
            tab.does(UiEvent::Back).await;
            assert_eq!((tab.screen(), tab.problem()), ("key", None));
        });
        assert!(done.is_ok());
        assert_eq!(tab.store.dump(), stored);
    }
    let done = tab.with_key(&id, async |tab| {
        tab.does(UiEvent::Key(KeyAction::Rotate)).await;
        tab.does(tab.with("not the passphrase")).await;
        assert_eq!((tab.screen(), tab.problem()), ("unlock", Some(ErrorCode::UnlockFailed)));
    });
    assert!(done.is_ok());
    assert_eq!(log(&tab, 2), []);
}

#[test]
fn a_deletion_waits_as_long_as_it_must_and_the_person_can_stop_that_of_a_site() {
    let tab = Tab::ready();
    let (session, id) = foreign(&tab);
    let stopped = tab.with_key(&id, async |tab| {
        for days in [0, 6, 31] {
            act(tab, KeyAction::ScheduleDeletion(days)).await;
            assert_eq!(tab.problem(), Some(ErrorCode::InvalidParams), "{days}");
            assert_eq!(shown(tab).state, KeyState::Enabled);
        }
        // Nothing waits that could be stopped.
        act(tab, KeyAction::CancelDeletion).await;
        assert_eq!(tab.problem(), Some(ErrorCode::InvalidKeyState));
    });
    assert!(stopped.is_ok());
    assert!(tab.call_as(session, "keys.schedule_deletion", with_id(&id)).is_ok());
    let stopped = tab.with_key(&id, async |tab| {
        assert_eq!(shown(tab).state, KeyState::PendingDeletion);
        act(tab, KeyAction::CancelDeletion).await;
        assert_eq!((shown(tab).state, shown(tab).deletion_date), (KeyState::Disabled, None));
        act(tab, KeyAction::ScheduleDeletion(30)).await;
    });
    let scheduled = tab.clock.now_ms();
    assert!(stopped.is_ok());
    // Unlocked every day, it is destroyed on the last of them.
    for day in 1..=30 {
        let state = if day < 30 { "pending-deletion" } else { "destroyed" };
        tab.clock.set_wall(scheduled + day * 86_400_000);
        let after = tab.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        let session = after.enclave.connect(origin(OTHER));
        let key = after.call_as(session, "keys.describe", with_id(&id)).unwrap();
        assert_eq!(text(&key, "state"), state);
    }
}

#[test]
fn a_disabled_key_is_refused_to_its_site_at_once() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let second = tab.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    assert!(second.sign(&id, b"text").is_ok());
    let mut refused = None;
    let done = tab.with_key(&id, async |tab| {
        act(tab, KeyAction::Disable).await;
        let data = Value::Bytes(b"text".to_vec());
        let params = Value::object([("keyId", Value::Text(id.clone())), ("data", data)]);
        let reply = tab.enclave.handle(tab.session, tab.request("sign", params)).await;
        refused = Some(outcome(reply));
    });
    assert!(done.is_ok());
    assert_eq!(refused, Some(Err("invalid_key_state".into())));
    assert_eq!(second.sign(&id, b"text"), Err("invalid_key_state".into()));
}

#[test]
fn events_that_do_not_fit_do_nothing() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let stored = tab.store.dump();
    let key = || UiEvent::Key(KeyAction::Disable);
    let open = || UiEvent::OpenKey(KeyId::new(id.clone()).unwrap());
    let filter = || UiEvent::Filter(AuditFilter::default());
    let managed = tab.ask_person("vault.manage", async |tab| {
        for event in [key(), open(), filter(), UiEvent::Turn(true)] {
            tab.does(event).await;
            assert_eq!(tab.screen(), "manage");
        }
        tab.does(UiEvent::Open(Part::Keys)).await;
        for event in [key(), filter(), UiEvent::Turn(true), UiEvent::Open(Part::Audit)] {
            tab.does(event).await;
            assert_eq!(tab.screen(), "keys");
        }
        tab.does(open()).await;
        for event in [open(), UiEvent::Turn(false), UiEvent::Confirm, UiEvent::Open(Part::Keys)] {
            tab.does(event).await;
            assert_eq!(tab.screen(), "key");
        }
        tab.does(UiEvent::Back).await;
        tab.does(UiEvent::Back).await;
        tab.does(UiEvent::Open(Part::Audit)).await;
        for event in [key(), open(), UiEvent::Turn(false), UiEvent::Turn(true), UiEvent::Confirm] {
            tab.does(event).await;
            assert_eq!(tab.screen(), "audit");
        }
    });
    assert!(managed.is_ok());
    assert_eq!(tab.store.dump(), stored);
    // An answer for a screen that was left is no answer.
    let done = tab.with_key(&id, async |tab| {
        let old = tab.outbox.view();
        tab.does(UiEvent::Back).await;
        tab.enclave.handle_ui(old, key()).await;
        assert_eq!(tab.screen(), "keys");
    });
    assert!(done.is_ok());
    assert_eq!(tab.store.dump(), stored);
}

#[test]
fn what_another_tab_has_done_meanwhile_is_what_counts() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let second = tab.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    let done = tab.with_key(&id, async |tab| {
        assert!(second.call("keys.rotate", with_id(&id)).is_ok());
        // The page was drawn before; its minimum is raised to what is there now.
        act(tab, KeyAction::Raise { decryption: 2, encryption: 2 }).await;
        assert_eq!((tab.problem(), shown(tab).min_decryption_version), (None, 2));
        let lower = second.call("keys.disable", with_id(&id));
        assert!(lower.is_ok());
        act(tab, KeyAction::Rotate).await;
        assert_eq!(tab.problem(), Some(ErrorCode::InvalidKeyState));
        assert_eq!(shown(tab).state, KeyState::Disabled);
        // Somebody takes the record away.
        tab.store.poke(Table::Keys, &RecordKey::Text(id.clone()), None);
        act(tab, KeyAction::Disable).await;
        assert_eq!((tab.screen(), tab.problem()), ("keys", Some(ErrorCode::Unreadable)));
    });
    assert!(done.is_ok());
}

#[test]
fn a_change_that_was_cancelled_or_fails_happens_whole_or_not_at_all() {
    let before = Tab::ready();
    let id = before.create("ed25519", "durable").unwrap();
    for fault in Fault::ALL {
        for call in 1.. {
            assert!(call < 100, "{fault:?}");
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            let mut told = None;
            let managed = tab.with_key(&id, async |tab| {
                tab.store.fail_at(call, fault);
                act(tab, KeyAction::Disable).await;
                told = Some((tab.screen(), tab.problem()));
            });
            let fired = tab.store.heal();
            assert!(managed.is_ok() || fired, "{fault:?} {call} {managed:?}");
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok(), "{fault:?} {call}");
            let info = after.call("keys.describe", with_id(&id)).unwrap();
            let state = text(&info, "state");
            if told == Some(("key", None)) {
                assert_eq!(state, "disabled", "{fault:?} {call}");
            }
            if !fired {
                assert_eq!(state, "disabled");
                break;
            }
            if state == "enabled" {
                assert_eq!(broken(&after), Vec::<String>::new(), "{fault:?} {call}");
            }
        }
    }
    // Between any two store calls the person closes the page.
    for call in 1.. {
        let tab = Rc::new(before.on(before.store.copied()));
        assert!(tab.unlock(PASSPHRASE).is_ok());
        let closed = Rc::new(Cell::new(false));
        let (one, note) = (Rc::clone(&tab), Rc::clone(&closed));
        let managed = tab.with_key(&id, async |tab| {
            tab.store.meanwhile(call, move || {
                block_on(one.does(UiEvent::Cancel));
                note.set(true);
            });
            act(tab, KeyAction::Disable).await;
        });
        assert!(managed.is_ok());
        if !closed.get() {
            break;
        }
        let after = tab.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        let state = text(&after.call("keys.describe", with_id(&id)).unwrap(), "state");
        let entry = log(&after, 2).into_iter().rev().find(|(method, ..)| method == "keys.disable");
        if state == "disabled" {
            assert_eq!(entry, Some(("keys.disable".into(), "ok".into(), false)));
        }
    }
}
