//! From a question to a use, over mutual TLS.

use crate::support::{AGENT, BILLING, RELAY, World, alice, bob, leg, pay_7, read_42, write_42};
use axum::body::Bytes;
use axum::http::HeaderMap;
use kms_broker::log::Event;
use kms_token::{Digest, Token};
use serde_json::{Value, json};

const PATH: &str = "/v1/proxy/crm/contacts/42";

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_token_is_used_once_and_never_passed_on() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("accept", "application/json".to_owned()),
        ("cookie", "secret=1".to_owned()),
        ("x-poa-token", token.clone()),
        ("x-forwarded-for", "10.0.0.1".to_owned()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let answer = world.send(&agent, "GET", PATH, &headers, Bytes::new()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body(), r#"{"name":"Ada"}"#);
    assert!(answer.headers().get("set-cookie").is_none());
    assert_eq!(answer.headers()["cache-control"], "no-store");

    let asked = world.service.take();
    let [only] = &asked[..] else { panic!("asked {} times", asked.len()) };
    assert_eq!((only.method.as_str(), only.target.as_str()), ("GET", "/contacts/42"));
    let mut names: Vec<_> = only.headers.keys().map(axum::http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host"]);

    let again = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!(code(&again), (403, "token_used"));
    assert!(world.service.take().is_empty());
}

#[tokio::test]
async fn two_approvers_let_a_body_through() {
    let world = World::new().await;
    let (agent, body) = (world.workload(AGENT), r#"{"name":"Grace"}"#);
    let challenge = world.open(&agent, &write_42(body)).await;
    assert_eq!(challenge.approvals, 2);
    // Not by one approver alone, and not by one twice.
    let mut alone = challenge.clone();
    alone.approvals = 1;
    let single = world.mint(&alone).await;
    assert_eq!(code(&world.approve(&challenge, single.reveal()).await), (403, "token_invalid"));
    let own = world.first(&alice(), &challenge).await;
    let twice = world.mint_by(&alice(), &challenge, Some(&own)).await;
    let first = world.first(&bob(), &challenge).await;
    assert_eq!(world.approve(&challenge, &first).await.0, 204);
    assert_eq!(code(&world.approve(&challenge, single.reveal()).await), (403, "token_challenge"));
    assert_eq!(code(&world.approve(&challenge, twice.reveal()).await), (403, "token_approvers"));
    // The second approver gets the first one's approval from the broker.
    let path = format!("/v1/challenges/{}", challenge.id);
    let (_, shown) = world.ask(&world.workload(RELAY), "GET", &path, &Value::Null).await;
    let token = world.mint_by(&alice(), &challenge, shown["first"].as_str()).await;
    assert_eq!(world.approve(&challenge, token.reveal()).await.0, 204);
    assert_eq!(world.collect(&agent, &challenge).await.0, 200);

    let other = world.present(&agent, token.reveal(), "PUT", PATH, r#"{"name":"Eve"}"#).await;
    assert_eq!(code(&other), (403, "token_request"));
    assert_eq!(world.present(&agent, token.reveal(), "PUT", PATH, body).await.0, 200);
    assert_eq!(world.service.take()[0].body, body);
}

#[tokio::test]
async fn a_token_is_for_one_request_of_one_certificate() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    for (method, path) in [
        ("DELETE", PATH),
        ("GET", "/v1/proxy/crm/contacts/43"),
        ("GET", "/v1/proxy/crm/contacts/42?all=1"),
        ("GET", "/v1/proxy/crm/admin"),
    ] {
        let answer = world.present(&agent, &token, method, path, "").await;
        assert_eq!(code(&answer), (403, "token_request"), "{method} {path}");
    }
    let body = world.present(&agent, &token, "GET", PATH, "{}").await;
    assert_eq!(code(&body), (403, "token_request"));
    for path in
        ["/v1/proxy/crm/x/../contacts/42", "/v1/proxy/crm//contacts/42", "/v1/proxy/crm/%2e"]
    {
        let answer = world.present(&agent, &token, "GET", path, "").await;
        assert_eq!(code(&answer), (400, "bad_request"), "{path}");
    }
    let unknown = world.present(&agent, &token, "GET", "/v1/proxy/other/contacts/42", "").await;
    assert_eq!(code(&unknown), (403, "policy"));
    let other = world
        .present(&world.workload("spiffe://ats.example/agent/two"), &token, "GET", PATH, "")
        .await;
    assert_eq!(code(&other), (403, "token_holder"));
    // The same id with its next certificate.
    let next = world.present(&world.workload(AGENT), &token, "GET", PATH, "").await;
    assert_eq!(code(&next), (403, "token_holder"));
    assert!(world.service.take().is_empty());
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
}

#[tokio::test]
async fn what_was_passed_on_is_followed_also_if_nobody_waits() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let mut asked = read_42();
    asked["con"]["id"] = "slow".into();
    asked["req"]["path"] = "/v1/proxy/crm/contacts/slow".into();
    let token = world.token(&agent, &asked).await;
    let path = "/v1/proxy/crm/contacts/slow";
    let impatient = world.present(&agent, &token, "GET", path, "");
    assert!(tokio::time::timeout(crate::support::service::SLOW / 2, impatient).await.is_err());
    tokio::time::sleep(crate::support::service::SLOW * 2).await;
    assert_eq!(world.service.take().len(), 1);
    world.stop().await;
    let jti = Token::parse(&token).unwrap().jti().to_string();
    let last = kms_broker::trace::trace(&world.log(), &jti).unwrap().pop().unwrap();
    assert!(matches!(last.what, Event::Answered { status: 200, .. }), "{last:?}");
}

#[tokio::test]
async fn no_token_or_two_are_refused() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let send = async |values: &[String]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", value.parse().unwrap());
        }
        let answer = world.send(&agent, "GET", PATH, &headers, Bytes::new()).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let value: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(value["status"], answer.status().as_u16());
        value["code"].as_str().unwrap().to_owned()
    };
    let bearer = format!("Bearer {token}");
    assert_eq!(send(&[]).await, "token_missing");
    assert_eq!(send(&[bearer.clone(), bearer.clone()]).await, "token_missing");
    assert_eq!(send(std::slice::from_ref(&token)).await, "token_missing");
    assert_eq!(send(&["Bearer x".into()]).await, "token_invalid");
    // Who has no token does not learn which services there are.
    let nowhere = world.ask(&agent, "GET", "/v1/proxy/none/contacts/42", &Value::Null).await;
    assert_eq!(code(&nowhere), (401, "token_missing"));
    assert!(world.service.take().is_empty());
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
}

