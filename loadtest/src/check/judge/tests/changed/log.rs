//! A log in which messages change, and people come into topics and leave them. Who is told of what is written down by hand.

use push_system::{
    event::{Event, EventBody},
    ids::TopicId,
    inbox::{Applied, Inbox},
    marks::{Delta, MarksChange},
    message::ClientId,
    topic::{Topic, TopicName},
};

use super::super::*;
use crate::check::{
    history::{Deed, Said, What},
    oracle::{News, Stay},
    print::{self, text_of_topic},
};

pub(super) const ANA: u64 = 1;
pub(super) const BOB: u64 = 2;
pub(super) const EVE: u64 = 3;
/// Private; made by Ana. Bob is in it from 3 to 14 and again from 16 on.
pub(super) const OPS: TopicId = TopicId(1);
/// Public; made by Ana. Eve is in it from 4 to 11.
pub(super) const NEWS: TopicId = TopicId(2);
pub(super) const HEAD: u64 = 19;
/// What Bob cannot have who came back after he had left.
pub(super) const OPTIONAL: (u64, u64) = (BOB, 5);

pub(super) fn topic(id: TopicId) -> Topic {
    let (name, private) = if id == OPS { ("ops", true) } else { ("news", false) };
    let description = if id == NEWS { "all of it" } else { "" }.to_owned();
    Topic { id, name: TopicName::parse(name).unwrap(), description, private, archived: false }
}

pub(super) fn at(seq: u64) -> Timestamp {
    Timestamp::from_unix_ms(10 * i64::try_from(seq).unwrap())
}

/// As it was published.
pub(super) fn first(id: u64) -> Message {
    let (sender, to, topics) = match id {
        6 => (BOB, "#news", vec![topic(NEWS).reference()]),
        7 => (ANA, "everyone", vec![]),
        12 => (ANA, "#news", vec![topic(NEWS).reference()]),
        19 => (BOB, "everyone", vec![]),
        _ => (ANA, "#ops", vec![topic(OPS).reference()]),
    };
    let (sender, to) = (person(sender), Recipients::parse([to]).unwrap());
    Message { sender, to, topics, date: at(id), ..message(id) }
}

pub(super) fn edited(id: u64, seq: u64) -> Message {
    Message { message: format!("{id} says something else"), edited: Some(at(seq)), ..first(id) }
}

/// As the table has it in the end.
pub(super) fn now(id: u64) -> Message {
    match id {
        5 => edited(5, 18),
        6 => first(6).tombstone(at(9)),
        7 => edited(7, 8),
        _ => first(id),
    }
}

pub(super) fn marks() -> MarksChange {
    let one = Delta { add: Ranges::one(7), remove: Ranges::EMPTY };
    MarksChange { seen_upto: MessageId(7), archived: one.clone(), saved: one }
}

pub(super) fn read_by_eve() -> ReadState {
    ReadState { read_upto: MessageId(0), exceptions: Ranges::one(7) }
}

/// What happened, as whoever is online is told, and who that is.
fn told(seq: u64) -> (EventBody, &'static [u64]) {
    let published = |whom: &'static [u64]| {
        let client_id = ClientId::parse(&key(seq), "client_id").unwrap();
        (EventBody::MessagePublished { message: first(seq), client_id }, whom)
    };
    match seq {
        1 => (EventBody::TopicCreated { topic: topic(OPS) }, &[ANA]),
        2 => (EventBody::TopicCreated { topic: Topic { description: String::new(), ..topic(NEWS) } }, &[ANA]),
        3 | 16 => (EventBody::TopicJoined { topic: topic(OPS) }, &[BOB]),
        4 => (EventBody::TopicJoined { topic: Topic { description: String::new(), ..topic(NEWS) } }, &[EVE]),
        5 | 17 => published(&[ANA, BOB]),
        8 => (EventBody::MessageEdited { message: edited(7, 8) }, &[ANA, BOB, EVE]),
        9 => (EventBody::MessageDeleted { message: now(6) }, &[ANA, BOB, EVE]),
        10 => (EventBody::MessageStateChanged { state: read_by_eve(), unread: 0, marks: marks() }, &[EVE]),
        11 => (EventBody::TopicLeft { topic: Topic { description: String::new(), ..topic(NEWS) }, unread: 0 }, &[EVE]),
        12 | 15 => published(&[ANA]),
        13 => (EventBody::TopicChanged { topic: topic(NEWS) }, &[ANA]),
        14 => (EventBody::TopicLeft { topic: topic(OPS), unread: 1 }, &[BOB]),
        18 => (EventBody::MessageEdited { message: edited(5, 18) }, &[ANA]),
        _ => published(&[ANA, BOB, EVE]),
    }
}

