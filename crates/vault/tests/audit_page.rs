//! The page of the audit log: the newest first, of all sites, and what a filter lets through.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::{ErrorCode, KeyId, Label, Value};
use kms_testkit::tab::{origin, text};
use kms_testkit::{Fault, PAGE, PASSPHRASE, Tab};
use kms_vault::{
    AuditFilter, AuditRows, KeyAction, MethodGroup, Outcome, Part, RecordKey, Table, UiEvent,
    UiScreen,
};
use pollster::block_on;

const OTHER: &str = "https://other.example";

fn page(tab: &Tab) -> AuditRows {
    let page = tab.look(|view| match &view.screen {
        UiScreen::Audit(page) => Some(page.clone()),
        _ => None,
    });
    page.flatten().unwrap()
}

fn numbers(tab: &Tab) -> Vec<u64> {
    page(tab).entries.iter().map(|entry| entry.seq).collect()
}

fn methods(tab: &Tab) -> Vec<String> {
    page(tab).entries.iter().map(|entry| entry.method.clone()).collect()
}

fn all() -> AuditFilter {
    AuditFilter::default()
}

async fn filter(tab: &Tab, filter: AuditFilter) {
    tab.does(UiEvent::Filter(filter)).await;
    assert_eq!((tab.screen(), tab.problem()), ("audit", None));
}

/// Opens the page.
fn audit(tab: &Tab, person: impl AsyncFnOnce(&Tab)) {
    let managed = tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Audit)).await;
        person(tab).await;
    });
    assert!(managed.is_ok());
}

#[test]
fn entries_come_the_newest_first_in_pages() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    for _ in 0..60 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    audit(&tab, async |tab| {
        let (count, whole) = (page(tab).count, (1..=62).rev().collect::<Vec<u64>>());
        assert_eq!((count, page(tab).head.len()), (62, 32));
        assert_eq!((numbers(tab), page(tab).before), (whole[..25].to_vec(), false));
        tab.does(UiEvent::Turn(true)).await;
        assert_eq!((numbers(tab), page(tab).before), (whole[25..50].to_vec(), true));
        tab.does(UiEvent::Turn(true)).await;
        assert_eq!((numbers(tab), page(tab).next), (whole[50..].to_vec(), None));
        // What is logged meanwhile moves no older page, and stands on the first one.
        let rename = Value::object([("keyId", Value::Text(key.clone()))]);
        let renamed = tab.enclave.handle(tab.session, tab.request("keys.update", rename)).await;
        assert!(renamed.is_some());
        tab.does(UiEvent::Turn(false)).await;
        assert_eq!(numbers(tab), whole[25..50].to_vec());
        tab.does(UiEvent::Turn(false)).await;
        assert_eq!(numbers(tab)[..2], [63, 62]);
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "manage");
    });
}

#[test]
fn the_person_sees_the_entries_of_every_site_and_filters_them() {
    let tab = Tab::ready();
    let own = tab.create("ed25519", "durable").unwrap();
    let other = tab.enclave.connect(origin(OTHER));
    let params = Value::object([
        ("spec", Value::Text("ed25519".into())),
        ("label", Value::Text("Theirs".into())),
    ]);
    let foreign = text(&tab.call_as(other, "keys.create", params).unwrap(), "keyId");
    assert!(tab.sign(&own, b"text").is_ok());
    assert!(tab.sign(&foreign, b"text").is_err());
    let id = |id: &str| Some(KeyId::new(id).unwrap());
    audit(&tab, async |tab| {
        let sites: Vec<_> = page(tab).entries.iter().map(|one| one.caller_origin.clone()).collect();
        assert!(sites.contains(&Some(origin(OTHER))) && sites.contains(&Some(origin(PAGE))));
        assert_eq!(page(tab).names, [(id(&foreign).unwrap(), Label::new("Theirs").unwrap())]);
        filter(tab, AuditFilter { key_id: id(&own), ..all() }).await;
        assert_eq!(methods(tab), ["sign", "keys.create"]);
        filter(tab, AuditFilter { origin: Some(origin(OTHER)), ..all() }).await;
        assert_eq!(methods(tab), ["keys.create"]);
        filter(tab, AuditFilter { outcome: Some(Outcome::Failed), ..all() }).await;
        assert_eq!(
            (methods(tab), page(tab).entries[0].key_id.clone()),
            (vec!["sign".into()], id(&foreign))
        );
        filter(tab, AuditFilter { outcome: Some(Outcome::Done), ..all() }).await;
        assert_eq!(methods(tab), ["sign", "keys.create", "keys.create", "vault.setup"]);
        filter(tab, AuditFilter { group: Some(MethodGroup::Use), ..all() }).await;
        assert_eq!(methods(tab), ["sign", "sign"]);
        filter(tab, AuditFilter { group: Some(MethodGroup::Keys), ..all() }).await;
        assert_eq!(methods(tab), ["keys.create", "keys.create"]);
        filter(tab, AuditFilter { group: Some(MethodGroup::Vault), ..all() }).await;
        assert_eq!(methods(tab), ["vault.setup"]);
        let group = Some(MethodGroup::Keys);
        filter(tab, AuditFilter { group, outcome: Some(Outcome::Failed), ..all() }).await;
        assert_eq!((methods(tab).len(), page(tab).next), (0, None));
        assert_eq!(page(tab).filter.group, group);
    });
}

