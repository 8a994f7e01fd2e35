//! Who may ask a relay: pages of its embedder, by name of this machine alone.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Problem;
use crate::http::harden;

/// What is compared.
pub(super) struct Guard {
    pub(super) embedder: String,
    pub(super) port: u16,
}

impl Guard {
    /// Whether a request comes from a page of the embedder, to an address that a browser cannot be
    /// led to by another name.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let only = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            let value = values.next().filter(|_| values.next().is_none())?;
            value.to_str().ok()
        };
        let here = ["127.0.0.1", "[::1]", "localhost"].map(|host| format!("{host}:{}", self.port));
        only(header::ORIGIN) == Some(&self.embedder)
            && only(header::HOST).is_some_and(|host| here.iter().any(|known| known == host))
    }
}

/// Lets pages of the embedder pass, and tells their browser so (Fetch, section 3.2).
pub(super) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    if !guard.admits(request.headers()) {
        return harden(Problem::ORIGIN.into_response());
    }
    let asks_first = request.method() == Method::OPTIONS;
    let mut response = if asks_first {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    } else if is_plain_post(&request) {
        Problem::BAD_REQUEST.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Ok(origin) = HeaderValue::from_str(&guard.embedder) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    harden(response)
}

/// Whether a browser would send this without asking first.
fn is_plain_post(request: &Request) -> bool {
    let json = HeaderValue::from_static("application/json");
    request.method() == Method::POST && request.headers().get(header::CONTENT_TYPE) != Some(&json)
}
