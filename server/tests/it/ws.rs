//! `/ws` over real sockets: what is said, in which order, and how it ends.

use std::time::Duration;

use push_system::{
    error::ErrorCode,
    event::EventBody,
    ids::{MessageId, Seq},
    position::{Epoch, Pos, Position},
    protocol::{ResetReason, ServerFrame},
};
use serde_json::json;

use crate::{
    app::TestApp,
    socket::{Socket, text},
};

mod opening {
    use super::*;

    #[tokio::test]
    async fn hello_comes_first_then_the_position_that_ends_replay() {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        let mut socket = bob.socket().await;
        let ServerFrame::Hello { protocol: 1, user, heartbeat_s: 25, pos } = socket.next().await.unwrap() else {
            panic!("no hello")
        };
        assert_eq!(user.name.as_str(), "bob");
        assert!(matches!(socket.next().await, Ok(ServerFrame::Position { pos: p, n: 0, live: true, .. }) if p == pos));
        app.finish().await;
    }

    #[tokio::test]
    async fn no_login_and_a_bad_one_are_told_in_a_frame_and_a_close_code() {
        let app = TestApp::start().await;
        for query in ["?token=nonsense", "?since=x&token=", ""] {
            let mut socket = Socket::open(&app.socket_url(query), &[]).await.unwrap();
            let frame = socket.next().await.unwrap();
            assert!(matches!(frame, ServerFrame::Error { code: ErrorCode::Unauthorized, .. }), "{frame:?}");
            assert_eq!(socket.close_code().await, 4001);
        }
        app.finish().await;
    }

    #[tokio::test]
    async fn a_foreign_origin_is_refused_before_the_upgrade() {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        let bearer = format!("Bearer {}", bob.token());
        let own = app.url();
        for (origin, expected) in [("https://evil.example", Some(403)), ("null", Some(403)), (&*own, None)] {
            let opened = Socket::open(&app.socket_url(""), &[("authorization", &bearer), ("origin", origin)]).await;
            assert_eq!(opened.err(), expected, "{origin}");
        }
        app.finish().await;
    }

    #[tokio::test]
    async fn a_cookie_needs_an_origin_and_a_token_needs_none() {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        let cookie = format!("push_access={}", bob.token());
        assert_eq!(Socket::open(&app.socket_url(""), &[("cookie", &cookie)]).await.err(), Some(403));
        let mut socket =
            Socket::open(&app.socket_url(""), &[("cookie", &cookie), ("origin", &app.url())]).await.unwrap();
        socket.live().await;
        let mut socket = Socket::open(&app.socket_url(&format!("?token={}", bob.token())), &[]).await.unwrap();
        socket.live().await;
        app.finish().await;
    }

    #[tokio::test]
    async fn one_socket_too_many_closes_the_longest_silent() {
        let app = TestApp::with(|parts| parts.push.sockets_per_user = 2).await;
        let bob = app.person("bob").await;
        let mut first = bob.socket().await;
        first.live().await;
        let mut second = bob.socket().await;
        second.live().await;
        let mut third = bob.socket().await;
        third.live().await;
        assert_eq!(first.close_code().await, 4009);
        second.send(json!({"type": "ping"})).await;
        second.until(|frame| *frame == ServerFrame::Pong).await;
        app.finish().await;
    }
}

mod delivery {
    use super::*;

    #[tokio::test]
    async fn everyone_named_and_the_senders_own_devices_see_a_message_and_nobody_else() {
        let app = TestApp::start().await;
        let (ana, bob, eve) = (app.person("ana").await, app.person("bob").await, app.person("eve").await);
        let mut sockets = [ana.socket().await, bob.socket().await, eve.socket().await];
        for socket in &mut sockets {
            socket.live().await;
        }
        ana.publishes(json!({"message": "for bob", "to": "@bob"})).await;
        ana.publishes(json!({"message": "for all"})).await;
        let [mut anas, mut bobs, mut eves] = sockets;
        assert_eq!(anas.texts(2).await, ["for bob", "for all"]);
        assert_eq!(bobs.texts(2).await, ["for bob", "for all"]);
        assert_eq!(eves.texts(1).await, ["for all"]);
        app.finish().await;
    }

