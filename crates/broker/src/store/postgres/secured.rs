//! TLS to a database that is known by its SPIFFE id.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use kms_token::SpiffeId;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect};
use tokio_rustls::client::TlsStream;

use crate::Error;
use crate::client::secure;

/// How a connection becomes secure.
pub(super) struct Secured {
    pub(super) config: Arc<ClientConfig>,
    pub(super) id: SpiffeId,
    /// Becomes the end of the database's certificate, if that is earlier.
    pub(super) ends: Arc<AtomicU64>,
}

impl TlsConnect<TcpStream> for Secured {
    type Stream = Stream;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Error>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move {
            let (stream, leaf) = secure(stream, self.config, &self.id).await?;
            self.ends.fetch_min(leaf.expires, Ordering::Relaxed);
            Ok(Stream(stream))
        })
    }
}

/// A secure connection.
pub(super) struct Stream(TlsStream<TcpStream>);

impl tokio_postgres::tls::TlsStream for Stream {
    /// The server is known by its certificate: there is nobody in between.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
