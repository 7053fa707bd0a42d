//! Everything a person is shown is the fold of the events they are entitled to. The oracle folds the whole log with the
//! reducer the browser uses, and the store's answers are compared with it.

use push_system::{
    accounts::Person,
    api::{Filter, HistoryQuery},
    event::{Event, EventBody},
    ids::{MessageId, Seq, UserId},
    inbox::{Counters, Inbox, Snapshot},
    marks::{Marks, StateChange},
    message::Message,
    position::Pos,
    read_state::{Ranges, ReadChange, ReadState},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{
    super::{
        Among, Change, Entry, EntryBody, Log as _, Memberships, Outcome, Place, ReadWrite, Store, TopicNews, Write,
    },
    Fixture, change_state, delete, edit, person, publish, say, store_one, write,
};

/// A person, and what they began with.
pub(super) type Member = (Person, (ReadState, Marks));

pub(super) async fn join(store: &impl Store, name: &str) -> Member {
    let person = person(store, name).await;
    let stored = store.read_state(person.id).await.unwrap().unwrap();
    assert_eq!(stored.marks, Marks::starting_at(stored.state.read_upto));
    (person, (stored.state, stored.marks))
}

fn event(entry: &Entry) -> Event {
    let body = match &entry.body {
        EntryBody::Published { message, client_id } => {
            EventBody::MessagePublished { message: (**message).clone(), client_id: client_id.clone() }
        }
        EntryBody::Edited { message } => EventBody::MessageEdited { message: (**message).clone() },
        EntryBody::Deleted { message } => EventBody::MessageDeleted { message: (**message).clone() },
        EntryBody::Read { state, unread, marks: None } => {
            EventBody::ReadStateChanged { state: state.clone(), unread: *unread }
        }
        EntryBody::Read { state, unread, marks: Some(marks) } => {
            EventBody::MessageStateChanged { state: state.clone(), unread: *unread, marks: (**marks).clone() }
        }
        EntryBody::Topic(event) => {
            let topic = event.topic.clone();
            match event.what {
                TopicNews::Created(_) => EventBody::TopicCreated { topic },
                TopicNews::Joined(_) => EventBody::TopicJoined { topic },
                TopicNews::Changed => EventBody::TopicChanged { topic },
                TopicNews::Left { unread, .. } => EventBody::TopicLeft { topic, unread },
            }
        }
        EntryBody::Revoked(_) | EntryBody::Other { .. } => panic!("no event for a person"),
    };
    Event { seq: entry.position.seq, pos: Pos::from(&entry.position), at: entry.at, body }
}

/// Who was in which topic, as the log tells it.
pub(super) fn memberships(log: &[Entry]) -> Memberships {
    let mut all = Memberships::default();
    for entry in log {
        note(&mut all, entry);
    }
    all
}

fn note(all: &mut Memberships, entry: &Entry) {
    let EntryBody::Topic(event) = &entry.body else { return };
    let (topic, seq) = (&event.topic, entry.position.seq);
    match event.what {
        TopicNews::Created(user) | TopicNews::Joined(user) => all.join(topic.id, topic.private, user, seq),
        TopicNews::Left { user, .. } => all.leave(topic.id, user, seq),
        TopicNews::Changed => {}
    }
}

/// What somebody has folded who read the whole log afterwards.
pub(super) fn fold(member: &Member, log: &[Entry]) -> Inbox {
    let memberships = memberships(log);
    fold_if(member, log, |entry, user| entry.audience.includes(user, &memberships))
}

/// What somebody has folded who was there all the time: at each event, only what was before it is known.
pub(super) fn fold_live(member: &Member, log: &[Entry]) -> Inbox {
    let mut memberships = Memberships::default();
    fold_if(member, log, |entry, user| {
        note(&mut memberships, entry);
        entry.audience.includes(user, &memberships)
    })
}

fn fold_if((person, (read, marks)): &Member, log: &[Entry], mut is_for: impl FnMut(&Entry, UserId) -> bool) -> Inbox {
    let mut inbox = Inbox::from(Snapshot {
        pos: Pos::parse("start").unwrap(),
        seq: Seq(0),
        user: person.clone(),
        messages: Vec::new(),
        has_more: false,
        read: read.clone(),
        marks: marks.clone(),
        topics: Vec::new(),
        counters: Counters::default(),
    });
    for entry in log {
        if is_for(entry, person.id) {
            inbox.apply(&event(entry));
        } else {
            inbox.advance(entry.position.seq, &Pos::from(&entry.position));
        }
    }
    inbox
}

fn entitled(log: &[Entry], user: UserId) -> Vec<Entry> {
    let memberships = memberships(log);
    log.iter().filter(|entry| entry.audience.includes(user, &memberships)).cloned().collect()
}

pub(in super::super) async fn what_is_read_is_the_fold_of_the_log<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let mut random = StdRng::seed_from_u64(0x5eed);
    let mut members = vec![join(&store, "ana").await, join(&store, "bob").await, join(&store, "cleo").await];
    let mut earlier: Vec<(usize, Snapshot)> = Vec::new();
    for round in 0..40 {
        if round == 20 {
            members.push(join(&store, "dan").await);
        }
        let size = random.random_range(1..8);
        let mut batch = Vec::with_capacity(size);
        for n in 0..size {
            batch.push(any_write(&store, &mut random, &members, &format!("{round}.{n}")).await);
        }
        for outcome in store.commit(&batch).await.unwrap() {
            let refused = matches!(outcome, Outcome::Stale | Outcome::NoSuchMessage | Outcome::NotTheirs);
            assert!(matches!(outcome, Outcome::Stored(_) | Outcome::Unchanged) || refused, "{outcome:?}");
        }
        let log = store.entries(Seq(0), 1000).await.unwrap();
        for member in &members {
            compare(&store, member, &log, &mut random).await;
        }
        for (member, snapshot) in &earlier {
            arrives_where_all_are(&store, &members[*member].0, snapshot, &log).await;
        }
        let member = random.random_range(0..members.len());
        earlier.push((member, store.snapshot(members[member].0.id, 7).await.unwrap().unwrap()));
    }
}

