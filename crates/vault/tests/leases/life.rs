//! How a lease goes on and ends: time, extension, revocation, and what else takes it away.

use kms_protocol::limits::{MAX_LEASE_MS, MAX_LEASES, MIN_LEASE_MS};
use kms_protocol::{ErrorCode, IntoValue, LeaseId, Value};
use kms_testkit::invariants::broken;
use kms_testkit::person::passphrase;
use kms_testkit::tab::{member, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Action, Clock, HeldLease, RecordKey, Table, UiEvent, UiScreen, Why};

use crate::{
    HOUR, OTHER, PUSH, empty, extension, issue, issue_for, leased, list, named, number, refused,
    terms, used, verifies,
};

#[test]
fn a_revoked_lease_is_found_out_also_by_a_tab_that_did_not_look() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 3);
    let second = tab.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    assert!(tab.call("leases.revoke", named(&lease)).is_ok());
    assert_eq!(issue(&second, &lease), refused("lease_not_found"));
    assert_eq!(tab.call("leases.revoke", named(&lease)), refused("lease_not_found"));
}

#[test]
fn no_token_outlives_its_lease_and_no_lease_its_time() {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    tab.clock.advance(500);
    let lease = tab.allow("vapid.create_lease", terms(&key, 10 * MIN_LEASE_MS, 100), PASSPHRASE);
    let lease = text(&lease.unwrap(), "leaseId");
    let ends = tab.clock.now_ms() + 10 * u64::from(MIN_LEASE_MS);
    let token = issue(&tab, &lease).unwrap();
    assert_eq!(member(&token, "expires"), Some((ends / 1000 * 1000).into_value()));
    tab.clock.advance(10 * u64::from(MIN_LEASE_MS) - 1);
    // Less than a second is left: a token would have expired already.
    assert_eq!(issue(&tab, &lease), refused("lease_expired"));
    tab.clock.advance(1);
    assert_eq!(issue(&tab, &lease), refused("lease_expired"));
    let asked = tab.call("leases.extend", extension(&lease, MAX_LEASE_MS, 1));
    assert_eq!(asked, refused("lease_expired"));
    assert_eq!(list(&tab).len(), 1);
}

#[test]
fn a_clock_that_is_set_back_revives_nothing() {
    let (tab, _, lease) = leased(2 * MIN_LEASE_MS, 100);
    let start = tab.clock.now_ms();
    // Within one session time goes on whatever the wall clock says.
    tab.clock.advance(2 * u64::from(MIN_LEASE_MS));
    tab.clock.set_wall(start);
    assert_eq!(issue(&tab, &lease), refused("lease_expired"));
    // After a restart the latest time at which the vault was opened is known.
    tab.clock.set_wall(start + HOUR);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    after.clock.set_wall(start);
    let after = after.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(issue(&after, &lease), refused("clock_set_back"));
    let asked = after.call("leases.extend", extension(&lease, MAX_LEASE_MS, 1));
    assert_eq!(asked, refused("clock_set_back"));
    // What keeps clocks right may set them back a little.
    after.clock.set_wall(start + HOUR);
    let after = after.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let asked =
        after.allow("vapid.create_lease", terms(&listed_key(&after), MAX_LEASE_MS, 9), PASSPHRASE);
    let fresh = text(&asked.unwrap(), "leaseId");
    after.clock.set_wall(start + HOUR - 60_000);
    assert!(issue(&after, &fresh).is_ok());
    after.clock.set_wall(start + HOUR - 6 * 60_000);
    assert_eq!(issue(&after, &fresh), refused("clock_set_back"));
}

fn listed_key(tab: &Tab) -> String {
    kms_testkit::invariants::listed(tab).pop().unwrap()
}

