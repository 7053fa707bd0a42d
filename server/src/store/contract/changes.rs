//! Messages that are edited and deleted, and what people mark.

use push_system::{
    accounts::Person,
    ids::{MessageId, Seq},
    limits,
    marks::{Delta, Marks, MarksChange, StateChange},
    message::Message,
    read_state::{Ranges, ReadChange},
};
use serde_json::json;

use super::{
    super::{Audience, Entry, EntryBody, Log as _, Outcome, Store, Write},
    Fixture, change_state, delete, draft, edit, moment, person, publish, publish_draft, say, store_one, stored, tell,
};

async fn outcome(store: &impl Store, write: Write) -> Outcome {
    store.commit(&[write]).await.unwrap().remove(0)
}

fn message(entry: &Entry) -> &Message {
    entry.body.message().expect("it is about a message")
}

pub(in super::super) async fn an_edit_reaches_whom_the_message_reached<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob, cleo) = (person(&store, "ana").await, person(&store, "bob").await, person(&store, "cleo").await);
    let open = say(&store, &ana, "to all").await;
    let named = tell(&store, &ana, "to bob", &[&bob]).await;
    let later = Write { at: moment(5), ..edit(&ana, open, json!({ "message": "to everybody", "priority": 3 })) };
    let to_all = store_one(&store, later).await;
    assert_eq!(to_all.audience, Audience::Everyone);
    let now = message(&to_all).clone();
    assert_eq!((now.message.as_str(), now.priority, now.edited), ("to everybody", 3, Some(moment(5))));
    let to_bob = store_one(&store, edit(&ana, named, json!({ "title": "Bob" }))).await;
    assert_eq!(to_bob.audience, Audience::People(vec![ana.id, bob.id]));
    let log = store.entries(Seq(0), 10).await.unwrap();
    assert_eq!(message(&log[0]), &now, "what is told again of its publication is what it says now");
    assert_eq!(log[2..], [to_all.clone(), to_bob.clone()]);
    assert_eq!(store.message(bob.id, open).await.unwrap(), Some(now.clone()));
    for (who, told) in [(&ana, vec![1, 2, 3, 4]), (&bob, vec![1, 2, 3, 4]), (&cleo, vec![1, 3])] {
        let entries = store.entries_for(who.id, Seq(0), Seq(9), 10).await.unwrap();
        let seqs: Vec<_> = entries.iter().map(|entry| entry.position.seq.0).collect();
        assert_eq!(seqs, told, "{}", who.name);
    }
    let snapshot = store.snapshot(cleo.id, 10).await.unwrap().unwrap();
    assert_eq!((snapshot.messages, snapshot.counters.unread), (vec![now], 1));
}

pub(in super::super) async fn a_deleted_message_is_what_is_left_of_it_everywhere<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let draft = draft(json!({ "message": "secret", "title": "secret", "tags": ["secret"], "click": "https://secret",
        "extras": { "secret": 1 }, "priority": 9, "to": ["@bob", "everyone"] }));
    let id = MessageId::from(store_one(&store, publish_draft(&ana, "k", draft, vec![bob.id])).await.position.seq);
    store_one(&store, edit(&ana, id, json!({ "message": "secret still" }))).await;
    say(&store, &ana, "another").await;
    assert_eq!(store.snapshot(bob.id, 9).await.unwrap().unwrap().counters.unread, 2);
    let gone = store_one(&store, Write { at: moment(9), ..delete(&ana, id) }).await;
    let left = message(&gone).clone();
    assert_eq!((left.deleted, left.id, left.sender.id), (Some(moment(9)), id, ana.id));
    let log = store.entries(Seq(0), 10).await.unwrap();
    assert!(matches!(log[3].body, EntryBody::Deleted { .. }));
    assert_eq!([&log[0], &log[1], &log[3]].map(message), [&left; 3]);
    let snapshot = store.snapshot(bob.id, 9).await.unwrap().unwrap();
    assert_eq!((&snapshot.messages[1], snapshot.counters.unread), (&left, 1));
    assert!(!format!("{log:?} {snapshot:?}").contains("secret"));
    let state = store.read_state(bob.id).await.unwrap().unwrap().state;
    assert_eq!(store.count_unread(bob.id, &state).await.unwrap().count, 1);
}

