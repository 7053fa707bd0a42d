//! The log: places, keys, text, positions.

use push_system::{
    ids::{MessageId, Seq, UserId},
    read_state::{ReadChange, ReadState},
    topic::TopicRole,
};
use serde_json::json;

use super::{
    super::{
        Audience, Basis, Change, EntryBody, Head, KeyUse, Log, Outcome, Place, ReadWrite, Revocation, Store, Write,
        backend::Backend,
        range_rows::RangeRows as _,
        records::AudienceKind,
        rows::int,
        statements::Span,
        stretches::{Order, Stretch},
    },
    Fixture, change_state, draft, edit, key, moment, person, publish, publish_draft, say,
    sessions::new_password,
    store_one, stored,
    topics::{create, joining, message},
    username, write,
};

async fn read_write(store: &impl Store, user: UserId, version: i64, state: ReadState) -> Write {
    let begin = Place { seq: Seq(0), tag: store.probe(Seq(0)).await.unwrap().tag.unwrap() };
    let basis = Basis { version, read_at: vec![begin], unread: 0, counted_at: begin };
    write(Change::Read(ReadWrite { user, state, marks: None, basis }))
}

pub(in super::super) async fn places_are_dense_over_batches_with_refused_writes<F: Fixture>(fixture: F) {
    let ghost = UserId(99);
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let batch = [
        publish(&ana, "a", "one", &[]),
        publish(&ana, "a", "another", &[]),
        read_write(&store, ana.id, 5, ReadState::default()).await,
        write(Change::Revoke(Revocation::Person { user: ghost, keep: None })),
        publish(&ana, "b", "two", &[]),
        read_write(&store, ana.id, 0, ReadState::starting_at(MessageId(1))).await,
    ];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(matches!(outcomes[1], Outcome::KeyConflict));
    assert!(matches!(outcomes[2], Outcome::Stale));
    assert!(matches!(outcomes[3], Outcome::NoSuchPerson));
    store_one(&store, publish(&ana, "c", "three", &[])).await;
    let places: Vec<_> =
        store.entries(Seq(0), 100).await.unwrap().into_iter().map(|entry| entry.position.seq.0).collect();
    assert_eq!(places, [1, 2, 3, 4]);
    assert_eq!(store.head().await.unwrap().position.seq, Seq(4));
    assert!(store.commit(&[]).await.unwrap().is_empty());
}

pub(in super::super) async fn what_is_stored_is_what_is_read<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let state = ReadState::starting_at(MessageId(0)).after(&ReadChange::read(MessageId(3)));
    let batch = [
        publish(&ana, "a", "to all", &[]),
        publish(&ana, "b", "to bob", &[&bob]),
        read_write(&store, bob.id, 0, state).await,
        write(Change::Revoke(Revocation::Person { user: bob.id, keep: None })),
        new_password(&ana, "$argon2id$new", None),
    ];
    let answered: Vec<_> = store.commit(&batch).await.unwrap().into_iter().map(stored).collect();
    assert_eq!(store.entries(Seq(0), 100).await.unwrap(), answered);
    let audiences: Vec<_> = answered.iter().map(|entry| entry.audience.clone()).collect();
    let both = Audience::People(vec![ana.id, bob.id]);
    let own = Audience::People(vec![bob.id]);
    assert_eq!(audiences, [Audience::Everyone, both, own, Audience::Servers, Audience::Servers]);
    assert_eq!(store.entries(Seq(2), 1).await.unwrap(), answered[2..3]);
}

pub(in super::super) async fn a_repeated_key_publishes_once<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let first = store_one(&store, publish(&ana, "a", "hello", &[])).await;
    let id = MessageId::from(first.position.seq);
    let again = store.commit(&[publish(&ana, "a", "hello", &[])]).await.unwrap();
    assert!(matches!(again[..], [Outcome::Repeated(found)] if found == id));
    let other = store.commit(&[publish(&ana, "a", "goodbye", &[])]).await.unwrap();
    assert!(matches!(other[..], [Outcome::KeyConflict]));
    assert_eq!(store.entries(Seq(0), 10).await.unwrap(), [first]);
}

pub(in super::super) async fn a_key_counts_within_its_batch_too<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let (once, other) = (publish(&ana, "a", "hello", &[]), publish(&ana, "a", "goodbye", &[]));
    let outcomes = store.commit(&[once.clone(), once, other]).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stored(_), Outcome::Repeated(MessageId(1)), Outcome::KeyConflict]));
    assert_eq!(store.head().await.unwrap().position.seq, Seq(1));
}