/// Who was away since a snapshot, and is told what came after it, sees what is there now.
async fn arrives_where_all_are(store: &impl Store, person: &Person, snapshot: &Snapshot, log: &[Entry]) {
    let (page, since) = (snapshot.messages.len(), snapshot.seq);
    let mut inbox = Inbox::from(snapshot.clone());
    for entry in store.entries_for(person.id, since, Seq(log.len() as u64), 1000).await.unwrap() {
        inbox.apply(&event(&entry));
    }
    let now = log.last().unwrap().position.clone();
    inbox.advance(now.seq, &Pos::from(&now));
    let limit = u32::try_from(page.max(1)).unwrap();
    let there = store.snapshot(person.id, limit).await.unwrap().unwrap();
    assert_eq!(inbox.snapshot(limit as usize), there, "since {since}");
}

pub(super) async fn any_write(store: &impl Store, random: &mut StdRng, members: &[Member], key: &str) -> Write {
    let (person, _) = &members[random.random_range(0..members.len())];
    match random.random_range(0..20) {
        0..5 => {
            let change = any_read(random, store).await;
            return any_state(store, random, person, change).await;
        }
        5..8 => {
            let change = any_marks(random, store).await;
            return any_state(store, random, person, change).await;
        }
        8..11 => {
            let text = serde_json::json!({ "message": format!("edited {key}"), "title": key });
            return edit(person, any_message(random, store).await, text);
        }
        11 | 12 => return delete(person, any_message(random, store).await),
        _ => {}
    }
    let to: Vec<&Person> = members.iter().map(|(person, _)| person).filter(|_| random.random_bool(0.3)).collect();
    let mut write = publish(person, key, &format!("message {key}"), &to);
    if let (Change::Publish(publish), true) = (&mut write.change, random.random_bool(0.2)) {
        let names = publish.draft.to.people().map(ToString::to_string).chain(["everyone".to_owned()]);
        let to: Vec<_> = names.collect();
        publish.draft.to = push_system::audience::Recipients::parse(to.iter().map(String::as_str)).unwrap();
    }
    write
}

