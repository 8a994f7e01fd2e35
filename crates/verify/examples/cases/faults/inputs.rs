//! Policies, marks, manifests and proofs that cannot be read or break a rule.

use kms_verify::Fault;
use serde_json::{Value, json};

use crate::folder::{Case, of_files, of_world};
use crate::world::{LOG, World, key, signer};

pub(crate) fn all() -> Vec<Case> {
    let mut all = policies();
    all.extend(marks());
    all.extend(lists());
    all.extend(manifests());
    all.extend(proofs());
    all
}

fn policy(name: &'static str, fault: Fault, at: &str, value: Value) -> Case {
    of_world(name, Some(fault), |world| {
        let place = world.policy.pointer_mut(at);
        match place {
            Some(place) => *place = value,
            None => world.policy[at.trim_start_matches('/')] = value,
        }
    })
}

fn policies() -> Vec<Case> {
    let keys = |numbers: &[u8]| {
        let keys = numbers.iter().map(|number| signer(*number).verifier().to_string());
        Value::from(keys.collect::<Vec<_>>())
    };
    let lines = World::new().policy["transparency"].clone();
    let without = |start: &str| {
        let lines = lines.as_array().unwrap().iter();
        let kept = lines.filter(|line| !line.as_str().unwrap().starts_with(start));
        Value::from(kept.cloned().collect::<Vec<_>>())
    };
    let none = without("log");
    let open: Vec<_> = lines.as_array().unwrap().iter().take(1).cloned().collect();
    let open = Value::from([open, vec!["quorum none".into()]].concat());
    let log_signs = key(LOG, 10).verifier().to_string();
    let (form, rule) = (Fault::PolicyForm, Fault::PolicyRule);
    vec![
        of_files("policy_not_json_fail", form, |files| files.policy.truncate(50)),
        policy("policy_unknown_field_fail", form, "/more", json!(1)),
        policy(
            "policy_signer_key_unreadable_fail",
            form,
            "/signers/keys/0",
            json!("x+00000000+AA=="),
        ),
        policy("policy_origin_with_path_fail", form, "/origin", json!("https://kms.example/x")),
        policy("policy_without_quorum_line_fail", form, "/transparency", without("quorum")),
        policy("policy_undefined_witness_fail", form, "/transparency", without("witness W3")),
        policy("policy_other_schema_fail", rule, "/schema", json!(2)),
        policy("policy_threshold_zero_fail", rule, "/signers/threshold", json!(0)),
        policy("policy_threshold_too_high_fail", rule, "/signers/threshold", json!(4)),
        policy("policy_signer_twice_fail", rule, "/signers/keys", keys(&[1, 2, 2])),
        policy("policy_log_is_a_signer_fail", rule, "/signers/keys/0", json!(log_signs)),
        policy("policy_without_log_fail", rule, "/transparency", none),
        policy("policy_without_witnesses_fail", rule, "/transparency", open),
        policy("policy_cool_down_too_long_fail", rule, "/cool_down_hours", json!(9000)),
    ]
}

fn marks() -> Vec<Case> {
    let mark = |name, fault, from: &'static str, to: &'static str| {
        of_files(name, fault, |files| {
            let text = String::from_utf8(files.mark.take().unwrap()).unwrap();
            assert!(text.contains(from), "{from}");
            files.mark = Some(text.replacen(from, to, 1).into_bytes());
        })
    };
    vec![
        mark("mark_not_json_fail", Fault::MarkForm, "{", ""),
        mark("mark_unknown_field_fail", Fault::MarkForm, "{", "{\"more\":1,"),
        mark("mark_other_schema_fail", Fault::MarkForm, "\"schema\":1", "\"schema\":2"),
        mark("mark_of_another_deployment_fail", Fault::MarkOrigin, "//kms.", "//other."),
    ]
}

