//! Bodies of requests, read whole and with a limit.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kms_token::Token;
use tokio::time::timeout;

use crate::Problem;

/// Longest body that is for the broker itself, in bytes.
pub(crate) const OWN: usize = 32 * 1024;
/// Longest body that is passed on, in bytes.
pub(super) const PASSED: usize = 1024 * 1024;

/// Reads a body that may take so long and be so large.
pub(crate) async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Problem> {
    let read = timeout(patience, Limited::new(body, limit).collect()).await;
    match read.map_err(|_| Problem::SLOW)? {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::TOO_LARGE),
        Err(_) => Err(Problem::BAD_REQUEST),
    }
}

/// The one token in `Authorization: Bearer` (RFC 6750, section 2.1).
pub(super) fn token(headers: &HeaderMap) -> Result<Token, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (values.next(), values.next()) else { return Err(Problem::NO_TOKEN) };
    let text = only.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    Ok(Token::parse(text.ok_or(Problem::NO_TOKEN)?)?)
}
