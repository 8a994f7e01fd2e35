//! Ends connections on which nothing, or only a part of a request, arrives.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use axum_server::{Address, Server};
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How often an HTTP/2 client that sends nothing is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// What every HTTP/2 connection begins with (RFC 9113 §3.4), and no HTTP/1.1 request does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Lets a client take `limit` until it is known which HTTP it speaks, for the head of a request,
/// for the time between two requests, and for the answer to a ping.
pub(crate) fn impatient<A: Address, B>(
    server: Server<A, B>,
    limit: Duration,
) -> Server<A, Limited<B>> {
    let mut server = server.map(|inner| Limited { inner, limit });
    let http = server.http_builder();
    http.http1().timer(TokioTimer::new()).header_read_timeout(limit);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).keep_alive_timeout(limit);
    server
}

/// Accepts what `inner` accepts, and waits no longer than `limit` for bytes that tell the versions
/// of HTTP apart: until then their own limits do not count.
#[derive(Clone)]
pub(crate) struct Limited<B> {
    inner: B,
    limit: Duration,
}

impl<I, S, B: Accept<I, S>> Accept<I, S> for Limited<B>
where
    B::Future: Send + 'static,
{
    type Stream = Opening<B::Stream>;
    type Service = B::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        let limit = self.limit;
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((Opening { stream, seen: 0, deadline: Some(Box::pin(sleep(limit))) }, service))
        })
    }
}

/// A stream that has to tell in time which HTTP is spoken on it.
pub(crate) struct Opening<S> {
    stream: S,
    /// Bytes of the preface so far.
    seen: usize,
    /// None once it is known.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Opening<S> {
    fn note(&mut self, bytes: &[u8]) {
        let missing = PREFACE.get(self.seen..).unwrap_or_default();
        if missing.len() > bytes.len() && missing.starts_with(bytes) {
            self.seen += bytes.len();
        } else {
            self.deadline = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let Some(deadline) = &mut self.deadline else { return read };
        if read.is_ready() {
            self.note(&buf.filled()[before..]);
        } else if deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
