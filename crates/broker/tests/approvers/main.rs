//! From a workload's question to a use and a refusal, where approvers' keys are in vaults: the broker,
//! the relay, and the people.

#![allow(clippy::unwrap_used)] // helpers of tests

#[path = "../support/mod.rs"]
mod support;

mod page;
mod relay;

use kms_protocol::Value as Wire;
use kms_testkit::tab::text;
use kms_token::{Digest, Id};
use page::{Page, members};
use serde_json::{Value, json};
use support::{AGENT, BROKER, World, read_42, write_42};

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// A broker that knows the keys of these people, and the pages of each.
async fn world(people: &mut [Page]) -> World {
    let approvers: Vec<_> =
        people.iter().map(|page| json!({ "owner": page.name, "key": page.raw() })).collect();
    let change = |config: &mut Value| config["approvers"] = approvers.into();
    let world = World::with(change, kms_broker::tls::TlsVersion::V1_3).await;
    for page in people {
        page.relay = Some(relay::start(&world).await);
    }
    world
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn approved_in_a_vault_used_once_revoked_and_refused() {
    let mut people = [Page::new("alice", 1)];
    let world = world(&mut people).await;
    let [alice] = people;
    let agent = world.workload(AGENT);
    let mut tokens = Vec::new();
    for seen in [None, Some(())] {
        let challenge = world.open(&agent, &read_42()).await;
        assert_eq!(code(&world.collect(&agent, &challenge).await), (409, "conflict"));
        let shown = alice.approve_next().await;
        assert!(shown.contains("workload: spiffe://ats.example/agent/one\n"), "{shown}");
        assert_eq!(shown.contains("log, never seen before: "), seen.is_none(), "{shown}");
        let (status, value) = world.collect(&agent, &challenge).await;
        assert_eq!(status, 200, "{value}");
        tokens.push(value["token"].as_str().unwrap().to_owned());
    }
    assert_eq!(world.present(&agent, &tokens[0], "GET", PATH, "").await.0, 200);
    let again = world.present(&agent, &tokens[0], "GET", PATH, "").await;
    assert_eq!(code(&again), (403, "token_used"));
    let jti = kms_token::Token::parse(&tokens[1]).unwrap().jti().to_string();
    assert_eq!(alice.revoke("token", &jti).await.0, 204);
    let refused = world.present(&agent, &tokens[1], "GET", PATH, "").await;
    assert_eq!(code(&refused), (403, "token_revoked"));
    assert_eq!(world.service.take().len(), 1);
}

#[tokio::test]
async fn two_people_with_two_vaults_let_a_body_through() {
    let mut people = [Page::new("alice", 1), Page::new("bob", 2)];
    let world = world(&mut people).await;
    let [alice, bob] = people;
    let (agent, body) = (world.workload(AGENT), r#"{"name":"Grace"}"#);
    let challenge = world.open(&agent, &write_42(body)).await;
    let shown = alice.approve_next().await;
    assert!(shown.contains("signatures: two, and this is the first\n"), "{shown}");
    assert_eq!(code(&world.collect(&agent, &challenge).await), (409, "conflict"));
    let shown = bob.approve_next().await;
    assert!(shown.contains("signatures: two, and this is the second"), "{shown}");
    assert!(shown.contains(&Digest::of(body.as_bytes()).to_string()));
    let (status, value) = world.collect(&agent, &challenge).await;
    assert_eq!(status, 200, "{value}");
    let token = value["token"].as_str().unwrap();
    let other = world.present(&agent, token, "PUT", PATH, r#"{"name":"Eve"}"#).await;
    assert_eq!(code(&other), (403, "token_request"));
    assert_eq!(world.present(&agent, token, "PUT", PATH, body).await.0, 200);
}

#[tokio::test]
async fn a_rejected_challenge_gives_no_token() {
    let mut people = [Page::new("alice", 1)];
    let world = world(&mut people).await;
    let [alice] = people;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    let (asked, _) = alice.next().await;
    let call = ("poa.reject", vec![("challenge", Wire::Text(asked.clone()))]);
    let answer = alice.approved(call).0.unwrap();
    let statement = json!({ "statement": text(&answer, "statement") });
    assert_eq!(alice.ask("POST", "/revocations", &statement).await.0, 204);
    let signed = alice.signed(&asked, None).await;
    assert_eq!(code(&alice.send(challenge.id, &signed).await), (404, "not_found"));
    assert_ne!(world.collect(&agent, &challenge).await.0, 200);
}

#[tokio::test]
async fn the_next_version_of_a_key_takes_over_at_the_broker() {
    let mut people = [Page::new("alice", 1)];
    let world = world(&mut people).await;
    let [alice] = people;
    let agent = world.workload(AGENT);
    assert!(alice.tab.call("keys.rotate", alice.params(vec![])).is_ok());
    let challenge = world.open(&agent, &read_42()).await;
    let (asked, _) = alice.next().await;
    let early = alice.signed(&asked, None).await;
    assert_eq!(code(&alice.send(challenge.id, &early).await), (403, "token_key"));
    let version = ("version", Wire::Number(1.0));
    let call = ("poa.rotate", vec![("audience", Wire::Text(BROKER.into())), version]);
    let answer = alice.approved(call).0.unwrap();
    let statement = json!({ "statement": text(&answer, "statement") });
    assert_eq!(alice.ask("POST", "/revocations", &statement).await.0, 204);
    let signed = alice.signed(&asked, None).await;
    assert_eq!(alice.send(challenge.id, &signed).await.0, 204);
    assert_eq!(world.collect(&agent, &challenge).await.0, 200);
}

#[tokio::test]
async fn a_vault_that_saw_the_log_approves_nothing_on_one_that_was_cut() {
    let mut people = [Page::new("alice", 1)];
    let mut world = world(&mut people).await;
    let [mut alice] = people;
    let agent = world.workload(AGENT);
    let start = std::fs::read(world.log()).unwrap();
    world.open(&agent, &read_42()).await;
    alice.approve_next().await;
    // Somebody puts an older log back, and the checkpoint that would tell is gone.
    world.stop().await;
    std::fs::write(world.log(), start).unwrap();
    std::fs::remove_file(world.log().with_file_name("checkpoint")).unwrap();
    world.resume(&[&alice.name], &[alice.raw()]).await;
    alice.relay = Some(relay::start(&world).await);
    world.open(&agent, &read_42()).await;
    let (asked, _) = alice.next().await;
    let log = alice.log().await;
    let call = ("poa.approve", vec![("challenge", Wire::Text(asked)), ("log", log)]);
    assert_eq!(alice.approved(call).0, Err("log_forked".into()));
}

#[tokio::test]
async fn a_relay_forges_nothing() {
    let mut people = [Page::new("alice", 1)];
    let world = world(&mut people).await;
    let [alice] = people;
    let stranger = Page { relay: alice.relay, ..Page::new("eve", 3) };
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    let (asked, _) = alice.next().await;
    let forged = stranger.signed(&asked, None).await;
    assert_eq!(code(&alice.send(challenge.id, &forged).await), (403, "token_key"));
    // What was approved for one challenge is not for another one.
    let other = world.open(&agent, &read_42()).await;
    let signed = alice.signed(&asked, None).await;
    assert_eq!(code(&alice.send(other.id, &signed).await), (403, "token_challenge"));
    assert_eq!(code(&alice.send(Id::new([9; 16]), &signed).await), (404, "not_found"));
    let changed = asked.replace("/contacts/42", "/contacts/43");
    let wider = alice.signed(&changed, None).await;
    assert_ne!(alice.send(challenge.id, &wider).await.0, 204);
    assert!(members(&stranger.log().await).contains(&"proof".to_owned()));
}