async fn any_message(random: &mut StdRng, store: &impl Store) -> MessageId {
    let head = store.head().await.unwrap().position.seq;
    MessageId(random.random_range(head.0.saturating_sub(30)..head.0 + 3))
}

async fn any_read(random: &mut StdRng, store: &impl Store) -> StateChange {
    let head = store.head().await.unwrap().position.seq;
    ReadChange { read: any_ranges(random, head), unread: any_ranges(random, head) }.into()
}

async fn any_marks(random: &mut StdRng, store: &impl Store) -> StateChange {
    let head = store.head().await.unwrap().position.seq;
    StateChange {
        archive: any_ranges(random, head),
        unarchive: any_ranges(random, head),
        save: any_ranges(random, head),
        unsave: any_ranges(random, head),
        seen_upto: random.random_bool(0.3).then(|| MessageId(random.random_range(0..head.0 + 3))),
        ..StateChange::default()
    }
}

async fn any_state(store: &impl Store, random: &mut StdRng, person: &Person, change: StateChange) -> Write {
    let mut write = change_state(store, person, &change).await;
    // Counted in the past: the store makes up for what came and went since.
    if let (Change::Read(read), true) = (&mut write.change, random.random_bool(0.5)) {
        let log = store.entries(Seq(0), 1000).await.unwrap();
        let memberships = memberships(&log);
        let seq = Seq(random.random_range(0..=read.basis.counted_at.seq.0));
        let tag = store.probe(seq).await.unwrap().tag.unwrap();
        let known =
            log.iter().filter(|entry| entry.position.seq <= seq && entry.audience.includes(person.id, &memberships));
        let mut unread = std::collections::BTreeSet::new();
        for entry in known {
            let message = entry.body.message().filter(|message| message.sender.id != person.id);
            match (&entry.body, message) {
                (EntryBody::Published { .. }, Some(message)) if !read.state.is_read(message.id) => {
                    unread.insert(message.id);
                }
                (EntryBody::Deleted { .. }, Some(message)) => {
                    unread.remove(&message.id);
                }
                _ => {}
            }
        }
        (read.basis.unread, read.basis.counted_at) = (unread.len() as u64, Place { seq, tag });
    }
    write
}

fn any_ranges(random: &mut StdRng, head: Seq) -> Ranges {
    let range = |random: &mut StdRng| {
        let from = random.random_range(1..head.0 + 2);
        (from, from + random.random_range(0..5))
    };
    let count = random.random_range(0..3);
    Ranges::collect((0..count).map(|_| range(random)).collect::<Vec<_>>())
}

pub(super) async fn compare(store: &impl Store, member: &Member, log: &[Entry], random: &mut StdRng) {
    let user = member.0.id;
    let inbox = fold(member, log);
    assert_eq!(fold_live(member, log), inbox);
    for page in [1, 7, 200] {
        let snapshot = store.snapshot(user, page).await.unwrap().unwrap();
        assert_eq!(snapshot, inbox.snapshot(page as usize));
    }
    compare_replay(store, &inbox, log, random).await;
    for filter in Filter::ALL {
        let expected = inbox.messages().iter().filter(|message| passes(filter, &inbox, message)).cloned();
        assert_eq!(all_pages(store, user, filter, 3).await, expected.collect::<Vec<_>>(), "{filter:?}");
    }
    let ranges = any_ranges(random, inbox.seq());
    for among in [Among::All, Among::FromOthers] {
        let is_among = |m: &&Message| among == Among::All || (m.sender.id != user && m.deleted.is_none());
        let holds =
            |(from, to): &(u64, u64)| inbox.messages().iter().filter(is_among).any(|m| (*from..=*to).contains(&m.id.0));
        let empty = Ranges::collect(ranges.iter().filter(|range| !holds(range)));
        assert_eq!(store.empty_gaps(user, &ranges, among).await.unwrap().empty, empty, "{among:?}");
    }
    for limit in [1, 4, 500] {
        let unread = inbox.messages().iter().rev().filter(|message| passes(Filter::Unread, &inbox, message));
        let expected: Vec<_> = unread.map(|message| message.id).take(limit as usize).collect();
        assert_eq!(store.first_unread(user, limit).await.unwrap(), expected, "the first {limit}");
    }
    for message in inbox.messages().iter().take(3) {
        assert_eq!(store.message(user, message.id).await.unwrap().as_ref(), Some(message));
    }
}

