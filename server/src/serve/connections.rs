//! Accepts connections and serves HTTP/1 on them.
//!
//! Our own loop instead of `axum::serve`: that one never gives up on a client that sends its header a byte a minute, and
//! does not tell handlers how much of their answer left. HTTP/2 is the business of the proxy that also does TLS; on a
//! bare port telling the two apart means to wait for the first bytes without a limit.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, response::Response};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::{
    ClientAddress,
    crowd::Crowd,
    io::{Io, Peer},
};
use crate::config::TrustedProxies;

/// Bytes of a request's header, and of what is read ahead: twice what browsers send with full cookies. hyper may take in
/// as much again before it says 431, which it also says of more than a hundred headers.
const BUFFER: usize = 32 * 1024;
/// When the process has no file descriptor left, one comes free soon.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The open connections.
pub(super) struct Connections {
    router: Router,
    trusted: Arc<TrustedProxies>,
    crowd: Arc<Crowd>,
    header_within: Duration,
    taken_within: Duration,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Connections {
    pub(super) fn new(
        router: Router,
        trusted: TrustedProxies,
        crowd: Arc<Crowd>,
        (header_within, taken_within): (Duration, Duration),
    ) -> Self {
        Self {
            router,
            trusted: Arc::new(trusted),
            crowd,
            header_within,
            taken_within,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Accepts until it is dropped.
    pub(super) async fn accept(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => self.open(stream, address),
                Err(error) if is_of_one_connection(&error) => tracing::debug!(%error, "a connection was not made"),
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    }

    /// Lets requests in progress end; idle connections end at once.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// One too many is closed at once: whoever has so many can do without.
    fn open(&self, stream: TcpStream, address: SocketAddr) {
        let from = ClientAddress::direct(address.ip());
        let Some(guest) = self.crowd.enter((!self.trusted.include(from.ip())).then_some(from)) else {
            tracing::debug!(http.peer = %from, "a connection was one too many");
            return;
        };
        // Small frames must not wait for each other. Fails on a connection that is gone already.
        drop(stream.set_nodelay(true));
        let peer = Peer::new(address);
        let io = TokioIo::new(Io::new(stream, &peer, guest, self.taken_within));
        let (router, trusted) = (self.router.clone(), Arc::clone(&self.trusted));
        let service = service_fn(move |request: Request<Incoming>| {
            let client = ClientAddress::of(address.ip(), request.headers(), &trusted);
            answer(router.clone(), request, peer.speaking_for(client))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_within)
            .max_buf_size(BUFFER)
            .serve_connection(io, service)
            .with_upgrades();
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = closing.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, http.peer = %address.ip(), "a connection broke");
            }
        });
    }
}

async fn answer(mut router: Router, mut request: Request<Incoming>, peer: Peer) -> Result<Response, Infallible> {
    request.extensions_mut().insert(peer);
    router.call(request.map(Body::new)).await
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
