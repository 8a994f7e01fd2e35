//! The description of the endpoints (`OpenAPI` 3.1), from their table and from the types of their bodies.

use kms_token::METHODS;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::answer::Refused;
use super::endpoints::{ENDPOINTS, Endpoint, Gives, Takes};

/// The description.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut forms = settings.into_generator();
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = endpoint.path.replace("{*", "{");
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        let methods = METHODS.iter().filter(|name| [*name, "*"].contains(&endpoint.method));
        for method in methods {
            operations[method.to_lowercase()] = operation(endpoint, method, &mut forms);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kms-broker",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Mutual TLS with X509-SVIDs. `x-roles` says which roles may ask.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "security": [{ "svid": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "svid": { "type": "mutualTLS" },
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "poa+jwt" },
            },
            "schemas": forms.definitions(),
        },
    })
}

fn operation(endpoint: &Endpoint, method: &str, forms: &mut SchemaGenerator) -> Value {
    let parts = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{'));
    let names = parts.map(|part| part.trim_start_matches('*').trim_end_matches('}'));
    let in_path = |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let mut parameters: Vec<_> = names.map(in_path).collect();
    let problem = forms.subschema_for::<Refused>();
    let problem = json!({
        "description": "Refused",
        "content": { "application/problem+json": { "schema": problem } },
    });
    let mut answers = json!({ "default": problem });
    answers[endpoint.status.to_string()] = answer(&endpoint.gives, forms);
    let mut operation = json!({
        "summary": endpoint.what,
        "x-roles": endpoint.roles,
        "responses": answers,
    });
    match endpoint.takes {
        Takes::Nothing => {}
        Takes::Body(form) => {
            let content = json!({ "application/json": { "schema": form(forms) } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        Takes::Query(form) => parameters.extend(in_query(form(forms).as_value())),
        Takes::Anything => {
            operation["security"] = json!([{ "svid": [], "token": [] }]);
            if !matches!(method, "GET" | "HEAD") {
                operation["requestBody"] = json!({ "content": { "*/*": {} } });
            }
        }
    }
    operation["parameters"] = json!(parameters);
    operation
}

fn answer(gives: &Gives, forms: &mut SchemaGenerator) -> Value {
    match gives {
        Gives::Nothing => json!({ "description": "Done" }),
        Gives::Json(form) => {
            let content = json!({ "application/json": { "schema": form(forms) } });
            json!({ "description": "Done", "content": content })
        }
        Gives::Text(kind) => {
            let content = json!({ *kind: { "schema": { "type": "string" } } });
            json!({ "description": "Done", "content": content })
        }
        Gives::Anything => {
            json!({ "description": "What the service answers, with its status", "content": { "*/*": {} } })
        }
    }
}

/// A parameter for each member of an object.
fn in_query(form: &Value) -> Vec<Value> {
    let required = form["required"].as_array().cloned().unwrap_or_default();
    let members = form["properties"].as_object().into_iter().flatten();
    members
        .map(|(name, schema)| {
            let required = required.iter().any(|known| known == name);
            json!({ "name": name, "in": "query", "required": required, "schema": schema })
        })
        .collect()
}