pub(in super::super) async fn only_its_sender_or_an_admin_who_sees_it_changes_a_message<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (admin, ana, bob) = (person(&store, "admin").await, person(&store, "ana").await, person(&store, "bob").await);
    let open = say(&store, &ana, "to all").await;
    let named = tell(&store, &ana, "to herself", &[&ana]).await;
    let to = |text: &str| json!({ "message": text });
    let nothing = MessageId(77);
    for write in [edit(&bob, open, to("x")), delete(&bob, open)] {
        assert!(matches!(outcome(&store, write).await, Outcome::NotTheirs));
    }
    for who in [&bob, &admin] {
        for id in [named, nothing, MessageId(0), MessageId(u64::MAX)] {
            for write in [edit(who, id, to("x")), delete(who, id)] {
                assert!(matches!(outcome(&store, write).await, Outcome::NoSuchMessage), "{} {id}", who.name);
            }
            assert_eq!(store.message(who.id, id).await.unwrap(), None, "{} {id}", who.name);
        }
    }
    stored(outcome(&store, edit(&admin, open, to("by an admin"))).await);
    stored(outcome(&store, delete(&admin, open)).await);
    stored(outcome(&store, edit(&ana, named, to("mine"))).await);
}

pub(in super::super) async fn a_change_that_changes_nothing_writes_nothing<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = say(&store, &ana, "hello").await;
    assert!(matches!(outcome(&store, edit(&ana, id, json!({ "message": "hello" }))).await, Outcome::Unchanged));
    store_one(&store, delete(&ana, id)).await;
    let left = store.message(ana.id, id).await.unwrap();
    assert!(matches!(outcome(&store, Write { at: moment(9), ..delete(&ana, id) }).await, Outcome::Unchanged));
    let again = edit(&ana, id, json!({ "message": "I never said that" }));
    assert!(matches!(outcome(&store, again).await, Outcome::NoSuchMessage));
    assert_eq!(store.message(ana.id, id).await.unwrap(), left);
    assert_eq!(store.head().await.unwrap().position.seq, Seq(2));
}

pub(in super::super) async fn an_edit_that_grows_too_large_is_refused<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let id = say(&store, &ana, "hello").await;
    let extras = json!({ "extras": { "a": "x".repeat(limits::EDITED_BYTES - 15_000) } });
    store_one(&store, edit(&ana, id, extras)).await;
    let text = json!({ "message": "x".repeat(limits::TEXT_BYTES) });
    assert!(matches!(outcome(&store, edit(&ana, id, text)).await, Outcome::TooLarge), "each fits, and not both");
    assert_eq!(store.message(ana.id, id).await.unwrap().unwrap().message, "hello");
}

pub(in super::super) async fn changes_are_decided_one_after_the_other_within_a_batch<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let old = say(&store, &ana, "old").await;
    let unread = StateChange::from(ReadChange::unread(old));
    store_one(&store, change_state(&store, &bob, &ReadChange::read(old).into()).await).await;
    let marked_unread = change_state(&store, &bob, &unread).await;
    let new = MessageId(3);
    let batch = [
        publish(&ana, "new", "new", &[]),
        edit(&ana, new, json!({ "message": "newer" })),
        edit(&ana, new, json!({ "title": "title" })),
        delete(&ana, old),
        delete(&ana, old),
        edit(&ana, old, json!({ "message": "old again" })),
        publish(&ana, "gone", "gone at once", &[]),
        delete(&ana, MessageId(7)),
        marked_unread,
    ];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(matches!(outcomes[4], Outcome::Unchanged) && matches!(outcomes[5], Outcome::NoSuchMessage));
    let message = store.message(bob.id, new).await.unwrap().unwrap();
    assert_eq!((message.message.as_str(), message.title.as_str()), ("newer", "title"));
    let Outcome::Stored(entry) = &outcomes[8] else { panic!("{:?}", outcomes[8]) };
    assert!(matches!(entry.body, EntryBody::Read { unread: 1, .. }), "{entry:?}");
    assert_eq!(store.snapshot(bob.id, 9).await.unwrap().unwrap().counters.unread, 1);
}

