//! Answers: JSON, and problems as RFC 9457 has them.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Problem;

/// Headers of every answer. None is kept by anybody.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let members = json!({
            "type": format!("urn:ats-kms:problem:{}", self.code),
            "title": status.canonical_reason(),
            "status": self.status,
            "code": self.code,
        });
        let mut response = (status, members.to_string()).into_response();
        let headers = response.headers_mut();
        let of = HeaderValue::from_static;
        headers.insert(header::CONTENT_TYPE, of("application/problem+json"));
        if self == Problem::RATE {
            headers.insert(header::RETRY_AFTER, of("60"));
        }
        response
    }
}

pub(super) fn harden(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A status and a JSON value.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
