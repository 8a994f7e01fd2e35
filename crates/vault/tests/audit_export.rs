//! The audit log as a file, for the person.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use futures_util::future::join;
use kms_protocol::{AuditEntry, ErrorCode, Value};
use kms_testkit::person::turns;
use kms_testkit::tab::origin;
use kms_testkit::{Fault, PASSPHRASE, Tab};
use kms_tlog::{Checkpoint, Frontier, Note, VerifierKey, leaf_hash};
use kms_vault::{LogReady, Part, RecordKey, Table, UiCommand, UiEvent, UiScreen};

/// A vault with entries of two sites, more than one part of them.
fn used() -> Tab {
    let tab = Tab::ready();
    let other = tab.enclave.connect(origin("https://other.example"));
    let params = Value::object([("spec", Value::Text("ed25519".into()))]);
    assert!(tab.call_as(other, "keys.create", params).is_ok());
    let key = tab.create("ed25519", "deferred").unwrap();
    for _ in 0..150 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    tab
}

/// Opens the page of the log.
fn audit(tab: &Tab, person: impl AsyncFnOnce(&Tab)) {
    let managed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Audit)).await;
        let _before = tab.outbox.take_commands();
        person(tab).await;
    });
    assert!(managed.is_ok());
}

fn ready(tab: &Tab) -> Option<LogReady> {
    tab.look(|view| match &view.screen {
        UiScreen::LogReady(ready) => Some(ready.clone()),
        _ => None,
    })
    .flatten()
}

/// The parts that were handed over.
fn parts(tab: &Tab) -> Vec<Vec<AuditEntry>> {
    let part = |command| match command {
        UiCommand::Log(entries) => Some(entries),
        _ => None,
    };
    tab.outbox.take_commands().into_iter().filter_map(part).collect()
}

/// Whether these are all entries of a log that the vault has signed.
fn is_whole(ready: &LogReady, parts: &[Vec<AuditEntry>]) -> bool {
    let mut tree = Frontier::default();
    for (seq, entry) in (1..).zip(parts.iter().flatten()) {
        let leaf = entry.leaf.as_deref().map(leaf_hash);
        assert_eq!((entry.seq, leaf.map(Vec::from).as_ref()), (seq, Some(&entry.hash)));
        tree.push(leaf.unwrap());
    }
    let key = VerifierKey::parse(&ready.checkpoint.verifier_key).unwrap();
    let note = Note::parse(&ready.checkpoint.note).unwrap();
    let signed = Checkpoint::parse(key.verify(&note).unwrap()).unwrap();
    (signed.size, signed.root) == (ready.count, tree.root()) && tree.size() == ready.count
}

#[test]
fn the_person_saves_the_whole_log_of_all_sites() {
    let tab = used();
    audit(&tab, async |tab| {
        tab.does(UiEvent::Export).await;
        let ready = ready(tab).unwrap();
        assert_eq!((ready.count, ready.name.as_str()), (153, "ats-kms-log-2027-01-15.jsonl"));
        let parts = parts(tab);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 25]);
        assert!(is_whole(&ready, &parts));
    });
    // The way back leads to the page of the log, and nothing else does anything.
    audit(&tab, async |tab| {
        tab.does(UiEvent::Export).await;
        for event in [UiEvent::Confirm, UiEvent::Export, UiEvent::Turn(true)] {
            tab.does(event).await;
            assert_eq!(tab.screen(), "log_ready");
        }
        tab.does(UiEvent::Back).await;
        assert_eq!((tab.screen(), tab.problem()), ("audit", None));
        assert_eq!(parts(tab).len(), 3);
    });
    audit(&tab, async |tab| {
        tab.does(UiEvent::Back).await;
        tab.does(UiEvent::Export).await;
        assert_eq!((tab.screen(), parts(tab).len()), ("manage", 0));
    });
}

#[test]
fn a_log_that_is_given_up_is_not_ready_later() {
    let tab = used();
    let closed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Audit)).await;
        let _before = tab.outbox.take_commands();
        // It waits for the signature of the checkpoint.
        let held = tab.crypto.hold_signature();
        let cancel = async {
            turns().await;
            tab.does(UiEvent::Cancel).await;
        };
        join(tab.does(UiEvent::Export), cancel).await;
        drop(held);
        assert_eq!((tab.screen(), ready(tab)), ("hidden", None));
    });
    assert!(closed.is_ok());
}

#[test]
fn a_damaged_log_is_not_saved() {
    let tab = used();
    audit(&tab, async |tab| {
        tab.store.poke(Table::Audit, &RecordKey::Number(100), Some(vec![1, 2, 3]));
        tab.does(UiEvent::Export).await;
        assert_eq!((tab.screen(), tab.problem()), ("audit", Some(ErrorCode::AuditCorrupt)));
    });
}

#[test]
fn a_store_that_fails_while_the_log_is_saved_is_told() {
    let before = used();
    for fault in Fault::ALL {
        for call in 1.. {
            assert!(call < 100, "{fault:?}: it never ends");
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            let mut whole = None;
            let _closed = tab.ask_person("vault.manage", async |tab| {
                tab.does(UiEvent::Open(Part::Audit)).await;
                let _before = tab.outbox.take_commands();
                tab.store.fail_at(call, fault);
                tab.does(UiEvent::Export).await;
                whole = match (ready(tab), tab.screen(), tab.problem()) {
                    (Some(ready), "log_ready", None) => Some(is_whole(&ready, &parts(tab))),
                    (None, "audit", Some(_)) => Some(false),
                    _ => None,
                };
            });
            let fired = tab.store.heal();
            println!("{fault:?} at call {call}: {whole:?}");
            assert!(whole.is_some() && (fired || whole == Some(true)));
            if !fired {
                break;
            }
        }
    }
}
