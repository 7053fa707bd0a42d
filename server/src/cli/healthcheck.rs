//! Asks a server on this machine whether it is alive.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::Failure;

/// A server that takes longer is not well.
const WITHIN: Duration = Duration::from_secs(3);

pub(super) async fn run(listen: SocketAddr) -> Result<(), Failure> {
    let status = timeout(WITHIN, ask(reachable(listen))).await.map_err(|_| format!("{listen} does not answer"))??;
    if status == StatusCode::OK { Ok(()) } else { Err(format!("{listen} answers {status}").into()) }
}

async fn ask(address: SocketAddr) -> Result<StatusCode, Failure> {
    let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/healthz").header(header::HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    // The connection is driven beside the request, and is of no further interest.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.status())
}

/// A server that listens on all addresses is asked on the loopback one.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen {
        SocketAddr::V4(address) if address.ip().is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(address) if address.ip().is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}