#[test]
fn an_extension_is_a_new_decision_over_the_old_terms() {
    let (tab, _, lease) = leased(2 * MIN_LEASE_MS, 1);
    assert!(issue(&tab, &lease).is_ok());
    assert_eq!(issue(&tab, &lease), refused("lease_exhausted"));
    tab.clock.advance(MIN_LEASE_MS.into());
    // Without the person nothing is extended.
    let asked = tab.ask_with("leases.extend", extension(&lease, MAX_LEASE_MS, 5), async |_| ());
    assert_eq!(asked, refused("user_cancelled"));
    assert_eq!(issue(&tab, &lease), refused("lease_exhausted"));
    let extended = tab.allow("leases.extend", extension(&lease, MAX_LEASE_MS, 5), PASSPHRASE);
    let extended = extended.unwrap();
    assert_eq!(member(&extended, "used"), Some(number(0)));
    assert_eq!(member(&extended, "tokens"), Some(number(5)));
    assert_eq!(list(&tab), [extended]);
    assert!(issue(&tab, &lease).is_ok());
    assert_eq!(issue_for(&tab, &lease, OTHER), refused("lease_audience"));
    // One that ends while the person looks at it is not extended any more.
    let asked = tab.ask_with("leases.extend", extension(&lease, MAX_LEASE_MS, 5), async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        assert!(
            tab.enclave
                .handle(tab.session, tab.request("leases.revoke", named(&lease)))
                .await
                .is_some()
        );
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(asked, refused("lease_not_found"));
}

#[test]
fn an_extension_never_shortens_a_lease() {
    let (tab, _, lease) = leased(2 * MIN_LEASE_MS, 3);
    let shorter = extension(&lease, 2 * MIN_LEASE_MS - 1, 3);
    assert_eq!(tab.call("leases.extend", shorter), refused("invalid_params"));
    // Nor when it was extended further in another tab while the person looked at it.
    let beside = tab.beside();
    assert!(beside.unlock(PASSPHRASE).is_ok());
    let params = extension(&lease, 3 * MIN_LEASE_MS, 3);
    let asked = tab.ask_with("leases.extend", params, async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        let longer = extension(&lease, MAX_LEASE_MS, 3);
        assert!(beside.allow("leases.extend", longer, PASSPHRASE).is_ok());
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(asked, refused("invalid_params"));
    let (created, ends) = (member(&list(&tab)[0], "created"), member(&list(&tab)[0], "ends"));
    let (Some(Value::Number(created)), Some(Value::Number(ends))) = (created, ends) else {
        panic!("a lease has times");
    };
    assert!((ends - created - f64::from(MAX_LEASE_MS)).abs() < 0.5);
    // What was signed for before is what is issued.
    assert!(issue(&beside, &lease).is_ok());
}

/// The leases on the page of the vault.
fn shown(tab: &Tab) -> Vec<HeldLease> {
    let shown = tab.look(|view| match &view.screen {
        UiScreen::Manage(page) => page.leases.clone(),
        _ => Vec::new(),
    });
    shown.unwrap()
}

fn revoking(lease: &str) -> UiEvent {
    UiEvent::Action(Action::Revoke(LeaseId::new(lease).unwrap()))
}

/// No token is issued then, but the lease lives again as soon as the clock is right.
#[test]
fn a_clock_that_is_set_back_hides_no_lease_and_deletes_none() {
    let (tab, key, lease) = leased(MAX_LEASE_MS, 5);
    let allow = |tab: &Tab| tab.call("vapid.create_lease", terms(&key, MIN_LEASE_MS, 1));
    for _ in 1..MAX_LEASES {
        let terms = terms(&key, MAX_LEASE_MS, 1);
        assert!(tab.allow("vapid.create_lease", terms, PASSPHRASE).is_ok());
    }
    tab.clock.set_wall(tab.clock.now_ms() - HOUR);
    assert_eq!(issue(&tab, &lease), refused("clock_set_back"));
    assert_eq!(allow(&tab), refused("too_many_leases"));
    let managed = tab.ask_person("vault.manage", async |tab| {
        assert_eq!(shown(tab).len(), MAX_LEASES);
        tab.does(revoking(&lease)).await;
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(shown(tab).len(), MAX_LEASES - 1);
    });
    assert!(managed.is_ok());
    assert_eq!(issue(&tab, &lease), refused("lease_not_found"));
}

#[test]
fn the_person_sees_every_lease_and_ends_it() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 5);
    assert!(issue(&tab, &lease).is_ok());
    let revoke = || revoking(&lease);
    let managed = tab.ask_person("vault.manage", async |tab| {
        let held = shown(tab);
        assert_eq!((held.len(), held[0].lease.used), (1, 1));
        assert_eq!(held[0].origin.as_str(), kms_testkit::PAGE);
        tab.does(revoke()).await;
        let why = tab.look(|view| match view.screen {
            UiScreen::Unlock { why, .. } => Some(why),
            _ => None,
        });
        assert_eq!(why.flatten(), Some(Why::Revoke));
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!((tab.screen(), tab.problem()), ("manage", None));
        assert!(shown(tab).is_empty());
        // It is gone, so there is nothing to revoke a second time.
        tab.does(revoke()).await;
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.problem(), Some(ErrorCode::InvalidParams));
    });
    assert!(managed.is_ok());
    assert_eq!(issue(&tab, &lease), refused("lease_not_found"));
    assert!(list(&tab).is_empty());
}

