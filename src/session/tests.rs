//! Both halves as values: what happens, what they answer.

use crate::{
    accounts::{Person, Username},
    audience::Recipients,
    catalogue::{Language, Sentence},
    error::ErrorCode,
    event::{Event, EventBody},
    ids::{MessageId, Seq, UserId},
    message::{ClientId, Message, PublishRequest},
    position::{Epoch, Pos, Position},
    protocol::{ClientFrame, CloseCode, ResetReason, ServerFrame},
    timestamp::Timestamp,
};

fn bob() -> Person {
    Person { id: UserId(2), name: Username::parse("bob").unwrap() }
}

fn at(seq: u64) -> Position {
    Position { epoch: Epoch::parse("e1").unwrap(), seq: Seq(seq), tag: 7 }
}

fn pos(seq: u64) -> Pos {
    (&at(seq)).into()
}

fn published(seq: u64, client_id: &str) -> Event {
    let message = Message {
        id: MessageId(seq),
        appid: 0,
        title: String::new(),
        message: "hi".into(),
        priority: 0,
        date: Timestamp::from_unix_ms(0),
        extras: serde_json::Map::new(),
        sender: bob(),
        to: Recipients::default(),
        tags: vec![],
        click: None,
        topics: Vec::new(),
        edited: None,
        deleted: None,
    };
    let client_id = ClientId::parse(client_id, "client_id").unwrap();
    Event {
        seq: Seq(seq),
        pos: pos(seq),
        at: Timestamp::from_unix_ms(0),
        body: EventBody::MessagePublished { message, client_id },
    }
}

mod server {
    use super::*;
    use crate::session::server::{Action, Connection, Start};

    const BEAT: u64 = 25_000;

    fn live() -> Connection {
        let mut connection = Connection::new(bob(), Language::En, 0, BEAT);
        connection.greet(&Start::At(at(5)));
        connection
    }

    fn is_error(action: &Action) -> bool {
        matches!(action, Action::Send(ServerFrame::Error { .. }))
    }

    #[test]
    fn hello_comes_first_and_says_where_the_stream_starts() {
        let mut connection = Connection::new(bob(), Language::En, 0, BEAT);
        assert!(!connection.is_live());
        let hello = ServerFrame::Hello { protocol: 1, pos: pos(5), user: bob(), heartbeat_s: 25 };
        assert_eq!(connection.greet(&Start::At(at(5))), [Action::Send(hello)]);
        assert!(connection.is_live());
    }

