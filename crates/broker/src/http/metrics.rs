//! Counters, for Prometheus. No label comes from a request.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::App;
use crate::Problem;

type Labels = [(&'static str, String); 2];

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    answered: Family<Labels, Counter>,
    handshakes_refused: Counter,
    rotations: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("kms_broker");
        let answered = Family::<Labels, Counter>::default();
        let (handshakes_refused, rotations) = (Counter::default(), Counter::default());
        registry.register("answers", "Answers by endpoint and status", answered.clone());
        let text = "Connections without a certificate that is accepted";
        registry.register("handshakes_refused", text, handshakes_refused.clone());
        registry.register("svid_rotations", "Changes of the own certificate", rotations.clone());
        Self { registry, answered, handshakes_refused, rotations }
    }

    /// An endpoint of the table has answered.
    pub(super) fn answered(&self, endpoint: &str, status: StatusCode) {
        let labels = [("endpoint", endpoint.to_owned()), ("status", status.as_str().to_owned())];
        self.answered.get_or_create(&labels).inc();
    }

    /// A connection did not come about.
    pub fn handshake_refused(&self) {
        self.handshakes_refused.inc();
    }

    /// The certificate has changed.
    pub fn rotated(&self) {
        self.rotations.inc();
    }
}

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let mut text = String::new();
    encode(&mut text, &app.metrics.registry).map_err(|_| Problem::STORE)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