    #[tokio::test]
    async fn a_publish_over_the_socket_is_answered_and_seen_once_under_its_client_id() {
        let app = TestApp::start().await;
        let ana = app.person("ana").await;
        let mut socket = ana.socket().await;
        socket.live().await;
        let publish = json!({"type": "publish", "client_id": "k1", "user_id": ana.me().id, "message": "hi"});
        socket.send(publish.clone()).await;
        let (mut answer, mut event) = (None, None);
        while answer.is_none() || event.is_none() {
            match socket.next().await.unwrap() {
                ServerFrame::Published { client_id, id } => answer = Some((client_id, id)),
                ServerFrame::Event(it) => event = Some(it),
                _ => {}
            }
        }
        let (event, (client_id, id)) = (event.unwrap(), answer.unwrap());
        let EventBody::MessagePublished { message, client_id: of_event } = event.body else { panic!("{event:?}") };
        assert_eq!((message.id, of_event), (id, client_id.clone()));

        socket.send(publish).await;
        let again = socket.until(|frame| matches!(frame, ServerFrame::Published { .. })).await;
        assert_eq!(again, ServerFrame::Published { client_id, id });
        assert_eq!(ana.texts("/message").await.len(), 1);
        app.finish().await;
    }

    #[tokio::test]
    async fn a_publish_is_refused_with_the_code_the_api_would_use() {
        let app = TestApp::start().await;
        let ana = app.person("ana").await;
        let me = ana.me().id;
        let mut socket = ana.socket().await;
        let refused = [
            (json!({"client_id": "k", "user_id": 99, "message": "hi"}), ErrorCode::WrongUser),
            (json!({"client_id": "k", "user_id": me, "message": " "}), ErrorCode::Empty),
            (json!({"client_id": "k", "user_id": me, "message": "hi", "to": "@nobody"}), ErrorCode::UnknownRecipient),
            (json!({"client_id": "a b", "user_id": me, "message": "hi"}), ErrorCode::Invalid),
        ];
        for (mut frame, expected) in refused {
            frame["type"] = json!("publish");
            socket.send(frame).await;
            let answer = socket.until(|frame| matches!(frame, ServerFrame::Rejected { .. })).await;
            assert!(matches!(answer, ServerFrame::Rejected { code, .. } if code == expected), "{answer:?}");
        }
        assert!(ana.texts("/message").await.is_empty());
        app.finish().await;
    }

    #[tokio::test]
    async fn read_state_reaches_all_devices_of_its_person_and_nobody_else() {
        let app = TestApp::start().await;
        let (ana, bob) = (app.person("ana").await, app.person("bob").await);
        let id = ana.publishes(json!({"message": "hi"})).await;
        let (mut phone, mut laptop, mut anas) = (bob.socket().await, bob.socket().await, ana.socket().await);
        for socket in [&mut phone, &mut laptop, &mut anas] {
            socket.live().await;
        }
        bob.post("/read", &json!({"read": [[id, id]]})).await.is(200);
        for socket in [&mut phone, &mut laptop] {
            let event = socket.events(1).await.remove(0);
            let EventBody::ReadStateChanged { state, unread: 0 } = event.body else { panic!("{event:?}") };
            assert!(state.is_read(id));
        }
        bob.post("/read", &json!({"read": [[id, id]]})).await.is(200);
        ana.publishes(json!({"message": "next"})).await;
        assert_eq!(phone.texts(1).await, ["next"], "a change that changes nothing writes no event");
        assert_eq!(anas.texts(1).await, ["next"]);
        app.finish().await;
    }

    #[tokio::test]
    async fn who_is_online_is_told_whole_when_asked_and_as_changes_otherwise() {
        let app = TestApp::with(|parts| {
            parts.push.presence_every = Duration::from_millis(20);
            parts.push.leave_after = Duration::from_millis(40);
        })
        .await;
        let (ana, bob) = (app.person("ana").await, app.person("bob").await);
        let mut anas = ana.socket().await;
        anas.until(|frame| matches!(frame, ServerFrame::Presence { count: 1, .. })).await;
        let bobs = bob.socket().await;
        let joined = anas.until(|frame| matches!(frame, ServerFrame::Presence { count: 2, .. })).await;
        let ServerFrame::Presence { change: Some(change), version, .. } = joined else { panic!("{joined:?}") };
        assert_eq!(change.joined, [bob.me()]);
        anas.send(json!({"type": "presence"})).await;
        let whole = anas.until(|frame| matches!(frame, ServerFrame::Presence { people: Some(_), .. })).await;
        let people = Some(vec![ana.me(), bob.me()]);
        assert_eq!(whole, ServerFrame::Presence { version, count: 2, people, change: None });
        drop(bobs);
        let left = anas.until(|frame| matches!(frame, ServerFrame::Presence { count: 1, .. })).await;
        assert!(matches!(left, ServerFrame::Presence { change: Some(change), .. } if change.left == [bob.me()]));
        app.finish().await;
    }
}

