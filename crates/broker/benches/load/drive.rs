//! Clients that ask as fast as they are answered.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::Request;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::support::{BROKER, Workload, id};

/// Connections at one time, each with one request after the other.
pub(crate) const CONNECTIONS: usize = 32;

/// What a round gave.
pub(crate) struct Figures {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) per_second: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let Self { p50, p99, per_second } = self;
        write!(f, "{:>6.2} ms {:>6.2} ms {per_second:>9.0}", ms(*p50), ms(*p99))
    }
}

/// Sends one request for each token and waits for all answers. An empty token is none.
pub(crate) async fn run(agent: &Workload, to: SocketAddr, tokens: &[String]) -> Figures {
    let config = Arc::new(agent.identity().client(&id(BROKER)).unwrap());
    let connections = (0..CONNECTIONS).map(|_| connect(to, Arc::clone(&config)));
    let connections = join_all(connections).await;
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let clients = connections.into_iter().map(|connection| client(connection, tokens, &next));
    let mut times: Vec<_> = join_all(clients).await.into_iter().flatten().collect();
    let count = f64::from(u32::try_from(tokens.len()).unwrap());
    let per_second = count / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100];
    Figures { p50: at(50), p99: at(99), per_second }
}

async fn connect(to: SocketAddr, config: Arc<rustls::ClientConfig>) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("broker").unwrap();
    let stream = TlsConnector::from(config).connect(name, stream).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn client(
    mut connection: SendRequest<Full<Bytes>>,
    tokens: &[String],
    next: &AtomicUsize,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut request = Request::get("/v1/proxy/crm/contacts/42").header("host", "broker");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let begun = Instant::now();
        connection.ready().await.unwrap();
        let answer = connection.send_request(request.body(Full::default()).unwrap());
        let (parts, body) = answer.await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        times.push(begun.elapsed());
        assert_eq!((parts.status.as_u16(), &body[..]), (200, &br#"{"name":"Ada"}"#[..]));
    }
    times
}
