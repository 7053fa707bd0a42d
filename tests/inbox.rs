//! The reducer's promise: whatever the wire repeats, an inbox is the fold of each event once, in order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    event::{Event, EventBody},
    ids::{MessageId, Seq, TopicId, UserId},
    inbox::{Applied, Counters, Inbox, Snapshot},
    marks::{Delta, Marks, MarksChange},
    message::{ClientId, Message},
    position::{Epoch, Pos, Position},
    protocol::{EVENT_FRAME_PREFIX, ServerFrame},
    read_state::{Ranges, ReadState},
    session::client::{ClientSession, Effect},
    timestamp::Timestamp,
    topic::{Topic, TopicName},
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
        marks: Marks::default(),
        topics: Vec::new(),
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
    /// One of the earlier messages says something else, or nothing any more.
    Edited {
        back: u64,
    },
    Deleted {
        back: u64,
    },
    Marked {
        archive: (u64, u64),
        unsave: (u64, u64),
        seen: u64,
        unread: u64,
    },
    /// A message in the private topic, where this person is in it.
    InTopic {
        sender: u64,
    },
    /// This person joins the private topic, or leaves it.
    Through {
        unread: u64,
    },
    /// Something this person is not entitled to: it takes a place and is not sent.
    Foreign,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => (1u64..4).prop_map(|sender| Happening::Message { sender }),
        1 => (0u64..30, 0u64..9).prop_map(|(upto, unread)| Happening::Read { upto, unread }),
        1 => (1u64..9).prop_map(|back| Happening::Edited { back }),
        1 => (1u64..9).prop_map(|back| Happening::Deleted { back }),
        1 => ((1u64..20, 0u64..6), (1u64..20, 0u64..6), 0u64..30, 0u64..9).prop_map(|(archive, unsave, seen, unread)| {
            Happening::Marked { archive, unsave, seen, unread }
        }),
        2 => (1u64..4).prop_map(|sender| Happening::InTopic { sender }),
        1 => (0u64..9).prop_map(|unread| Happening::Through { unread }),
        1 => Just(Happening::Foreign),
    ];
    proptest::collection::vec(one, 1..40)
}

/// The events in their order, as they were told live: each shows its message as it was then.
fn log(happenings: &[Happening]) -> Vec<Event> {
    let placed = (1u64..).zip(happenings);
    let mut now: BTreeMap<u64, Message> = BTreeMap::new();
    let mut member = false;
    placed
        .filter_map(|(seq, happening)| {
            // A change of what is no message, or was deleted, is none.
            let changed = |back: u64| {
                let target = now.get(&seq.checked_sub(back)?).filter(|message| message.deleted.is_none())?;
                Some(target.clone())
            };
            let body = match happening {
                Happening::Message { sender } => EventBody::MessagePublished {
                    message: message(seq, *sender),
                    client_id: ClientId::parse("k", "client_id").unwrap(),
                },
                Happening::InTopic { sender } if member => EventBody::MessagePublished {
                    message: Message { topics: vec![secret().reference()], ..message(seq, *sender) },
                    client_id: ClientId::parse("k", "client_id").unwrap(),
                },
                Happening::Through { unread } => {
                    member = !member;
                    let (topic, unread) = (secret(), *unread);
                    now.retain(|_, message| member || !message.is_in(topic.id));
                    if member { EventBody::TopicJoined { topic } } else { EventBody::TopicLeft { topic, unread } }
                }
                Happening::Edited { back } => {
                    let edited = Some(Timestamp::from_unix_ms(1));
                    let message = Message { message: format!("edited at {seq}"), edited, ..changed(*back)? };
                    EventBody::MessageEdited { message }
                }
                Happening::Deleted { back } => {
                    EventBody::MessageDeleted { message: changed(*back)?.tombstone(Timestamp::from_unix_ms(1)) }
                }
                Happening::Marked { archive, unsave, seen, unread } => {
                    let span = |(from, more): (u64, u64)| Ranges::span(from, from + more);
                    let marks = MarksChange {
                        seen_upto: MessageId(*seen),
                        archived: Delta { add: span(*archive), remove: Ranges::EMPTY },
                        saved: Delta { add: span(*archive).minus(&span(*unsave)), remove: span(*unsave) },
                    };
                    let state = ReadState::of(&span(*archive));
                    EventBody::MessageStateChanged { state, unread: *unread, marks }
                }
                Happening::Read { upto, unread } => {
                    EventBody::ReadStateChanged { state: ReadState::of(&Ranges::span(1, *upto)), unread: *unread }
                }
                Happening::InTopic { .. } | Happening::Foreign => return None,
            };
            if let EventBody::MessagePublished { message, .. }
            | EventBody::MessageEdited { message }
            | EventBody::MessageDeleted { message } = &body
            {
                now.insert(message.id.0, message.clone());
            }
            Some(Event { seq: Seq(seq), pos: pos(seq), at: Timestamp::default(), body })
        })
        .collect()
}

fn secret() -> Topic {
    Topic {
        id: TopicId(900),
        name: TopicName::parse("secret").unwrap(),
        description: String::new(),
        private: true,
        archived: false,
    }
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
        topics: Vec::new(),
        edited: None,
        deleted: None,
    }
}

fn fold<'a>(mut inbox: Inbox, events: impl IntoIterator<Item = &'a Event>) -> Inbox {
    for event in events {
        inbox.apply(event);
    }
    inbox
}

