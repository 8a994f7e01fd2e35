//! Leases: what a person allows, what is issued under it, and everything that is refused.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_protocol::limits::{MAX_LEASE_MS, MAX_LEASE_TOKENS, MAX_LEASES, MIN_LEASE_MS};
use kms_protocol::{ErrorCode, IntoValue, LeaseId, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::person::passphrase;
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Action, Clock, RecordKey, Table, UiEvent, UiScreen, Why};

const PUSH: &str = "https://push.example";
const OTHER: &str = "https://other-push.example";
const HOUR: u64 = 3_600_000;

fn empty() -> Value {
    Value::Map(Vec::new())
}

fn number(number: impl Into<f64>) -> Value {
    Value::Number(number.into())
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::Text((*text).into())).collect())
}

fn terms(key: &str, life_ms: u32, tokens: u32) -> Value {
    Value::object([
        ("keyId", Value::Text(key.into())),
        ("audiences", texts(&[PUSH])),
        ("lifeMs", number(life_ms)),
        ("tokens", number(tokens)),
    ])
}

fn named(lease: &str) -> Value {
    Value::object([("leaseId", Value::Text(lease.into()))])
}

fn extension(lease: &str, life_ms: u32, tokens: u32) -> Value {
    let id = Value::Text(lease.into());
    Value::object([("leaseId", id), ("lifeMs", number(life_ms)), ("tokens", number(tokens))])
}

/// A vault with a P-256 key and a lease on it; returns the ids.
fn leased(life_ms: u32, tokens: u32) -> (Tab, String, String) {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    let lease = tab.allow("vapid.create_lease", terms(&key, life_ms, tokens), PASSPHRASE).unwrap();
    (tab, key, text(&lease, "leaseId"))
}

fn issue_for(tab: &Tab, lease: &str, audience: &str) -> Result<Value, String> {
    let audience = Value::Text(audience.into());
    let params = [("leaseId", Value::Text(lease.into())), ("audience", audience)];
    tab.call("vapid.issue_token", Value::object(params))
}

fn issue(tab: &Tab, lease: &str) -> Result<Value, String> {
    issue_for(tab, lease, PUSH)
}

fn refused(code: &str) -> Result<Value, String> {
    Err(code.into())
}

fn list(tab: &Tab) -> Vec<Value> {
    match member(&tab.call("leases.list", empty()).unwrap(), "leases") {
        Some(Value::List(leases)) => leases,
        _ => Vec::new(),
    }
}

fn used(tab: &Tab) -> Vec<Option<Value>> {
    list(tab).iter().map(|lease| member(lease, "used")).collect()
}

