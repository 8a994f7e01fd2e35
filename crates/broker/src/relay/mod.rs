//! The relay: what a page of one origin, on this machine, may ask a broker. It brings challenges to
//! approvers and back what they signed, and can forge nothing: it has no approver's key.

mod carry;
mod guard;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use kms_tlog::VerifierKey;
use kms_token::SpiffeId;
use tokio::net::TcpListener;
use tokio::time::interval;

use crate::tls::Source;
use crate::{Error, Problem};

/// How often the files of the certificate are looked at.
const WATCH: Duration = Duration::from_secs(2);

/// A relay between one broker and the pages of one origin.
pub struct Relay {
    /// Address of the broker, `host:port`.
    pub address: String,
    /// Who it has to be.
    pub broker: SpiffeId,
    /// The key of its log, as it prints it at its start.
    pub log: VerifierKey,
    /// The relay's own certificate.
    pub source: Source,
    /// The origin whose pages may ask.
    pub embedder: String,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("broker", &self.broker).finish_non_exhaustive()
    }
}

/// A relay that listens.
#[derive(Debug)]
pub struct Listening {
    relay: Arc<Relay>,
    listener: TcpListener,
}

impl Relay {
    /// Listens on an address of this machine that nobody else can reach: there is no TLS.
    pub async fn listen(self, address: SocketAddr) -> Result<Listening, Error> {
        if !address.ip().is_loopback() {
            return Err(Error::Config("a relay listens on loopback only".into()));
        }
        let listener = TcpListener::bind(address).await.map_err(Error::Net)?;
        Ok(Listening { relay: Arc::new(self), listener })
    }
}

impl Listening {
    /// The address, with the port that was chosen.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(Error::Net)
    }

    /// Serves until it is dropped.
    pub async fn run(self) -> Result<(), Error> {
        let (relay, port) = (Arc::clone(&self.relay), self.address()?.port());
        let watch = async {
            let mut watching = interval(WATCH);
            loop {
                watching.tick().await;
                if let Err(error) = relay.source.reload() {
                    eprintln!("certificate not changed: {error}");
                }
            }
        };
        let served = axum::serve(self.listener, router(Arc::clone(&self.relay), port));
        tokio::select! {
            served = served.into_future() => served.map_err(Error::Net),
            () = watch => Ok(()),
        }
    }
}

/// Lets pages of one origin alone reach a router on this port of this machine.
pub fn guarded(router: Router, embedder: &str, port: u16) -> Router {
    let guard = Arc::new(guard::Guard { embedder: embedder.into(), port });
    router.layer(from_fn_with_state(guard, guard::check))
}

fn router(relay: Arc<Relay>, port: u16) -> Router {
    let embedder = relay.embedder.clone();
    let router = Router::new()
        .route("/challenges", get(carry::list))
        .route("/challenges/{id}", get(carry::read))
        .route("/challenges/{id}/approvals", post(carry::approve))
        .route("/revocations", post(carry::state))
        .route("/log", get(carry::log))
        .fallback(async || Problem::NOT_FOUND)
        .method_not_allowed_fallback(async || Problem::METHOD)
        .with_state(relay);
    guarded(router, &embedder, port)
}