pub(super) fn event(seq: u64) -> Event {
    let pos = Pos::parse(&format!("0123456789abcdef.{seq}.00000007")).unwrap();
    Event { seq: Seq(seq), pos, at: at(seq), body: told(seq).0 }
}

pub(super) fn seen_at(event: &Event) -> Seen {
    print::seen(event, event.seq.0 * 1_000).unwrap_or_else(|| panic!("{event:?}"))
}

fn row(seq: u64) -> Row {
    let now = |id| Box::new(now(id));
    let (audience, fact) = match seq {
        1 => ("1", Fact::Topic(topic(OPS).into(), News::Created(UserId(ANA)))),
        2 => ("1", Fact::Topic(topic(NEWS).into(), News::Created(UserId(ANA)))),
        3 | 16 => ("2", Fact::Topic(topic(OPS).into(), News::Joined(UserId(BOB)))),
        4 => ("3", Fact::Topic(topic(NEWS).into(), News::Joined(UserId(EVE)))),
        5 => ("#1@5", Fact::Published(now(5), key(5))),
        6 => ("#2,2@6", Fact::Published(now(6), key(6))),
        8 => ("everyone", Fact::Edited(now(7))),
        9 => ("#2,2@6", Fact::Deleted(now(6))),
        10 => ("3", Fact::Marked(read_by_eve(), 0, marks().into())),
        11 => ("3", Fact::Topic(topic(NEWS).into(), News::Left(UserId(EVE), 0))),
        12 => ("#2,1@12", Fact::Published(now(12), key(12))),
        13 => ("#2@13", Fact::Topic(topic(NEWS).into(), News::Changed)),
        14 => ("2", Fact::Topic(topic(OPS).into(), News::Left(UserId(BOB), 1))),
        15 => ("#1@15", Fact::Published(now(15), key(15))),
        17 => ("#1@17", Fact::Published(now(17), key(17))),
        18 => ("#1@5", Fact::Edited(now(5))),
        _ => ("everyone", Fact::Published(now(seq), key(seq))),
    };
    Row { seq, tag: 7, at: at(seq).unix_ms(), audience: audience.to_owned(), fact }
}

fn tables() -> Tables {
    let rows: Vec<Row> = (1..=HEAD).map(row).collect();
    let messages: Vec<Message> = rows.iter().filter_map(|row| row.message().cloned()).collect();
    let stay = |(user, topic, after, until)| Stay { user: UserId(user), topic, after, until };
    let stays = [(ANA, OPS, 1, None), (ANA, NEWS, 2, None), (BOB, OPS, 3, Some(14)), (EVE, NEWS, 4, Some(11))];
    let state_of = |user| if user == EVE { inbox(user, HEAD, seen_by).1 } else { State::default() };
    Tables {
        head: HEAD,
        rows,
        people: (1..=3).map(person).collect(),
        keys: messages.iter().map(|message| ((message.sender.id, key(message.id.0)), message.id.0)).collect(),
        messages: messages.into_iter().map(|message| (message.id.0, message)).collect(),
        states: (1..=3).map(|user| (UserId(user), state_of(user))).collect(),
        topics: [OPS, NEWS].map(|id| (id, topic(id))).into(),
        stays: stays.into_iter().chain([(BOB, OPS, 16, None)]).map(stay).collect(),
        ..Tables::default()
    }
}

