//! A TCP connection that counts what left it.

use std::{
    future::Future as _,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep, timeout},
};

use super::{ClientAddress, crowd::Guest};

/// How long a lingering connection takes in what its peer still sends.
const LINGER: Duration = Duration::from_secs(2);

/// The other end of a connection, given to every request as an extension.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Whom it is or speaks for.
    pub client: ClientAddress,
    /// Bytes it took from us: a number that stands still is a peer that does not read.
    pub written: Arc<AtomicU64>,
    /// Whether the connection, once it is dropped, goes on reading for a moment. Bytes that nobody reads would turn our
    /// close into a reset, which may overtake what was written last.
    pub linger: Arc<AtomicBool>,
}

impl Peer {
    /// One that took nothing yet.
    pub fn new(addr: SocketAddr) -> Self {
        Self { client: ClientAddress::direct(addr.ip()), written: Arc::default(), linger: Arc::default() }
    }

    /// The same, as it speaks for somebody else.
    pub(super) fn speaking_for(&self, client: ClientAddress) -> Self {
        Self { client, ..self.clone() }
    }
}

/// The stream, until it is dropped.
pub(super) struct Io {
    stream: Option<TcpStream>,
    /// Its place among the connections, wherever it goes: a WebSocket takes it along.
    _guest: Guest,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    taken_within: Duration,
    written: Arc<AtomicU64>,
    linger: Arc<AtomicBool>,
}

impl Io {
    pub(super) fn new(stream: TcpStream, peer: &Peer, guest: Guest, taken_within: Duration) -> Self {
        Self {
            stream: Some(stream),
            _guest: guest,
            stalled: None,
            taken_within,
            written: Arc::clone(&peer.written),
            linger: Arc::clone(&peer.linger),
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Counts what was taken, and gives up a peer that takes nothing.
    fn count(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = written else {
            let within = self.taken_within;
            let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(within)));
            return stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        };
        self.stalled = None;
        if let Ok(bytes) = &written {
            self.written.fetch_add(u64::try_from(*bytes).unwrap_or_default(), Ordering::Relaxed);
        }
        Poll::Ready(written)
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write(cx, buf);
        self.count(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write_vectored(cx, bufs);
        self.count(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(TcpStream::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take().filter(|_| self.linger.load(Ordering::Relaxed)) {
            tokio::spawn(timeout(LINGER, take_in(stream)));
        }
    }
}

async fn take_in(mut stream: TcpStream) {
    let mut bytes = [0; 4_096];
    // Every end is as good as another here.
    drop(stream.shutdown().await);
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}