#[test]
fn leases_that_have_ended_make_room_and_are_not_shown() {
    let (tab, key, first) = leased(MIN_LEASE_MS, 1);
    let allow =
        |tab: &Tab| tab.allow("vapid.create_lease", terms(&key, 60 * MIN_LEASE_MS, 1), PASSPHRASE);
    for _ in 1..MAX_LEASES {
        assert!(allow(&tab).is_ok());
    }
    assert_eq!(
        tab.call("vapid.create_lease", terms(&key, MIN_LEASE_MS, 1)),
        refused("too_many_leases")
    );
    tab.clock.advance(MIN_LEASE_MS.into());
    assert_eq!(list(&tab).len(), MAX_LEASES);
    assert!(
        tab.ask_person("vault.manage", async |tab| {
            let held = tab.look(|view| match &view.screen {
                UiScreen::Manage(page) => page.leases.len(),
                _ => 0,
            });
            assert_eq!(held, Some(MAX_LEASES - 1));
        })
        .is_ok()
    );
    assert!(allow(&tab).is_ok());
    let left = list(&tab);
    assert_eq!(left.len(), MAX_LEASES);
    assert!(left.iter().all(|lease| text(lease, "leaseId") != first));
    assert_eq!(issue(&tab, &first), refused("lease_not_found"));
    // As large as they get, they still fit into a backup.
    assert!(tab.back_up(PASSPHRASE, PASSPHRASE).is_ok());
}

#[test]
fn a_lease_that_is_put_back_opens_nothing() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 2);
    let settings = RecordKey::Text("settings".into());
    let old = tab.store.peek(Table::Meta, &settings);
    assert!(issue(&tab, &lease).is_ok());
    assert!(tab.call("leases.revoke", named(&lease)).is_ok());
    tab.store.poke(Table::Meta, &settings, old);
    let after = tab.restarted();
    assert_eq!(after.unlock(PASSPHRASE), refused("vault_corrupt"));
}

#[test]
fn a_restore_ends_every_lease() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 2);
    let file = tab.back_up(PASSPHRASE, PASSPHRASE).unwrap();
    assert!(issue(&tab, &lease).is_ok());
    assert!(tab.reset(PASSPHRASE).is_ok());
    assert!(tab.restore(file, passphrase(PASSPHRASE)).is_ok());
    assert!(list(&tab).is_empty());
    assert_eq!(issue(&tab, &lease), refused("lease_not_found"));
    assert_eq!(broken(&tab), Vec::<String>::new());
}

#[test]
fn a_locked_vault_issues_nothing() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 2);
    assert!(tab.call("vault.lock", empty()).is_ok());
    for method in ["leases.list", "vapid.issue_token", "leases.revoke"] {
        let params = match method {
            "leases.list" => empty(),
            "leases.revoke" => named(&lease),
            _ => {
                let audience = Value::Text(PUSH.into());
                Value::object([("leaseId", Value::Text(lease.clone())), ("audience", audience)])
            }
        };
        assert_eq!(tab.call(method, params), refused("locked"), "{method}");
    }
}

#[test]
fn a_lease_without_its_key_issues_nothing() {
    let (tab, key, lease) = leased(MAX_LEASE_MS, 2);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    let record = RecordKey::Text(key);
    let stored = after.store.peek(Table::Keys, &record);
    after.store.poke(Table::Keys, &record, None);
    assert_eq!(issue(&after, &lease), refused("unreadable"));
    let extend = after.call("leases.extend", extension(&lease, MAX_LEASE_MS, 1));
    assert_eq!(extend, refused("unreadable"));
    after.store.poke(Table::Keys, &record, stored);
    assert!(issue(&after, &lease).is_ok());
}

#[test]
fn leases_of_two_keys_leave_each_other_alone() {
    let (tab, first, lease) = leased(MAX_LEASE_MS, 1);
    let second = tab.create_for_vapid().unwrap();
    let asked = terms(&second, MAX_LEASE_MS, 2);
    let other = tab.allow("vapid.create_lease", asked, PASSPHRASE).unwrap();
    let other = text(&other, "leaseId");
    verifies(&tab, &first, &issue(&tab, &lease).unwrap());
    verifies(&tab, &second, &issue(&tab, &other).unwrap());
    // What is used up, revoked or disabled is the one that was named.
    assert_eq!(issue(&tab, &lease), refused("lease_exhausted"));
    let named = || Value::object([("keyId", Value::Text(first.clone()))]);
    assert!(tab.call("keys.disable", named()).is_ok());
    assert!(tab.call("leases.revoke", super::named(&lease)).is_ok());
    verifies(&tab, &second, &issue(&tab, &other).unwrap());
    assert_eq!(used(&tab), [Some(number(2))]);
}

#[test]
fn a_lease_of_a_disabled_key_waits_for_it() {
    let (tab, key, lease) = leased(MAX_LEASE_MS, 2);
    let named = || Value::object([("keyId", Value::Text(key.clone()))]);
    assert!(tab.call("keys.disable", named()).is_ok());
    assert_eq!(issue(&tab, &lease), refused("invalid_key_state"));
    let asked = tab.call("leases.extend", extension(&lease, MAX_LEASE_MS, 1));
    assert_eq!(asked, refused("invalid_key_state"));
    assert!(tab.call("keys.enable", named()).is_ok());
    assert!(issue(&tab, &lease).is_ok());
    // A new version signs from then on.
    assert!(tab.call("keys.rotate", named()).is_ok());
    let token = issue(&tab, &lease).unwrap();
    verifies(&tab, &key, &token);
    assert_eq!(used(&tab), [Some(number(2))]);
}
