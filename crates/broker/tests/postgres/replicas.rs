//! Requests that reach one broker after another.

use std::sync::atomic::{AtomicU64, Ordering};

use kms_broker::trace;
use kms_token::{Statement, Target, Token};
use serde_json::{Value, json};

use crate::support::{
    AGENT, BROKER, RELAY, Workload, World, alice, bob, id, read_42, root, write_42,
};

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// Three brokers of one log, if there can be such.
async fn replicas() -> Option<[World; 3]> {
    let one = World::new().await;
    one.database.as_ref()?;
    let (two, three) = (one.beside().await, one.beside().await);
    Some([one, two, three])
}

fn code((status, problem): &(u16, Value)) -> (u16, &str) {
    (*status, problem["code"].as_str().unwrap_or_default())
}

async fn listed(world: &World) -> usize {
    let relay = world.workload(RELAY);
    let (_, list) = world.ask(&relay, "GET", "/v1/challenges", &Value::Null).await;
    list["challenges"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replay_at_another_replica_is_refused() {
    let Some([one, two, three]) = replicas().await else { return };
    let agent = one.workload(AGENT);
    let token = one.token(&agent, &read_42()).await;
    assert_eq!(two.present(&agent, &token, "GET", PATH, "").await.0, 200);
    for world in [&one, &two, &three] {
        let again = world.present(&agent, &token, "GET", PATH, "").await;
        assert_eq!(code(&again), (403, "token_used"));
    }
    let asked = [&one, &two, &three].map(|world| world.service.take().len());
    assert_eq!(asked, [0, 1, 0]);
    // Also one that has slept meanwhile, and one that begins now.
    let new = one.beside().await;
    assert_eq!(code(&new.present(&agent, &token, "GET", PATH, "").await), (403, "token_used"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_at_all_replicas_one_is_passed_on() {
    let Some(worlds) = replicas().await else { return };
    let agent = worlds[0].workload(AGENT);
    let token = worlds[0].token(&agent, &read_42()).await;
    let yes = AtomicU64::new(0);
    let once = async |world: &World| {
        let (status, _) = world.present(&agent, &token, "GET", PATH, "").await;
        yes.fetch_add(u64::from(status == 200), Ordering::SeqCst);
    };
    let all = worlds.iter().cycle().take(12).map(once);
    futures_util::future::join_all(all).await;
    assert_eq!(yes.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_goes_from_replica_to_replica() {
    let Some([one, two, three]) = replicas().await else { return };
    let (agent, body) = (one.workload(AGENT), r#"{"name":"Grace"}"#);
    let challenge = one.open(&agent, &write_42(body)).await;
    assert_eq!((listed(&two).await, listed(&three).await), (1, 1));
    let first = two.first(&bob(), &challenge).await;
    assert_eq!(two.approve(&challenge, &first).await.0, 204);
    // The second approver gets the first one's approval where another broker has taken it.
    let path = format!("/v1/challenges/{}", challenge.id);
    let (_, shown) = three.ask(&three.workload(RELAY), "GET", &path, &Value::Null).await;
    assert_eq!(shown["first"], first);
    assert_eq!(code(&one.collect(&agent, &challenge).await), (409, "conflict"));
    let token = three.mint_by(&alice(), &challenge, Some(&first)).await;
    assert_eq!(three.approve(&challenge, token.reveal()).await.0, 204);
    assert_eq!(code(&two.approve(&challenge, token.reveal()).await), (409, "conflict"));
    assert_eq!(listed(&one).await, 0);
    // It is picked up once, by who has asked.
    let other = two.workload("spiffe://ats.example/agent/two");
    assert_eq!(code(&two.collect(&other, &challenge).await), (404, "not_found"));
    let (status, picked) = two.collect(&agent, &challenge).await;
    assert_eq!((status, picked["token"].as_str()), (200, Some(token.reveal())));
    for world in [&one, &two, &three] {
        assert_eq!(code(&world.collect(&agent, &challenge).await), (404, "not_found"));
    }
    assert_eq!(one.present(&agent, token.reveal(), "PUT", PATH, body).await.0, 200);
}

/// Whoever reads the database, or has a copy of it, has no token and no approval.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_sealed_and_goes_when_it_is_picked_up() {
    let Some([one, two, three]) = replicas().await else { return };
    let database = one.database.as_ref().unwrap();
    let waiting = || database.query("SELECT challenge, encode(sealed, 'escape') FROM kms_waiting");
    let agent = one.workload(AGENT);
    let challenge = one.open(&agent, &read_42()).await;
    let token = one.mint(&challenge).await;
    one.approve(&challenge, token.reveal()).await;
    let sealed = waiting();
    assert!(sealed.contains(&challenge.id.to_string()));
    assert!(token.reveal().split('.').all(|part| !sealed.contains(part)));
    assert_eq!(two.collect(&agent, &challenge).await.0, 200);
    assert_eq!(waiting(), "");
    // Also if nobody picks it up.
    let challenge = one.open(&agent, &read_42()).await;
    one.approve(&challenge, one.mint(&challenge).await.reveal()).await;
    assert_ne!(waiting(), "");
    two.wait(301);
    two.open(&agent, &read_42()).await;
    assert_eq!(waiting(), "");
    // What was sealed with another key is not handed out.
    let challenge = two.open(&agent, &read_42()).await;
    two.approve(&challenge, two.mint(&challenge).await.reveal()).await;
    database
        .query("UPDATE kms_waiting SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))");
    three.wait(301);
    assert_eq!(code(&three.collect(&agent, &challenge).await), (409, "conflict"));
}

async fn refused_everywhere(worlds: &[&World], agent: &Workload, token: &str, why: &str) {
    for world in worlds {
        let answer = world.present(agent, token, "GET", PATH, "").await;
        assert_eq!(code(&answer), (403, why));
    }
}

/// The next request after the revocation is refused, wherever it arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_revoked_at_one_replica_is_refused_at_all() {
    let Some([one, two, three]) = replicas().await else { return };
    let agent = one.workload(AGENT);
    let token = one.token(&agent, &read_42()).await;
    let jti = Token::parse(&token).unwrap().jti();
    let statement = Statement::Revoke(Target::Token(jti));
    assert_eq!(two.state(&alice(), &statement).await.0, 204);
    refused_everywhere(&[&three, &one, &two], &agent, &token, "token_revoked").await;
    let relay = one.workload(RELAY);
    let (_, list) = one.ask(&relay, "GET", "/v1/revocations", &Value::Null).await;
    assert_eq!(list["revocations"].as_array().unwrap().len(), 1);
    // A key, and all that it has signed.
    let token = three.token(&agent, &read_42()).await;
    let kid = alice().kid();
    let state = Statement::State { kid: kid.clone(), state: kms_token::KeyState::Revoked };
    assert_eq!(one.state(&root(), &state).await.0, 204);
    refused_everywhere(&[&two, &three], &agent, &token, "token_key").await;
    let (_, keys) = two.ask(&relay, "GET", "/v1/jwks", &Value::Null).await;
    assert!(!keys.to_string().contains(&kid));
}

/// One order, one chain, and checkpoints that all brokers sign with one key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_all_replicas_is_one() {
    let Some(worlds) = replicas().await else { return };
    let busy = worlds.iter().map(async |world| {
        let agent = world.workload(AGENT);
        for _ in 0..5 {
            let token = world.token(&agent, &read_42()).await;
            assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
        }
    });
    futures_util::future::join_all(busy).await;
    let relay = worlds[1].workload(RELAY);
    let (_, note) = worlds[1].ask(&relay, "GET", "/v1/audit/checkpoint", &Value::Null).await;
    let key = worlds[2].app.desk.log_key().verifier();
    for world in &worlds {
        world.stop().await;
    }
    let lines = trace::verify(&worlds[0].log(), &id(BROKER), Some((note.as_str().unwrap(), key)));
    // Of each: asked, minted, delivered, used, answered; and beginnings and keys.
    assert_eq!(lines.unwrap(), 3 * 5 * 5 + 3 + 3);
    let jtis = worlds[0].database.as_ref().unwrap();
    assert_eq!(jtis.query("SELECT count(*) FROM kms_waiting").trim(), "0");
    assert_eq!(json!(lines_of_use(&worlds[0])), json!(15));
}

fn lines_of_use(world: &World) -> usize {
    let log = std::fs::read_to_string(world.log()).unwrap();
    log.lines().filter(|line| line.contains(r#""event":"used""#)).count()
}
