//! Keys, and what is signed about keys and tokens.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use kms_token::{Key, KeyState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{App, answer, body};
use crate::Problem;
use crate::desk::Peer;

/// How long a list of revocations counts. Who has no younger one refuses.
const FRESH_S: u64 = 60;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    statement: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// A set of keys (RFC 7517).
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    /// `next`, `active` or `verify-only`.
    state: &'static str,
}

/// Signed revocations. After `valid_until`, refuse.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoked {
    as_of: u64,
    valid_until: u64,
    revocations: Vec<String>,
}

/// All keys that are not revoked (RFC 7517), those that do not sign yet included.
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    app.desk.store.fresh().await?;
    let keys: Vec<_> = app.desk.store.look(|state, _| {
        let known = state.ring.iter().filter(|(_, key)| key.state != KeyState::Revoked);
        Ok(known.map(|(kid, key)| jwk(kid, key)).collect())
    })?;
    Ok(answer::json(StatusCode::OK, &Jwks { keys }))
}

fn jwk(kid: &str, key: &Key) -> Jwk {
    Jwk {
        kty: "OKP",
        crv: "Ed25519",
        x: Base64UrlUnpadded::encode_string(key.public.raw()),
        usage: "sig",
        alg: "EdDSA",
        kid: kid.to_owned(),
        state: key.state.as_str(),
    }
}

pub(super) async fn state(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let bytes = body::read(body, body::OWN, app.patience()).await?;
    let Stated { statement } = serde_json::from_slice(&bytes).map_err(|_| Problem::BAD_REQUEST)?;
    let stated = app.desk.state(statement).await;
    stated.inspect_err(|problem| app.desk.refused(&peer, *problem, None))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The signed revocations since a time, and until when this list is good.
pub(super) async fn revoked(
    State(app): State<Arc<App>>,
    query: Result<Query<Since>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Since { since }) = query.map_err(|_| Problem::BAD_REQUEST)?;
    app.desk.store.fresh().await?;
    let (now_s, statements) = app.desk.store.look(|state, now_s| {
        let statements: Vec<_> =
            state.revoked_since(since).map(|revoked| revoked.statement.clone()).collect();
        Ok((now_s, statements))
    })?;
    let until = now_s + FRESH_S;
    let revoked = Revoked { as_of: now_s, valid_until: until, revocations: statements };
    Ok(answer::json(StatusCode::OK, &revoked))
}
