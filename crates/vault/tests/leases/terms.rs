//! What a person allows: the terms that are shown, the decision, and the limits of both.

use kms_protocol::limits::{MAX_LEASE_MS, MAX_LEASE_TOKENS, MIN_LEASE_MS};
use kms_protocol::{IntoValue, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Clock, UiEvent, UiScreen, Why};

use crate::{
    OTHER, PUSH, claims, empty, extension, issue, issue_for, leased, list, named, number, refused,
    terms, texts, used, verifies,
};

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
