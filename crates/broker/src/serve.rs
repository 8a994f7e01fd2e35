//! The one listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::Error;
use crate::desk::Peer;
use crate::http::{App, Now, router};
use crate::store::Clock;
use crate::tls::identify;

/// Connections at one time.
const MOST: usize = 1024;
/// How long what was begun may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the files of the certificate are looked at.
const WATCH: Duration = Duration::from_secs(2);
/// How long nobody is let in after the system has refused a connection.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a checkpoint is kept beside the log.
const KEEP: Duration = Duration::from_mins(1);
/// How long a connection lives at most, whatever its certificate says.
const OLDEST: Duration = Duration::from_hours(1);

/// A broker that listens.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    clock: Shown,
    listener: TcpListener,
}

/// A clock that can be printed.
#[derive(Clone)]
struct Shown(Clock);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Server {
    /// Listens.
    pub async fn bind(app: Arc<App>, listen: SocketAddr, clock: Clock) -> Result<Self, Error> {
        let listener = TcpListener::bind(listen).await.map_err(Error::Net)?;
        Ok(Self { app, clock: Shown(clock), listener })
    }

    /// The address, with the port that was chosen.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(Error::Net)
    }

    /// Serves until `stop` is done; then lets requests end, and writes what is pending.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (ending, ended) = watch::channel(false);
        let slots = Arc::new(Semaphore::new(MOST));
        let mut connections = JoinSet::new();
        let (mut watching, mut keeping) = (interval(WATCH), interval(KEEP));
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = watching.tick() => self.maintain(),
                _ = keeping.tick() => self.keep(),
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else {
                        // No file descriptor, perhaps: not to be asked for again at once.
                        sleep(PAUSE).await;
                        continue;
                    };
                    let Ok(slot) = slots.clone().try_acquire_owned() else { continue };
                    let (app, clock) = (Arc::clone(&self.app), Arc::clone(&self.clock.0));
                    let connection = connect(app, clock, stream, ended.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(slot);
                    });
                }
            }
        }
        ending.send_replace(true);
        let all = async { while connections.join_next().await.is_some() {} };
        // Who has not ended by then is cut off.
        let _ = timeout(PATIENCE, all).await;
        self.keep();
        self.app.desk.store.close();
    }

    /// Without one, only others would find that the log was cut.
    fn keep(&self) {
        if self.app.desk.checkpoint().is_err() {
            eprintln!("no checkpoint: the log or its folder cannot be written");
        }
    }

    fn maintain(&self) {
        self.app.tidy();
        match self.app.source.reload() {
            Ok(true) => self.app.metrics.rotated(),
            Ok(false) => {}
            Err(error) => eprintln!("certificate not changed: {error}"),
        }
    }
}

async fn connect(app: Arc<App>, clock: Clock, stream: TcpStream, ended: watch::Receiver<bool>) {
    if app.source.identity().leaf.expires <= clock() {
        // Nobody would believe it, and it believes nobody.
        app.metrics.handshake_refused();
        return;
    }
    // Answers are small, and wait for nothing behind them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let patience = Duration::from_secs(app.desk.config().limits.head_s);
    let acceptor = TlsAcceptor::from(app.source.server());
    let Ok(Ok(stream)) = timeout(patience, acceptor.accept(stream)).await else {
        app.metrics.handshake_refused();
        return;
    };
    let domain = app.desk.id().trust_domain().to_owned();
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let Some(leaf) = leaf.and_then(|leaf| identify(leaf, &domain).ok()) else {
        app.metrics.handshake_refused();
        return;
    };
    let role = app.desk.config().role(&leaf.id);
    let peer = Peer { id: leaf.id, certificate: leaf.certificate, expires: leaf.expires, role };
    let life = Duration::from_secs(peer.expires.saturating_sub(clock())).min(OLDEST);
    let end = Instant::now() + life;
    let (router, peer) = (router(app), Arc::new(peer));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Arc::clone(&peer));
        request.extensions_mut().insert(Now(clock()));
        router.clone().call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    finish(connection, end, ended).await;
}

/// Serves a connection to its end: its own, that of the certificate, or that of the broker.
async fn finish<C>(connection: C, end: Instant, mut ended: watch::Receiver<bool>)
where
    C: Future<Output = hyper::Result<()>> + Graceful,
{
    tokio::pin!(connection);
    tokio::select! {
        // How a peer ends its connection is its own affair.
        _ = &mut connection => return,
        () = sleep_until(end) => {}
        _ = ended.wait_for(|ended| *ended) => {}
    }
    connection.as_mut().end();
    let _ = timeout(PATIENCE, connection).await;
}

/// What can be told to end after the request at hand.
trait Graceful {
    fn end(self: std::pin::Pin<&mut Self>);
}

impl<S> Graceful for http1::Connection<TokioIo<tokio_rustls::server::TlsStream<TcpStream>>, S>
where
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn end(self: std::pin::Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
