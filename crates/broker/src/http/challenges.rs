//! Challenges: asked, read, approved, and the token picked up.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use kms_token::{Challenge, Digest, Id, METHODS};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{App, answer, body};
use crate::Problem;
use crate::config::Tier;
use crate::desk::{Asking, Peer, Pending};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    signed: String,
}

/// The form of what [`Asking`] reads, by rules that are stricter than those of a schema.
pub(super) enum Asked {}

impl JsonSchema for Asked {
    fn schema_name() -> Cow<'static, str> {
        "Ask".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = json!({ "type": "string", "maxLength": 256 });
        let party = object(&json!({ "id": text, "type": text }), &["id", "type"]);
        let grounds = json!({ "accountable_party": party, "basis": text, "jurisdiction": text });
        let digest = json!({ "type": "string", "description": "SHA-256 of the body, base64url" });
        let path = json!({ "type": "string", "maxLength": 1024 });
        let request = json!({ "method": { "enum": METHODS }, "path": path, "body": digest });
        let con = json!({ "type": "object", "additionalProperties": text, "maxProperties": 16 });
        let members = json!({
            "act": { "type": "string", "description": "The action" },
            "con": con,
            "leg": object(&grounds, &["accountable_party", "basis", "jurisdiction"]),
            "req": object(&request, &["method", "path"]),
        });
        object(&members, &["act", "con", "leg", "req"])
    }
}

fn object(members: &Value, required: &[&str]) -> Schema {
    json_schema!({
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": false,
    })
}

/// A challenge as its approvers need it.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    id: String,
    /// The challenge, in the form whose digest is signed.
    challenge: String,
    /// SHA-256 of it, base64url.
    digest: String,
    /// Until when it can be answered, in seconds since 1970-01-01T00:00Z.
    expires: u64,
    /// The first of two approvals, if it is there.
    first: Option<String>,
    /// How much harm it can do, where the policy says so. It is not signed.
    tier: Option<Tier>,
}

/// What waits for approvers.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    challenges: Vec<Shown>,
}

/// A token, for the workload that has asked.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Picked<'a> {
    token: &'a str,
}

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    body: Body,
) -> Result<Response, Problem> {
    let asking = Asking::parse(&body::read(body, body::OWN, app.patience()).await?)?;
    let asked = app.desk.ask(&peer, asking).await;
    let asked = asked.inspect_err(|problem| app.desk.refused(&peer, *problem, None))?;
    Ok(answer::json(StatusCode::CREATED, &shown(&asked)?))
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let pending = app.desk.pending().await?;
    let pending: Vec<_> = pending.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(answer::json(StatusCode::OK, &List { challenges: pending }))
}

pub(super) async fn read(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer::json(StatusCode::OK, &shown(&app.desk.challenge(named(&id)?).await?)?))
}

pub(super) async fn approve(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let bytes = body::read(body, body::OWN, app.patience()).await?;
    let Signed { signed } = serde_json::from_slice(&bytes).map_err(|_| Problem::BAD_REQUEST)?;
    let signed = zeroize::Zeroizing::new(signed);
    let approved = app.desk.approve(named(&id)?, &signed).await;
    approved.inspect_err(|problem| app.desk.refused(&peer, *problem, None))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn collect(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let token = app.desk.collect(&peer, named(&id)?).await?;
    Ok(answer::json(StatusCode::OK, &Picked { token: token.reveal() }))
}

/// A name that is not well-formed is nobody's.
fn named(id: &str) -> Result<Id, Problem> {
    Id::parse(id).map_err(|_| Problem::NOT_FOUND)
}

fn shown(pending: &Pending) -> Result<Shown, Problem> {
    let text = pending.challenge.clone();
    let challenge = Challenge::parse(text.as_bytes()).map_err(|_| Problem::STORE)?;
    let digest = Digest::of(text.as_bytes()).to_string();
    let (expires, first, tier) = (pending.expires, pending.first.clone(), pending.tier);
    Ok(Shown { id: challenge.id.to_string(), challenge: text, digest, expires, first, tier })
}
