//! What counts as a yes of a policy in Rego, and which policies are none.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::time::Instant;

use kms_broker::Error;
use kms_broker::config::Config;
use kms_broker::rego::{Phase, Rego};
use kms_testkit::broker::challenge;
use kms_token::Action;

fn read(rules: &str) -> Result<Rego, Error> {
    Rego::new("policy.rego", format!("package kms.broker\n{rules}"))
}

fn says(rules: &str) -> bool {
    read(rules).unwrap().allows(Phase::Use, &challenge(1), 1_800_000_000)
}

#[test]
fn it_is_told_the_challenge_the_phase_and_the_time() {
    for yes in [
        "allow := true",
        "default allow := false\nallow if input.phase == \"use\"",
        "allow if input.now == 1800000000",
        "allow if input.challenge.act == \"crm.contact.read\"",
        "allow if input.challenge.con.id == \"42\"",
        "allow if input.challenge.approvals == 1",
        "allow if input.challenge.leg.jurisdiction == \"DE\"",
        "allow if startswith(input.challenge.req.path, \"/contacts/\")",
        "allow if input.challenge[\"x5t#S256\"]",
    ] {
        assert!(says(yes), "{yes}");
    }
}

/// The policy in `docs/broker.md`, at noon and at midnight.
#[test]
fn the_example_of_the_manual() {
    let manual = include_str!("../../../docs/broker.md");
    let (_, rest) = manual.split_once("```rego\n").unwrap();
    let text = rest.split_once("```").unwrap().0;
    let policy = Rego::new("policy.rego", text.to_owned()).unwrap();
    let noon = 1_800_014_400;
    let says = |act: &str, jurisdiction: &str, now_s: u64| {
        let mut asked = challenge(1);
        asked.act = Action::parse(act).unwrap();
        asked.leg.jurisdiction = jurisdiction.into();
        policy.allows(Phase::Use, &asked, now_s)
    };
    assert!(says("billing.invoice.pay", "US", noon));
    assert!(!says("billing.invoice.pay", "US", noon + 12 * 3600));
    assert!(says("crm.contact.read", "EU", noon + 12 * 3600));
    assert!(!says("crm.contact.read", "US", noon));
    assert!(!says("crm.contact.write", "EU", noon));
}

#[test]
fn nothing_else_than_true_is_a_yes() {
    for no in [
        "allow := false",
        "allow if input.phase == \"ask\"",
        "allow if input.no_such_thing",
        "allow := 1",
        "allow := \"true\"",
        "allow := [true]",
        "allow contains true",
        "allow := input.challenge",
        // What fails, of itself or for want of a value.
        "allow := 1 / (input.now - input.now)",
        "allow if to_number(input.phase) > 0",
        "allow := true if input.now\nallow := false if input.now",
        // Neither the network, the clock nor chance is there to be asked.
        "allow if rand.intn(\"x\", 2) >= 0",
        "allow if uuid.rfc4122(\"x\")",
        "allow if regex.match(\".*\", input.phase)",
        "allow if no_such_function(1)",
        "allow if http.send({\"method\": \"get\", \"url\": \"http://crm/\"})",
        "allow if time.now_ns() > 0",
        "allow if opa.runtime()",
    ] {
        assert!(!says(no), "{no}");
    }
}

#[test]
fn a_policy_that_takes_too_long_says_no() {
    let steps = |count: u32| {
        let range = format!("numbers.range(1, {count})");
        says(&format!("allow if count([1 | some i in {range}; some j in {range}; i + j > 0]) > 0"))
    };
    assert!(steps(5));
    let start = Instant::now();
    assert!(!steps(5000));
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn what_is_no_policy_is_an_error() {
    for wrong in ["", "allow", "deny := true", "allow if {"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert!(Rego::new("x", "package other\nallow := true".into()).is_err());
}

#[test]
fn the_file_stands_beside_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("broker.json");
    let write = |name: &str| {
        let json = serde_json::json!({
            "id": "spiffe://ats.example/broker", "roles": [], "approvers": [], "actions": [],
            "rego": name,
        });
        std::fs::write(&path, json.to_string()).unwrap();
        json
    };
    let json = write("policy.rego");
    assert!(matches!(Config::read(&path), Err(Error::File(..))));
    std::fs::write(dir.path().join("policy.rego"), "package kms.broker").unwrap();
    assert!(matches!(Config::read(&path), Err(Error::Config(_))));
    std::fs::write(dir.path().join("policy.rego"), "package kms.broker\nallow := true").unwrap();
    assert!(Config::read(&path).unwrap().rego().is_some());
    // One that was not read is not forgotten.
    assert!(matches!(Config::parse(json.to_string().as_bytes()), Err(Error::Config(_))));
    for elsewhere in ["", ".", "..", "../policy.rego", "/policy.rego", "x/policy.rego"] {
        write(elsewhere);
        assert!(matches!(Config::read(&path), Err(Error::Config(_))), "{elsewhere}");
    }
}
