use super::*;

fn pos_of(frame: ServerFrame) -> Pos {
    match frame {
        ServerFrame::Position { pos, .. } | ServerFrame::Hello { pos, .. } => pos,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_missed_comes_bundled_in_order_and_counted() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut socket = bob.socket().await;
    let left_at = pos_of(socket.live().await);
    drop(socket);
    let sent: Vec<String> = (0..30).map(|n| format!("message {n}")).collect();
    for text in &sent {
        ana.publishes(json!({"message": text})).await;
    }
    let mut socket = bob.socket_since(left_at.as_str()).await;
    assert_eq!(pos_of(socket.next().await.unwrap()), left_at);
    let ServerFrame::Events { events } = socket.next().await.unwrap() else { panic!("not bundled") };
    assert_eq!(events.into_iter().map(text).collect::<Vec<_>>(), sent);
    let position = socket.live().await;
    assert!(matches!(position, ServerFrame::Position { n: 30, .. }), "{position:?}");
    ana.publishes(json!({"message": "live"})).await;
    assert_eq!(socket.texts(1).await, ["live"]);
    app.finish().await;
}

#[tokio::test]
async fn events_the_tail_has_dropped_are_read_from_the_store_page_by_page() {
    let app = TestApp::with(|parts| parts.push.tail_bytes = 2_000).await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut socket = bob.socket().await;
    let left_at = pos_of(socket.live().await);
    drop(socket);
    let sent: Vec<String> = (0..450).map(|n| format!("message {n}")).collect();
    ana.publishes_all(&sent).await;
    let mut socket = bob.socket_since(left_at.as_str()).await;
    let mut got = Vec::new();
    let mut positions = 0;
    while got.len() < sent.len() {
        match socket.next().await.unwrap() {
            ServerFrame::Events { events } => got.extend(events.into_iter().map(text)),
            ServerFrame::Event(event) => got.push(text(*event)),
            ServerFrame::Position { n, .. } => {
                assert_eq!(n, got.len() as u64, "everything counted was written before");
                positions += 1;
            }
            _ => {}
        }
    }
    assert_eq!(got, sent);
    assert!(positions >= 2, "a position after each page");
    app.finish().await;
}

#[tokio::test]
async fn a_position_that_cannot_be_continued_is_answered_with_reset_and_no_event() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    ana.publishes(json!({"message": "one"})).await;
    let mut socket = bob.socket().await;
    let here: Position = pos_of(socket.live().await).as_str().parse().unwrap();
    let foreign = Position { epoch: Epoch::parse("another").unwrap(), ..here.clone() };
    let future = Position { seq: Seq(here.seq.0 + 9), ..here.clone() };
    let forged = Position { tag: here.tag.wrapping_add(1), ..here.clone() };
    let cases = [
        ("no position".to_owned(), ResetReason::Unreadable),
        (foreign.to_string(), ResetReason::Epoch),
        (future.to_string(), ResetReason::Ahead),
        (forged.to_string(), ResetReason::Unknown),
    ];
    for (since, expected) in cases {
        let mut socket = bob.socket_since(&since).await;
        assert_eq!(pos_of(socket.next().await.unwrap()).as_str(), here.to_string(), "hello tells the head");
        let reset = socket.next().await.unwrap();
        assert!(matches!(reset, ServerFrame::Reset { reason, .. } if reason == expected), "{since}: {reset:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn after_a_reset_the_way_back_leads_through_the_inbox() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut socket = bob.socket_since("garbage").await;
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    ana.publishes(json!({"message": "in the snapshot"})).await;
    let snapshot = bob.inbox().await;
    assert_eq!(snapshot.messages[0].message, "in the snapshot");
    ana.publishes(json!({"message": "after it"})).await;
    socket.send(json!({"type": "resume", "since": snapshot.pos})).await;
    assert_eq!(socket.texts(1).await, ["after it"]);
    let position = socket.live().await;
    assert!(matches!(position, ServerFrame::Position { n: 1, .. }), "counted from the resume: {position:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_resume_that_fails_is_reset_again_and_one_out_of_turn_is_a_bad_frame() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let mut socket = bob.socket_since("garbage").await;
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    socket.send(json!({"type": "resume", "since": "garbage"})).await;
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    socket.send(json!({"type": "resume", "since": bob.inbox().await.pos})).await;
    socket.live().await;
    socket.send(json!({"type": "resume", "since": bob.inbox().await.pos})).await;
    socket.until(|frame| matches!(frame, ServerFrame::Error { code: ErrorCode::BadFrame, .. })).await;
    app.finish().await;
}

#[tokio::test]
async fn who_comes_back_after_a_reset_is_asked_for_the_session_again() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let cookie = format!("push_access={}", bob.token());
    let mut socket = Socket::open(&app.socket_url(""), &[("cookie", &cookie), ("origin", &app.url())]).await.unwrap();
    socket.live().await;
    // The session ends without an event, as it does where a part of the log was left out.
    app.clock.advance(366 * 24 * 60 * 60);
    let epoch = app.store.head().await.unwrap().position.epoch;
    app.store.renew_epoch(&epoch).await.unwrap();
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    socket.send(json!({"type": "resume", "since": "anywhere"})).await;
    let frame = socket.next().await.unwrap();
    assert!(matches!(frame, ServerFrame::Error { code: ErrorCode::Revoked, .. }), "{frame:?}");
    assert_eq!(socket.close_code().await, 4003);
    app.finish().await;
}