fn claims(token: &Value) -> String {
    let text = text(token, "token");
    let payload = text.split('.').nth(1).unwrap();
    String::from_utf8(Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}

#[test]
fn a_person_sees_the_terms_and_tokens_keep_to_them() {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    let contact = "https://page.example/contact";
    let params = Value::object([
        ("keyId", Value::Text(key.clone())),
        ("audiences", texts(&[PUSH, OTHER])),
        ("lifeMs", number(MAX_LEASE_MS)),
        ("tokens", number(3)),
        ("contact", Value::Text(contact.into())),
    ]);
    let lease = tab.ask_with("vapid.create_lease", params, async |tab| {
        let why = tab.look(|view| match view.screen {
            UiScreen::Unlock { why, .. } => Some(why),
            _ => None,
        });
        assert_eq!(why.flatten(), Some(Why::Lease));
        tab.does(tab.with(PASSPHRASE)).await;
        let (site, shown) = tab
            .look(|view| match &view.screen {
                UiScreen::Lease(terms) => (view.origin.clone(), Some(terms.clone())),
                _ => (view.origin.clone(), None),
            })
            .unwrap();
        let shown = shown.unwrap();
        assert_eq!(site.as_str(), kms_testkit::PAGE);
        assert_eq!((shown.extends, shown.life_ms, shown.tokens), (false, MAX_LEASE_MS, 3));
        assert_eq!(shown.audiences.len(), 2);
        assert_eq!(shown.contact.unwrap().as_str(), contact);
        tab.does(UiEvent::Confirm).await;
    });
    let id = text(&lease.unwrap(), "leaseId");
    let now = tab.clock.now_ms();
    let token = issue_for(&tab, &id, OTHER).unwrap();
    let exp = now / 1000 + 900;
    let expected = format!(r#"{{"aud":"{OTHER}","exp":{exp},"sub":"{contact}"}}"#);
    assert_eq!(claims(&token), expected);
    assert_eq!(member(&token, "expires"), Some((exp * 1000).into_value()));
    assert_eq!(used(&tab), [Some(number(1))]);
    let logged: Vec<_> = entries(&tab).iter().map(|entry| text(entry, "method")).collect();
    let expected = ["vault.fresh_unlock", "vapid.create_lease", "vapid.issue_token"];
    assert_eq!(logged[2..], expected);
    verifies(&tab, &key, &token);
    assert_eq!(broken(&tab), Vec::<String>::new());
}

/// The token verifies with the key's public half, which the header field names as well.
fn verifies(tab: &Tab, key: &str, token: &Value) {
    let jws = text(token, "token");
    let (input, signature) = jws.rsplit_once('.').unwrap();
    let params = Value::object([
        ("keyId", Value::Text(key.into())),
        ("data", Value::Bytes(input.as_bytes().to_vec())),
        ("signature", Value::Bytes(Base64UrlUnpadded::decode_vec(signature).unwrap())),
    ]);
    assert_eq!(member(&tab.call("verify", params).unwrap(), "valid"), Some(Value::Bool(true)));
    let authorization = text(token, "authorization");
    let (t, k) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!((t, k.len()), (jws.as_str(), 87));
}

fn operations(usage: &[&str]) -> Value {
    Value::object([("operations", texts(usage))])
}

#[test]
fn there_is_no_way_around_a_lease() {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    assert_eq!(tab.sign(&key, b"text"), Err("policy_denied".into()));
    // Nor can a key be made that is for both.
    let both = [&["vapid", "sign"][..], &["sign", "verify", "vapid"], &["vapid", "vapid"], &[]];
    for usage in both {
        let spec = ("spec", Value::Text("ec-p256".into()));
        let made = tab.call("keys.create", Value::object([spec, ("policy", operations(usage))]));
        assert_eq!(made, refused("invalid_params"), "{usage:?}");
    }
    // The lease counts, and nothing beside it; the person who allowed it is away.
    for (name, value) in [
        ("confirmation", Value::Text("sheet".into())),
        ("maxUses", number(5)),
        ("rate", Value::object([("uses", number(1)), ("periodMs", number(1000))])),
    ] {
        let policy = Value::object([("operations", texts(&["vapid"])), (name, value)]);
        let spec = ("spec", Value::Text("ec-p256".into()));
        let made = tab.call("keys.create", Value::object([spec, ("policy", policy)]));
        assert_eq!(made, refused("invalid_params"), "{name}");
    }
    // RFC 8292, section 2: on P-256 only.
    let spec = ("spec", Value::Text("ed25519".into()));
    let made = tab.call("keys.create", Value::object([spec, ("policy", operations(&["vapid"]))]));
    assert_eq!(made, refused("invalid_params"));
    let spec = ("spec", Value::Text("ed25519".into()));
    let made = tab.call("keys.create", Value::object([spec, ("policy", operations(&["verify"]))]));
    assert_eq!(tab.sign(&text(&made.unwrap(), "keyId"), b"text"), Err("policy_denied".into()));
}

#[test]
fn nothing_is_allowed_without_a_fresh_unlock_and_a_decision() {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    let stored = tab.store.dump();
    let params = || terms(&key, MIN_LEASE_MS, 1);
    // Confirming before unlocking does nothing, and closing is a refusal at every step.
    let asked = tab.ask_with("vapid.create_lease", params(), async |tab| {
        tab.does(UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "unlock");
    });
    assert_eq!(asked, refused("user_cancelled"));
    assert_eq!(tab.store.dump(), stored);
    let asked = tab.ask_with("vapid.create_lease", params(), async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        assert_eq!(tab.screen(), "lease");
    });
    assert_eq!(asked, refused("user_cancelled"));
    // An unlock that was too long ago counts no more.
    let asked = tab.ask_with("vapid.create_lease", params(), async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        tab.clock.advance(120_000);
        tab.does(UiEvent::Confirm).await;
        assert_eq!(tab.screen(), "unlock");
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(asked, refused("user_cancelled"));
    assert!(list(&tab).is_empty());
}

#[test]
fn one_decision_is_for_one_request() {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    let asked = tab.ask_with("vapid.create_lease", terms(&key, MIN_LEASE_MS, 1), async |tab| {
        // Another request of the same kind cannot come along.
        let more = tab.request("vapid.create_lease", terms(&key, MAX_LEASE_MS, 9));
        let reply = tab.enclave.handle(tab.session, more).await;
        assert_eq!(kms_testkit::tab::outcome(reply), refused("too_many_requests"));
        tab.does(tab.with(PASSPHRASE)).await;
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(member(&asked.unwrap(), "tokens"), Some(number(1)));
    assert_eq!(list(&tab).len(), 1);
}

#[test]
fn terms_beyond_the_limits_are_not_even_shown() {
    let tab = Tab::ready();
    let key = tab.create_for_vapid().unwrap();
    let bad = |params: Value| {
        assert_eq!(tab.call("vapid.create_lease", params), refused("invalid_params"));
    };
    bad(terms(&key, MIN_LEASE_MS - 1, 1));
    bad(terms(&key, MAX_LEASE_MS + 1, 1));
    bad(terms(&key, MIN_LEASE_MS, 0));
    bad(terms(&key, MIN_LEASE_MS, MAX_LEASE_TOKENS + 1));
    let five: Vec<_> = (0..5).map(|at| format!("https://push{at}.example")).collect();
    let five: Vec<_> = five.iter().map(String::as_str).collect();
    for audiences in [&[][..], &[PUSH, PUSH], &five, &["http://push.example"], &["mailto:a@b.c"]] {
        bad(Value::object([
            ("keyId", Value::Text(key.clone())),
            ("audiences", texts(audiences)),
            ("lifeMs", number(MIN_LEASE_MS)),
            ("tokens", number(1)),
        ]));
    }
    let (leased, _, lease) = leased(MIN_LEASE_MS, 1);
    for (life_ms, tokens) in [(MAX_LEASE_MS + 1, 1), (MIN_LEASE_MS, 0)] {
        let asked = leased.call("leases.extend", extension(&lease, life_ms, tokens));
        assert_eq!(asked, refused("invalid_params"));
    }
    // Only keys that are made for it sign such tokens, and only the site's own.
    for spec in ["ed25519", "ec-p256"] {
        let other = tab.create(spec, "durable").unwrap();
        let asked = tab.call("vapid.create_lease", terms(&other, MIN_LEASE_MS, 1));
        assert_eq!(asked, refused("policy_denied"), "{spec}");
    }
    let other = tab.enclave.connect(origin("https://other.example"));
    let asked = tab.call_as(other, "vapid.create_lease", terms(&key, MIN_LEASE_MS, 1));
    assert_eq!(asked, refused("not_found"));
}

#[test]
fn a_lease_of_another_site_does_not_exist() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 5);
    let other = tab.enclave.connect(origin("https://other.example"));
    let audience = ("audience", Value::Text(PUSH.into()));
    let id = ("leaseId", Value::Text(lease.clone()));
    for (method, params) in [
        ("vapid.issue_token", Value::object([id, audience])),
        ("leases.revoke", named(&lease)),
        ("leases.extend", extension(&lease, MIN_LEASE_MS, 1)),
    ] {
        assert_eq!(tab.call_as(other, method, params), refused("lease_not_found"), "{method}");
    }
    let seen = tab.call_as(other, "leases.list", empty()).unwrap();
    assert_eq!(member(&seen, "leases"), Some(Value::List(Vec::new())));
    assert!(issue(&tab, &lease).is_ok());
    assert_eq!(issue(&tab, "AAAAAAAAAAAAAAAAAAAAAA"), refused("lease_not_found"));
}

#[test]
fn an_audience_that_was_not_allowed_is_refused() {
    let (tab, key, lease) = leased(MAX_LEASE_MS, 5);
    for audience in [OTHER, "https://push.example:8443", "https://sub.push.example"] {
        assert_eq!(issue_for(&tab, &lease, audience), refused("lease_audience"));
    }
    assert_eq!(used(&tab), [Some(number(0))]);
    // Refusals are logged, with the key.
    pollster::block_on(tab.enclave.tick());
    let last = entries(&tab).pop().unwrap();
    assert_eq!((text(&last, "outcome"), text(&last, "keyId")), ("lease_audience".into(), key));
}

#[test]
fn the_quota_is_exact_whatever_is_asked_at_once() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 10);
    let params = || {
        let audience = Value::Text(PUSH.into());
        Value::object([("leaseId", Value::Text(lease.clone())), ("audience", audience)])
    };
    let batch = (0..40).map(|_| tab.request("vapid.issue_token", params())).collect();
    let Some(Value::List(replies)) = tab.send(Value::List(batch)) else { panic!("no replies") };
    let issued = replies.iter().filter(|reply| member(reply, "result").is_some()).count();
    let exhausted = |reply: &&Value| {
        member(reply, "error").is_some_and(|error| text(&error, "code") == "lease_exhausted")
    };
    assert_eq!((issued, replies.iter().filter(exhausted).count()), (10, 30));
    assert_eq!(used(&tab), [Some(number(10))]);
    // Neither a lock nor a restart gives any of them back.
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(issue(&after, &lease), refused("lease_exhausted"));
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn two_tabs_share_one_quota() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 3);
    let second = tab.beside();
    assert!(second.unlock(PASSPHRASE).is_ok());
    assert!(issue(&tab, &lease).is_ok() && issue(&second, &lease).is_ok());
    assert!(issue(&tab, &lease).is_ok());
    for tab in [&second, &tab] {
        assert_eq!(issue(tab, &lease), refused("lease_exhausted"));
        assert_eq!(used(tab), [Some(number(3))]);
    }
    // What one tab revokes, the other does not use.
    assert!(tab.call("leases.revoke", named(&lease)).is_ok());
    assert!(list(&second).is_empty());
    assert_eq!(issue(&second, &lease), refused("lease_not_found"));
}

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

#[test]
fn the_person_sees_every_lease_and_ends_it() {
    let (tab, _, lease) = leased(MAX_LEASE_MS, 5);
    assert!(issue(&tab, &lease).is_ok());
    let shown = |tab: &Tab| {
        let shown = tab.look(|view| match &view.screen {
            UiScreen::Manage(page) => page.leases.clone(),
            _ => Vec::new(),
        });
        shown.unwrap()
    };
    let revoke = || UiEvent::Action(Action::Revoke(LeaseId::new(lease.as_str()).unwrap()));
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