#[tokio::test]
async fn a_token_that_was_not_handed_out_here_is_unknown() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    // By an approver, but past the broker.
    let token = world.mint(&challenge).await;
    let answer = world.present(&agent, token.reveal(), "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_unknown"));
    // Approved, and not picked up yet.
    assert_eq!(world.approve(&challenge, token.reveal()).await.0, 204);
    let answer = world.present(&agent, token.reveal(), "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_unknown"));
}

#[tokio::test]
async fn one_approval_is_one_token_that_is_picked_up_once() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    assert_eq!(code(&world.collect(&agent, &challenge).await), (409, "conflict"));
    let token = world.mint(&challenge).await;
    assert_eq!(world.approve(&challenge, token.reveal()).await.0, 204);
    let second = world.mint(&challenge).await;
    assert_eq!(code(&world.approve(&challenge, second.reveal()).await), (409, "conflict"));
    for other in [world.workload("spiffe://ats.example/agent/two"), world.workload(AGENT)] {
        assert_eq!(code(&world.collect(&other, &challenge).await), (404, "not_found"));
    }
    assert_eq!(world.collect(&agent, &challenge).await.0, 200);
    assert_eq!(code(&world.collect(&agent, &challenge).await), (404, "not_found"));
    assert_eq!(code(&world.approve(&challenge, second.reveal()).await), (404, "not_found"));
}

