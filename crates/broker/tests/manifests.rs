//! What is deployed fits the program that it deploys.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

const IMAGE: &str = "registry.example/kms-broker@sha256:0000";

/// A policy beside the configuration.
const REGO: &str = "package kms.broker\nallow := true";

fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/broker.json")
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kms-broker"))
}

fn manifests(change: impl FnOnce(&mut Value), image: &str) -> Output {
    let mut config = serde_json::from_slice(&std::fs::read(example()).unwrap()).unwrap();
    change(&mut config);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("broker.json");
    std::fs::write(&path, config.to_string()).unwrap();
    std::fs::write(dir.path().join("policy.rego"), REGO).unwrap();
    let mut command = command();
    command.args(["manifests", "--image", image, "--config"]).arg(path).output().unwrap()
}

fn objects() -> Vec<Value> {
    objects_of(|_| {})
}

fn objects_of(change: impl FnOnce(&mut Value)) -> Vec<Value> {
    let output = manifests(change, IMAGE);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn object(kind: &str) -> Value {
    find(kind, objects())
}

fn find(kind: &str, objects: Vec<Value>) -> Value {
    objects.into_iter().find(|object| object["kind"] == kind).unwrap()
}

#[test]
fn pods_have_no_rights() {
    let pod = object("StatefulSet")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"]["runAsUser"], 65_532);
    let [container] = &pod["containers"].as_array().unwrap()[..] else { panic!("more than one") };
    let rules = object("Role")["rules"].clone();
    assert_eq!(rules[0]["resources"], json!(["certificaterequests"]));
    assert_eq!((rules.as_array().unwrap().len(), &rules[0]["verbs"]), (1, &json!(["create"])));
    let expected = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    assert_eq!(container["securityContext"], expected);
    let mounts = container["volumeMounts"].as_array().unwrap();
    let written = mounts.iter().filter(|mount| mount["readOnly"] == false);
    assert_eq!(written.map(|mount| &mount["name"]).collect::<Vec<_>>(), ["state"]);
}

#[test]
fn the_program_takes_the_arguments_of_its_container() {
    let set = object("StatefulSet");
    let container = &set["spec"]["template"]["spec"]["containers"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let serve: Vec<_> = container["args"].as_array().unwrap().iter().map(text).collect();
    let probe = container["readinessProbe"]["exec"]["command"].as_array().unwrap();
    let probe: Vec<_> = probe[1..].iter().map(text).collect();
    for line in [serve, probe] {
        // Its files are not here; as an argument it would have been refused with 2.
        let mut command = command();
        assert_eq!(command.args(&line).output().unwrap().status.code(), Some(1), "{line:?}");
    }
}

#[test]
fn the_network_is_what_the_configuration_says() {
    let policy = object("NetworkPolicy")["spec"].clone();
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    let (inward, outward) = (&policy["ingress"], policy["egress"].as_array().unwrap());
    assert_eq!(inward[0]["ports"], json!([{ "protocol": "TCP", "port": 8443 }]));
    let labels = &inward[0]["from"][0]["podSelector"]["matchLabels"];
    assert_eq!(labels, &json!({ "kms-broker-client": "true" }));
    let ports: Vec<_> = outward.iter().map(|rule| rule["ports"].clone()).collect();
    let names = json!([{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }]);
    assert_eq!(ports, [names, json!([{ "protocol": "TCP", "port": 8443 }])]);
}

/// As many as can share a log; their keys are in no object here.
#[test]
fn brokers_that_share_a_log_are_several() {
    assert_eq!(object("StatefulSet")["spec"]["replicas"], 1);
    let shared = |config: &mut Value| {
        config["egress"].as_array_mut().unwrap().push(json!("db.internal:5432"));
        config["state"] = json!({ "postgres": {
            "address": "db.internal:5432", "id": "spiffe://ats.example/postgres",
            "database": "kms", "user": "kms_broker",
        } });
    };
    let objects = objects_of(shared);
    let set = find("StatefulSet", objects.clone())["spec"].clone();
    assert_eq!(set["replicas"], 3);
    let pod = &set["template"]["spec"];
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    let keys: Vec<_> = mounts.iter().filter(|mount| mount["name"] == "keys").collect();
    let paths: Vec<_> = keys.iter().map(|mount| mount["mountPath"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/state/log.key", "/state/seal.key", "/state/postgres.password"]);
    assert!(keys.iter().all(|mount| mount["readOnly"] == true));
    assert_eq!(
        pod["volumes"][2],
        json!({ "name": "keys", "secret": { "secretName": "kms-broker" } })
    );
    assert!(objects.iter().all(|object| object["kind"] != "Secret"));
    let network = find("NetworkPolicy", objects)["spec"].clone();
    assert!(network["egress"].to_string().contains("5432"));
}

#[test]
fn the_files_that_a_configuration_names_are_beside_it() {
    let data = |objects| find("ConfigMap", objects)["data"].clone();
    assert_eq!(data(objects()).as_object().unwrap().len(), 1);
    let with = data(objects_of(|config| config["rego"] = json!("policy.rego")));
    assert_eq!(with["policy.rego"], REGO);
    let without = manifests(|config| config["rego"] = json!("other.rego"), IMAGE);
    assert!(!without.status.success());
}

#[test]
fn what_would_not_run_is_not_written() {
    let refused = |change: fn(&mut Value), image: &str, reason: &str| {
        let output = manifests(change, image);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(reason), "{text}");
    };
    refused(|_| {}, "registry.example/kms-broker:latest", "digest");
    refused(|config| config["roles"] = json!([]), IMAGE, "scraper");
    refused(|config| config["unknown"] = json!(1), IMAGE, "unknown");
    refused(|config| config["egress"] = json!(["crm"]), IMAGE, "no port");
}
