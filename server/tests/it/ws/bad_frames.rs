use futures::SinkExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::{MaybeTlsStream, tungstenite::Message};

use super::*;

#[tokio::test]
async fn two_are_forgiven_and_the_third_within_a_minute_ends_it() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let mut socket = bob.socket().await;
    for bad in ["not json", r#"{"type":"sing"}"#] {
        socket.send_text(bad).await;
        socket.until(|frame| matches!(frame, ServerFrame::Error { code: ErrorCode::BadFrame, .. })).await;
    }
    socket.send(json!({"type": "ping"})).await;
    socket.until(|frame| *frame == ServerFrame::Pong).await;
    socket.send_text("[]").await;
    assert_eq!(socket.close_code().await, 4010);
    app.finish().await;
}

#[tokio::test]
async fn what_the_rfc_forbids_ends_that_connection_at_once_and_no_other() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut witness = ana.socket().await;
    witness.live().await;

    let mut binary = bob.socket().await;
    binary.stream.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(binary.close_code().await, 1003);

    let mut large = bob.socket().await;
    large.send_text(&"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(large.close_code().await, 1009);

    // Masked with zeros: a text frame that is not UTF-8, and one with a reserved bit.
    for (bytes, code) in [([0x81, 0x81, 0, 0, 0, 0, 0xff], 1007), ([0xc1, 0x81, 0, 0, 0, 0, b'x'], 1002)] {
        let mut broken = bob.socket().await;
        broken.live().await;
        let MaybeTlsStream::Plain(stream) = broken.stream.get_mut() else { panic!("plain") };
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(broken.close_code().await, code);
    }

    bob.publishes(json!({"message": "still here"})).await;
    assert_eq!(witness.texts(1).await, ["still here"]);
    app.finish().await;
}

#[tokio::test]
async fn the_largest_frame_passes() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let mut socket = bob.socket().await;
    let padding = " ".repeat(64 * 1024 - r#"{"type":"ping"}"#.len());
    socket.send_text(&format!(r#"{{"type":"ping"}}{padding}"#)).await;
    socket.until(|frame| *frame == ServerFrame::Pong).await;
    app.finish().await;
}
