//! Challenges: asked, read, approved, and the token picked up.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use kms_token::Id;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, answer, body};
use crate::Problem;
use crate::desk::{Asking, Peer, Pending};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    signed: String,
}

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    body: Body,
) -> Result<Response, Problem> {
    let asking = Asking::parse(&body::read(body, body::OWN).await?)?;
    let asked = app.desk.ask(&peer, asking).await;
    let asked = asked.inspect_err(|problem| app.desk.refused(&peer, *problem, None))?;
    Ok(answer::json(StatusCode::CREATED, &shown(&asked)?))
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let pending = app.desk.pending()?;
    let pending: Vec<_> = pending.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(answer::json(StatusCode::OK, &json!({ "challenges": pending })))
}

pub(super) async fn read(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer::json(StatusCode::OK, &shown(&app.desk.challenge(named(&id)?)?)?))
}

pub(super) async fn approve(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let bytes = body::read(body, body::OWN).await?;
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
    Ok(answer::json(StatusCode::OK, &json!({ "token": token.reveal() })))
}

/// A name that is not well-formed is nobody's.
fn named(id: &str) -> Result<Id, Problem> {
    Id::parse(id).map_err(|_| Problem::NOT_FOUND)
}

fn shown(pending: &Pending) -> Result<Value, Problem> {
    let challenge: Value = serde_json::from_str(&pending.challenge).map_err(|_| Problem::STORE)?;
    let digest = kms_token::Digest::of(pending.challenge.as_bytes()).to_string();
    let (text, expires, first) = (&pending.challenge, pending.expires, &pending.first);
    Ok(json!({
        "id": challenge.get("id"),
        "challenge": text,
        "digest": digest,
        "expires": expires,
        "first": first,
    }))
}
