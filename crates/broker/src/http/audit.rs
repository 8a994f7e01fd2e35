//! The log, as others can check it.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use kms_tlog::Hash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{App, answer};
use crate::Problem;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Inclusion {
    index: u64,
    size: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Consistency {
    old: u64,
    new: u64,
}

/// An entry's leaf hash, and its proof, base64.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Included {
    leaf: String,
    proof: Vec<String>,
}

/// A proof, base64.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Consistent {
    proof: Vec<String>,
}

/// Of a broker that decides.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    /// Entries on the disk.
    log: u64,
    /// When the broker's own certificate ends, in seconds since 1970-01-01T00:00Z.
    certificate_expires: u64,
}

pub(super) async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    app.desk.store.fresh().await?;
    let note = app.desk.checkpoint()?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
}

pub(super) async fn inclusion(
    State(app): State<Arc<App>>,
    query: Result<Query<Inclusion>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Inclusion { index, size }) = query.map_err(|_| Problem::BAD_REQUEST)?;
    app.desk.store.fresh().await?;
    let found = app.desk.store.chain(|chain, durable| {
        let proof = chain.inclusion(index, size).filter(|_| size <= durable)?;
        Some((chain.leaf(index)?, proof))
    })?;
    let (leaf, proof) = found.ok_or(Problem::NOT_FOUND)?;
    let included = Included { leaf: text(&leaf), proof: texts(&proof) };
    Ok(answer::json(StatusCode::OK, &included))
}

pub(super) async fn consistency(
    State(app): State<Arc<App>>,
    query: Result<Query<Consistency>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Consistency { old, new }) = query.map_err(|_| Problem::BAD_REQUEST)?;
    app.desk.store.fresh().await?;
    let found = app
        .desk
        .store
        .chain(|chain, durable| chain.consistency(old, new).filter(|_| new <= durable))?;
    let proof = found.ok_or(Problem::NOT_FOUND)?;
    Ok(answer::json(StatusCode::OK, &Consistent { proof: texts(&proof) }))
}

/// Whether the broker decides: the log can be written, and the clock is right.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    app.desk.store.fresh().await?;
    app.desk.store.look(|_, _| Ok(()))?;
    let size = app.desk.store.chain(|_, durable| durable)?;
    let expires = app.source.identity().leaf.expires;
    Ok(answer::json(StatusCode::OK, &Health { log: size, certificate_expires: expires }))
}

fn text(hash: &Hash) -> String {
    Base64::encode_string(hash)
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(text).collect()
}