pub(in super::super) async fn who_was_trimmed_away_is_still_told<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let (open, named) = (say(&store, &ana, "to all").await, tell(&store, &ana, "to bob", &[&bob]).await);
    say(&store, &ana, "later").await;
    store.trim(Seq(3)).await.unwrap();
    let entries =
        [delete(&ana, open), edit(&ana, named, json!({ "message": "to you" }))].map(|write| store_one(&store, write));
    let [deleted, edited] = entries;
    assert_eq!(deleted.await.audience, Audience::Everyone);
    assert_eq!(edited.await.audience, Audience::People(vec![ana.id, bob.id]));
    assert_eq!(store.entries_for(bob.id, Seq(3), Seq(9), 9).await.unwrap().len(), 2);
}

pub(in super::super) async fn messages_deleted_between_count_and_commit_are_not_counted<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let (one, two) = (tell(&store, &bob, "one", &[&ana]).await, say(&store, &bob, "two").await);
    let three = say(&store, &bob, "three").await;
    let own = say(&store, &ana, "her own").await;
    let read = change_state(&store, &ana, &ReadChange::read(three).into()).await;
    for gone in [one, two, three] {
        store_one(&store, delete(&bob, gone)).await;
    }
    store_one(&store, delete(&ana, own)).await;
    let four = say(&store, &bob, "four").await;
    store_one(&store, delete(&bob, four)).await;
    say(&store, &bob, "five").await;
    let entry = store_one(&store, read).await;
    assert!(matches!(entry.body, EntryBody::Read { unread: 1, .. }), "{entry:?}");
    assert_eq!(store.snapshot(ana.id, 9).await.unwrap().unwrap().counters.unread, 1);
}

pub(in super::super) async fn marks_are_kept_and_told_as_differences<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    say(&store, &person(&store, "ana").await, "before").await;
    let bob = person(&store, "bob").await;
    let marks = async || store.read_state(bob.id).await.unwrap().unwrap().marks;
    assert_eq!(marks().await, Marks::starting_at(MessageId(1)), "who is new has seen what was there");
    for text in ["2", "3", "4"] {
        say(&store, &bob, text).await;
    }
    let change = StateChange {
        archive: Ranges::span(1, 3),
        save: Ranges::one(2),
        seen_upto: Some(MessageId(3)),
        ..StateChange::default()
    };
    store_one(&store, change_state(&store, &bob, &change).await).await;
    let change = StateChange { unarchive: Ranges::one(2), seen_upto: Some(MessageId(1)), ..StateChange::default() };
    let entry = store_one(&store, change_state(&store, &bob, &change).await).await;
    let told = MarksChange {
        seen_upto: MessageId(3),
        archived: Delta { add: Ranges::EMPTY, remove: Ranges::one(2) },
        saved: Delta::default(),
    };
    let EntryBody::Read { marks: Some(found), .. } = &entry.body else { panic!("{entry:?}") };
    assert_eq!(**found, told);
    assert_eq!(store.entries(Seq(5), 9).await.unwrap(), [entry]);
    let archived = Ranges::collect([(1, 1), (3, 3)]);
    let expected = Marks { seen_upto: MessageId(3), archived, saved: Ranges::one(2) };
    assert_eq!(marks().await, expected);
    assert_eq!(store.snapshot(bob.id, 9).await.unwrap().unwrap().marks, expected);
    let reading = change_state(&store, &bob, &ReadChange::unread(MessageId(1)).into()).await;
    let entry = store_one(&store, reading).await;
    assert_eq!(entry.body.kind(), "read_state_changed");
    assert_eq!(marks().await, expected);
}

/// Whom they reached is known, whether their events were trimmed or not.
pub(super) async fn the_messages_of_the_first_schema_are_there(store: &impl Store, ana: &Person, bob: &Person) {
    let marks = store.read_state(bob.id).await.unwrap().unwrap().marks;
    assert_eq!(marks, Marks::starting_at(MessageId(2)), "what was read was seen");
    let both = Audience::People(vec![ana.id, bob.id]);
    for (id, audience) in [(1, Audience::Everyone), (2, both.clone()), (3, both)] {
        let edited = store_one(store, edit(ana, MessageId(id), json!({ "title": "edited" }))).await;
        assert_eq!(edited.audience, audience, "{id}");
    }
}
