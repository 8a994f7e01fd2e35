//! Risk tiers of actions.

use crate::support::{AGENT, RELAY, Workload, World, alice, bob, write_42};
use kms_broker::tls::TlsVersion;
use kms_token::{Challenge, Tier, Token};
use serde_json::{Value, json};

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// A token of an action of this tier, that two have approved.
async fn world(tier: &str) -> World {
    let tier = |json: &mut Value| json["actions"][1]["tier"] = json!(tier);
    World::with(tier, TlsVersion::V1_3).await
}

async fn approved(world: &World, agent: &Workload) -> (Challenge, Token) {
    let challenge = world.open(agent, &write_42("{}")).await;
    let first = world.first(&bob(), &challenge).await;
    assert_eq!(world.approve(&challenge, &first).await.0, 204);
    let token = world.mint_by(&alice(), &challenge, Some(&first)).await;
    assert_eq!(world.approve(&challenge, token.reveal()).await.0, 204);
    assert_eq!(world.collect(agent, &challenge).await.0, 200);
    (challenge, token)
}

async fn used_after(tier: &str, seconds: u64) -> (u16, Value) {
    let world = world(tier).await;
    let agent = world.workload(AGENT);
    let (_, token) = approved(&world, &agent).await;
    world.wait(seconds);
    let (status, value) = world.present(&agent, token.reveal(), "PUT", PATH, "{}").await;
    (status, value["code"].clone())
}

#[tokio::test]
async fn a_critical_action_is_done_at_once() {
    assert_eq!(used_after("critical", 50).await.0, 200);
    assert_eq!(used_after("critical", 65).await, (403, json!("token_time")));
    assert_eq!(used_after("high", 65).await.0, 200);
}

/// Whoever carries the challenge shows approvers the tier that is enforced, or they sign for nothing.
#[tokio::test]
async fn another_tier_than_the_one_enforced_is_refused() {
    let world = world("critical").await;
    let agent = world.workload(AGENT);
    let challenge = world.open(&agent, &write_42("{}")).await;
    assert_eq!(challenge.tier, Some(Tier::Critical));
    for tier in [None, Some(Tier::Low), Some(Tier::High)] {
        let shown = Challenge { tier, ..challenge.clone() };
        let first = world.first(&bob(), &shown).await;
        let refused = world.approve(&challenge, &first).await;
        assert_eq!((refused.0, &refused.1["code"]), (403, &json!("token_challenge")));
    }
    let first = world.first(&bob(), &challenge).await;
    assert_eq!(world.approve(&challenge, &first).await.0, 204);
    let shown = Challenge { tier: Some(Tier::High), ..challenge.clone() };
    let token = world.mint_by(&alice(), &shown, Some(&first)).await;
    let refused = world.approve(&challenge, token.reveal()).await;
    assert_eq!((refused.0, &refused.1["code"]), (403, &json!("token_challenge")));
    // A table that rates the action otherwise by now does not take what was signed before.
    assert!(world.app.desk.policy.admit_again(&challenge, world.now()).is_ok());
    assert!(world.app.desk.policy.admit_again(&shown, world.now()).is_err());
}

#[tokio::test]
async fn relays_see_the_tier() {
    let world = world("critical").await;
    let agent = world.workload(AGENT);
    let (_, asked) = world.ask(&agent, "POST", "/v1/challenges", &write_42("{}")).await;
    let path = format!("/v1/challenges/{}", asked["id"].as_str().unwrap());
    let (_, shown) = world.ask(&world.workload(RELAY), "GET", &path, &Value::Null).await;
    assert_eq!((&asked["tier"], &shown["tier"]), (&json!("critical"), &json!("critical")));
}
