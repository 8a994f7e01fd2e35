//! What happens between the check of a token and its use.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_broker::Problem;
use kms_broker::config::Role;
use kms_broker::desk::{Peer, Sight};
use kms_token::{Binding, Digest, KeyState, Statement, Token};
use serde_json::{Value, json};
use support::{AGENT, RELAY, Workload, World, alice, id, read_42};

fn peer(agent: &Workload) -> Peer {
    let (certificate, expires) = (agent.certificate(), u64::MAX);
    Peer { id: agent.id.clone(), certificate, expires, role: Some(Role::Agent) }
}

fn request() -> Binding {
    Binding::new("GET", "/v1/proxy/crm/contacts/42", Digest::of(b"")).unwrap()
}

/// Checks a token, lets something happen, and uses it.
async fn used_after(meanwhile: impl AsyncFnOnce(&World, &Token)) -> Result<(), Problem> {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = Token::parse(&world.token(&agent, &read_42()).await).unwrap();
    let (peer, request, audience) = (peer(&agent), request(), id(support::BROKER));
    let (sub, certificate) = (&peer.id, peer.certificate);
    let sight =
        || Sight { audience: &audience, token: &token, sub, certificate, request: &request };
    let (one, other) = (world.app.desk.check(sight()), world.app.desk.check(sight()));
    meanwhile(&world, &token).await;
    let used = world.app.desk.take(&peer, one.unwrap()).await;
    let again = world.app.desk.take(&peer, other.unwrap()).await.map(drop);
    assert!(again.is_err(), "of two that were checked, one is used");
    assert!(used.is_err() || again == Err(Problem::TOKEN_USED));
    used.map(drop)
}

#[tokio::test]
async fn what_changes_after_the_check_counts() {
    assert_eq!(used_after(async |_, _| {}).await, Ok(()));
    let revoked = used_after(async |world, token| {
        let statement = Statement::Revoke(kms_token::Target::Token(token.jti()));
        assert_eq!(world.state(&alice(), &statement).await.0, 204);
    });
    assert_eq!(revoked.await, Err(Problem::TOKEN_REVOKED));
    let without_key = used_after(async |world, _| {
        let kid = kms_token::Signer::public_key(&alice()).thumbprint();
        let statement = Statement::State { kid, state: KeyState::Revoked };
        assert_eq!(world.state(&alice(), &statement).await.0, 204);
    });
    assert_eq!(without_key.await.map_err(|problem| problem.code), Err("token_key"));
    let late = used_after(async |world, _| world.wait(400)).await;
    assert_eq!(late.map_err(|problem| problem.code), Err("token_time"));
}

/// Signatures are not looked at twice; a restart forgets which ones were.
#[tokio::test]
async fn a_token_of_before_a_restart_is_used() {
    let mut world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    world.restart().await;
    let used = world.present(&agent, &token, "GET", "/v1/proxy/crm/contacts/42", "").await;
    assert_eq!(used.0, 200);
}

#[tokio::test]
async fn open_questions_do_not_outlast_a_restart() {
    let mut world = World::new().await;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &read_42()).await;
    let token = world.mint(&challenge).await;
    assert_eq!(world.approve(&challenge, token.reveal()).await.0, 204);
    world.restart().await;
    let (status, problem) = world.collect(&agent, &challenge).await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    let path = "/v1/proxy/crm/contacts/42";
    let (status, problem) = world.present(&agent, token.reveal(), "GET", path, "").await;
    assert_eq!((status, &problem["code"]), (403, &json!("token_unknown")));
    let relay = world.workload(RELAY);
    let (_, list) = world.ask(&relay, "GET", "/v1/challenges", &Value::Null).await;
    assert_eq!(list, json!({ "challenges": [] }));
}
