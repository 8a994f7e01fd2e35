//! Keys, and what is signed about keys and tokens.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use kms_token::{Key, KeyState};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, answer, body};
use crate::Problem;
use crate::desk::Peer;

/// How long a list of revocations counts. Who has no younger one refuses.
const FRESH_S: u64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    statement: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// All keys that are not revoked (RFC 7517), those that do not sign yet included.
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let keys: Vec<_> = app.desk.store.look(|state, _| {
        let known = state.ring.iter().filter(|(_, key)| key.state != KeyState::Revoked);
        Ok(known.map(|(kid, key)| jwk(kid, key)).collect())
    })?;
    Ok(answer::json(StatusCode::OK, &json!({ "keys": keys })))
}

fn jwk(kid: &str, key: &Key) -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": Base64UrlUnpadded::encode_string(key.public.raw()),
        "use": "sig",
        "alg": "EdDSA",
        "kid": kid,
        "state": key.state.as_str(),
    })
}

pub(super) async fn state(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let bytes = body::read(body, body::OWN).await?;
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
    let (now_s, statements) = app.desk.store.look(|state, now_s| {
        let statements: Vec<_> =
            state.revoked_since(since).map(|revoked| revoked.statement.clone()).collect();
        Ok((now_s, statements))
    })?;
    let until = now_s + FRESH_S;
    let value = json!({ "as_of": now_s, "valid_until": until, "revocations": statements });
    Ok(answer::json(StatusCode::OK, &value))
}
