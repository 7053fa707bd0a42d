use push_system::limits;
use tokio::time::timeout;

use super::*;

/// Longer than a slow machine takes to fill what the kernel keeps of a connection.
const PATIENCE: Duration = Duration::from_mins(2);
/// Messages of more bytes than the server's end may keep unsent, and a narrow socket unread.
const MANY: usize = 2_000;

fn long_texts() -> Vec<String> {
    (0..MANY).map(|n| format!("{n} {}", "x".repeat(8_000))).collect()
}

#[tokio::test]
async fn one_that_stops_reading_harms_nobody_and_catches_up_from_the_store() {
    let app = TestApp::with(|parts| parts.push.tail_bytes = 200_000).await;
    let (ana, bob, eve) = (app.person("ana").await, app.person("bob").await, app.person("eve").await);
    let mut stopped = bob.narrow_socket().await;
    stopped.live().await;
    let mut reading = eve.socket().await;
    reading.live().await;
    let sent = long_texts();
    let ((), got) = tokio::join!(ana.publishes_all(&sent), reading.texts(MANY));
    assert_eq!(got, sent, "the reader got everything while the other one stood");
    assert_eq!(stopped.texts(MANY).await, sent, "and the one that stood gets it now");
    app.finish().await;
}

#[tokio::test]
async fn one_that_takes_no_byte_for_too_long_is_closed_with_4008() {
    let app = TestApp::with(|parts| {
        parts.ws.stall = Duration::from_millis(500);
        parts.ws.grace = Duration::from_secs(5);
        parts.push.presence_every = Duration::from_millis(20);
        parts.push.leave_after = Duration::ZERO;
    })
    .await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut stopped = bob.narrow_socket().await;
    stopped.live().await;
    let mut watching = ana.socket().await;
    watching.live().await;
    bob.sees_online(|names| names.contains(&"bob")).await;
    // What goes on for the others meanwhile must not put the verdict off.
    let going_on = async {
        loop {
            ana.publishes(json!({"message": "x".repeat(limits::TEXT_BYTES)})).await;
        }
    };
    let verdict = watching.until(|frame| {
        let ServerFrame::Presence { change: Some(change), .. } = frame else { return false };
        change.left.contains(&bob.me())
    });
    // Who is being closed is not online any more, by which this test knows that it may read again.
    tokio::select! {
        () = going_on => {}
        verdict = timeout(PATIENCE, verdict) => drop(verdict.expect("it is closed while the others go on")),
    }
    assert_eq!(stopped.close_code().await, 4008);
    drop((stopped, watching));
    app.finish().await;
}
