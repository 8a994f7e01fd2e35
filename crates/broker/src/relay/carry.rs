//! What a relay carries.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use kms_token::Id;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Relay;
use crate::Problem;
use crate::client::Upstream;
use crate::config::Limits;
use crate::desk::read_checkpoint;
use crate::http::{OWN, json as answer, read as read_body};

type Answer = Result<Response<Body>, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    since: Option<u64>,
}

/// What waits for approvers.
pub(super) async fn list(State(relay): State<Arc<Relay>>) -> Answer {
    relay.carry(Method::GET, "/v1/challenges", Bytes::new()).await
}

/// One challenge.
pub(super) async fn read(State(relay): State<Arc<Relay>>, Path(id): Path<String>) -> Answer {
    let id = named(&id)?;
    relay.carry(Method::GET, &format!("/v1/challenges/{id}"), Bytes::new()).await
}

/// An approval, or a token.
pub(super) async fn approve(
    State(relay): State<Arc<Relay>>,
    Path(id): Path<String>,
    body: Body,
) -> Answer {
    let id = named(&id)?;
    let body = read_body(body, OWN, patience()).await?;
    relay.carry(Method::POST, &format!("/v1/challenges/{id}/approvals"), body).await
}

/// As long as the broker itself has for a body.
fn patience() -> Duration {
    Duration::from_secs(Limits::default().body_s)
}

/// A statement.
pub(super) async fn state(State(relay): State<Arc<Relay>>, body: Body) -> Answer {
    let body = read_body(body, OWN, patience()).await?;
    relay.carry(Method::POST, "/v1/revocations", body).await
}

/// The broker's log as an approver's key wants it: its checkpoint, and the proof that it has grown
/// since it had so many lines.
pub(super) async fn log(
    State(relay): State<Arc<Relay>>,
    since: Result<Query<Since>, QueryRejection>,
) -> Answer {
    let Query(Since { since }) = since.map_err(|_| Problem::BAD_REQUEST)?;
    let note = relay.text("/v1/audit/checkpoint").await?;
    let size = read_checkpoint(&note, &relay.log).map_err(|_| Problem::UPSTREAM)?.size;
    let mut log = json!({ "key": relay.log.to_string(), "checkpoint": note });
    if let Some(since) = since {
        log["since"] = since.into();
        // Fewer lines than were seen: the key that saw them will say that this is a fork.
        if (1..size).contains(&since) {
            let path = format!("/v1/audit/consistency?old={since}&new={size}");
            let proof: Value =
                serde_json::from_str(&relay.text(&path).await?).map_err(|_| Problem::UPSTREAM)?;
            log["proof"] = proof.get("proof").cloned().ok_or(Problem::UPSTREAM)?;
        }
    }
    Ok(answer(StatusCode::OK, &log))
}

impl Relay {
    /// The broker's answer, whatever it is.
    async fn carry(&self, method: Method, path: &str, body: Bytes) -> Answer {
        let (parts, body) = self.ask(method, path, body).await?.into_parts();
        let mut carried = Response::new(Body::from(body));
        *carried.status_mut() = parts.status;
        let json = HeaderValue::from_static("application/json");
        carried.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok(carried)
    }

    async fn text(&self, path: &str) -> Result<String, Problem> {
        let answer = self.ask(Method::GET, path, Bytes::new()).await?;
        let text = String::from_utf8(answer.body().to_vec()).ok();
        text.filter(|_| answer.status() == StatusCode::OK).ok_or(Problem::UPSTREAM)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Bytes>, Problem> {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::HOST, &self.address).body(body);
        let request = request.map_err(|_| Problem::BAD_REQUEST)?;
        let upstream = Upstream { address: &self.address, id: &self.broker };
        let asked = upstream.ask(&self.source.identity(), request).await;
        asked.map_err(|_| Problem::UPSTREAM)
    }
}

/// A name that is not well-formed is nobody's, and no path is made of it.
fn named(id: &str) -> Result<Id, Problem> {
    Id::parse(id).map_err(|_| Problem::NOT_FOUND)
}
