//! The proxy: one approved request, passed on without its token.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use kms_token::{Binding, Digest, Refusal};

use super::{App, Now, body};
use crate::Problem;
use crate::desk::Peer;
use crate::log::Event;
use crate::policy::{Connector, PROXY};

/// Headers that are passed on. All others are not: `Authorization` above all.
const TO_SERVICE: [HeaderName; 6] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
];
/// Headers that are passed back.
const TO_WORKLOAD: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_LANGUAGE, header::ETAG, header::LAST_MODIFIED];

pub(super) async fn forward(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    Extension(Now(now_s)): Extension<Now>,
    Path((name, _)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let refuse = |problem: Problem| {
        app.desk.refused(&peer, problem, None);
        problem
    };
    let token = body::token(&parts.headers).map_err(refuse)?;
    let connector = app.desk.policy.connector(&name).ok_or(Problem::POLICY).map_err(refuse)?;
    let body = body::read(body, body::PASSED, app.patience()).await.map_err(refuse)?;
    let binding = binding(&parts, &body).map_err(refuse)?;
    // Before the token is used: an agent that comes too often keeps it.
    app.limit_connector(&name)?;
    let connector = connector.clone();
    // To its end, and into the log, also if the workload does not wait for it.
    let passed = tokio::spawn(async move {
        let jti = app.desk.present(&peer, &token, &binding).await?.authorization.jti.to_string();
        drop(token);
        let answer =
            pass_on(&app, (&name, &connector), &binding, (&parts.headers, body), now_s).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        app.desk.store.note(Event::Answered { jti, status });
        answer
    });
    passed.await.map_err(|_| Problem::UPSTREAM)?
}

/// The request as the token has to have it: as it arrived, nothing decoded or normalised.
fn binding(parts: &Parts, body: &Bytes) -> Result<Binding, Problem> {
    let target = parts.uri.path_and_query().ok_or(Refusal::Name);
    let target = target.map_err(|_| Problem::BAD_REQUEST)?.as_str();
    Binding::new(parts.method.as_str(), target, Digest::of(body)).map_err(|_| Problem::BAD_REQUEST)
}

async fn pass_on(
    app: &App,
    (name, connector): (&str, &Connector),
    binding: &Binding,
    (headers, body): (&HeaderMap, Bytes),
    now_s: u64,
) -> Result<Response, Problem> {
    let prefix = format!("{PROXY}/{name}");
    let target = binding.target().strip_prefix(&prefix).ok_or(Problem::POLICY)?;
    let mut request = axum::http::Request::new(body);
    *request.method_mut() = binding.method().parse().map_err(|_| Problem::BAD_REQUEST)?;
    *request.uri_mut() = target.parse().map_err(|_| Problem::BAD_REQUEST)?;
    copy(headers, request.headers_mut(), &TO_SERVICE);
    let host = HeaderValue::from_str(&connector.address).map_err(|_| Problem::UPSTREAM)?;
    request.headers_mut().insert(header::HOST, host);
    let pool = app.services.get(name).ok_or(Problem::POLICY)?;
    let answer = pool.ask(&app.source.identity(), request, now_s).await;
    let (parts, body) = answer.map_err(|_| Problem::UPSTREAM)?.into_parts();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = parts.status;
    copy(&parts.headers, response.headers_mut(), &TO_WORKLOAD);
    Ok(response)
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name.clone(), value.clone());
        }
    }
}