#[tokio::test]
async fn what_a_workload_says_about_itself_does_not_count() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let with = |name: &str, value: Value| {
        let mut asked = read_42();
        asked[name] = value;
        asked
    };
    let mut dual = leg();
    dual["dual_control"] = json!({ "approvers": ["ceo", "cfo"] });
    let mut null = read_42();
    null["con"] = Value::Null;
    for asked in [
        with("sub", json!("spiffe://ats.example/agent/two")),
        with("cnf", json!({ "x5t#S256": "x" })),
        with("approvals", json!(0)),
        with("leg", dual),
        with("act", json!("crm")),
        with("req", json!({ "method": "GET", "path": "/v1/proxy/crm/contacts/42", "host": "x" })),
        null,
        json!([]),
    ] {
        let answer = world.ask(&agent, "POST", "/v1/challenges", &asked).await;
        assert_eq!(code(&answer), (400, "bad_request"), "{asked}");
    }
    let challenge = world.open(&agent, &read_42()).await;
    assert_eq!(challenge.sub.as_str(), AGENT);
    assert_eq!(challenge.certificate, agent.certificate());
}

#[tokio::test]
async fn what_is_not_in_the_table_is_denied() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let request = |method, path| json!({ "method": method, "path": path });
    let asked = |act: &str, con: Value, req: Value| json!({ "act": act, "con": con, "leg": leg(), "req": req });
    let read = "crm.contact.read";
    let body = json!({ "method": "GET", "path": PATH, "body": Digest::of(b"{}").to_string() });
    let id = json!({ "id": "42" });
    for asked in [
        asked("payments.transfer.execute", id.clone(), request("GET", PATH)),
        asked(read, id.clone(), request("DELETE", PATH)),
        asked(read, id.clone(), request("GET", "/v1/proxy/crm/contacts")),
        asked(read, id.clone(), request("GET", "/v1/proxy/crm/contacts/43")),
        asked(read, id.clone(), request("GET", "/v1/proxy/crm/contacts/42/notes")),
        asked(read, id.clone(), request("GET", "/v1/proxy/crm/contacts/42?all=1")),
        asked(read, id.clone(), request("GET", "/contacts/42")),
        asked(read, id.clone(), body),
        asked(read, json!({}), request("GET", PATH)),
        asked(read, json!({ "id": "42", "bypass_rate_limit": "true" }), request("GET", PATH)),
        asked(read, json!({ "ID2": "42" }), request("GET", PATH)),
    ] {
        let (status, _) = world.ask(&agent, "POST", "/v1/challenges", &asked).await;
        assert!([400, 403].contains(&status), "{asked}");
    }
    let unknown = asked("security.audit.disable", id, request("GET", PATH));
    let answer = world.ask(&agent, "POST", "/v1/challenges", &unknown).await;
    assert_eq!(code(&answer), (403, "policy"));
}

#[tokio::test]
async fn only_an_approver_approves_and_never_for_itself() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    let stranger = world.mint_by(&crate::support::Approver::new(9), &challenge, None).await;
    assert_eq!(code(&world.approve(&challenge, stranger.reveal()).await), (403, "token_key"));
    for text in ["alice", "", "a.b.c"] {
        assert_eq!(code(&world.approve(&challenge, text).await), (403, "token_invalid"), "{text}");
    }
    let mut own = read_42();
    own["leg"]["accountable_party"]["id"] = "Alice".into();
    let challenge = world.open(&agent, &own).await;
    let token = world.mint(&challenge).await;
    assert_eq!(code(&world.approve(&challenge, token.reveal()).await), (403, "token_approvers"));
}