pub(in super::super) async fn keys_belong_to_their_sender_and_are_compared_byte_for_byte<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let quoted = r#"k"\'%_1"#;
    let batch = [(&ana, "k1"), (&ana, "K1"), (&bob, "k1"), (&bob, quoted), (&bob, "1")]
        .map(|(sender, key)| publish(sender, key, "hello", &[]));
    for outcome in store.commit(&batch).await.unwrap() {
        stored(outcome);
    }
    let repeated = store.commit(&batch).await.unwrap();
    let ids: Vec<_> = repeated
        .iter()
        .map(|outcome| match outcome {
            Outcome::Repeated(id) => id.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    let found = store.find_key(bob.id, &key(quoted)).await.unwrap().unwrap();
    let Change::Publish(published) = &batch[3].change else { unreachable!() };
    assert_eq!(found, KeyUse { request_hash: published.request_hash, message: MessageId(4) });
    assert_eq!(store.find_key(bob.id, &key("K1")).await.unwrap(), None);
}

pub(in super::super) async fn keys_are_forgotten_by_age<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let late = Write { at: moment(1), ..publish(&ana, "late", "hello", &[]) };
    store.commit(&[publish(&ana, "early", "hello", &[]), late]).await.unwrap();
    assert_eq!(store.forget_keys(moment(1)).await.unwrap(), 1);
    assert_eq!(store.find_key(ana.id, &key("early")).await.unwrap(), None);
    assert!(store.find_key(ana.id, &key("late")).await.unwrap().is_some());
    assert_eq!(store.entries(Seq(0), 10).await.unwrap().len(), 2);
}

pub(in super::super) async fn more_keys_than_one_step_takes_are_forgotten<F: Fixture>(fixture: F) {
    const KEYS: u64 = 1_001;
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let batch: Vec<_> = (0..KEYS).map(|n| publish(&ana, &format!("k{n}"), "hello", &[])).collect();
    store.commit(&batch).await.unwrap();
    let late = Write { at: moment(1), ..publish(&ana, "late", "hello", &[]) };
    store.commit(&[late]).await.unwrap();
    assert_eq!(store.forget_keys(moment(1)).await.unwrap(), KEYS);
    assert_eq!(store.find_key(ana.id, &key("k1000")).await.unwrap(), None);
    assert!(store.find_key(ana.id, &key("late")).await.unwrap().is_some());
}

pub(in super::super) async fn nobody_publishes_who_does_not_exist<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ghost = push_system::accounts::Person { id: UserId(1), name: username("ghost") };
    let batch = [
        publish(&ghost, "a", "boo", &[]),
        read_write(&store, ghost.id, 0, ReadState::default()).await,
        new_password(&ghost, "", None),
    ];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::NoSuchPerson)), "{outcomes:?}");
    assert_eq!(store.head().await.unwrap().position.seq, Seq(0));
    assert_eq!(store.snapshot(ghost.id, 10).await.unwrap(), None);
    assert_eq!(store.read_state(ghost.id).await.unwrap(), None);
}

pub(in super::super) async fn text_comes_back_byte_for_byte<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let texts = [
        "您好 🎉\u{1F468}\u{200D}\u{1F469}",
        "مرحبا\u{202E}\u{200F}",
        "e\u{301} é \u{FEFF}",
        "𠮷野家 \u{10FFFF}",
        " \r\n\ttrailing  ",
        r#"'; DROP TABLE message; -- " \ % _ \u0041"#,
    ];
    for (n, text) in texts.iter().enumerate() {
        let draft = draft(json!({
            "message": text, "title": text, "tags": [text.chars().take(32).collect::<String>()], "priority": n, "click": "https://x/?q='\"",
            "extras": { "client::display": { "contentType": "text/markdown" }, *text: [1, -2.5, null, true, text] },
        }));
        let entry = store_one(&store, publish_draft(&ana, &format!("k{n}"), draft.clone(), vec![])).await;
        let read = store.entries(Seq(n as u64), 1).await.unwrap().remove(0);
        assert_eq!(read, entry);
        let EntryBody::Published { message, .. } = read.body else { panic!("no message") };
        assert_eq!((message.message.as_str(), message.title.as_str()), (*text, *text));
        assert_eq!((&message.extras, &message.tags, &message.to), (&draft.extras, &draft.tags, &draft.to));
        assert_eq!((message.priority, message.click, message.date), (draft.priority, draft.click, moment(0)));
    }
}

