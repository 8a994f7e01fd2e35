//! A configuration that makes no sense does not start.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_broker::config::{Config, Role};
use kms_broker::policy::Policy;
use serde_json::{Value, json};
use support::{AGENT, BILLING, BROKER, config, id};

fn read(change: impl FnOnce(&mut Value)) -> Result<(Config, Policy), kms_broker::Error> {
    let mut json = config("crm.internal:8443");
    change(&mut json);
    let config = Config::parse(json.to_string().as_bytes())?;
    let policy = Policy::new(&config)?;
    Ok((config, policy))
}

#[test]
fn the_example_is_read() {
    let (config, policy) = read(|_| {}).unwrap();
    assert_eq!(config.id().unwrap().as_str(), BROKER);
    assert_eq!(config.token_life().seconds(), 300);
    assert_eq!(policy.connector("crm").unwrap().address, "crm.internal:8443");
}

#[test]
fn roles_are_of_one_path_or_of_all_below() {
    let (config, _) = read(|_| {}).unwrap();
    let role = |name: &str| config.role(&id(name));
    assert_eq!(role(AGENT), Some(Role::Agent));
    assert_eq!(role(BILLING), Some(Role::RelyingParty));
    assert_eq!(role("spiffe://ats.example/agent/x/y"), Some(Role::Agent));
    for nobody in ["agent", "agents/one", "relay/x", "service", "both", "service/billing2"] {
        assert_eq!(role(&format!("spiffe://ats.example/{nobody}")), None, "{nobody}");
    }
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let set = |pointer: &'static str, value: Value| {
        read(move |json| *json.pointer_mut(pointer).unwrap() = value).map(drop)
    };
    for (pointer, value) in [
        ("/id", json!("broker")),
        ("/roles/0/path", json!("agent")),
        ("/roles/0/path", json!("*")),
        ("/roles/0/path", json!("/a*")),
        ("/roles/0/role", json!("root")),
        ("/approvers/0/key", json!("AAAA")),
        ("/approvers/0/key", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ("/approvers/0/owner", json!("")),
        ("/actions/0/act", json!("read")),
        ("/actions/0/act", json!("crm.contact.write")),
        ("/actions/0/connector", json!("other")),
        ("/actions/0/connector", Value::Null),
        ("/actions/0/method", json!("get")),
        ("/actions/0/path", json!("contacts/{id}")),
        ("/actions/0/path", json!("/contacts/{id}/../x")),
        ("/actions/0/path", json!("/contacts/x{id}")),
        ("/actions/0/path", json!("/contacts/{id}/{id}")),
        ("/actions/0/path", json!("/contacts/{ID}")),
        ("/actions/0/path", json!("/contacts/{}")),
        ("/actions/0/path", json!("/contacts?all=1")),
        ("/actions/0/approvals", json!(0)),
        ("/actions/0/approvals", json!(3)),
        ("/actions/2/audience", json!("billing")),
        ("/actions/2/audience", json!(BROKER)),
        ("/actions/2/audience", json!("spiffe://other.example/billing")),
        ("/connectors/0/name", json!("c/rm")),
        ("/connectors/0/name", json!("")),
        ("/connectors/0/address", json!("evil.example:443")),
        ("/connectors/0/id", json!("crm")),
        ("/connectors/0/id", json!("spiffe://other.example/crm")),
        ("/egress", json!([])),
    ] {
        assert!(set(pointer, value.clone()).is_err(), "{pointer} {value}");
    }
}

#[test]
fn numbers_are_within_their_bounds_and_members_are_known() {
    for limits in [
        json!({ "token_life_s": 901 }),
        json!({ "token_life_s": 0 }),
        json!({ "challenge_life_s": 901 }),
        json!({ "per_minute": 0 }),
        json!({ "alive": 0 }),
        json!({ "head_s": 0 }),
        json!({ "body_s": 301 }),
        json!({ "tokens": 1 }),
    ] {
        assert!(read(|json| json["limits"] = limits.clone()).is_err(), "{limits}");
    }
    assert!(read(|json| json["limits"] = json!({ "token_life_s": 900 })).is_ok());
    assert!(read(|json| json["single_use"] = json!(false)).is_err());
    assert!(read(|json| json["connectors"][0]["per_minute"] = json!(0)).is_err());
    let twice = |json: &mut Value| {
        let first = json["connectors"][0].clone();
        json["connectors"].as_array_mut().unwrap().push(first);
    };
    assert!(read(twice).is_err());
    let both = |json: &mut Value| json["actions"][0]["audience"] = json!(BILLING);
    assert!(read(both).is_err());
    assert!(Config::parse(b"{}").is_err());
}

#[test]
fn a_tier_takes_its_approvals() {
    for (tier, approvals, fits) in [
        ("low", 1, true),
        ("low", 2, true),
        ("high", 1, false),
        ("high", 2, true),
        ("critical", 1, false),
        ("critical", 2, true),
        ("unknown", 2, false),
    ] {
        let read = read(|config| {
            config["actions"][0]["tier"] = json!(tier);
            config["actions"][0]["approvals"] = json!(approvals);
        });
        assert_eq!(read.is_ok(), fits, "{tier} with {approvals}");
    }
}

#[test]
fn a_database_is_named_whole_and_within_reach() {
    let address = "db.internal:5432";
    let database = |change: &dyn Fn(&mut Value)| {
        read(|json| {
            json["egress"].as_array_mut().unwrap().push(json!(address));
            json["state"] = json!({ "postgres": {
                "address": address, "id": "spiffe://ats.example/postgres",
                "database": "kms", "user": "kms_broker",
            } });
            change(json);
        })
    };
    let (config, _) = database(&|_| {}).unwrap();
    let id = config.database_id().unwrap().unwrap();
    assert_eq!(id.as_str(), "spiffe://ats.example/postgres");
    assert!(config.egress_ports().unwrap().contains(&5432));
    assert!(read(|json| json["state"] = json!("file")).unwrap().0.database_id().unwrap().is_none());
    let wrong: [&dyn Fn(&mut Value); 6] = [
        &|json| json["state"]["postgres"]["address"] = json!("db.internal:5433"),
        &|json| json["state"]["postgres"]["id"] = json!("spiffe://other.example/postgres"),
        &|json| json["state"]["postgres"]["id"] = json!("postgres"),
        &|json| json["state"]["postgres"]["password"] = json!("secret"),
        &|json| json["state"] = json!({ "postgres": {} }),
        &|json| json["state"] = json!("memory"),
    ];
    assert!(wrong.iter().all(|change| database(change).is_err()));
}
