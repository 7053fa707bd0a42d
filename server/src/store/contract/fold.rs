//! Everything a person is shown is the fold of the events they are entitled to. The oracle folds the whole log with the
//! reducer the browser uses, and the store's answers are compared with it.

use push_system::{
    accounts::Person,
    api::{Filter, HistoryQuery},
    event::{Event, EventBody},
    ids::{MessageId, Seq, UserId},
    inbox::{Counters, Inbox, Snapshot},
    message::Message,
    position::Pos,
    read_state::{Ranges, ReadChange, ReadState},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{
    super::{Change, Entry, EntryBody, Log as _, Outcome, ReadWrite, Store, Write},
    Fixture, person, publish, say, store_one, write,
};

/// A person, and the read state they began with.
type Member = (Person, ReadState);

async fn join(store: &impl Store, name: &str) -> Member {
    let person = person(store, name).await;
    let state = store.read_state(person.id).await.unwrap().unwrap().state;
    (person, state)
}

fn event(entry: &Entry) -> Event {
    let body = match &entry.body {
        EntryBody::Published { message, client_id } => {
            EventBody::MessagePublished { message: (**message).clone(), client_id: client_id.clone() }
        }
        EntryBody::Read { state, unread } => EventBody::ReadStateChanged { state: state.clone(), unread: *unread },
        EntryBody::Revoked(_) | EntryBody::Other { .. } => panic!("no event for a person"),
    };
    Event { seq: entry.position.seq, pos: Pos::from(&entry.position), at: entry.at, body }
}

fn fold((person, start): &Member, log: &[Entry]) -> Inbox {
    let mut inbox = Inbox::from(Snapshot {
        pos: Pos::parse("start").unwrap(),
        seq: Seq(0),
        user: person.clone(),
        messages: Vec::new(),
        has_more: false,
        read: start.clone(),
        counters: Counters::default(),
    });
    for entry in log {
        if entry.audience.includes(person.id) {
            inbox.apply(&event(entry));
        } else {
            inbox.advance(entry.position.seq, &Pos::from(&entry.position));
        }
    }
    inbox
}

fn entitled(log: &[Entry], user: UserId) -> Vec<Entry> {
    log.iter().filter(|entry| entry.audience.includes(user)).cloned().collect()
}

pub(in super::super) async fn what_is_read_is_the_fold_of_the_log<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let mut random = StdRng::seed_from_u64(0x5eed);
    let mut members = vec![join(&store, "ana").await, join(&store, "bob").await, join(&store, "cleo").await];
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
            assert!(matches!(outcome, Outcome::Stored(_) | Outcome::Stale), "{outcome:?}");
        }
        let log = store.entries(Seq(0), 1000).await.unwrap();
        for member in &members {
            compare(&store, member, &log, &mut random).await;
        }
    }
}

async fn any_write(store: &impl Store, random: &mut StdRng, members: &[Member], key: &str) -> Write {
    let (person, _) = &members[random.random_range(0..members.len())];
    if random.random_bool(0.4) {
        return any_read(store, random, person).await;
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

async fn any_read(store: &impl Store, random: &mut StdRng, person: &Person) -> Write {
    let stored = store.read_state(person.id).await.unwrap().unwrap();
    let change = ReadChange { read: any_ranges(random, stored.head), unread: any_ranges(random, stored.head) };
    let state = stored.state.after(&change.up_to(stored.head.0));
    let state = state.closing(&store.empty_gaps(person.id, &state.gaps()).await.unwrap());
    let unread = store.count_unread(person.id, &state, stored.head).await.unwrap();
    let read =
        ReadWrite { user: person.id, expected_version: stored.version, state, unread, counted_through: stored.head };
    write(Change::Read(read))
}

fn any_ranges(random: &mut StdRng, head: Seq) -> Ranges {
    let range = |random: &mut StdRng| {
        let from = random.random_range(1..head.0 + 2);
        (from, from + random.random_range(0..5))
    };
    let count = random.random_range(0..3);
    Ranges::collect((0..count).map(|_| range(random)).collect::<Vec<_>>())
}

async fn compare(store: &impl Store, member: &Member, log: &[Entry], random: &mut StdRng) {
    let user = member.0.id;
    let inbox = fold(member, log);
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
    let holds = |(from, to): &(u64, u64)| {
        inbox.messages().iter().any(|m| m.sender.id != user && (*from..=*to).contains(&m.id.0))
    };
    let empty = Ranges::collect(ranges.iter().filter(|range| !holds(range)));
    assert_eq!(store.empty_gaps(user, &ranges).await.unwrap(), empty);
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
    let unread = store.count_unread(ana.id, &state, stored.head).await.unwrap();
    assert_eq!(unread, 0);
    say(&store, &bob, "after the count").await;
    say(&store, &ana, "her own").await;
    let read =
        ReadWrite { user: ana.id, expected_version: stored.version, state, unread, counted_through: stored.head };
    let batch = [publish(&bob, "same-batch", "earlier in the batch", &[&ana]), write(Change::Read(read))];
    store.commit(&batch).await.unwrap();
    store_one(&store, publish(&bob, "later", "after it", &[])).await;
    let log = store.entries(Seq(0), 100).await.unwrap();
    assert!(matches!(&log[4].body, EntryBody::Read { unread: 2, .. }), "{:?}", log[4]);
    let snapshot = store.snapshot(ana.id, 10).await.unwrap().unwrap();
    assert_eq!(snapshot, fold(&(ana, start), &log).snapshot(10));
    assert_eq!(snapshot.counters.unread, 3);
}
