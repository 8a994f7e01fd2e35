//! What a service asks about a token that it was shown (after RFC 7662).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kms_token::{Binding, Digest, SpiffeId, Token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{App, answer, body};
use crate::Problem;
use crate::desk::{Peer, Presented, Shown};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Introspect")]
pub(super) struct Asked {
    token: String,
    sub: String,
    #[serde(rename = "x5t#S256")]
    certificate: String,
    method: String,
    path: String,
    body: String,
}

/// Nothing else is said of a token that is not good (RFC 7662, section 2.2).
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct Introspected {
    active: bool,
    #[serde(flatten)]
    about: Option<About>,
}

#[derive(Serialize, JsonSchema)]
struct About {
    jti: String,
    sub: String,
    act: String,
    con: BTreeMap<String, String>,
    exp: u64,
    /// Owners of the keys.
    approvers: Vec<String>,
}

/// Whether the token is good for what was asked of the service: with the answer it is used.
pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(body, body::OWN, app.patience()).await?;
    let asked: Asked = serde_json::from_slice(&bytes).map_err(|_| Problem::BAD_REQUEST)?;
    let introspected = match shown(&asked) {
        Some(shown) => match app.desk.introspect(&peer, &shown).await {
            Ok(presented) => active(presented),
            // A fault of the broker says nothing about the token.
            Err(problem) if problem.status >= 500 => return Err(problem),
            Err(_) => Introspected::default(),
        },
        None => Introspected::default(),
    };
    Ok(answer::json(StatusCode::OK, &introspected))
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

fn active(presented: Presented) -> Introspected {
    let Presented { authorization, approvers } = presented;
    let challenge = &authorization.challenge;
    let con = challenge.con.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Introspected {
        active: true,
        about: Some(About {
            jti: authorization.jti.to_string(),
            sub: challenge.sub.to_string(),
            act: challenge.act.as_str().to_owned(),
            con: con.collect(),
            exp: authorization.exp,
            approvers: approvers.into_iter().map(|(_, owner)| owner).collect(),
        }),
    }
}