    #[test]
    fn after_a_reset_nothing_flows_until_a_resume_from_a_snapshot() {
        let mut connection = Connection::new(bob(), Language::En, 0, BEAT);
        let actions = connection.greet(&Start::Reset(at(5), ResetReason::Epoch));
        assert!(matches!(
            actions[..],
            [
                Action::Send(ServerFrame::Hello { .. }),
                Action::Send(ServerFrame::Reset { reason: ResetReason::Epoch, .. })
            ]
        ));
        assert!(!connection.is_live());
        assert_eq!(connection.text(1, r#"{"type":"resume","since":"x"}"#), [Action::Verify("x".into())]);
        assert!(matches!(
            connection.resumed(&Start::Reset(at(5), ResetReason::Unreadable))[..],
            [Action::Send(ServerFrame::Reset { .. })]
        ));
        assert!(connection.resumed(&Start::At(at(5))).is_empty());
        assert!(connection.is_live());
    }

    #[test]
    fn a_resume_out_of_turn_is_a_bad_frame() {
        assert!(is_error(&live().text(1, r#"{"type":"resume","since":"x"}"#)[0]));
    }

    #[test]
    fn a_bad_frame_is_told_in_words_of_our_own() {
        for (frame, words) in [
            ("{", Sentence::FrameNotJson),
            ("nonsense", Sentence::FrameNotJson),
            ("[]", Sentence::BadFrame),
            (r#"{"type":"sing"}"#, Sentence::BadFrame),
            (r#"{"type":"ack","seq":"x"}"#, Sentence::BadFrame),
            (r#"{"type":"ack"}"#, Sentence::BadFrame),
        ] {
            let actions = live().text(1, frame);
            assert!(
                matches!(&actions[0], Action::Send(ServerFrame::Error { message, .. }) if *message == words.to_string()),
                "{frame}: {actions:?}"
            );
        }
    }

    #[test]
    fn a_bad_frame_is_told_in_the_language_of_its_reader() {
        let mut connection = Connection::new(bob(), Language::ZhHant, 0, BEAT);
        connection.greet(&Start::At(at(5)));
        let told =
            ServerFrame::Error { code: ErrorCode::BadFrame, message: "這個訊框不是 JSON。".into(), retry_ms: 0 };
        assert_eq!(connection.text(1, "{"), [Action::Send(told)]);
    }

    #[test]
    fn the_third_bad_frame_within_a_minute_ends_it() {
        let mut connection = live();
        assert_eq!(connection.text(1, "{").len(), 1);
        assert_eq!(connection.text(2, r#"{"type":"sing"}"#).len(), 1);
        let actions = connection.text(3, "nonsense");
        assert!(is_error(&actions[0]));
        assert_eq!(actions[1], Action::Close(CloseCode::PROTOCOL_VIOLATION));
        assert!(connection.text(4, r#"{"type":"ping"}"#).is_empty(), "a closing connection answers nothing");
    }

    #[test]
    fn bad_frames_a_minute_apart_are_forgiven() {
        let mut connection = live();
        for n in 0..10 {
            assert_eq!(connection.text(n * 60_001, "{").len(), 1);
        }
    }

    #[test]
    fn a_publish_for_another_user_is_refused() {
        let mut connection = live();
        let mine = connection.text(1, r#"{"type":"publish","client_id":"k","user_id":2,"message":"hi"}"#);
        assert!(matches!(&mine[..], [Action::Publish { client_id, .. }] if client_id == "k"));
        let other = connection.text(1, r#"{"type":"publish","client_id":"k","user_id":3,"message":"hi"}"#);
        let rejected = ServerFrame::Rejected { client_id: "k".into(), code: ErrorCode::WrongUser };
        assert_eq!(other, [Action::Send(rejected)]);
    }

    #[test]
    fn a_publish_with_a_field_of_the_wrong_type_is_refused_by_its_key() {
        let mut connection = live();
        for _ in 0..5 {
            let answer = connection.text(1, r#"{"type":"publish","client_id":"k","user_id":2,"message":5}"#);
            let rejected = ServerFrame::Rejected { client_id: "k".into(), code: ErrorCode::Invalid };
            assert_eq!(answer, [Action::Send(rejected)]);
        }
    }

    #[test]
    fn the_position_counts_event_objects_and_starts_over_with_a_resume() {
        let mut connection = live();
        connection.wrote(2);
        connection.wrote(1);
        assert!(matches!(connection.position(&at(9), true), ServerFrame::Position { n: 3, live: true, .. }));
        connection.resumed(&Start::At(at(9)));
        assert!(matches!(connection.position(&at(9), false), ServerFrame::Position { n: 0, live: false, .. }));
    }

    #[test]
    fn a_silent_peer_is_pinged_and_after_two_misses_let_go() {
        let mut connection = live();
        assert!(connection.tick(BEAT - 1, &at(5), true).is_empty());
        assert!(matches!(
            connection.tick(BEAT, &at(5), true)[..],
            [Action::Ping, Action::Send(ServerFrame::Position { .. })]
        ));
        assert_eq!(connection.tick(2 * BEAT, &at(5), true).len(), 2);
        assert_eq!(connection.tick(3 * BEAT, &at(5), true), [Action::Close(CloseCode::GOING_AWAY)]);
    }

    #[test]
    fn any_inbound_frame_is_life() {
        let mut connection = live();
        for beat in 1..10 {
            assert_eq!(connection.tick(beat * BEAT, &at(5), true).len(), 2);
            connection.alive(beat * BEAT + 1);
        }
    }
}

mod client {
    use super::*;
    use crate::session::client::{ClientSession, Effect, Login, Status, Ticket};

    /// The ticket of the snapshot that is to be loaded.
    fn asked_for(effects: &[Effect]) -> Ticket {
        match effects.last() {
            Some(Effect::LoadSnapshot(ticket)) => *ticket,
            _ => panic!("no snapshot is asked for: {effects:?}"),
        }
    }

    fn session() -> ClientSession {
        ClientSession::new(UserId(2), pos(5), Seq(5), Box::new(|| 0.5))
    }

    fn hello() -> ServerFrame {
        ServerFrame::Hello { protocol: 1, pos: pos(5), user: bob(), heartbeat_s: 25 }
    }

    fn position(seq: u64, n: u64, live: bool) -> ServerFrame {
        ServerFrame::Position { pos: pos(seq), seq: Seq(seq), n, live }
    }

    fn live() -> ClientSession {
        let mut session = session();
        session.start(0);
        session.frame(1, hello());
        session.frame(2, position(5, 0, true));
        assert_eq!(session.status(), Status::Live);
        session
    }

    #[test]
    fn it_connects_where_the_page_stands_and_is_live_after_replay() {
        let mut session = session();
        assert_eq!(session.start(0), [Effect::Connect(pos(5))]);
        assert!(session.frame(1, hello()).is_empty());
        let event = published(6, "k");
        let events = ServerFrame::Events { events: vec![event.clone()] };
        assert_eq!(session.frame(2, events), [Effect::Apply(vec![event])]);
        assert_eq!(session.status(), Status::Connecting);
        assert!(session.frame(3, position(6, 1, true)).is_empty());
        assert_eq!(session.status(), Status::Live);
    }

    #[test]
    fn after_a_lost_frame_only_a_snapshot_is_trusted() {
        let mut session = live();
        session.frame(3, ServerFrame::Event(published(7, "k").into()));
        let first = asked_for(&session.frame(4, position(8, 2, true)));
        session.snapshot_failed(5, first);
        let second = asked_for(&session.wake(6));
        assert!(session.snapshot(7, first, Seq(7), pos(7)).is_empty(), "an answer to the first question comes late");
        assert_eq!(session.snapshot(7, second, Seq(8), pos(8)), [Effect::Connect(pos(8))]);
    }

    #[test]
    fn a_snapshot_that_comes_after_the_stream_went_on_is_not_wanted() {
        let mut session = session();
        session.start(0);
        session.frame(1, hello());
        session.frame(2, ServerFrame::Reset { reason: ResetReason::Trimmed, after_ms: 0 });
        let first = asked_for(&session.tick(2));
        session.closed(3, CloseCode::RESTART);
        session.tick(3_000);
        session.frame(3_001, hello());
        session.frame(3_002, ServerFrame::Event(published(6, "k").into()));
        assert!(!session.wants(first));
        assert!(session.snapshot(3_003, first, Seq(4), pos(4)).is_empty());
        assert!(session.snapshot_failed(3_004, first).is_empty());
        assert_eq!(session.seq(), Seq(6));
    }

    #[test]
    fn a_question_nobody_answers_is_given_up_and_waking_does_not_wait_for_it() {
        let mut session = live();
        session.closed(10, CloseCode::ABNORMAL);
        assert!(session.tick(10_009).is_empty());
        session.tick(10_010);
        assert_eq!(session.status(), Status::Waiting(10_260));

        let mut session = live();
        session.closed(10, CloseCode::ABNORMAL);
        assert_eq!(session.wake(20), [Effect::Connect(pos(5))]);
    }

    #[test]
    fn the_position_moves_over_events_of_others() {
        assert_eq!(live().frame(3, position(9, 0, true)), [Effect::Advance(Seq(9), pos(9))]);
    }

    #[test]
    fn waits_grow_with_full_jitter_and_start_over_once_live() {
        let mut session = live();
        let mut now = 10;
        for expected in [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000] {
            session.closed(now, CloseCode::RESTART);
            assert_eq!(session.status(), Status::Waiting(now + expected));
            assert!(session.tick(now + expected - 1).is_empty());
            now += expected;
            assert_eq!(session.tick(now), [Effect::Connect(pos(5))]);
        }
        session.frame(now, hello());
        session.frame(now, position(5, 0, true));
        session.closed(now, CloseCode::RESTART);
        assert_eq!(session.status(), Status::Waiting(now + 250));
    }

    #[test]
    fn a_reset_loads_a_snapshot_after_a_random_wait_and_resumes_from_it() {
        let mut session = session();
        session.start(0);
        session.frame(1, hello());
        session.frame(2, ServerFrame::Reset { reason: ResetReason::Trimmed, after_ms: 1_000 });
        assert!(session.tick(501).is_empty());
        let ticket = asked_for(&session.tick(502));
        let resume = ClientFrame::Resume { since: pos(9).to_string() };
        assert_eq!(session.snapshot(510, ticket, Seq(9), pos(9)), [Effect::Send(resume)]);
        session.frame(600, position(9, 0, true));
        assert_eq!(session.status(), Status::Live);
    }

    #[test]
    fn a_lost_line_asks_for_the_login_first() {
        let mut session = live();
        assert_eq!(session.closed(10, CloseCode::ABNORMAL), [Effect::AskLogin]);
        session.asked(20, Login::Unreachable);
        assert_eq!(session.status(), Status::Waiting(270));
        session.tick(270);
        assert_eq!(session.closed(280, CloseCode::ABNORMAL), [Effect::AskLogin]);
        session.asked(290, Login::Gone);
        assert_eq!(session.status(), Status::Stopped(CloseCode::UNAUTHORIZED));
    }

    #[test]
    fn terminal_codes_end_it_and_an_expired_token_is_refreshed() {
        let mut session = live();
        assert_eq!(session.closed(10, CloseCode::TOKEN_EXPIRED), [Effect::Refresh]);
        session.asked(10, Login::Valid);
        session.tick(1_000);
        session.closed(1_001, CloseCode::REVOKED);
        assert_eq!(session.status(), Status::Stopped(CloseCode::REVOKED));
        assert!(session.wake(2_000).is_empty() && session.tick(99_999).is_empty());
    }

    #[test]
    fn silence_is_a_dead_line_and_waking_trusts_no_old_socket() {
        let mut session = live();
        assert!(session.tick(62_000).is_empty());
        assert_eq!(session.tick(62_600), [Effect::Disconnect, Effect::Connect(pos(5))]);

        let mut session = live();
        assert!(session.wake(20_000).is_empty(), "a frame came lately");
        assert_eq!(session.wake(40_000), [Effect::Disconnect, Effect::Connect(pos(5))]);
    }

    #[test]
    fn offline_drops_the_socket_and_waking_comes_back_at_once() {
        let mut session = live();
        assert_eq!(session.offline(), [Effect::Disconnect]);
        assert_eq!(session.status(), Status::Offline);
        assert_eq!(session.wake(50), [Effect::Connect(pos(5))]);
    }

    #[test]
    fn another_user_another_protocol_or_an_unknown_kind_reloads() {
        let reload = [Effect::Disconnect, Effect::Reload];
        let other = Person { id: UserId(3), name: Username::parse("eve").unwrap() };
        let hello = |protocol, user| ServerFrame::Hello { protocol, pos: pos(5), user, heartbeat_s: 25 };
        for frame in [hello(1, other), hello(2, bob())] {
            let mut session = session();
            session.start(0);
            assert_eq!(session.frame(1, frame), reload);
        }
        let mut unknown = published(6, "k");
        unknown.body = EventBody::Unknown;
        assert_eq!(live().frame(3, ServerFrame::Event(unknown.into())), reload);
    }
}

mod outbox {
    use super::*;
    use crate::session::outbox::{Outbox, Sending};

    const ME: UserId = UserId(2);

    fn key() -> ClientId {
        ClientId::parse("k1", "client_id").unwrap()
    }

    fn with_row() -> Outbox {
        let mut outbox = Outbox::default();
        outbox.push(key(), PublishRequest::default(), Timestamp::from_unix_ms(0));
        outbox
    }

    #[test]
    fn the_row_goes_once_whichever_of_answer_and_event_comes_first() {
        let answer = ServerFrame::Published { client_id: key(), id: MessageId(6) };
        let event = ServerFrame::Event(published(6, "k1").into());
        for frames in [[&answer, &event], [&event, &answer]] {
            let mut outbox = with_row();
            for frame in frames {
                outbox.note(ME, frame);
            }
            assert!(outbox.rows().is_empty());
        }
    }

    #[test]
    fn another_persons_event_under_the_same_key_is_not_mine() {
        let mut outbox = with_row();
        outbox.note(UserId(3), &ServerFrame::Event(published(6, "k1").into()));
        assert_eq!(outbox.rows().len(), 1);
    }

    #[test]
    fn a_stored_row_goes_with_the_snapshot_that_holds_it() {
        let mut outbox = with_row();
        outbox.note(ME, &ServerFrame::Published { client_id: key(), id: MessageId(6) });
        outbox.settle(Seq(5));
        assert_eq!(outbox.rows()[0].state, Sending::Stored(MessageId(6)));
        outbox.settle(Seq(6));
        assert!(outbox.rows().is_empty());
    }

    #[test]
    fn a_failed_row_is_retried_under_the_same_id() {
        let mut outbox = with_row();
        let first = outbox.pending_frames(ME);
        outbox.fail_pending();
        assert!(outbox.pending_frames(ME).is_empty());
        outbox.retry(&key());
        assert_eq!(outbox.pending_frames(ME), first);
    }
}
