//! A proxy that does nothing but mutual TLS on both sides.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use kms_broker::pool::Pool;
use kms_broker::tls::{Source, TlsVersion};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::support::{CRM, World, id, real_now};

struct Bare {
    source: Source,
    service: Pool,
}

/// Starts it in front of the world's service, with the broker's certificate.
pub(crate) async fn start(world: &World) -> SocketAddr {
    let open = |files| Source::open(files, id(super::support::BROKER), TlsVersion::default());
    let source = open(world.paths("broker")).unwrap();
    let service = Pool::new(&world.service.address.to_string(), &id(CRM));
    let bare = Arc::new(Bare { source, service });
    let acceptor = TlsAcceptor::from(bare.source.server());
    let app = Router::new().fallback(forward).with_state(bare);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, app) = (acceptor.clone(), TowerToHyperService::new(app.clone()));
            tokio::spawn(async move {
                stream.set_nodelay(true).unwrap();
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), app).await;
            });
        }
    });
    address
}

async fn forward(State(bare): State<Arc<Bare>>, request: Request) -> Result<Response, StatusCode> {
    let (parts, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
    let mut passed = Request::new(body);
    *passed.method_mut() = parts.method;
    *passed.uri_mut() = parts.uri;
    passed.headers_mut().insert("host", "crm".parse().map_err(|_| StatusCode::BAD_REQUEST)?);
    let answer = bare.service.ask(&bare.source.identity(), passed, real_now()).await;
    let (parts, body) = answer.map_err(|_| StatusCode::BAD_GATEWAY)?.into_parts();
    Ok(Response::from_parts(parts, Body::from(body)))
}
