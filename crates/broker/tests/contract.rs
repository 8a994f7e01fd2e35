//! The published description of the endpoints.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use serde_json::{Value, json};
use support::contract::{is_form, operation};
use support::{AGENT, RELAY, World, pay_7, read_42, write_42};

fn document() -> Value {
    kms_broker::http::document()
}

fn ask_form(document: &Value) -> &Value {
    let ask = operation(document, "POST", "/v1/challenges").unwrap();
    &ask["requestBody"]["content"]["application/json"]["schema"]
}

#[test]
fn every_operation_says_who_may_ask_and_what_is_answered() {
    let document = document();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            assert!(!operation["x-roles"].as_array().unwrap().is_empty(), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.contains_key("default") && answers.len() == 2, "{method} {path}");
            let names: Vec<_> = path.split('{').skip(1).collect();
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            assert_eq!(in_path.count(), names.len(), "{method} {path}");
        }
    }
    assert_eq!(operations, 14 + 6, "14 endpoints, and the proxy with each of 6 methods");
}

#[test]
fn every_form_that_is_named_is_there() {
    let document = document();
    let text = document.to_string();
    let named: Vec<_> = text.split("\"#/components/schemas/").skip(1).collect();
    assert!(named.len() > 10);
    for name in named.iter().map(|rest| rest.split_once('"').unwrap().0) {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn what_is_asked_is_read_as_it_is_published() {
    let world = World::new().await;
    let (agent, document) = (world.workload(AGENT), document());
    for asked in [read_42(), write_42("{}"), pay_7()] {
        assert!(is_form(&document, ask_form(&document), &asked));
    }
    let spoil: [fn(&mut Value); 6] = [
        |asked| drop(asked.as_object_mut().unwrap().remove("leg")),
        |asked| asked["more"] = json!(1),
        |asked| asked["act"] = json!(1),
        |asked| asked["con"]["id"] = json!(42),
        |asked| asked["req"]["method"] = json!("TRACE"),
        |asked| asked["leg"]["accountable_party"]["more"] = json!("x"),
    ];
    for spoil in spoil {
        let mut asked = read_42();
        spoil(&mut asked);
        assert!(!is_form(&document, ask_form(&document), &asked), "{asked}");
        assert_eq!(world.ask(&agent, "POST", "/v1/challenges", &asked).await.0, 400, "{asked}");
    }
}

#[tokio::test]
async fn a_form_that_is_wrong_would_be_found() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    world.open(&agent, &read_42()).await;
    let (_, list) = world.ask(&world.workload(RELAY), "GET", "/v1/challenges", &Value::Null).await;
    let document = document();
    let listed = operation(&document, "GET", "/v1/challenges").unwrap();
    let form = &listed["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(is_form(&document, form, &list));
    let mut more = list.clone();
    more["challenges"][0]["more"] = json!(1);
    let mut less = list.clone();
    less["challenges"][0].as_object_mut().unwrap().remove("digest");
    for wrong in [json!({}), json!([]), more, less] {
        assert!(!is_form(&document, form, &wrong), "{wrong}");
    }
}
