//! The reducer's promise: whatever the wire repeats, an inbox is the fold of each event once, in order.

use proptest::prelude::*;
use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    event::{Event, EventBody},
    ids::{MessageId, Seq, UserId},
    inbox::{Applied, Counters, Inbox, Snapshot},
    message::{ClientId, Message},
    position::{Epoch, Pos, Position},
    protocol::{EVENT_FRAME_PREFIX, ServerFrame},
    read_state::{Ranges, ReadState},
    session::client::{ClientSession, Effect},
    timestamp::Timestamp,
};

const ME: UserId = UserId(1);

fn person(id: u64) -> Person {
    Person { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

fn pos(seq: u64) -> Pos {
    (&Position { epoch: Epoch::parse("e1").unwrap(), seq: Seq(seq), tag: 1 }).into()
}

fn empty() -> Inbox {
    Inbox::from(Snapshot {
        pos: pos(0),
        seq: Seq(0),
        user: person(ME.0),
        messages: vec![],
        has_more: false,
        read: ReadState::default(),
        counters: Counters::default(),
    })
}

/// What may happen next, before it has a place.
#[derive(Clone, Debug)]
enum Happening {
    Message {
        sender: u64,
    },
    Read {
        upto: u64,
        unread: u64,
    },
    /// Something this person is not entitled to: it takes a place and is not sent.
    Foreign,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => (1u64..4).prop_map(|sender| Happening::Message { sender }),
        1 => (0u64..30, 0u64..9).prop_map(|(upto, unread)| Happening::Read { upto, unread }),
        1 => Just(Happening::Foreign),
    ];
    proptest::collection::vec(one, 1..40)
}

fn log(happenings: &[Happening]) -> Vec<Event> {
    let placed = (1u64..).zip(happenings);
    placed
        .filter_map(|(seq, happening)| {
            let body = match happening {
                Happening::Message { sender } => EventBody::MessagePublished {
                    message: message(seq, *sender),
                    client_id: ClientId::parse("k", "client_id").unwrap(),
                },
                Happening::Read { upto, unread } => {
                    EventBody::ReadStateChanged { state: ReadState::of(&Ranges::span(1, *upto)), unread: *unread }
                }
                Happening::Foreign => return None,
            };
            Some(Event { seq: Seq(seq), pos: pos(seq), at: Timestamp::default(), body })
        })
        .collect()
}

fn message(id: u64, sender: u64) -> Message {
    Message {
        id: MessageId(id),
        appid: 0,
        title: String::new(),
        message: format!("message {id}"),
        priority: 0,
        date: Timestamp::default(),
        extras: serde_json::Map::new(),
        sender: person(sender),
        to: Recipients::default(),
        tags: vec![],
        click: None,
    }
}

fn fold<'a>(mut inbox: Inbox, events: impl IntoIterator<Item = &'a Event>) -> Inbox {
    for event in events {
        inbox.apply(event);
    }
    inbox
}

proptest! {
    #[test]
    fn folding_a_prefix_twice_changes_nothing(happenings in happenings(), cut in any::<prop::sample::Index>()) {
        let events = log(&happenings);
        let cut = if events.is_empty() { 0 } else { cut.index(events.len()) };
        let once = fold(empty(), &events);
        let twice = fold(empty(), events[..cut].iter().chain(&events));
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn old_events_mixed_in_anywhere_change_nothing(
        happenings in happenings(),
        repeats in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
    ) {
        let events = log(&happenings);
        let mut wire = Vec::new();
        for (index, event) in events.iter().enumerate() {
            wire.push(event);
            for (when, which) in &repeats {
                if when.index(events.len()) == index {
                    wire.push(&events[which.index(index + 1)]);
                }
            }
        }
        prop_assert_eq!(fold(empty(), wire), fold(empty(), &events));
    }

    #[test]
    fn a_snapshot_and_what_follows_it_equal_the_whole_fold(
        happenings in happenings(),
        cut in any::<prop::sample::Index>(),
        page in 1usize..10,
    ) {
        let events = log(&happenings);
        let cut = if events.is_empty() { 0 } else { cut.index(events.len()) };
        let snapshot = fold(empty(), &events[..cut]).snapshot(page);
        let resumed = fold(Inbox::from(snapshot), &events).snapshot(page);
        prop_assert_eq!(resumed, fold(empty(), &events).snapshot(page));
    }

    #[test]
    fn a_frame_lost_between_two_positions_is_always_noticed(
        happenings in happenings(),
        lost in any::<prop::sample::Index>(),
    ) {
        let events = log(&happenings);
        prop_assume!(!events.is_empty());
        let lost = lost.index(events.len());
        let mut session = ClientSession::new(ME, pos(0), Seq(0), Box::new(|| 0.5));
        session.start(0);
        session.frame(1, ServerFrame::Hello { protocol: 1, pos: pos(0), user: person(ME.0), heartbeat_s: 25 });
        for (index, event) in events.iter().enumerate() {
            if index != lost {
                session.frame(2, ServerFrame::Event(event.clone()));
            }
        }
        let head = events.last().unwrap().seq;
        let n = events.len() as u64;
        let effects = session.frame(3, ServerFrame::Position { pos: pos(head.0), seq: head, n, live: true });
        prop_assert!(matches!(effects[..], [Effect::Disconnect, Effect::LoadSnapshot(_)]), "{effects:?}");
    }

    #[test]
    fn every_event_survives_the_wire(happenings in happenings()) {
        for event in log(&happenings) {
            let frame = serde_json::to_string(&ServerFrame::Event(event.clone())).unwrap();
            let item = format!("{{{}", frame.strip_prefix(EVENT_FRAME_PREFIX).unwrap());
            prop_assert_eq!(serde_json::from_str::<Event>(&item).unwrap(), event);
        }
    }
}

#[test]
fn own_messages_are_never_unread_and_others_are_until_read() {
    let inbox = fold(empty(), &log(&[Happening::Message { sender: ME.0 }, Happening::Message { sender: 2 }]));
    assert_eq!(inbox.unread(), 1);
    let newest_first: Vec<_> = inbox.messages().iter().map(|m| (m.id.0, inbox.is_unread(m))).collect();
    assert_eq!(newest_first, [(2, true), (1, false)]);
}

#[test]
fn an_unknown_kind_does_not_advance() {
    let mut inbox = empty();
    let event = Event { seq: Seq(1), pos: pos(1), at: Timestamp::default(), body: EventBody::Unknown };
    assert_eq!(inbox.apply(&event), Applied::Unknown);
    assert_eq!(inbox.seq(), Seq(0));
}

#[test]
fn older_pages_go_below_and_never_twice() {
    let mut inbox = fold(empty(), &log(&[Happening::Foreign, Happening::Foreign, Happening::Message { sender: 2 }]));
    inbox.add_older(vec![message(3, 2), message(2, 2)], true);
    inbox.add_older(vec![message(2, 2), message(1, 2)], false);
    let ids: Vec<_> = inbox.messages().iter().map(|m| m.id.0).collect();
    assert_eq!(ids, [3, 2, 1]);
    assert!(!inbox.has_more());
}
