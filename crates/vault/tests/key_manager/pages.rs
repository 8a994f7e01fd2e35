//! What the person sees, and what the page does not.

use std::rc::Rc;

use futures_util::future::join;
use kms_protocol::{ErrorCode, KeyId, Value};
use kms_testkit::tab::outcome;
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{KeyAction, KeyRow, Part, RecordKey, Table, UiEvent};
use pollster::block_on;

use crate::{act, foreign, ids, label, page, shown, with_id};

#[test]
fn the_list_has_pages_that_lead_to_and_fro() {
    let tab = Tab::ready();
    let mut all: Vec<_> = (0..45).map(|_| tab.create("ed25519", "deferred").unwrap()).collect();
    all.sort();
    let managed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Keys)).await;
        let (first, before, more) = page(tab);
        assert_eq!((ids(&first), before, more), (all[..20].to_vec(), false, true));
        // There is nothing before the first page.
        tab.does(UiEvent::Turn(false)).await;
        tab.does(UiEvent::Turn(true)).await;
        let (second, before, more) = page(tab);
        assert_eq!((ids(&second), before, more), (all[20..40].to_vec(), true, true));
        // From a key, also one that was changed, the way back leads to its page of the list.
        tab.does(UiEvent::OpenKey(KeyId::new(all[21].clone()).unwrap())).await;
        act(tab, KeyAction::Rotate).await;
        tab.does(UiEvent::Back).await;
        assert_eq!(ids(&page(tab).0), all[20..40].to_vec());
        tab.does(UiEvent::Turn(true)).await;
        let (third, before, more) = page(tab);
        assert_eq!((ids(&third), before, more), (all[40..].to_vec(), true, false));
        tab.does(UiEvent::Turn(true)).await;
        assert_eq!(ids(&page(tab).0), all[40..].to_vec());
        tab.does(UiEvent::Turn(false)).await;
        tab.does(UiEvent::Turn(false)).await;
        assert_eq!(ids(&page(tab).0), all[..20].to_vec());
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "manage");
    });
    assert!(managed.is_ok());
}

#[test]
fn exactly_one_page_of_keys_has_none_behind_it() {
    let tab = Tab::ready();
    for _ in 0..20 {
        assert!(tab.create("ed25519", "deferred").is_ok());
    }
    let done = tab.ask_person("keys.manage", async |tab| {
        let (rows, before, more) = page(tab);
        assert_eq!((rows.len(), before, more), (20, false, false));
    });
    assert!(done.is_ok());
}

#[test]
fn a_record_that_cannot_be_read_hides_no_other() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let spoilt = tab.create("ed25519", "durable").unwrap();
    let at = |name: &str| RecordKey::Text(name.into());
    tab.store.poke(Table::Keys, &at(&spoilt), Some(vec![1, 2, 3]));
    tab.store.poke(Table::Keys, &at("no id of a key"), Some(vec![1, 2, 3]));
    tab.store.poke(Table::Keys, &RecordKey::Number(7), Some(vec![1, 2, 3]));
    let done = tab.ask_person("keys.manage", async |tab| {
        let (rows, _, _) = page(tab);
        let unreadable = KeyRow::Unreadable(Some(KeyId::new(spoilt.clone()).unwrap()));
        assert!(rows.contains(&unreadable));
        let strays = rows.iter().filter(|row| **row == KeyRow::Unreadable(None)).count();
        assert_eq!((rows.len(), strays), (4, 2));
        // It has no page of its own.
        tab.does(UiEvent::OpenKey(KeyId::new(spoilt.clone()).unwrap())).await;
        assert_eq!((tab.screen(), tab.problem()), ("keys", Some(ErrorCode::Unreadable)));
        tab.does(UiEvent::OpenKey(KeyId::new(id.clone()).unwrap())).await;
        assert_eq!((tab.screen(), tab.problem()), ("key", None));
    });
    assert!(done.is_ok());
}

#[test]
fn the_list_shows_records_that_do_not_fit_the_index() {
    let tab = Tab::ready();
    let ids = [(); 3].map(|()| tab.create("ed25519", "durable").unwrap());
    let at = |id: &str| RecordKey::Text(id.into());
    let key_id = |id: &str| KeyId::new(id.to_owned()).unwrap();
    // One is gone, one is copied to a place where nobody made a key.
    let other = "AAECAwQFBgcICQoLDA0ODw";
    tab.store.poke(Table::Keys, &at(&ids[0]), None);
    tab.store.poke(Table::Keys, &at(other), tab.store.peek(Table::Keys, &at(&ids[1])));
    let done = tab.ask_person("keys.manage", async |tab| {
        let (rows, _, _) = page(tab);
        assert_eq!(rows.len(), 4);
        for id in [&ids[0], other] {
            assert!(rows.contains(&KeyRow::Unreadable(Some(key_id(id)))));
        }
    });
    assert!(done.is_ok());
}

