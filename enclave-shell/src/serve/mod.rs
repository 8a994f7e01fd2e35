//! Serves a release, or any other site, exactly as it is given.

pub(crate) mod patience;
mod respond;
mod tls;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use kms_manifest::Origin;
use tokio::task::JoinHandle;

use crate::asset::Asset;
use crate::emit::Emitted;
use crate::error::Error;

pub use tls::{DevCertificate, Tls, TlsVersion};

/// [`ServeOptions::head_timeout`] where nothing else is asked for: a client that sends a header a
/// minute must not keep a connection for good.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Time that running requests get when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// Files by path. Nothing else is served.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The files.
    pub files: BTreeMap<String, Asset>,
    /// Origins that may read the pages by CORS.
    pub embedders: Vec<Origin>,
}

impl From<Emitted> for Site {
    fn from(emitted: Emitted) -> Self {
        Self { files: emitted.files, embedders: emitted.manifest.deployment.embedders }
    }
}

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and version floor. Without it only loopback addresses are accepted.
    pub tls: Option<Tls>,
    /// Whether to write one line per request to standard output.
    pub access_log: bool,
    /// Time that a client gets to send the head of a request, and to be idle between two.
    pub head_timeout: Duration,
}

impl ServeOptions {
    /// Plain HTTP on a loopback port.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            tls: None,
            access_log: false,
            head_timeout: HEAD_TIMEOUT,
        }
    }
}

/// A running server; dropping it stops it at once.
#[derive(Debug)]
pub struct Running {
    /// The address it listens on.
    pub addr: SocketAddr,
    handle: Handle<SocketAddr>,
    task: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    /// Stops accepting, lets running requests end, and returns when the server is gone.
    pub async fn stop(mut self) {
        self.handle.graceful_shutdown(Some(GRACE));
        if let Some(task) = self.task.take() {
            // A server that ended with an error has stopped as well.
            let _ = task.await;
        }
    }

    /// Waits until the server ends by itself, which it does only on an error.
    pub async fn ended(&mut self) -> Result<(), Error> {
        match &mut self.task {
            Some(task) => match task.await {
                Ok(result) => result.map_err(Error::Listen),
                Err(error) => Err(Error::Listen(std::io::Error::other(error))),
            },
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.task.is_some() {
            self.handle.shutdown();
        }
    }
}

/// Serves a release. Needs a tokio runtime.
pub fn start(emitted: Emitted, options: ServeOptions) -> Result<Running, Error> {
    start_site(emitted.into(), options)
}

/// Serves any site: the demo's, or a hostile one in tests.
pub fn start_site(site: Site, options: ServeOptions) -> Result<Running, Error> {
    if options.tls.is_none() && !options.listen.ip().is_loopback() {
        return Err(Error::PlainText);
    }
    let prepared = Arc::new(respond::Prepared::new(site)?);
    let access_log = options.access_log;
    let answer = move |State(site): State<Arc<respond::Prepared>>, request: Request| async move {
        answer(&site, &request, access_log)
    };
    let app = Router::new().fallback(answer).with_state(prepared).into_make_service();
    let listener = TcpListener::bind(options.listen).map_err(Error::Listen)?;
    listener.set_nonblocking(true).map_err(Error::Listen)?;
    let addr = listener.local_addr().map_err(Error::Listen)?;
    let handle = Handle::new();
    let task = if let Some(tls) = options.tls {
        let config = RustlsConfig::from_config(Arc::new(tls.server_config()?));
        let server = axum_server::from_tcp_rustls(listener, config).map_err(Error::Listen)?;
        let server = patience::impatient(server, options.head_timeout);
        tokio::spawn(server.handle(handle.clone()).serve(app))
    } else {
        let server = axum_server::from_tcp(listener).map_err(Error::Listen)?;
        let server = patience::impatient(server, options.head_timeout);
        tokio::spawn(server.handle(handle.clone()).serve(app))
    };
    Ok(Running { addr, handle, task: Some(task) })
}

fn answer(site: &respond::Prepared, request: &Request, access_log: bool) -> Response {
    let answer = site.respond(request.method(), request.uri().path(), request.headers());
    if access_log {
        println!("{}", answer.log_line(request.method()));
    }
    answer.into_response()
}
