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

/// Lets a client take `limit` for its first byte, for the head of a request, for the time between
/// two requests, and for the answer to a ping.
pub(super) fn impatient<A: Address, B>(
    server: Server<A, B>,
    limit: Duration,
) -> Server<A, Limited<B>> {
    let mut server = server.map(|inner| Limited { inner, limit });
    let http = server.http_builder();
    http.http1().timer(TokioTimer::new()).header_read_timeout(limit);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).keep_alive_timeout(limit);
    server
}

/// Accepts what `inner` accepts, and waits no longer than `limit` for the first byte: until then
/// the versions of HTTP, and with them their own limits, are not told apart.
#[derive(Clone)]
pub(super) struct Limited<B> {
    inner: B,
    limit: Duration,
}

impl<I, S, B: Accept<I, S>> Accept<I, S> for Limited<B>
where
    B::Future: Send + 'static,
{
    type Stream = FirstByte<B::Stream>;
    type Service = B::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        let limit = self.limit;
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((FirstByte { stream, deadline: Some(Box::pin(sleep(limit))) }, service))
        })
    }
}

/// A stream whose first read has to end in time.
pub(super) struct FirstByte<S> {
    stream: S,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstByte<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() {
            self.deadline = None;
        } else if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstByte<S> {
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