#[test]
fn a_page_opens_the_list_or_a_key_of_its_own_and_drives_nothing() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let (other, foreign) = foreign(&tab);
    let call = |session, params: Value| {
        let request = tab.request("keys.manage", params);
        let person = async {
            let screen = tab.screen();
            tab.does(UiEvent::Cancel).await;
            screen
        };
        let (reply, screen) = block_on(join(tab.enclave.handle(session, request), person));
        outcome(reply).map(|_| screen)
    };
    assert_eq!(call(tab.session, with_id(&id)), Ok("key"));
    assert_eq!(shown(&tab).key_id.as_str(), id);
    assert_eq!(call(tab.session, Value::Map(Vec::new())), Ok("keys"));
    assert_eq!(call(other, with_id(&foreign)), Ok("key"));
    // A key of another site is as one that does not exist.
    let missing = "AAECAwQFBgcICQoLDA0ODw";
    for id in [foreign.as_str(), missing] {
        assert_eq!(tab.call("keys.manage", with_id(id)), Err("not_found".into()));
    }
    tab.store.poke(Table::Keys, &RecordKey::Text(id.clone()), Some(vec![1]));
    let after = tab.restarted();
    assert_eq!(after.call("keys.manage", with_id(&id)), Err("locked".into()));
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(after.call("keys.manage", with_id(&id)), Err("unreadable".into()));
    let more = Value::object([("action", Value::Text("disable".into()))]);
    assert_eq!(after.call("keys.manage", more), Err("invalid_params".into()));
}

#[test]
fn a_page_learns_nothing_of_the_keys_of_other_sites() {
    let tab = Tab::ready();
    let own = tab.create("ed25519", "durable").unwrap();
    let (other, foreign) = foreign(&tab);
    for id in [&own, &foreign] {
        let done = tab.with_key(id, async |tab| {
            act(tab, KeyAction::Rename(label("A name"))).await;
            act(tab, KeyAction::Rotate).await;
            // A refusal leaves an entry as well.
            act(tab, KeyAction::Trim(9)).await;
            assert_eq!(tab.problem(), Some(ErrorCode::VersionNotFound));
        });
        assert!(done.is_ok());
    }
    for (session, own, foreign) in [(tab.session, &own, &foreign), (other, &foreign, &own)] {
        let log = tab.call_as(session, "audit.list", Value::Map(Vec::new())).unwrap();
        let seen = format!("{log:?}");
        assert!(seen.contains(own.as_str()) && !seen.contains(foreign.as_str()), "{seen}");
    }
    let events = format!("{:?}", tab.outbox.events());
    assert!(!events.contains(&own) && !events.contains(&foreign), "{events}");
    // Nor of what is not there any more.
    let gone = RecordKey::Text(own.clone());
    tab.store.poke(Table::Keys, &gone, None);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let log = format!("{:?}", after.call("audit.list", Value::Map(Vec::new())));
    assert!(!log.contains(&foreign), "{log}");
}

#[test]
fn locking_ends_the_page() {
    let tab = Tab::ready();
    let id = tab.create("ed25519", "durable").unwrap();
    let done = tab.with_key(&id, async |tab| {
        tab.does(UiEvent::Lock).await;
        tab.does(UiEvent::Key(KeyAction::Disable)).await;
        assert_eq!(tab.screen(), "hidden");
    });
    assert_eq!(done, Err("locked".into()));
    let opened = tab.ask_person("vault.manage", async |_| ());
    assert_eq!(opened, Err("locked".into()));
}

#[test]
fn a_vault_that_is_locked_while_a_page_is_read_shows_nothing() {
    let before = Tab::ready();
    let id = before.create("ed25519", "durable").unwrap();
    let events: [&dyn Fn() -> UiEvent; 2] =
        [&|| UiEvent::Turn(true), &|| UiEvent::OpenKey(KeyId::new(id.clone()).unwrap())];
    for _ in 0..20 {
        assert!(before.create("ed25519", "durable").is_ok());
    }
    for event in events {
        let tab = Rc::new(before.on(before.store.copied()));
        assert!(tab.unlock(PASSPHRASE).is_ok());
        let one = Rc::clone(&tab);
        let done = tab.ask_person("keys.manage", async |tab| {
            tab.store.meanwhile(1, move || block_on(one.does(UiEvent::Lock)));
            tab.does(event()).await;
            assert_eq!(tab.screen(), "hidden");
        });
        assert_eq!(done, Err("locked".into()));
    }
}
