//! A Workload API on a socket, that says what a test wants.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::UnixListener;
use tokio::sync::{oneshot, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{UnixListenerStream, WatchStream};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Asked {}

/// `X509SVIDResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Said {
    #[prost(message, repeated, tag = "1")]
    svids: Vec<SaidSvid>,
}

/// `X509SVID`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SaidSvid {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(bytes = "vec", tag = "2")]
    chain: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    bundle: Vec<u8>,
}

/// What the API says of a workload.
pub fn said(id: &str, certificate: &str, key: &str, bundle: &str) -> Said {
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let (chain, bundle) = (der(certificate), der(bundle));
    let key = key.secret_der().to_vec();
    Said { svids: vec![SaidSvid { id: id.into(), chain, key, bundle }] }
}

#[derive(Clone)]
struct Api(watch::Receiver<Said>);

/// Ends when it is dropped.
pub struct Agent {
    says: watch::Sender<Said>,
    _stop: oneshot::Sender<()>,
}

impl Agent {
    pub fn start(socket: &Path, says: Said) -> Self {
        let (says, heard) = watch::channel(says);
        let (stop, stopped) = oneshot::channel();
        let incoming = UnixListenerStream::new(UnixListener::bind(socket).unwrap());
        let server = tonic::transport::Server::builder().add_service(Api(heard));
        tokio::spawn(async move {
            tokio::select! {
                ended = server.serve_with_incoming(incoming) => ended.unwrap(),
                _ = stopped => {}
            }
        });
        Self { says, _stop: stop }
    }

    pub fn say(&self, said: Said) {
        self.says.send_replace(said);
    }
}

impl NamedService for Api {
    const NAME: &'static str = "SpiffeWorkloadAPI";
}

impl Service<http::Request<Body>> for Api {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let api = self.clone();
        assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchX509SVID");
        assert_eq!(request.headers()["workload.spiffe.io"], "true");
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::default());
            Ok(grpc.server_streaming(api, request).await)
        })
    }
}

impl ServerStreamingService<Asked> for Api {
    type Response = Said;
    type ResponseStream = Pin<Box<dyn tokio_stream::Stream<Item = Result<Said, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: Request<Asked>) -> Self::Future {
        let said: Self::ResponseStream = Box::pin(WatchStream::new(self.0.clone()).map(Ok));
        ready(Ok(Response::new(said)))
    }
}