#[tokio::test]
async fn time_ends_challenges_and_tokens() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let challenge = world.open(&agent, &read_42()).await;
    let late = world.mint(&challenge).await;
    world.wait(301);
    let answer = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_time"));
    assert_eq!(code(&world.approve(&challenge, late.reveal()).await), (404, "not_found"));
}

#[tokio::test]
async fn another_service_asks_about_a_token_and_so_uses_it() {
    let world = World::new().await;
    let (agent, billing) = (world.workload(AGENT), world.workload(BILLING));
    let token = world.token(&agent, &pay_7()).await;
    let here = world.present(&agent, &token, "POST", "/v1/proxy/crm/invoices/7/pay", "").await;
    assert_eq!(code(&here), (403, "token_audience"));
    let asked = |path: &str, certificate: Digest| {
        json!({
            "token": token, "sub": AGENT, "x5t#S256": certificate.to_string(),
            "method": "POST", "path": path, "body": Digest::of(b"").to_string(),
        })
    };
    let own = agent.certificate();
    for wrong in [asked("/invoices/8/pay", own), asked("/invoices/7/pay", billing.certificate())] {
        let answer = world.ask(&billing, "POST", "/v1/introspect", &wrong).await;
        assert_eq!(answer, (200, json!({ "active": false })));
    }
    let good = asked("/invoices/7/pay", own);
    let (status, value) = world.ask(&billing, "POST", "/v1/introspect", &good).await;
    assert_eq!(
        (status, &value["active"], &value["con"]["invoice"]),
        (200, &json!(true), &json!("7"))
    );
    assert_eq!(value["approvers"], json!(["alice"]));
    let again = world.ask(&billing, "POST", "/v1/introspect", &good).await;
    assert_eq!(again, (200, json!({ "active": false })));
}

#[tokio::test]
async fn neither_tokens_nor_signatures_are_in_any_file() {
    let mut world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    world.present(&agent, &token, "GET", PATH, "").await;
    world.restart().await;
    let parts: Vec<_> = token.split('.').skip(1).collect();
    let log = world.log();
    let mut files = 0;
    for entry in std::fs::read_dir(world.dir.path().join("state")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(parts.iter().all(|part| !text.contains(part)));
        files += 1;
    }
    assert!(files >= 2);
    // What is told of the token is its name.
    let lines = kms_broker::trace::trace(&log, &Token::parse(&token).unwrap().jti().to_string());
    let events: Vec<_> = lines
        .unwrap()
        .iter()
        .map(|line| serde_json::to_value(&line.what).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(events, ["asked", "minted", "delivered", "used", "answered", "refused"]);
}

#[tokio::test]
async fn bodies_have_a_limit_and_rates_too() {
    let world =
        World::with(|json| json["limits"] = json!({ "per_minute": 6 }), support_tls()).await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let long = "x".repeat(1024 * 1024 + 1);
    let answer = world.present(&agent, &token, "PUT", PATH, &long).await;
    assert_eq!(code(&answer), (413, "too_large"));
    let mut last = (0, Value::Null);
    for _ in 0..6 {
        last = world.ask(&agent, "GET", "/v1/jwks", &Value::Null).await;
    }
    assert_eq!(code(&last), (429, "rate"));
    // Another workload is not held up by it.
    let other = world.workload("spiffe://ats.example/agent/two");
    assert_eq!(world.ask(&other, "GET", "/v1/jwks", &Value::Null).await.0, 200);
}

#[tokio::test]
async fn at_the_bound_nothing_is_forgotten() {
    let world = World::with(|json| json["limits"] = json!({ "alive": 2 }), support_tls()).await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    world.open(&agent, &read_42()).await;
    let full = world.ask(&agent, "POST", "/v1/challenges", &read_42()).await;
    assert_eq!(code(&full), (503, "full"));
    assert_eq!(code(&world.present(&agent, &token, "GET", PATH, "").await), (403, "token_used"));
}

fn support_tls() -> kms_broker::tls::TlsVersion {
    kms_broker::tls::TlsVersion::V1_3
}
