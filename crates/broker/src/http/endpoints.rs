//! The table of endpoints: who may ask what, and what is answered. Access is decided by it, and the
//! published description (`OpenAPI`) is made from it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{audit, challenges, keys, tokens};
use crate::config::Role::{self, Admin, Agent, Relay, RelyingParty, Scraper};

/// An endpoint.
pub(super) struct Endpoint {
    /// HTTP method; `*` is each that a token can be for.
    pub(super) method: &'static str,
    /// Path, as the router has it.
    pub(super) path: &'static str,
    /// Who may ask. Everybody else is refused.
    pub(super) roles: &'static [Role],
    /// What it does.
    pub(super) what: &'static str,
    pub(super) takes: Takes,
    pub(super) status: u16,
    pub(super) gives: Gives,
}

/// The form of something.
pub(super) type Form = fn(&mut SchemaGenerator) -> Schema;

/// What is asked with.
pub(super) enum Takes {
    Nothing,
    Body(Form),
    Query(Form),
    /// What the service behind the broker takes, with a token.
    Anything,
}

/// What is answered.
pub(super) enum Gives {
    Nothing,
    Json(Form),
    Text(&'static str),
    /// What the service behind the broker answers.
    Anything,
}

const fn body<T: JsonSchema>() -> Takes {
    Takes::Body(SchemaGenerator::subschema_for::<T>)
}

const fn query<T: JsonSchema>() -> Takes {
    Takes::Query(T::json_schema)
}

const fn json<T: JsonSchema>() -> Gives {
    Gives::Json(SchemaGenerator::subschema_for::<T>)
}

const READERS: &[Role] = &[Relay, RelyingParty, Admin];
const NOTE: Gives = Gives::Text("text/plain");
const METRICS: Gives = Gives::Text("application/openmetrics-text");

macro_rules! endpoints {
    ($($method:literal $path:literal $roles:expr, $takes:expr => $status:literal $gives:expr, $what:literal;)*) => {
        &[$(Endpoint {
            method: $method, path: $path, roles: $roles, what: $what,
            takes: $takes, status: $status, gives: $gives,
        }),*]
    };
}

/// All of them.
pub(super) const ENDPOINTS: &[Endpoint] = endpoints! {
    "POST" "/v1/challenges" &[Agent], body::<challenges::Asked>() => 201 json::<challenges::Shown>(),
        "Ask for an approval";
    "GET" "/v1/challenges" &[Relay], Takes::Nothing => 200 json::<challenges::List>(),
        "What waits for approvers";
    "GET" "/v1/challenges/{id}" &[Relay], Takes::Nothing => 200 json::<challenges::Shown>(),
        "One that waits for approvers";
    "POST" "/v1/challenges/{id}/approvals" &[Relay], body::<challenges::Signed>() => 204 Gives::Nothing,
        "The first of two approvals, or the token";
    "POST" "/v1/challenges/{id}/token" &[Agent], Takes::Nothing => 200 json::<challenges::Picked>(),
        "Pick the token up, once";
    "*" "/v1/proxy/{connector}/{*path}" &[Agent], Takes::Anything => 200 Gives::Anything,
        "Do what was approved, once, with the token as bearer";
    "POST" "/v1/introspect" &[RelyingParty], body::<tokens::Asked>() => 200 json::<tokens::Introspected>(),
        "Whether a token that was shown is good; with the answer it is used";
    "GET" "/v1/jwks" &[Agent, Relay, RelyingParty, Admin], Takes::Nothing => 200 json::<keys::Jwks>(),
        "Keys of approvers that are not revoked";
    "POST" "/v1/revocations" &[Relay, Admin], body::<keys::Stated>() => 204 Gives::Nothing,
        "A signed statement: revoke, rotate, enrol, state of a key";
    "GET" "/v1/revocations" READERS, query::<keys::Since>() => 200 json::<keys::Revoked>(),
        "Signed revocations since a time";
    "GET" "/v1/audit/checkpoint" READERS, Takes::Nothing => 200 NOTE,
        "A signed checkpoint of the log (C2SP tlog-checkpoint)";
    "GET" "/v1/audit/inclusion" READERS, query::<audit::Inclusion>() => 200 json::<audit::Included>(),
        "The proof that an entry is in the log";
    "GET" "/v1/audit/consistency" READERS, query::<audit::Consistency>() => 200 json::<audit::Consistent>(),
        "The proof that the log has only grown";
    "GET" "/v1/health" &[Admin, Scraper], Takes::Nothing => 200 json::<audit::Health>(),
        "Whether the broker decides";
    "GET" "/metrics" &[Scraper], Takes::Nothing => 200 METRICS,
        "Counters";
};
