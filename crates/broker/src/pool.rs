//! Connections to a service, kept for the next request: a handshake for each would cost more than
//! everything else that is done for it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use axum::http::{Request, Response, Uri, uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use kms_token::SpiffeId;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::Error;
use crate::client::{MAX_ANSWER, PATIENCE, Upstream};
use crate::tls::Identity;

/// Connections that wait for the next request.
const IDLE: usize = 64;
/// How long one waits.
const WAIT: Duration = Duration::from_secs(20);
/// How long connections are taken from one generation, in seconds.
const LIFE_S: u64 = 60;

/// The connections to one service.
pub struct Pool {
    address: String,
    id: SpiffeId,
    now: ArcSwapOption<Generation>,
}

/// Connections with one certificate of ours. No request begins on any of them after `ends`: both
/// certificates are good until then.
struct Generation {
    identity: Arc<Identity>,
    ends: Arc<AtomicU64>,
    client: Client<Dial, Full<Bytes>>,
}

impl Pool {
    /// Connections to the server at `host:port`, which has to have this id.
    #[must_use]
    pub fn new(address: &str, id: &SpiffeId) -> Self {
        Self { address: address.into(), id: id.clone(), now: ArcSwapOption::empty() }
    }

    /// Asks, and follows nothing. `now_s` is the time in seconds since 1970-01-01T00:00Z.
    pub async fn ask(
        &self,
        identity: &Arc<Identity>,
        mut request: Request<Bytes>,
        now_s: u64,
    ) -> Result<Response<Bytes>, Error> {
        let generation = self.generation(identity, now_s)?;
        *request.uri_mut() = self.absolute(request.uri())?;
        let late = |_| Error::Net(io::ErrorKind::TimedOut.into());
        let asked = async {
            let answer = generation.client.request(request.map(Full::new)).await.map_err(net)?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            let body = body.map_err(|error| Error::Net(io::Error::other(error)))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        timeout(PATIENCE, asked).await.map_err(late)?
    }

    /// The connections of now. Those before end with the requests that they serve.
    fn generation(&self, identity: &Arc<Identity>, now_s: u64) -> Result<Arc<Generation>, Error> {
        let known = self.now.load_full().filter(|known| {
            Arc::ptr_eq(&known.identity, identity) && now_s < known.ends.load(Ordering::Relaxed)
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let ends = Arc::new(AtomicU64::new(identity.leaf.expires.min(now_s + LIFE_S)));
        let config = Arc::new(identity.client(&self.id)?);
        let dial = Dial {
            upstream: Arc::new((self.address.clone(), self.id.clone())),
            config,
            ends: Arc::clone(&ends),
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(WAIT)
            .pool_max_idle_per_host(IDLE)
            .set_host(false)
            .build(dial);
        let new = Arc::new(Generation { identity: Arc::clone(identity), ends, client });
        self.now.store(Some(Arc::clone(&new)));
        Ok(new)
    }

    /// The client wants to know whom it asks; what is sent is the path alone, as it is.
    fn absolute(&self, target: &Uri) -> Result<Uri, Error> {
        let wrong = |error: &dyn fmt::Display| Error::Net(io::Error::other(error.to_string()));
        let mut parts = uri::Parts::from(target.clone());
        parts.scheme = Some(uri::Scheme::HTTP);
        parts.authority = Some(self.address.parse().map_err(|error| wrong(&error))?);
        Uri::from_parts(parts).map_err(|error| wrong(&error))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("address", &self.address).finish_non_exhaustive()
    }
}

fn net(error: hyper_util::client::legacy::Error) -> Error {
    Error::Net(io::Error::other(error))
}

/// Makes connections.
#[derive(Clone)]
struct Dial {
    upstream: Arc<(String, SpiffeId)>,
    config: Arc<rustls::ClientConfig>,
    ends: Arc<AtomicU64>,
}

impl tower_service::Service<Uri> for Dial {
    type Response = Line;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Line, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { upstream, config, ends } = self.clone();
        Box::pin(async move {
            let (address, id) = &*upstream;
            let (stream, leaf) = Upstream { address, id }.connect(config).await?;
            ends.fetch_min(leaf.expires, Ordering::Relaxed);
            Ok(Line(TokioIo::new(stream)))
        })
    }
}

/// A connection that the client can keep.
struct Line(TokioIo<TlsStream<TcpStream>>);

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl hyper::rt::Write for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
