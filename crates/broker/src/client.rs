//! The other side of mutual TLS: one request to one server that is known by its SPIFFE id.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use kms_token::SpiffeId;
use rustls::ClientConfig;
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Error;
use crate::tls::{Identity, Leaf, identify};

/// Longest answer that is read, in bytes.
pub(crate) const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// How long a connection, and then an answer, may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server.
#[derive(Clone, Copy, Debug)]
pub struct Upstream<'a> {
    /// `host:port`.
    pub address: &'a str,
    /// Who it has to be.
    pub id: &'a SpiffeId,
}

impl Upstream<'_> {
    /// Asks over a connection of its own, and follows nothing.
    pub async fn ask(
        &self,
        identity: &Identity,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Error> {
        let late = |_| Error::Net(std::io::ErrorKind::TimedOut.into());
        timeout(PATIENCE, self.ask_patiently(identity, request)).await.map_err(late)?
    }

    async fn ask_patiently(
        &self,
        identity: &Identity,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Error> {
        let other = |error: hyper::Error| Error::Net(std::io::Error::other(error));
        let (stream, _) = self.connect(Arc::new(identity.client(self.id)?)).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(other)?;
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request.map(Full::new)).await.map_err(other)?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|error| Error::Net(std::io::Error::other(error)))?;
        connection.abort();
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Connects; whose certificate it was, which the handshake has verified.
    pub(crate) async fn connect(
        &self,
        config: Arc<ClientConfig>,
    ) -> Result<(TlsStream<TcpStream>, Leaf), Error> {
        let stream = TcpStream::connect(self.address).await.map_err(Error::Net)?;
        // Requests and answers are small, and wait for nothing behind them.
        stream.set_nodelay(true).map_err(Error::Net)?;
        secure(stream, config, self.id).await
    }
}

/// The handshake with a server that has to be this one; whose certificate it was, which the handshake has
/// verified.
pub(crate) async fn secure(
    stream: TcpStream,
    config: Arc<ClientConfig>,
    id: &SpiffeId,
) -> Result<(TlsStream<TcpStream>, Leaf), Error> {
    // It is known by its id; the name is a formality that is not sent either.
    let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([127, 0, 0, 1])));
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(Error::Net)?;
    let chain = stream.get_ref().1.peer_certificates();
    let leaf = chain.and_then(|chain| chain.first());
    let leaf = leaf.and_then(|leaf| identify(leaf, id.trust_domain()).ok());
    let leaf = leaf.ok_or_else(|| Error::Tls("the server has no certificate".into()))?;
    Ok((stream, leaf))
}
