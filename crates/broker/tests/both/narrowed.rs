//! A policy in Rego, which takes away from the table.

use crate::support::{AGENT, World, read_42, real_now, write_42};
use kms_broker::tls::TlsVersion;
use serde_json::{Value, json};

/// One agent may ask for one action; what was approved is done before some second.
fn policy(before: u64) -> String {
    format!(
        r#"package kms.broker
        allow if {{
            input.phase == "ask"
            endswith(input.challenge.sub, "/agent/one")
            input.challenge.act == "crm.contact.read"
        }}
        allow if {{
            input.phase == "use"
            input.now < {before}
        }}"#
    )
}

async fn world(text: String) -> World {
    let rego = move |json: &mut Value| json["rego"] = json!(text);
    World::with(rego, TlsVersion::V1_3).await
}

#[tokio::test]
async fn what_the_table_admits_and_rego_refuses_is_not_asked() {
    let world = world(policy(u64::MAX >> 1)).await;
    let (one, two) = (world.workload(AGENT), world.workload("spiffe://ats.example/agent/two"));
    world.open(&one, &read_42()).await;
    for (agent, asked) in [(&one, write_42("{}")), (&two, read_42())] {
        let (status, value) = world.ask(agent, "POST", "/v1/challenges", &asked).await;
        assert_eq!((status, &value["code"]), (403, &json!("policy")));
    }
}

#[tokio::test]
async fn what_was_approved_is_asked_for_again_when_it_is_used() {
    let world = world(policy(real_now() + 100)).await;
    let agent = world.workload(AGENT);
    let used = async |token: &str| {
        let path = "/v1/proxy/crm/contacts/42";
        let (status, value) = world.present(&agent, token, "GET", path, "").await;
        (status, value["code"].clone())
    };
    let (first, second) =
        (world.token(&agent, &read_42()).await, world.token(&agent, &read_42()).await);
    assert_eq!(used(&first).await.0, 200);
    world.wait(120);
    assert_eq!(used(&second).await, (403, json!("policy")));
}

/// What it says yes to has to be in the table all the same.
#[tokio::test]
async fn rego_adds_nothing() {
    let world = world("package kms.broker\nallow := true".into()).await;
    let agent = world.workload(AGENT);
    let mut asked = read_42();
    asked["act"] = json!("crm.contact.delete");
    let (status, value) = world.ask(&agent, "POST", "/v1/challenges", &asked).await;
    assert_eq!((status, &value["code"]), (403, &json!("policy")));
}
