//! Golden JSON of every frame: a stranger's client is written against exactly these words.

use super::*;
use crate::{
    accounts::{Person, Username},
    error::ErrorCode,
    event::{Event, EventBody},
    ids::{MessageId, Seq, UserId},
    marks::{Delta, MarksChange},
    message::{ClientId, Message, OneOrMany, PublishRequest},
    position::Pos,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

fn bob() -> Person {
    Person { id: UserId(2), name: Username::parse("bob").unwrap() }
}

fn pos() -> Pos {
    Pos::parse("e1.9.0000002a").unwrap()
}

fn published() -> Event {
    let message = Message {
        id: MessageId(9),
        appid: 0,
        title: "公告".into(),
        message: "hi 🎉".into(),
        priority: 5,
        date: Timestamp::from_unix_ms(1_000),
        extras: serde_json::Map::new(),
        sender: bob(),
        to: crate::audience::Recipients::default(),
        tags: vec!["ops".into()],
        click: None,
        topics: Vec::new(),
        edited: None,
        deleted: None,
    };
    let client_id = ClientId::parse("k1", "client_id").unwrap();
    Event {
        seq: Seq(9),
        pos: pos(),
        at: Timestamp::from_unix_ms(1_000),
        body: EventBody::MessagePublished { message, client_id },
    }
}

fn read() -> Event {
    let state = ReadState { read_upto: MessageId(4), exceptions: Ranges::span(7, 8) };
    Event {
        seq: Seq(9),
        pos: pos(),
        at: Timestamp::from_unix_ms(1_000),
        body: EventBody::ReadStateChanged { state, unread: 3 },
    }
}

fn message_event(body: impl FnOnce(Message) -> EventBody) -> Event {
    let EventBody::MessagePublished { message, .. } = published().body else { unreachable!() };
    Event { seq: Seq(12), at: Timestamp::from_unix_ms(2_000), body: body(message), ..published() }
}

fn edited() -> Event {
    let edited = Some(Timestamp::from_unix_ms(2_000));
    message_event(|message| EventBody::MessageEdited { message: Message { edited, ..message } })
}

fn deleted() -> Event {
    message_event(|message| EventBody::MessageDeleted { message: message.tombstone(Timestamp::from_unix_ms(2_000)) })
}

fn marked() -> Event {
    let marks = MarksChange {
        seen_upto: MessageId(9),
        archived: Delta { add: Ranges::span(2, 4), remove: Ranges::EMPTY },
        saved: Delta { add: Ranges::EMPTY, remove: Ranges::one(8) },
    };
    let EventBody::ReadStateChanged { state, unread } = read().body else { unreachable!() };
    Event { body: EventBody::MessageStateChanged { state, unread, marks }, ..read() }
}

const PUBLISHED: &str = concat!(
    r#""seq":9,"pos":"e1.9.0000002a","at":"1970-01-01T00:00:01.000Z","kind":"message_published","message":{"id":9,"appid":0,"#,
    r#""title":"公告","message":"hi 🎉","priority":5,"date":"1970-01-01T00:00:01.000Z","extras":{},"sender":{"id":2,"name":"bob"},"#,
    r#""to":["everyone"],"tags":["ops"],"click":null},"client_id":"k1"}"#
);

#[test]
fn server_frames_are_written_as_documented() {
    let client_id = ClientId::parse("k1", "client_id").unwrap();
    let golden = [
        (
            ServerFrame::Hello { protocol: 1, pos: pos(), user: bob(), heartbeat_s: 25 },
            r#"{"type":"hello","protocol":1,"pos":"e1.9.0000002a","user":{"id":2,"name":"bob"},"heartbeat_s":25}"#.to_owned(),
        ),
        (ServerFrame::Event(published().into()), format!("{EVENT_FRAME_PREFIX}{PUBLISHED}")),
        (ServerFrame::Events { events: vec![published()] }, format!(r#"{{"type":"events","events":[{{{PUBLISHED}]}}"#)),
        (
            ServerFrame::Event(read().into()),
            concat!(
                r#"{"type":"event","seq":9,"pos":"e1.9.0000002a","at":"1970-01-01T00:00:01.000Z","kind":"read_state_changed","#,
                r#""read_upto":4,"exceptions":[[7,8]],"unread":3}"#
            )
            .to_owned(),
        ),
        (
            ServerFrame::Event(edited().into()),
            concat!(
                r#"{"type":"event","seq":12,"pos":"e1.9.0000002a","at":"1970-01-01T00:00:02.000Z","kind":"message_edited","#,
                r#""message":{"id":9,"appid":0,"title":"公告","message":"hi 🎉","priority":5,"date":"1970-01-01T00:00:01.000Z","#,
                r#""extras":{},"sender":{"id":2,"name":"bob"},"to":["everyone"],"tags":["ops"],"click":null,"#,
                r#""edited":"1970-01-01T00:00:02.000Z"}}"#
            )
            .to_owned(),
        ),
        (
            ServerFrame::Event(deleted().into()),
            concat!(
                r#"{"type":"event","seq":12,"pos":"e1.9.0000002a","at":"1970-01-01T00:00:02.000Z","kind":"message_deleted","#,
                r#""message":{"id":9,"appid":0,"title":"","message":"","priority":0,"date":"1970-01-01T00:00:01.000Z","#,
                r#""extras":{},"sender":{"id":2,"name":"bob"},"to":["everyone"],"tags":[],"click":null,"#,
                r#""deleted":"1970-01-01T00:00:02.000Z"}}"#
            )
            .to_owned(),
        ),
        (
            ServerFrame::Event(marked().into()),
            concat!(
                r#"{"type":"event","seq":9,"pos":"e1.9.0000002a","at":"1970-01-01T00:00:01.000Z","kind":"message_state_changed","#,
                r#""read_upto":4,"exceptions":[[7,8]],"unread":3,"seen_upto":9,"#,
                r#""archived":{"add":[[2,4]],"remove":[]},"saved":{"add":[],"remove":[[8,8]]}}"#
            )
            .to_owned(),
        ),
        (
            ServerFrame::Position { pos: pos(), seq: Seq(9), n: 2, live: true },
            r#"{"type":"position","pos":"e1.9.0000002a","seq":9,"n":2,"live":true}"#.to_owned(),
        ),
        (
            ServerFrame::Reset { reason: ResetReason::Epoch, after_ms: 2000 },
            r#"{"type":"reset","reason":"epoch","after_ms":2000}"#.to_owned(),
        ),
        (
            ServerFrame::Presence { version: 3, count: 1, people: Some(vec![bob()]), change: None },
            r#"{"type":"presence","version":3,"count":1,"people":[{"id":2,"name":"bob"}]}"#.to_owned(),
        ),
        (
            ServerFrame::Presence {
                version: 4,
                count: 0,
                people: None,
                change: Some(PresenceChange { joined: vec![], left: vec![bob()] }),
            },
            r#"{"type":"presence","version":4,"count":0,"joined":[],"left":[{"id":2,"name":"bob"}]}"#.to_owned(),
        ),
        (ServerFrame::Presence { version: 5, count: 201, people: None, change: None }, r#"{"type":"presence","version":5,"count":201}"#.to_owned()),
        (ServerFrame::Published { client_id, id: MessageId(9) }, r#"{"type":"published","client_id":"k1","id":9}"#.to_owned()),
        (
            ServerFrame::Rejected { client_id: "k1".into(), code: ErrorCode::WrongUser },
            r#"{"type":"rejected","client_id":"k1","code":"wrong_user"}"#.to_owned(),
        ),
        (ServerFrame::Pong, r#"{"type":"pong"}"#.to_owned()),
        (
            ServerFrame::Error { code: ErrorCode::BadFrame, message: "no".into(), retry_ms: 0 },
            r#"{"type":"error","code":"bad_frame","message":"no","retry_ms":0}"#.to_owned(),
        ),
    ];
    for (frame, json) in golden {
        assert_eq!(serde_json::to_string(&frame).unwrap(), json);
        assert_eq!(serde_json::from_str::<ServerFrame>(&json).unwrap(), frame, "{json}");
    }
}

#[test]
fn client_frames_are_read_as_documented() {
    let request =
        PublishRequest { message: "hi".into(), to: Some(OneOrMany::One("@bob".into())), ..PublishRequest::default() };
    let golden = [
        (r#"{"type":"resume","since":"e1.9.0000002a"}"#, ClientFrame::Resume { since: pos().to_string() }),
        (
            r#"{"type":"publish","client_id":"k1","user_id":2,"message":"hi","to":"@bob"}"#,
            ClientFrame::Publish { client_id: "k1".into(), user_id: UserId(2), request },
        ),
        (r#"{"type":"ack","seq":9}"#, ClientFrame::Ack { seq: Seq(9) }),
        (r#"{"type":"ping"}"#, ClientFrame::Ping),
        (r#"{"type":"presence"}"#, ClientFrame::Presence),
    ];
    for (json, frame) in golden {
        assert_eq!(serde_json::from_str::<ClientFrame>(json).unwrap(), frame, "{json}");
        assert_eq!(serde_json::to_string(&frame).unwrap(), json);
    }
}

#[test]
fn a_client_frame_with_more_fields_is_read_and_one_of_unknown_type_is_not() {
    assert_eq!(serde_json::from_str::<ClientFrame>(r#"{"type":"ping","later":1}"#).unwrap(), ClientFrame::Ping);
    assert!(serde_json::from_str::<ClientFrame>(r#"{"type":"shout"}"#).is_err());
}

#[test]
fn an_event_of_a_kind_from_the_future_is_known_to_be_unknown() {
    let json = r#"{"type":"event","seq":9,"pos":"p","at":"1970-01-01T00:00:01Z","kind":"sung","song":"la"}"#;
    let ServerFrame::Event(event) = serde_json::from_str(json).unwrap() else { panic!("not an event") };
    assert_eq!(event.body, EventBody::Unknown);
}

#[test]
fn close_codes_say_what_a_client_does() {
    assert_eq!(CloseCode::RESTART.reaction(), Reaction::Reconnect);
    assert_eq!(CloseCode::REVOKED.reaction(), Reaction::Stop);
    assert_eq!(CloseCode(4999).reaction(), Reaction::Reconnect);
}
