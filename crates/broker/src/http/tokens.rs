//! What a service asks about a token that it was shown (after RFC 7662).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kms_token::{Binding, Digest, SpiffeId, Token};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroize;

use super::{App, answer, body};
use crate::Problem;
use crate::desk::{Peer, Presented, Shown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    token: String,
    sub: String,
    #[serde(rename = "x5t#S256")]
    certificate: String,
    method: String,
    path: String,
    body: String,
}

/// Whether the token is good for what was asked of the service: with the answer it is used.
pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(body, body::OWN).await?;
    let asked: Asked = serde_json::from_slice(&bytes).map_err(|_| Problem::BAD_REQUEST)?;
    let value = match shown(&asked) {
        Some(shown) => match app.desk.introspect(&peer, &shown).await {
            Ok(presented) => active(&presented),
            // A fault of the broker says nothing about the token.
            Err(problem) if problem.status >= 500 => return Err(problem),
            Err(_) => inactive(),
        },
        None => inactive(),
    };
    Ok(answer::json(StatusCode::OK, &value))
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

fn shown(asked: &Asked) -> Option<Shown> {
    let body = Digest::parse(&asked.body).ok()?;
    Some(Shown {
        token: Token::parse(&asked.token).ok()?,
        sub: SpiffeId::parse(&asked.sub).ok()?,
        certificate: Digest::parse(&asked.certificate).ok()?,
        request: Binding::new(&asked.method, &asked.path, body).ok()?,
    })
}

/// Nothing else is said of a token that is not good (RFC 7662, section 2.2).
fn inactive() -> Value {
    json!({ "active": false })
}

fn active(presented: &Presented) -> Value {
    let authorization = &presented.authorization;
    let challenge = &authorization.challenge;
    let constraints: serde_json::Map<_, _> =
        challenge.con.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let approvers: Vec<_> = presented.approvers.iter().map(|(_, owner)| owner).collect();
    json!({
        "active": true,
        "jti": authorization.jti.to_string(),
        "sub": challenge.sub.as_str(),
        "act": challenge.act.as_str(),
        "con": constraints,
        "exp": authorization.exp,
        "approvers": approvers,
    })
}
