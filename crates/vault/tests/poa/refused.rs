//! What no key does, and what no challenge is.

use kms_protocol::Value;
use kms_testkit::Tab;
use kms_testkit::broker::challenge;
use kms_testkit::tab::{member, origin, template, text};
use kms_token::{Challenge, Constraints};

use crate::{Approver, a_log, at_first, refused};

fn texts(all: &[&str]) -> Value {
    Value::List(all.iter().map(|text| Value::Text((*text).into())).collect())
}

fn create(tab: &Tab, uses: &[&str], more: Vec<(&'static str, Value)>) -> Result<Value, String> {
    let mut policy = vec![("operations", texts(uses))];
    let (of_key, of_policy): (Vec<_>, _) = more.into_iter().partition(|(name, _)| *name == "audit");
    policy.extend::<Vec<_>>(of_policy);
    let policy = policy.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let mut params = vec![("spec", Value::Text("ed25519".into())), ("policy", Value::Map(policy))];
    params.extend(of_key);
    let params = params.into_iter().map(|(name, value)| (name.into(), value)).collect();
    tab.call("keys.create", Value::Map(params))
}

#[test]
fn a_key_that_approves_does_nothing_else_and_asks_always() {
    let tab = Tab::ready();
    let word = |text: &str| Value::Text(text.into());
    let both = [&["approve", "sign"][..], &["sign", "verify", "approve"], &["approve", "export"]];
    for uses in both {
        assert_eq!(create(&tab, uses, vec![]), refused("invalid_params"));
    }
    let template = ("jwt", template());
    assert_eq!(create(&tab, &["approve", "jwt"], vec![template]), refused("invalid_params"));
    let silent = vec![("confirmation", word("none"))];
    assert_eq!(create(&tab, &["approve"], silent), refused("invalid_params"));
    let unlogged = vec![("audit", word("deferred"))];
    assert_eq!(create(&tab, &["approve"], unlogged), refused("invalid_params"));
    for more in [vec![], vec![("confirmation", word("sheet"))]] {
        let key = create(&tab, &["approve", "verify"], more).unwrap();
        let policy = member(&key, "policy").unwrap();
        assert_eq!(text(&policy, "confirmation"), "sheet");
    }
}

#[test]
fn a_key_from_elsewhere_approves_nothing() {
    let tab = Tab::ready();
    let leaves = create(&tab, &["export"], vec![]).unwrap();
    let wraps = tab.create_for("aes-256", &["wrap", "unwrap"]).unwrap();
    let id = |key: &str| Value::Text(key.into());
    let what = [("keyId", id(&wraps)), ("targetKeyId", id(&text(&leaves, "keyId")))];
    let wrapped = tab.call("keys.wrap", Value::object(what)).unwrap();
    let come_in = |uses: &[&str]| {
        let policy = Value::object([("operations", texts(uses))]);
        let key = Value::object([("spec", Value::Text("ed25519".into())), ("policy", policy)]);
        let wrapped = member(&wrapped, "wrapped").unwrap();
        let params = [("keyId", id(&wraps)), ("wrapped", wrapped), ("key", key)];
        tab.call("keys.unwrap", Value::object(params)).map(drop)
    };
    assert_eq!(come_in(&["sign"]), Ok(()));
    assert_eq!(come_in(&["approve"]), Err("invalid_params".into()));
}

#[test]
fn an_approver_signs_no_other_data_and_no_other_key_approves() {
    let alice = Approver::new();
    assert_eq!(alice.tab.sign(&alice.key, b"text"), Err("policy_denied".into()));
    let jwt = alice.tab.call("jwt.sign", alice.params(vec![]));
    assert_eq!(jwt, refused("policy_denied"));
    let signs = alice.tab.create("ed25519", "durable").unwrap();
    let tokens = alice.tab.create_for_tokens("ed25519", template(), &[]).unwrap();
    let mut other = Approver { tab: alice.tab, key: signs };
    for key in [other.key.clone(), tokens] {
        other.key = key;
        let call = || at_first(&challenge(1), vec![]);
        assert_eq!(other.unasked(call()), refused("policy_denied"));
        let log = other.tab.call("poa.log", other.params(vec![]));
        assert_eq!(log, refused("policy_denied"));
    }
}

#[test]
fn another_site_has_no_such_key() {
    let alice = Approver::new();
    let stranger = alice.tab.enclave.connect(origin("https://stranger.example"));
    let (method, members) = at_first(&challenge(1), vec![]);
    let answer = alice.tab.call_as(stranger, method, alice.params(members));
    assert_eq!(answer, refused("not_found"));
}

#[test]
fn a_disabled_key_approves_nothing_also_if_it_is_disabled_while_the_person_thinks() {
    let alice = Approver::new();
    let disable = || alice.tab.call("keys.disable", alice.params(vec![]));
    let late = alice.ask(at_first(&challenge(1), vec![]), async |tab| {
        let request = tab.request("keys.disable", alice.params(vec![]));
        assert!(tab.enclave.handle(tab.session, request).await.is_some());
        tab.does(tab.approved()).await;
    });
    assert_eq!(late, refused("invalid_key_state"));
    assert!(disable().is_ok());
    assert_eq!(alice.unasked(at_first(&challenge(1), vec![])), refused("invalid_key_state"));
    assert!(alice.tab.call("keys.enable", alice.params(vec![])).is_ok());
    assert_eq!(alice.seen(), None);
}

#[test]
fn a_challenge_has_one_spelling() {
    let alice = Approver::new();
    let good = challenge(1).to_json();
    let wrong = [
        String::new(),
        "null".into(),
        good.clone() + " ",
        good.replace("\"act\":", "\"act\": "),
        good.replace("\"GET\"", "\"\\u0047ET\""),
        good.replace("\"act\"", "\"Act\""),
        good.replace("\"approvals\":1", "\"approvals\":0"),
        good.replace("\"approvals\":1", "\"approvals\":3"),
        good.replace("\"approvals\":1", "\"approvals\":1,\"more\":1"),
        good.replace("\"approvals\":1,", ""),
        good.replace("/contacts/42", "/contacts/../42"),
        good.replace("\"GET\"", "\"get\""),
        good.replace("agent/one", "agent//one"),
        good.replace("\"42\"", "42"),
        good.replace("carol", "car\\u0000ol"),
        good.replace("carol", &"c".repeat(257)),
        "[".repeat(4000),
    ];
    for text in wrong {
        assert_ne!(text, good);
        for method in ["poa.approve", "poa.reject"] {
            let mut members = vec![("challenge", Value::Text(text.clone()))];
            if method == "poa.approve" {
                members.push(("log", a_log().offered(None)));
            }
            assert_eq!(alice.unasked((method, members)), refused("invalid_params"));
        }
    }
}

#[test]
fn texts_cannot_imitate_facts_and_what_cannot_be_shown_whole_is_not_asked() {
    let alice = Approver::new();
    let with = |value: &str| {
        let con = Constraints::new([("id", value)]).unwrap();
        at_first(&Challenge { con, ..challenge(1) }, vec![])
    };
    let shown = alice.shown(with("42\" \u{202e}yes\" action: all"));
    assert!(
        shown.contains("constraint: id = \"42\\\" \\u{202e}yes\\\" action: all\"\n"),
        "{shown}"
    );
    let names: Vec<_> = (0..14).map(|n| format!("n{n}")).collect();
    let long = "\u{200b}".repeat(85);
    let con = Constraints::new(names.iter().map(|name| (name.as_str(), long.as_str()))).unwrap();
    let call = at_first(&Challenge { con, ..challenge(1) }, vec![]);
    assert_eq!(alice.unasked(call), refused("approval_too_large"));
}
