//! Every answer that a test gets has the form that is published (`OpenAPI`), and so has every request
//! that was granted.

use axum::body::Bytes;
use axum::http::{Response, header};
use serde_json::{Value, json};

/// The operation of a request; none if there is no such endpoint.
pub fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let names: Vec<_> = template.split('/').collect();
        let rest = template.ends_with("/{path}") && parts.len() >= names.len();
        let same = |(name, part): (&&str, &&str)| name.starts_with('{') || name == part;
        (rest || names.len() == parts.len()) && names.iter().zip(&parts).all(same)
    };
    let mut paths = document["paths"].as_object().unwrap().iter();
    paths.find(|(template, _)| fits(template))?.1.get(method.to_lowercase())
}

/// Fails if an answer, or a request that was granted, is not as published.
pub fn check(method: &str, path: &str, asked: &Bytes, answer: &Response<Bytes>) {
    let document = kms_broker::http::document();
    let Some(operation) = operation(&document, method, path) else {
        assert!(answer.status().is_client_error(), "{method} {path} is not published");
        return;
    };
    let forms = [answer.status().as_str(), "default"].map(|name| &operation["responses"][name]);
    let form = forms.into_iter().find(|form| !form.is_null()).unwrap();
    let content = &form["content"];
    if content.is_null() {
        assert!(answer.body().is_empty());
    } else if content["*/*"].is_null() && path.split('/').nth(2) != Some("proxy") {
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap();
        let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind);
        assert!(!content[kind].is_null(), "{method} {path}: {kind} is not published");
        if kind.ends_with("json") {
            fits(&document, &content[kind]["schema"], answer.body(), (method, path));
        }
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if answer.status().is_success() && !body.is_null() {
        fits(&document, body, asked, (method, path));
    }
}

fn fits(document: &Value, schema: &Value, body: &[u8], of: (&str, &str)) {
    let value: Value = serde_json::from_slice(body).unwrap();
    assert!(is_form(document, schema, &value), "{of:?}: {value} is not {schema}");
}

/// Whether a value has a form.
pub fn is_form(document: &Value, schema: &Value, value: &Value) -> bool {
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::new(&schema).unwrap().is_valid(value)
}