mod resuming {
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
                ServerFrame::Event(event) => got.push(text(event)),
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
}

mod bad_frames {
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
}

mod ending {
    use super::*;

    #[tokio::test]
    async fn signing_out_ends_the_sessions_sockets_and_only_these() {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        let elsewhere = bob.logged_in("bob").await;
        let (mut here, mut there) = (bob.socket().await, elsewhere.socket().await);
        here.live().await;
        there.live().await;
        bob.post("/auth/logout", &json!({})).await.is(204);
        assert_eq!(here.close_code().await, 4003);
        app.person("ana").await.publishes(json!({"message": "hi"})).await;
        assert_eq!(there.texts(1).await, ["hi"]);
        let mut refused = Socket::open(&app.socket_url(&format!("?token={}", bob.token())), &[]).await.unwrap();
        assert_eq!(refused.close_code().await, 4003);
        app.finish().await;
    }

    #[tokio::test]
    async fn a_bearers_socket_ends_with_its_token() {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        let mut socket = bob.socket().await;
        socket.live().await;
        app.clock.advance(16 * 60);
        socket.send(json!({"type": "ping"})).await;
        let mut late = Socket::open(&app.socket_url(&format!("?token={}", bob.token())), &[]).await.unwrap();
        assert!(matches!(late.next().await, Ok(ServerFrame::Error { code: ErrorCode::TokenExpired, .. })));
        assert_eq!(late.close_code().await, 4002);
        app.finish().await;
    }

    #[tokio::test]
    async fn a_stopping_server_sends_everyone_away_with_1012() {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        let mut sockets = [bob.socket().await, bob.socket().await, bob.socket().await];
        for socket in &mut sockets {
            socket.live().await;
        }
        app.stop();
        for socket in &mut sockets {
            assert_eq!(socket.close_code().await, 1012);
        }
        app.finish().await;
    }

    #[tokio::test]
    async fn heartbeats_tell_the_cursor_even_when_everything_is_for_others() {
        let app = TestApp::with(|parts| parts.ws.heartbeat = Duration::from_millis(100)).await;
        let (ana, bob) = (app.person("ana").await, app.person("bob").await);
        let mut socket = bob.socket().await;
        socket.live().await;
        let MessageId(id) = ana.publishes(json!({"message": "to herself", "to": "@ana"})).await;
        let moved = |frame: &ServerFrame| matches!(frame, ServerFrame::Position { seq, .. } if seq.0 >= id);
        assert!(matches!(socket.until(moved).await, ServerFrame::Position { n: 0, live: true, .. }));
        app.finish().await;
    }

    #[tokio::test]
    async fn a_peer_that_answers_no_ping_is_let_go() {
        let app = TestApp::with(|parts| {
            parts.ws.heartbeat = Duration::from_millis(50);
            parts.push.presence_every = Duration::from_millis(20);
            parts.push.leave_after = Duration::ZERO;
        })
        .await;
        let bob = app.person("bob").await;
        // Connected and then never read: neither pings are answered nor anything sent.
        let _silent = bob.socket().await;
        bob.sees_online(|names| names == ["bob"]).await;
        bob.sees_online(|names| names.is_empty()).await;
        app.finish().await;
    }
}

mod slow_readers {
    use super::*;

    /// More than the kernel's buffers of both ends hold.
    const MANY: usize = 2_000;

    fn long_texts() -> Vec<String> {
        (0..MANY).map(|n| format!("{n} {}", "x".repeat(8_000))).collect()
    }

    #[tokio::test]
    async fn one_that_stops_reading_harms_nobody_and_catches_up_from_the_store() {
        let app = TestApp::with(|parts| parts.push.tail_bytes = 200_000).await;
        let (ana, bob, eve) = (app.person("ana").await, app.person("bob").await, app.person("eve").await);
        let mut stopped = bob.socket().await;
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
        let mut stopped = bob.socket().await;
        stopped.live().await;
        bob.sees_online(|names| names.contains(&"bob")).await;
        let texts = long_texts();
        let ending = async {
            // Who is being closed is not online any more, by which this test knows that it may read again.
            bob.sees_online(|names| !names.contains(&"bob")).await;
            stopped.close_code().await
        };
        let ((), code) = tokio::join!(ana.publishes_all(&texts), ending);
        assert_eq!(code, 4008);
        drop(stopped);
        app.finish().await;
    }
}
