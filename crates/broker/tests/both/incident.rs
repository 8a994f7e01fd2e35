//! Contain, investigate: revocation, keys, the log.

use std::sync::Arc;

use crate::support::{
    ADMIN, AGENT, Approver, BILLING, BROKER, RELAY, World, alice, bob, config, id, random, read_42,
    real_now, root,
};
use base64ct::{Base64, Encoding};
use kms_broker::config::Config;
use kms_broker::desk::Desk;
use kms_broker::trace;
use kms_tlog::{Checkpoint, Hash, Note, VerifierKey, verify_consistency, verify_inclusion};
use kms_token::{Id, KeyState, Life, Signer, Statement, Target, Token, mint, state};
use serde_json::{Value, json};

const PATH: &str = "/v1/proxy/crm/contacts/42";

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

fn jti(token: &str) -> Id {
    Token::parse(token).unwrap().jti()
}

fn kill(key: &Approver) -> Statement {
    Statement::State { kid: key.kid(), state: KeyState::Revoked }
}

#[tokio::test]
async fn what_is_revoked_is_refused_before_and_after_a_restart() {
    let mut world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let other = world.token(&agent, &read_42()).await;
    let statement = Statement::Revoke(Target::Token(jti(&token)));
    assert_eq!(world.state(&bob(), &statement).await.0, 204);
    let answer = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_revoked"));
    world.restart().await;
    let answer = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_revoked"));
    // The other one still is good, and a use of it outlasts a restart as well.
    assert_eq!(world.present(&agent, &other, "GET", PATH, "").await.0, 200);
    world.restart().await;
    let answer = world.present(&agent, &other, "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_used"));
}

#[tokio::test]
async fn a_workload_and_a_challenge_are_revoked_as_a_whole() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let challenge = world.open(&agent, &read_42()).await;
    let no = Statement::Revoke(Target::Challenge(challenge.id));
    assert_eq!(world.state(&alice(), &no).await.0, 204);
    let late = world.mint(&challenge).await;
    assert_eq!(code(&world.approve(&challenge, late.reveal()).await), (404, "not_found"));
    let open = world.open(&agent, &read_42()).await;
    let all = Statement::Revoke(Target::Subject(id(AGENT)));
    assert_eq!(world.state(&alice(), &all).await.0, 204);
    let answer = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_revoked"));
    let late = world.mint(&open).await;
    assert_eq!(code(&world.approve(&open, late.reveal()).await), (403, "token_revoked"));
    // What is approved later is not concerned.
    world.wait(2);
    let token = world.token(&agent, &read_42()).await;
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
}

#[tokio::test]
async fn an_approver_whose_clock_is_ahead_gains_nothing() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    let minting = (random(), world.now() + 20, Life::default());
    let token = mint(&alice(), &challenge, None, minting).await.unwrap();
    assert_eq!(world.approve(&challenge, token.reveal()).await.0, 204);
    assert_eq!(world.collect(&agent, &challenge).await.0, 200);
    let all = Statement::Revoke(Target::Subject(id(AGENT)));
    assert_eq!(world.state(&alice(), &all).await.0, 204);
    let answer = world.present(&agent, token.reveal(), "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_revoked"));
}

