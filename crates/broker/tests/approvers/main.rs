//! From a workload's question to a use and a refusal, where approvers' keys are in vaults: the broker,
//! the relay, and the people.

#![allow(clippy::unwrap_used)] // helpers of tests

#[path = "../support/mod.rs"]
mod support;

mod page;
mod relay;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_broker::log::Event;
use kms_protocol::Value as Wire;
use kms_testkit::invariants::entries;
use kms_testkit::tab::{member, text};
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

/// Entries of the vault's log about a token, by method.
fn vault_entries(page: &Page, jti: &str) -> Vec<(String, Wire)> {
    let of_token = |entry: Wire| {
        let about = member(&entry, "authorization")?;
        (text(&about, "token") == jti).then(|| (text(&entry, "method"), about))
    };
    entries(&page.tab).into_iter().filter_map(of_token).collect()
}

#[tokio::test]
async fn the_vaults_log_and_the_brokers_are_joined_by_the_name_of_the_token() {
    let mut people = [Page::new("alice", 1)];
    let world = world(&mut people).await;
    let [alice] = people;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    alice.approve_next().await;
    let token = world.collect(&agent, &challenge).await.1["token"].as_str().unwrap().to_owned();
    let jti = kms_token::Token::parse(&token).unwrap().jti().to_string();
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    assert_eq!(alice.revoke("token", &jti).await.0, 204);
    world.stop().await;
    let lines = kms_broker::trace::trace(&world.log(), &jti).unwrap();
    let asked = lines.iter().find_map(|line| match &line.what {
        Event::Asked { challenge, text } => Some((challenge.clone(), text.clone())),
        _ => None,
    });
    let (asked, shown) = asked.unwrap();
    let minted = lines.iter().any(|line| matches!(&line.what, Event::Minted { .. }));
    let used = lines.iter().any(|line| matches!(&line.what, Event::Used { .. }));
    assert!(minted && used);
    // The same names, and the digest of what the broker has logged as asked.
    let [(approve, about), (revoking, _), (revoke, revoked)] = &vault_entries(&alice, &jti)[..]
    else {
        panic!("other entries");
    };
    assert_eq!([approve, revoking, revoke], ["poa.approve", "poa.revoke.approval", "poa.revoke"]);
    assert_eq!(text(about, "challenge"), asked);
    assert_eq!(text(about, "digest"), Digest::of(shown.as_bytes()).to_string());
    // The statement that has revoked it is in the broker's log by the name that the vault's has.
    let log = std::fs::read_to_string(world.log()).unwrap();
    let stated = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let jws = line["what"]["statement"].as_str()?;
        Some(serde_json::from_slice::<Value>(&payload(jws)).unwrap()["jti"].clone())
    });
    assert_eq!(stated.collect::<Vec<_>>(), [json!(text(revoked, "statement"))]);
}

fn payload(jws: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(jws.split('.').nth(1).unwrap()).unwrap()
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
