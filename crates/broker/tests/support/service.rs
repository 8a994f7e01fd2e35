//! The service behind the broker: it keeps what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kms_broker::tls::{Files, Source, TlsVersion};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use super::id;

/// How long it takes for what ends with `/slow`.
pub const SLOW: Duration = Duration::from_millis(600);

pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub struct Service {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Service {
    pub async fn start(files: Files, name: &str) -> Self {
        let source = Source::open(files, id(name), TlsVersion::V1_3).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let connections: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let begun = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (TlsAcceptor::from(source.server()), Arc::clone(&kept));
                let connection = tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(Arc::clone(&kept), request));
                    let http = http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
                begun.lock().unwrap().push(connection.abort_handle());
            }
        });
        Self { address, asked, connections }
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// Ends all connections, as a service does that begins anew.
    pub fn hang_up(&self) {
        self.connections.lock().unwrap().iter().for_each(AbortHandle::abort);
    }

    /// What it was asked since the last time.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(
    kept: Arc<Mutex<Vec<Asked>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (method, target) = (parts.method.to_string(), parts.uri.to_string());
    if target.ends_with("/slow") {
        tokio::time::sleep(SLOW).await;
    }
    kept.lock().unwrap().push(Asked { method, target, headers: parts.headers, body });
    let mut response = Response::new(Full::from(r#"{"name":"Ada"}"#));
    let headers = response.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("set-cookie", "session=1".parse().unwrap());
    Ok(response)
}