/// The same events as they are told later: each shows its message as it is by now.
fn replayed(events: &[Event]) -> Vec<Event> {
    let mut now: BTreeMap<MessageId, Message> = BTreeMap::new();
    for event in events {
        now.extend(shown(&event.body).map(|message| (message.id, message.clone())));
    }
    let mut events = events.to_vec();
    for event in &mut events {
        if let EventBody::MessagePublished { message, .. }
        | EventBody::MessageEdited { message }
        | EventBody::MessageDeleted { message } = &mut event.body
        {
            message.clone_from(&now[&message.id]);
        }
    }
    events
}

fn shown(body: &EventBody) -> Option<&Message> {
    match body {
        EventBody::MessagePublished { message, .. }
        | EventBody::MessageEdited { message }
        | EventBody::MessageDeleted { message } => Some(message),
        _ => None,
    }
}

proptest! {
    #[test]
    fn who_is_told_later_sees_and_counts_the_same(
        happenings in happenings(),
        cut in any::<prop::sample::Index>(),
    ) {
        let events = log(&happenings);
        let cut = if events.is_empty() { 0 } else { cut.index(events.len()) };
        let live = fold(empty(), &events);
        let away = fold(fold(empty(), &events[..cut]), &replayed(&events));
        prop_assert_eq!(away, live);
    }

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
        let (mut resumed, whole) = (fold(Inbox::from(snapshot), &events), fold(empty(), &events));
        // What went with the private topic makes room for older ones, which are loaded.
        if events.iter().any(|event| matches!(event.body, EventBody::TopicLeft { .. })) && resumed.has_more() {
            resumed.add_older(whole.messages().to_vec(), false);
        }
        prop_assert_eq!(resumed.snapshot(page), whole.snapshot(page));
    }

    /// Of an answer made anywhere after the snapshot, told anywhere in the stream, nothing is left in the end but what the
    /// whole fold shows; and the same where it is put below what is loaded.
    #[test]
    fn an_answer_that_comes_at_any_time_shows_the_same_in_the_end(
        happenings in happenings(),
        places in any::<[prop::sample::Index; 3]>(),
        page in 1usize..10,
    ) {
        let events = log(&happenings);
        let [asked, answered, told] = places.map(|place| place.index(events.len() + 1));
        let asked = asked.min(answered).min(told);
        let whole = fold(empty(), &events);
        let answer = fold(empty(), &events[..answered]).messages().to_vec();
        let mut inbox = fold(Inbox::from(fold(empty(), &events[..asked]).snapshot(page)), &events[..told]);
        let mut results = inbox.up_to_date(answer.clone());
        inbox.add_older(answer.clone(), false);
        for event in &events[told..] {
            inbox.apply(event);
            results = inbox.up_to_date(results);
        }
        let answered: BTreeSet<MessageId> = answer.iter().map(|message| message.id).collect();
        let expected: Vec<_> = whole.messages().iter().filter(|message| answered.contains(&message.id)).cloned().collect();
        prop_assert_eq!(results, expected);
        prop_assert_eq!(inbox.messages(), whole.messages());
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
                session.frame(2, ServerFrame::Event(event.clone().into()));
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
            let frame = serde_json::to_string(&ServerFrame::Event(event.clone().into())).unwrap();
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
fn an_older_page_that_was_on_its_way_does_not_bring_back_what_was_changed() {
    let gone = message(2, 2).tombstone(Timestamp::from_unix_ms(1));
    let mut inbox = empty();
    inbox.advance(Seq(8), &pos(8));
    let deleted = EventBody::MessageDeleted { message: gone.clone() };
    inbox.apply(&Event { seq: Seq(9), pos: pos(9), at: Timestamp::default(), body: deleted });
    inbox.add_older(vec![message(3, 2), message(2, 2)], false);
    assert_eq!(inbox.messages(), [message(3, 2), gone]);
}

#[test]
fn what_went_with_a_private_topic_does_not_come_back_with_an_answer_and_what_is_written_after_a_return_does() {
    let toggle = Happening::Through { unread: 0 };
    let said = Happening::InTopic { sender: 2 };
    let events = log(&[toggle.clone(), said.clone(), toggle.clone(), toggle, said]);
    let early = fold(empty(), &events[..2]).messages().to_vec();
    let late = fold(empty(), &events).messages().to_vec();
    let inbox = fold(empty(), &events[..4]);
    assert_eq!((early.len(), inbox.up_to_date(early)), (1, vec![]));
    assert_eq!(inbox.up_to_date(late.clone()), late);
}

#[test]
fn a_page_below_nothing_leaves_what_is_still_to_come_to_its_event() {
    let mut inbox = empty();
    inbox.advance(Seq(3), &pos(3));
    inbox.add_older(vec![message(4, 2), message(2, 2)], false);
    assert_eq!(inbox.messages(), [message(2, 2)]);
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

#[test]
fn of_what_changes_while_it_is_not_loaded_the_last_is_kept() {
    let mut inbox = empty();
    inbox.advance(Seq(5_000), &pos(5_000));
    // The newest first, so that it is not the number that decides.
    for (seq, id) in (5_001..).zip((1..=1_001).rev()) {
        let body = EventBody::MessageEdited { message: message(id, 2) };
        inbox.apply(&Event { seq: Seq(seq), pos: pos(seq), at: Timestamp::default(), body });
    }
    let kept = |id| inbox.message(MessageId(id)).is_some();
    assert_eq!((kept(1_001), kept(1_000), kept(1)), (false, true, true));
}