async fn compare_replay(store: &impl Store, inbox: &Inbox, log: &[Entry], random: &mut StdRng) {
    let (user, head) = (inbox.user().id, inbox.seq());
    let mine = entitled(log, user);
    assert_eq!(store.entries_for(user, Seq(0), head, 1000).await.unwrap(), mine);
    let (after, through) = (random.random_range(0..=head.0), random.random_range(0..=head.0));
    let limit = random.random_range(1..6);
    let part = mine.iter().filter(|entry| (after + 1..=through).contains(&entry.position.seq.0));
    let part: Vec<_> = part.take(limit as usize).cloned().collect();
    assert_eq!(store.entries_for(user, Seq(after), Seq(through), limit).await.unwrap(), part);
}

fn passes(filter: Filter, inbox: &Inbox, message: &Message) -> bool {
    let me = inbox.user();
    match filter {
        Filter::All => true,
        Filter::Inbox => !inbox.marks().is_archived(message.id),
        Filter::Saved => inbox.marks().is_saved(message.id),
        Filter::Archived => inbox.marks().is_archived(message.id),
        Filter::Unread => inbox.is_unread(message),
        Filter::Me => message.to.people().any(|name| *name == me.name),
        Filter::Sent => message.sender.id == me.id,
    }
}

async fn all_pages(store: &impl Store, user: UserId, filter: Filter, limit: u32) -> Vec<Message> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let page = store.history(user, &HistoryQuery { before, limit, words: None, filter }).await.unwrap();
        assert!(page.messages.len() == limit as usize || !page.has_more, "a short page says there is more");
        before = page.messages.last().map(|message| message.id);
        all.extend(page.messages);
        if !page.has_more {
            return all;
        }
    }
}

pub(in super::super) async fn messages_that_come_between_count_and_commit_are_counted<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, start) = join(&store, "ana").await;
    let bob = person(&store, "bob").await;
    say(&store, &bob, "one").await;
    let stored = store.read_state(ana.id).await.unwrap().unwrap();
    let state = stored.state.after(&ReadChange::read(MessageId(1)));
    let counted = store.count_unread(ana.id, &state).await.unwrap();
    assert_eq!((counted.count, counted.through), (0, stored.head));
    say(&store, &bob, "after the count").await;
    say(&store, &ana, "her own").await;
    let read = ReadWrite { user: ana.id, state, marks: None, basis: counted.basis(&stored) };
    let batch = [publish(&bob, "same-batch", "earlier in the batch", &[&ana]), write(Change::Read(read))];
    store.commit(&batch).await.unwrap();
    store_one(&store, publish(&bob, "later", "after it", &[])).await;
    let log = store.entries(Seq(0), 100).await.unwrap();
    assert!(matches!(&log[4].body, EntryBody::Read { unread: 2, .. }), "{:?}", log[4]);
    let snapshot = store.snapshot(ana.id, 10).await.unwrap().unwrap();
    assert_eq!(snapshot, fold(&(ana, start), &log).snapshot(10));
    assert_eq!(snapshot.counters.unread, 3);
}