/// A policy and a mark whose objects are lists of their members' values: another spelling is none.
fn lists() -> Vec<Case> {
    let values = |object: &Value, names: &[&str]| {
        Value::from(names.iter().map(|name| object[*name].clone()).collect::<Vec<_>>())
    };
    let good = World::new().policy;
    let signers = values(&good["signers"], &["keys", "threshold"]);
    let mark: Value = serde_json::from_slice(&World::new().files().mark.unwrap()).unwrap();
    let all = ["schema", "origin", "release", "logs", "revoked"];
    let release = values(&mark["release"], &["epoch", "manifest"]);
    let marked = |name, mark: Value| {
        of_files(name, Fault::MarkForm, |files| files.mark = Some(mark.to_string().into_bytes()))
    };
    let mut half = mark.clone();
    half["release"] = release;
    vec![
        policy("policy_signers_as_a_list_fail", Fault::PolicyForm, "/signers", signers),
        of_files("policy_as_a_list_fail", Fault::PolicyForm, |files| {
            let all = ["schema", "origin", "signers", "transparency", "cool_down_hours"];
            files.policy = values(&good, &all).to_string().into_bytes();
        }),
        marked("mark_as_a_list_fail", values(&mark, &all)),
        marked("mark_release_as_a_list_fail", half),
    ]
}

fn manifests() -> Vec<Case> {
    let edit = |name, fault, from: &'static str, to: &'static str| {
        of_files(name, fault, |files| files.edit_manifest(from, to))
    };
    let (form, spelling) = (Fault::ManifestForm, Fault::ManifestSpelling);
    let rule = Fault::ManifestRule;
    vec![
        of_files("manifest_too_long_fail", Fault::ManifestTooLong, |files| {
            files.manifest = vec![b' '; 64 * 1024 + 1];
        }),
        of_files("manifest_empty_fail", form, |files| files.manifest.clear()),
        of_files("manifest_not_utf8_fail", form, |files| files.manifest[2] = 0xff),
        of_files("manifest_truncated_fail", form, |files| {
            files.manifest.pop();
        }),
        edit("manifest_unknown_field_fail", form, "\"epoch\"", "\"epic\":1,\"epoch\""),
        edit("manifest_field_twice_fail", form, "\"epoch\":2", "\"epoch\":2,\"epoch\":2"),
        edit("manifest_missing_field_fail", form, "\"epoch\":2,", ""),
        edit("manifest_negative_epoch_fail", form, "\"epoch\":2", "\"epoch\":-2"),
        edit("manifest_digest_spelling_fail", form, "sha256-", "sha-256-"),
        edit("manifest_space_fail", spelling, "\"epoch\":2", "\"epoch\": 2"),
        edit("manifest_escape_fail", spelling, "\"epoch\"", "\"\\u0065poch\""),
        of_files("manifest_field_order_fail", spelling, |files| {
            files.edit_manifest("\"epoch\":2,", "");
            files.edit_manifest("{\"assets\"", "{\"epoch\":2,\"assets\"");
        }),
        of_files("manifest_newline_fail", spelling, |files| files.manifest.push(b'\n')),
        edit("manifest_other_schema_fail", rule, "\"schema\":1", "\"schema\":2"),
        edit("manifest_bad_version_fail", rule, "\"1.2.0\"", "\"1 2\""),
        edit("manifest_epoch_too_large_fail", rule, "\"epoch\":2", "\"epoch\":9007199254740992"),
        edit("manifest_other_media_type_fail", rule, "text/javascript", "text/plain"),
        of_world("manifest_of_another_deployment_fail", Some(Fault::ManifestOrigin), |world| {
            world.manifest.deployment.origin = "https://other.example".parse().unwrap();
        }),
    ]
}

fn proofs() -> Vec<Case> {
    let edit = |name, from: &'static str, to: &'static str| {
        of_files(name, Fault::ProofForm, |files| files.edit_proof(from, to))
    };
    vec![
        of_files("proof_empty_fail", Fault::ProofForm, |files| files.proof.clear()),
        of_files("proof_not_utf8_fail", Fault::ProofForm, |files| files.proof[0] = 0xff),
        of_files("proof_without_end_fail", Fault::ProofForm, |files| {
            files.proof.pop();
        }),
        edit("proof_other_version_fail", "@v1", "@v2"),
        edit("proof_leading_zero_fail", "index 3", "index 03"),
        edit("proof_without_index_fail", "index 3\n", ""),
        edit("proof_without_checkpoint_fail", "\n\nlog.example", "\nlog.example"),
        edit("proof_other_line_fail", "extra ", "extras "),
    ]
}