#[test]
fn a_search_is_bounded_and_goes_on_where_it_stopped() {
    let tab = Tab::ready();
    let rare = tab.create("ed25519", "deferred").unwrap();
    let key = tab.create("ed25519", "deferred").unwrap();
    for _ in 0..2100 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    audit(&tab, async |tab| {
        let wanted = AuditFilter { key_id: KeyId::new(rare.clone()).ok(), ..all() };
        filter(tab, wanted).await;
        let count = page(tab).count;
        assert_eq!((count, numbers(tab), page(tab).next), (2103, vec![], Some(count - 2048)));
        tab.does(UiEvent::Turn(true)).await;
        assert_eq!((numbers(tab), page(tab).next), (vec![2], None));
        assert!(page(tab).before);
    });
}

#[test]
fn the_log_of_a_key_leads_back_to_it() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    let done = tab.with_key(&key, async |tab| {
        tab.does(UiEvent::Key(KeyAction::Disable)).await;
        filter(tab, AuditFilter { key_id: KeyId::new(key.clone()).ok(), ..all() }).await;
        assert_eq!(methods(tab), ["keys.disable", "keys.create"]);
        assert_eq!(page(tab).entries[0].caller_origin, None);
        filter(tab, all()).await;
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "key");
    });
    assert!(done.is_ok());
}

#[test]
fn a_key_that_is_gone_is_known_by_its_id() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    tab.store.poke(Table::Keys, &RecordKey::Text(key.clone()), None);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    audit(&after, async |tab| {
        assert_eq!((tab.screen(), page(tab).names.len()), ("audit", 0));
        assert!(page(tab).entries.iter().any(|one| one.key_id == KeyId::new(key.clone()).ok()));
    });
}

#[test]
fn a_damaged_log_is_said_to_be_so_on_the_page() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "durable").unwrap();
    for _ in 0..30 {
        assert!(tab.sign(&key, b"text").is_ok());
    }
    audit(&tab, async |tab| {
        tab.store.poke(Table::Audit, &RecordKey::Number(3), Some(vec![1, 2, 3]));
        tab.does(UiEvent::Turn(true)).await;
        // The page that could be read stays.
        assert_eq!((tab.screen(), tab.problem()), ("audit", Some(ErrorCode::AuditCorrupt)));
        assert_eq!(numbers(tab)[0], 32);
        tab.does(UiEvent::Back).await;
        tab.does(UiEvent::Open(Part::Audit)).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", Some(ErrorCode::AuditCorrupt)));
        // It is no time to use a key, or to change one, but the person can read on.
        assert_eq!(tab.sign(&key, b"text"), Err("audit_corrupt".into()));
        assert_eq!(tab.create("ed25519", "durable"), Err("audit_corrupt".into()));
        tab.enclave.tick().await;
        assert_eq!(tab.screen(), "manage");
        assert!(tab.call("keys.list", Value::Map(Vec::new())).is_ok());
    });
    block_on(tab.enclave.tick());
    assert_eq!(tab.state(), Err("audit_corrupt".into()));
}

#[test]
fn a_store_that_fails_while_the_log_is_read_is_told() {
    let before = Tab::ready();
    assert!(before.create("ed25519", "durable").is_ok());
    for fault in Fault::ALL {
        for call in 1.. {
            assert!(call < 100, "{fault:?}: it never ends");
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            let mut shown = None;
            let _closed = tab.ask_person("vault.manage", async |tab| {
                tab.store.fail_at(call, fault);
                tab.does(UiEvent::Open(Part::Audit)).await;
                shown = Some((tab.screen(), tab.problem().is_some()));
            });
            let fired = tab.store.heal();
            let read = shown == Some(("audit", false));
            assert!(read || shown == Some(("manage", true)), "{fault:?} {call} {shown:?}");
            if !fired {
                assert!(read);
                break;
            }
        }
    }
}
