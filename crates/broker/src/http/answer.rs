//! Answers: JSON, and problems as RFC 9457 has them.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Problem;

/// Headers of every answer. None is kept by anybody.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// A problem (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Problem")]
pub(super) struct Refused {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What programs go by.
    code: &'static str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let refused = Refused {
            kind: format!("urn:ats-kms:problem:{}", self.code),
            title: status.canonical_reason().unwrap_or_default(),
            status: self.status,
            code: self.code,
        };
        let mut response = json(status, &refused);
        let headers = response.headers_mut();
        let of = HeaderValue::from_static;
        headers.insert(header::CONTENT_TYPE, of("application/problem+json"));
        if self == Problem::RATE {
            headers.insert(header::RETRY_AFTER, of("60"));
        }
        response
    }
}

pub(crate) fn harden(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A status and something as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_string(value) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
