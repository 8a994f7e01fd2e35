//! The endpoints. Every one has its roles in one table; what is not in it is refused.

mod answer;
mod audit;
mod body;
mod challenges;
mod endpoints;
mod keys;
mod metrics;
mod openapi;
mod proxy;
mod tokens;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::desk::{Desk, Peer};
use crate::pool::Pool;
use crate::tls::Source;
use crate::{Error, Problem};
use endpoints::ENDPOINTS;

pub(crate) use answer::{harden, json};
pub(crate) use body::{OWN, read};
pub use metrics::Metrics;
pub use openapi::document;

/// What the endpoints share.
#[derive(Debug)]
pub struct App {
    /// The decisions.
    pub desk: Desk,
    /// The certificate for connections to services.
    pub source: Arc<Source>,
    /// Counters.
    pub metrics: Metrics,
    peers: DefaultKeyedRateLimiter<String>,
    connectors: Vec<(String, DefaultKeyedRateLimiter<()>)>,
    services: BTreeMap<String, Pool>,
}

impl App {
    /// Puts the parts together.
    pub fn new(desk: Desk, source: Arc<Source>) -> Result<Self, Error> {
        let limiter = |per_minute: u32| {
            let per_minute = NonZeroU32::new(per_minute);
            per_minute.ok_or_else(|| Error::Config("a limit is 1 at least".into()))
        };
        let peers =
            RateLimiter::keyed(Quota::per_minute(limiter(desk.config().limits.per_minute)?));
        let (mut connectors, mut services) = (Vec::new(), BTreeMap::new());
        for (name, connector) in desk.policy.connectors() {
            services.insert(name.to_owned(), Pool::new(&connector.address, &connector.id));
            if let Some(per_minute) = connector.per_minute {
                let quota = Quota::per_minute(limiter(per_minute)?);
                connectors.push((name.to_owned(), RateLimiter::keyed(quota)));
            }
        }
        Ok(Self { desk, source, metrics: Metrics::new(), peers, connectors, services })
    }

    /// Forgets peers that have not asked for long.
    pub fn tidy(&self) {
        self.peers.retain_recent();
    }

    /// How long a body may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(self.desk.config().limits.body_s)
    }

    fn limit_connector(&self, name: &str) -> Result<(), Problem> {
        let limiter = self.connectors.iter().find(|(known, _)| known == name);
        let admitted = limiter.is_none_or(|(_, limiter)| limiter.check_key(&()).is_ok());
        if admitted { Ok(()) } else { Err(Problem::RATE) }
    }
}

/// All endpoints; requests carry their [`Peer`].
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/challenges", post(challenges::ask).get(challenges::list))
        .route("/v1/challenges/{id}", get(challenges::read))
        .route("/v1/challenges/{id}/approvals", post(challenges::approve))
        .route("/v1/challenges/{id}/token", post(challenges::collect))
        .route("/v1/proxy/{connector}/{*path}", any(proxy::forward))
        .route("/v1/introspect", post(tokens::introspect))
        .route("/v1/jwks", get(keys::jwks))
        .route("/v1/revocations", post(keys::state).get(keys::revoked))
        .route("/v1/audit/checkpoint", get(audit::checkpoint))
        .route("/v1/audit/inclusion", get(audit::inclusion))
        .route("/v1/audit/consistency", get(audit::consistency))
        .route("/v1/health", get(audit::health))
        .route("/metrics", get(metrics::show))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&app), admit))
        .fallback(async || Problem::NOT_FOUND)
        .with_state(app)
}

/// Lets a request in when its peer has the role, its certificate is not over, and it does not ask too
/// often.
async fn admit(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Arc<Peer>>,
    Extension(now): Extension<Now>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let admitted = admit_peer(&app, &peer, now, request.method(), path.as_str());
    let response = match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            if problem != Problem::RATE {
                app.desk.refused(&peer, problem, None);
            }
            problem.into_response()
        }
    };
    app.metrics.answered(path.as_str(), response.status());
    answer::harden(response)
}

/// The time at which a request arrived, in seconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub u64);

fn admit_peer(
    app: &App,
    peer: &Peer,
    Now(now): Now,
    method: &Method,
    path: &str,
) -> Result<(), Problem> {
    if now >= peer.expires {
        return Err(Problem::CERTIFICATE_EXPIRED);
    }
    // First of all: who is refused is noted in the log, and may not fill it.
    app.peers.check_key(&peer.id.to_string()).map_err(|_| Problem::RATE)?;
    let role = peer.role.ok_or(Problem::ROLE)?;
    let on_path = || ENDPOINTS.iter().filter(|endpoint| endpoint.path == path);
    let known = on_path().find(|known| known.method == "*" || known.method == method.as_str());
    let may = on_path().any(|endpoint| endpoint.roles.contains(&role));
    // Who has nothing to do here does not learn which methods there are.
    let known = known.ok_or(if may { Problem::METHOD } else { Problem::ROLE })?;
    if known.roles.contains(&role) { Ok(()) } else { Err(Problem::ROLE) }
}
