//! A reader's socket.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt, StreamExt};
use push_system::protocol::{ClientFrame, CloseCode};
use tokio::time;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::crowd::{self, Socket};

/// For a handshake: a stopped instance still has a kernel that accepts.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// For a frame of ours; they are few and small.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// Which way a socket takes.
pub(super) struct Line {
    /// Where to.
    pub(super) door: SocketAddr,
    /// Chooses the source address.
    pub(super) number: usize,
    /// Bytes of the receive buffer, if not the system's own choice.
    pub(super) receive_buffer: Option<u32>,
}

/// Opens a socket at a position. Whatever prevents it looks to a browser like a lost line.
pub(super) async fn open(line: Line, token: &str, since: &str) -> Result<Socket, CloseCode> {
    let opening = async {
        let stream = crowd::connect_from(line.door, line.number, line.receive_buffer).await?;
        crowd::upgrade(stream, token, Some(since)).await
    };
    match time::timeout(OPEN_WITHIN, opening).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(_)) | Err(_) => Err(CloseCode::ABNORMAL),
    }
}

/// The next text, or the code the socket ended with. Never resolves without a socket.
pub(super) async fn next_text(socket: Option<&mut Socket>) -> Result<String, CloseCode> {
    let Some(socket) = socket else { return std::future::pending().await };
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Close(Some(frame)))) => return Err(CloseCode(frame.code.into())),
            Some(Ok(Message::Close(None))) => return Err(CloseCode(1005)),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(CloseCode::ABNORMAL),
        }
    }
}

/// Writes a frame.
pub(super) async fn send(socket: Option<&mut Socket>, frame: &ClientFrame) -> Result<(), Error> {
    let Some(socket) = socket else { return Err(Error::ConnectionClosed) };
    let text = serde_json::to_string(frame).map_err(|error| Error::Io(error.into()))?;
    let written = time::timeout(WRITTEN_WITHIN, socket.send(Message::text(text))).await;
    written.unwrap_or(Err(Error::ConnectionClosed))
}