pub(in super::super) async fn a_place_is_probed_by_its_own_tag<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let start = store.head().await.unwrap();
    assert_eq!((start.position.seq, start.floor), (Seq(0), Seq(0)));
    let batch = [1, u32::MAX].map(|tag| Write { tag, ..publish(&ana, &tag.to_string(), "hello", &[]) });
    let tags: Vec<_> = store.commit(&batch).await.unwrap().into_iter().map(|one| stored(one).position.tag).collect();
    let first = Write::tag_after(1, start.position.tag);
    assert_eq!(tags, [first, Write::tag_after(u32::MAX, first)], "each is made from the one before");
    let head = store.head().await.unwrap();
    assert_eq!((head.position.seq, head.position.tag, &head.system), (Seq(2), tags[1], &start.system));
    let expected = [(0, Some(start.position.tag)), (1, Some(tags[0])), (2, Some(tags[1])), (3, None), (u64::MAX, None)];
    for (seq, tag) in expected {
        let probe = store.probe(Seq(seq)).await.unwrap();
        assert_eq!((probe.tag, &probe.head), (tag, &head), "{seq}");
    }
}

pub(in super::super) async fn a_new_epoch_moves_nothing<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "hello").await;
    let before = store.head().await.unwrap();
    let after = store.renew_epoch(&before.position.epoch).await.unwrap();
    let again = store.renew_epoch(&before.position.epoch).await.unwrap();
    assert_eq!(again, after, "two instances that notice at once renew it once");
    assert_ne!(after.position.epoch, before.position.epoch);
    assert_eq!(store.head().await.unwrap(), after);
    let moved = push_system::position::Position { epoch: before.position.epoch.clone(), ..after.position };
    assert_eq!((moved, after.floor, after.system), (before.position, before.floor, before.system));
}

pub(in super::super) async fn a_read_state_from_an_old_version_or_a_lost_log_is_stale<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let first = store.read_state(ana.id).await.unwrap().unwrap();
    let state = |n| ReadState::starting_at(MessageId(n));
    let both = [
        read_write(&store, ana.id, first.version, state(1)).await,
        read_write(&store, ana.id, first.version, state(2)).await,
    ];
    let outcomes = store.commit(&both).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stored(_), Outcome::Stale]));
    let now = store.read_state(ana.id).await.unwrap().unwrap();
    assert_eq!((now.state, now.head.seq), (state(1), Seq(1)));
    let outcomes = store.commit(&[read_write(&store, ana.id, first.version, state(3)).await]).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stale]));
    // Read or counted in a log that went back since, and may have grown past that place again.
    let elsewhere = Place { tag: now.head.tag ^ 1, ..now.head };
    let beyond = Place { seq: now.head.seq.next(), ..now.head };
    for (read_at, counted_at) in [(elsewhere, now.head), (now.head, elsewhere), (now.head, beyond)] {
        let mut lost = read_write(&store, ana.id, now.version, state(3)).await;
        let Change::Read(read) = &mut lost.change else { panic!("{lost:?}") };
        (read.basis.read_at, read.basis.counted_at) = (vec![now.head, read_at], counted_at);
        let outcomes = store.commit(&[lost]).await.unwrap();
        assert!(matches!(outcomes[..], [Outcome::Stale]), "{read_at:?}, {counted_at:?}");
    }
    store_one(&store, read_write(&store, ana.id, now.version, state(3)).await).await;
    assert_eq!(store.read_state(ana.id).await.unwrap().unwrap().state, state(3));
}

pub(in super::super) async fn all_of_it_is_there_after_opening_again<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "hello").await;
    let (head, entries) = (store.head().await.unwrap(), store.entries(Seq(0), 10).await.unwrap());
    let snapshot = store.snapshot(ana.id, 10).await.unwrap();
    drop(store);
    let store = fixture.open().await;
    assert_eq!(store.head().await.unwrap(), head);
    assert_eq!(store.entries(Seq(0), 10).await.unwrap(), entries);
    assert_eq!(store.snapshot(ana.id, 10).await.unwrap(), snapshot);
    assert_eq!(say(&store, &ana, "again").await, MessageId(2));
}

