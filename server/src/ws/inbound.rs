//! What a peer's bytes amount to.

use axum::{Error, extract::ws::Message};
use push_system::protocol::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, error::CapacityError};

/// What came in.
pub enum Inbound {
    /// A text frame.
    Text(axum::extract::ws::Utf8Bytes),
    /// A ping or a pong: a sign of life, answered by tungstenite itself.
    Alive,
    /// The peer closes; tungstenite has queued the answer.
    Closing,
    /// The peer broke a rule; the connection ends with this code.
    Broken(CloseCode),
    /// There is nobody any more.
    Gone,
}

/// Sorts what the socket yields. After the first error it yields nothing else, so there is no second chance.
pub fn sort(item: Option<Result<Message, Error>>) -> Inbound {
    match item {
        Some(Ok(Message::Text(text))) => Inbound::Text(text),
        Some(Ok(Message::Binary(_))) => Inbound::Broken(CloseCode::UNSUPPORTED),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Inbound::Alive,
        Some(Ok(Message::Close(_))) => Inbound::Closing,
        Some(Err(error)) => broken(error),
        None => Inbound::Gone,
    }
}

/// The codes of RFC 6455 §7.4.1.
fn broken(error: Error) -> Inbound {
    let Ok(error) = error.into_inner().downcast::<WsError>() else { return Inbound::Gone };
    match *error {
        WsError::Utf8(_) => Inbound::Broken(CloseCode::NOT_UTF8),
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => Inbound::Broken(CloseCode::TOO_BIG),
        WsError::Protocol(_) | WsError::Capacity(_) => Inbound::Broken(CloseCode::PROTOCOL_ERROR),
        _ => Inbound::Gone,
    }
}