#[tokio::test]
async fn a_key_that_is_revoked_takes_its_tokens_with_it() {
    let mut world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    assert_eq!(code(&world.state(&bob(), &kill(&alice())).await), (403, "key_right"));
    assert_eq!(world.state(&root(), &kill(&alice())).await.0, 204);
    let answer = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!(code(&answer), (403, "token_key"));
    // The configuration still names the key; that does not bring it back.
    world.restart().await;
    let challenge = world.open(&agent, &read_42()).await;
    let token = world.mint(&challenge).await;
    assert_eq!(code(&world.approve(&challenge, token.reveal()).await), (403, "token_key"));
    let (_, keys) = world.ask(&agent, "GET", "/v1/jwks", &Value::Null).await;
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_rotation_needs_no_restart_and_old_tokens_live_on() {
    let world = World::new().await;
    let (agent, new) = (world.workload(AGENT), Approver::new(4));
    let token = world.token(&agent, &read_42()).await;
    let challenge = world.open(&agent, &read_42()).await;
    world.wait(1);
    let proof = Statement::prove(&new, &id(BROKER), &alice().kid()).await.unwrap();
    let rotate = Statement::Rotate { key: new.public_key().clone(), proof };
    assert_eq!(world.state(&alice(), &rotate).await.0, 204);
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    world.wait(1);
    let old = world.mint(&challenge).await;
    assert_eq!(code(&world.approve(&challenge, old.reveal()).await), (403, "token_key"));
    let minted = world.mint_by(&new, &challenge, None).await;
    assert_eq!(world.approve(&challenge, minted.reveal()).await.0, 204);
    let (_, keys) = world.ask(&agent, "GET", "/v1/jwks", &Value::Null).await;
    let state = |kid: String| {
        let keys = keys["keys"].as_array().unwrap();
        keys.iter().find(|key| key["kid"] == kid).unwrap()["state"].clone()
    };
    assert_eq!((state(alice().kid()), state(new.kid())), (json!("verify-only"), json!("active")));
}

#[tokio::test]
async fn a_statement_counts_once_and_only_of_a_key_and_for_this_broker() {
    let world = World::new().await;
    let admin = world.workload(ADMIN);
    let statement = Statement::Revoke(Target::Subject(id(AGENT)));
    let send = async |jws: String| {
        let body = json!({ "statement": jws });
        world.ask(&admin, "POST", "/v1/revocations", &body).await
    };
    let now = world.now();
    let jws = state(&alice(), &id(BROKER), &statement, (random(), now)).await.unwrap();
    assert_eq!(send(jws.clone()).await.0, 204);
    assert_eq!(code(&send(jws).await), (409, "conflict"));
    let other = state(&alice(), &id(AGENT), &statement, (random(), now)).await.unwrap();
    assert_eq!(code(&send(other).await), (403, "token_audience"));
    let old = state(&alice(), &id(BROKER), &statement, (random(), now - 400)).await.unwrap();
    assert_eq!(code(&send(old).await), (403, "token_time"));
    let unknown = state(&Approver::new(9), &id(BROKER), &statement, (random(), now)).await.unwrap();
    assert_eq!(code(&send(unknown).await), (403, "token_key"));
    // That the operator has the role is not enough.
    assert_eq!(code(&send("a.b.c".into()).await), (403, "token_invalid"));
}

#[tokio::test]
async fn services_read_what_is_revoked() {
    let world = World::new().await;
    let billing = world.workload(BILLING);
    let before = world.now();
    let statement = Statement::Revoke(Target::Subject(id(AGENT)));
    assert_eq!(world.state(&alice(), &statement).await.0, 204);
    let read = async |since: u64| {
        let path = format!("/v1/revocations?since={since}");
        world.ask(&billing, "GET", &path, &Value::Null).await
    };
    let (status, value) = read(before).await;
    assert_eq!((status, value["revocations"].as_array().unwrap().len()), (200, 1));
    let as_of = value["as_of"].as_u64().unwrap();
    assert_eq!(value["valid_until"], as_of + 60);
    let (_, later) = read(as_of + 10).await;
    assert!(later["revocations"].as_array().unwrap().is_empty());
    for query in ["since=x", "since=-1", "other=1"] {
        let path = format!("/v1/revocations?{query}");
        let answer = world.ask(&billing, "GET", &path, &Value::Null).await;
        assert_eq!(code(&answer), (400, "bad_request"), "{query}");
    }
    // When no token can be alive that it is about, it is not kept any longer.
    world.wait(1000);
    let (_, value) =
        world.ask(&world.workload(BILLING), "GET", "/v1/revocations", &Value::Null).await;
    assert!(value["revocations"].as_array().unwrap().is_empty());
}

fn hashes(value: &Value) -> Vec<Hash> {
    let hash =
        |text: &Value| Base64::decode_vec(text.as_str().unwrap()).unwrap().try_into().unwrap();
    value.as_array().unwrap().iter().map(hash).collect()
}

async fn checkpoint(world: &World) -> Checkpoint {
    let relay = world.workload(RELAY);
    let (_, note) = world.ask(&relay, "GET", "/v1/audit/checkpoint", &Value::Null).await;
    let key = VerifierKey::parse(&world.app.desk.log_key().verifier().to_string()).unwrap();
    let note = Note::parse(note.as_str().unwrap()).unwrap();
    Checkpoint::parse(key.verify(&note).unwrap()).unwrap()
}

#[tokio::test]
async fn others_can_check_the_log() {
    let world = World::new().await;
    let (agent, relay) = (world.workload(AGENT), world.workload(RELAY));
    let old = checkpoint(&world).await;
    let token = world.token(&agent, &read_42()).await;
    world.present(&agent, &token, "GET", PATH, "").await;
    let new = checkpoint(&world).await;
    assert!(new.size > old.size);
    let path = format!("/v1/audit/consistency?old={}&new={}", old.size, new.size);
    let (_, value) = world.ask(&relay, "GET", &path, &Value::Null).await;
    let proof = hashes(&value["proof"]);
    assert!(verify_consistency((old.size, &old.root), (new.size, &new.root), &proof));
    for index in 0..new.size {
        let path = format!("/v1/audit/inclusion?index={index}&size={}", new.size);
        let (_, value) = world.ask(&relay, "GET", &path, &Value::Null).await;
        let leaf = hashes(&json!([value["leaf"]]))[0];
        let proof = hashes(&value["proof"]);
        assert!(verify_inclusion((index, &leaf), (new.size, &new.root), &proof), "{index}");
    }
    for path in [
        "inclusion?index=9999&size=1",
        "inclusion?index=0&size=9999",
        "consistency?old=2&new=1",
        "consistency?old=1&new=9999",
    ] {
        let answer = world.ask(&relay, "GET", &format!("/v1/audit/{path}"), &Value::Null).await;
        assert_eq!(code(&answer), (404, "not_found"), "{path}");
    }
    world.stop().await;
    let key = world.app.desk.log_key().verifier();
    let note = std::fs::read_to_string(world.dir.path().join("state/checkpoint")).unwrap();
    let lines = trace::verify(&world.log(), &id(BROKER), Some((&note, key))).unwrap();
    assert!(lines >= new.size);
    assert!(trace::verify(&world.log(), &id(AGENT), None).is_err());
    assert!(trace::trace(&world.log(), "nothing").unwrap().is_empty());
}

#[tokio::test]
async fn a_log_that_was_cut_while_nobody_looked_does_not_start() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    world.stop().await;
    // As somebody would who wants to use the token again.
    let log = std::fs::read_to_string(world.log()).unwrap();
    let used = log.lines().position(|line| line.contains(r#""event":"used""#)).unwrap();
    let cut = log.lines().take(used).fold(String::new(), |cut, line| cut + line + "\n");
    let open = || {
        let json = config(&world.service.address.to_string()).to_string();
        let config = Config::parse(json.as_bytes()).unwrap();
        Desk::open(config, &world.dir.path().join("state"), Arc::new(real_now))
    };
    std::fs::write(world.log(), cut).unwrap();
    assert!(open().is_err());
    std::fs::write(world.log(), log).unwrap();
    assert!(open().is_ok());
}