pub(in super::super) async fn trimming_takes_events_and_leaves_messages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let batch: Vec<_> = (1..=1_500).map(|n| publish(&ana, &n.to_string(), "hello", &[])).collect();
    let stored = store.commit(&batch).await.unwrap();
    let Outcome::Stored(at_floor) = &stored[1_199] else { panic!("{:?}", stored[1_199]) };
    let before = store.head().await.unwrap();
    let places = async || -> Vec<u64> {
        let entries = store.entries(Seq(0), 2_000).await.unwrap();
        entries.into_iter().map(|entry| entry.position.seq.0).collect()
    };
    assert_eq!(store.trim(Seq(1_200)).await.unwrap(), 1_200, "the place before the first event, too");
    assert_eq!(store.head().await.unwrap(), Head { floor: Seq(1_200), ..before.clone() });
    assert_eq!(places().await, (1_200..=1_500).collect::<Vec<_>>());
    let found = [1_199, 1_200].map(|seq| store.probe(Seq(seq)));
    let [below, floor] = found.map(|probe| async { probe.await.unwrap().tag });
    assert_eq!((below.await, floor.await), (None, Some(at_floor.position.tag)));
    let replayed = store.entries_for(ana.id, Seq(1_200), before.position.seq, 2_000).await.unwrap();
    assert_eq!(replayed.len(), 300);
    let skipping = store.entries_for(ana.id, Seq(1_199), before.position.seq, 2_000).await;
    assert!(skipping.is_err(), "a reader that fell behind the floor is told");
    assert_eq!(store.trim(Seq(5)).await.unwrap(), 0, "the floor never sinks");
    assert_eq!(store.head().await.unwrap().floor, Seq(1_200));
    assert_eq!(store.trim(Seq(u64::MAX)).await.unwrap(), 300, "the head's own event stays");
    assert_eq!(store.head().await.unwrap(), Head { floor: Seq(1_500), ..before });
    let snapshot = store.snapshot(ana.id, 2_000).await.unwrap().unwrap();
    assert_eq!(snapshot.messages.len(), 1_500);
    let again = store.commit(&[publish(&ana, "1", "hello", &[])]).await.unwrap();
    assert!(matches!(again[..], [Outcome::Repeated(MessageId(1))]));
    assert_eq!(say(&store, &ana, "after").await, MessageId(1_501));
}

/// What stands in the index of audiences for replay alone goes with its events.
pub(in super::super) async fn news_goes_with_its_events<B: Backend + Store>(store: &B) {
    let (ana, bob) = (person(store, "ana").await, person(store, "bob").await);
    let topic = create(store, &ana, "ops", false).await;
    store_one(store, joining(&bob, topic.id, &bob, TopicRole::Member)).await;
    let all = say(store, &ana, "one").await;
    let some = store_one(store, message(&ana, "k", &[&topic], &[&bob])).await.position.seq.into();
    for id in [all, some] {
        store_one(store, edit(&ana, id, json!({ "message": "two" }))).await;
    }
    let read = change_state(store, &bob, &ReadChange::read(some).into()).await;
    let last = store_one(store, read).await.position.seq;
    let (of_bob, of_topic) = (int(bob.id.0), int(topic.id.0));
    let messages = [
        (AudienceKind::Everyone, 0),
        (AudienceKind::Person, of_bob),
        (AudienceKind::Topic, of_topic),
        (AudienceKind::TopicNamed, of_topic),
    ];
    let news = [
        (AudienceKind::EveryoneNews, 0, vec![]),
        (AudienceKind::PersonNews, of_bob, vec![int(last.0)]),
        (AudienceKind::TopicNews, of_topic, vec![]),
    ];
    for (kind, id) in messages.into_iter().chain(news.iter().map(|(kind, id, _)| (*kind, *id))) {
        assert!(!places(store, kind, id).await.is_empty(), "{kind:?}");
    }
    store.trim(last).await.unwrap();
    for (kind, id) in messages {
        assert_eq!(places(store, kind, id).await.len(), 1, "{kind:?}");
    }
    for (kind, id, left) in news {
        assert_eq!(places(store, kind, id).await, left, "{kind:?}");
    }
}

async fn places<B: Backend>(store: &B, kind: AudienceKind, id: i64) -> Vec<i64> {
    let mut reader = store.reader().await.unwrap();
    let stretch = Stretch::of(kind, id, Span { after: 0, through: i64::MAX });
    let places = reader.places(&[stretch], Order::Ascending, None, 99).await;
    reader.end(places).await.unwrap()
}
