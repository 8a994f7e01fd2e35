//! Requests that schemathesis makes up from the published description: `cargo xtask schemathesis`.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::path::Path;
use std::process::Command;

use kms_broker::tls::TlsVersion;
use serde_json::{Value, json};
use support::{ADMIN, AGENT, BILLING, RELAY, SCRAPER, Workload, World, read_42};

/// Checks that do not fit: who may ask stands in `x-roles`, what is made up is nearly always refused for
/// another reason than its form, and other roles may ask with other methods.
const WITHOUT: &str = "ignored_auth,positive_data_acceptance,allow_header_conformance";

/// What `cargo xtask schemathesis` sets.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Makes requests up for one peer; what they were, and whether every answer is as it has to be.
fn generate((dir, address): (&Path, &str), document: &str, by: &Workload) -> (bool, String) {
    let output = Command::new("python3")
        .env("PYTHONPATH", variable("KMS_SCHEMATHESIS"))
        .args(["-m", "schemathesis.cli", "--no-color", "run", document])
        .args(["--url", &format!("https://{address}"), "--tls-verify", "false"])
        .arg("--request-cert")
        .arg(&by.files.certificate)
        .arg("--request-cert-key")
        .arg(&by.files.key)
        .args(["--checks", "all", "--exclude-checks", WITHOUT, "--seed", "1"])
        .args(["--max-examples", &variable("KMS_SCHEMATHESIS_EXAMPLES")])
        .args(["--generation-database", "none", "--request-timeout", "30", "--warnings", "off"])
        .current_dir(dir)
        .output()
        .unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
    (output.status.success(), said)
}

/// The description of what a role may ask: that it may ask nothing else is for another test.
fn document_for(role: &str) -> Value {
    let mut document = kms_broker::http::document();
    for operations in document["paths"].as_object_mut().unwrap().values_mut() {
        let operations = operations.as_object_mut().unwrap();
        operations.retain(|_, one| one["x-roles"].as_array().unwrap().contains(&json!(role)));
    }
    document
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis"]
async fn no_made_up_request_gets_an_answer_that_is_not_published() {
    let limits = |config: &mut Value| config["limits"] = json!({ "per_minute": 1_000_000 });
    let world = World::with(limits, TlsVersion::V1_3).await;
    world.open(&world.workload(AGENT), &read_42()).await;
    let roles = ["agent", "relay", "relying-party", "admin", "scraper"];
    for (peer, role) in [AGENT, RELAY, BILLING, ADMIN, SCRAPER].into_iter().zip(roles) {
        let (by, address) = (world.workload(peer), world.address.to_string());
        let dir = world.dir.path().to_owned();
        let document = dir.join(format!("{role}.json"));
        std::fs::write(&document, document_for(role).to_string()).unwrap();
        let document = document.to_str().unwrap().to_owned();
        let made = tokio::task::spawn_blocking(move || generate((&dir, &address), &document, &by));
        let (fine, said) = made.await.unwrap();
        println!("{peer}\n{said}");
        assert!(fine, "{peer}");
    }
    // It decides as before.
    world.open(&world.workload(AGENT), &read_42()).await;
}