pub(super) fn seen_by(user: u64, seq: u64) -> bool {
    told(seq).1.contains(&user)
}

/// What somebody has folded up to a place to whom these events came.
pub(super) fn inbox(user: u64, through: u64, came: impl Fn(u64, u64) -> bool) -> (Snapshot, State) {
    let mut inbox = Inbox::from(Snapshot { user: person(user), ..snapshot(user, 0) });
    for event in (1..=through).map(event) {
        if came(user, event.seq.0) {
            assert_ne!(inbox.apply(&event), Applied::Unknown);
        } else {
            inbox.advance(event.seq, &event.pos);
        }
    }
    let state = State { read: inbox.read().clone(), marks: inbox.marks().clone() };
    (inbox.snapshot(50), state)
}

pub(super) fn events_of(user: u64, after: u64, through: u64) -> Vec<Seen> {
    (after + 1..=through).filter(|seq| seen_by(user, *seq)).map(|seq| seen_at(&event(seq))).collect()
}

fn reader_of(user: u64) -> ReaderHistory {
    let segment = Segment { start: snapshot(user, 0), seen: events_of(user, 0, HEAD), end: HEAD };
    ReaderHistory { segments: vec![segment], last: inbox(user, HEAD, seen_by).0, ..reader(user) }
}

pub(super) fn deeds() -> Vec<Deed> {
    let deed = |by, what, said| Deed { by: UserId(by), what, after: 0, answer: Some((1_000, said)) };
    let edit = |id, seq| {
        let shown = Shown::message(&edited(id, seq));
        deed(ANA, What::Edit { message: id, text: shown.text }, Said::Message(shown))
    };
    let describe = |topic, text: &str| What::Describe { topic, text: text_of_topic(text, false) };
    let marked = Said::State(Box::new((read_by_eve(), 0, Some(marks()))));
    let (bob, eve) = (UserId(BOB), UserId(EVE));
    vec![
        edit(7, 8),
        edit(5, 18),
        deed(BOB, What::Delete { message: 6 }, Said::Done),
        deed(EVE, What::Mark, marked),
        deed(ANA, describe(OPS, ""), Said::Done),
        deed(ANA, describe(NEWS, ""), Said::Done),
        deed(ANA, describe(NEWS, "all of it"), Said::Done),
        deed(ANA, What::Join { topic: OPS, user: bob }, Said::Done),
        deed(ANA, What::Leave { topic: OPS, user: bob }, Said::Done),
        deed(ANA, What::Join { topic: NEWS, user: eve }, Said::Done),
        deed(EVE, What::Leave { topic: NEWS, user: eve }, Said::Done),
    ]
}

fn publishes() -> Vec<Publish> {
    let messages = (1..=HEAD).filter_map(|seq| row(seq).message().map(|message| first(message.id.0)));
    let publish = |message: Message| Publish {
        sender: message.sender.id,
        key: key(message.id.0),
        acks: vec![ack(&message, 1_000)],
        text: text_of(&message),
        to_everyone: false,
        begun: 0,
    };
    messages.map(publish).collect()
}

pub(super) fn judged(change: impl FnOnce(&mut Record, &mut Tables)) -> Verdict {
    let starts = (1..=3).map(|id| (UserId(id), State::default())).collect();
    let readers = (1..=3).map(reader_of).collect();
    let mut record = Record { publishes: publishes(), deeds: deeds(), readers, starts, base: 0 };
    let mut tables = tables();
    change(&mut record, &mut tables);
    judge(&record, &[Life::last(tables, 0)], Resets::None)
}

/// The verdict where this is wrong with what somebody saw.
pub(super) fn where_saw(user: u64, change: impl FnOnce(&mut Vec<Seen>)) -> Verdict {
    judged(|record, _| change(&mut record.readers[usize::try_from(user - 1).unwrap()].segments[0].seen))
}
