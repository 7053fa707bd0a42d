//! Topics: who may see what, whatever happens in which order.

use push_system::{
    accounts::Person,
    ids::{MessageId, Seq, TopicId, UserId},
    limits,
    topic::{Topic, TopicName, TopicRole},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use super::{
    super::{
        AccountChange, Audience, Change, Entry, EntryBody, Log as _, Outcome, Store, TopicNews, TopicStep, TopicWrite,
        Topics as _, Write,
    },
    Fixture, delete, draft, edit,
    fold::{any_write, compare, fold, join},
    person, publish_draft, say, store_one, stored, write,
};

fn name(text: &str) -> TopicName {
    TopicName::parse(text).unwrap()
}

fn step(actor: &Person, step: TopicStep) -> Write {
    write(Change::Topic(TopicWrite { actor: actor.id, step }))
}

fn creation(actor: &Person, called: &str, private: bool) -> Write {
    step(actor, TopicStep::Create { name: name(called), description: "what for".into(), private })
}

pub(super) async fn create(store: &impl Store, actor: &Person, called: &str, private: bool) -> Topic {
    match store_one(store, creation(actor, called, private)).await.body {
        EntryBody::Topic(event) => event.topic,
        other => panic!("{other:?}"),
    }
}

pub(super) fn joining(actor: &Person, topic: TopicId, user: &Person, role: TopicRole) -> Write {
    step(actor, TopicStep::Join { topic, user: user.id, role })
}

fn setting(actor: &Person, topic: TopicId, archived: bool) -> Write {
    step(actor, TopicStep::Set { topic, description: None, archived: Some(archived) })
}

pub(super) async fn leaving(store: &impl Store, actor: &Person, topic: &Topic, user: &Person) -> Write {
    let stored = store.read_state(user.id).await.unwrap().unwrap();
    let counted = store.count_unread_without(user.id, topic, &stored.state).await.unwrap();
    let basis = counted.basis(&stored);
    step(actor, TopicStep::Leave { topic: topic.id, private: topic.private, user: user.id, state: stored.state, basis })
}

pub(super) fn message(sender: &Person, key: &str, topics: &[&Topic], people: &[&Person]) -> Write {
    let topic_names = topics.iter().map(|topic| format!("#{}", topic.name));
    let to: Vec<_> = topic_names.chain(people.iter().map(|person| format!("@{}", person.name))).collect();
    let named = people.iter().map(|person| person.id).collect();
    let mut write = publish_draft(sender, key, draft(json!({ "message": key, "to": to })), named);
    if let Change::Publish(publish) = &mut write.change {
        publish.topics = topics.iter().copied().cloned().collect();
    }
    write
}

fn describing(actor: &Person, topic: TopicId, text: &str) -> Write {
    step(actor, TopicStep::Set { topic, description: Some(text.into()), archived: None })
}

async fn one(store: &impl Store, write: Write) -> Outcome {
    store.commit(&[write]).await.unwrap().remove(0)
}

async fn texts(store: &impl Store, user: &Person) -> Vec<String> {
    let snapshot = store.snapshot(user.id, 50).await.unwrap().unwrap();
    snapshot.messages.into_iter().map(|message| message.message).collect()
}

async fn unread(store: &impl Store, user: &Person) -> u64 {
    store.snapshot(user.id, 1).await.unwrap().unwrap().counters.unread
}

pub(in super::super) async fn what_is_read_of_topics_is_the_fold_of_the_log<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let mut random = StdRng::seed_from_u64(0x70_91c5);
    let mut members = vec![join(&store, "ana").await, join(&store, "bob").await, join(&store, "cleo").await];
    for round in 0..40 {
        if round == 20 {
            members.push(join(&store, "dan").await);
        }
        let size = random.random_range(1..6);
        let mut batch = Vec::with_capacity(size);
        for n in 0..size {
            let key = format!("{round}.{n}");
            let people: Vec<&Person> = members.iter().map(|(person, _)| person).collect();
            batch.push(match random.random_range(0..10) {
                0..3 => any_write(&store, &mut random, &members, &key).await,
                3..7 => any_step(&store, &mut random, &people, &key).await,
                _ => any_message(&store, &mut random, &people, &key).await,
            });
        }
        store.commit(&batch).await.unwrap();
        let log = store.entries(Seq(0), 1000).await.unwrap();
        for member in &members {
            compare(&store, member, &log, &mut random).await;
        }
    }
}

async fn any_step(store: &impl Store, random: &mut StdRng, people: &[&Person], key: &str) -> Write {
    let actor = people[random.random_range(0..people.len())];
    let user = if random.random_bool(0.5) { actor } else { people[random.random_range(0..people.len())] };
    let topics = store.topics(actor.id).await.unwrap();
    if topics.len() < 2 || random.random_bool(0.1) {
        return creation(actor, &format!("t{key}"), random.random_bool(0.5));
    }
    let topic = &topics[random.random_range(0..topics.len())].topic;
    let role = if random.random_bool(0.3) { TopicRole::Owner } else { TopicRole::Member };
    match random.random_range(0..6) {
        0 => setting(actor, topic.id, random.random_bool(0.2)),
        1..4 => joining(actor, topic.id, user, role),
        _ => leaving(store, actor, topic, user).await,
    }
}

async fn any_message(store: &impl Store, random: &mut StdRng, people: &[&Person], key: &str) -> Write {
    let sender = people[random.random_range(0..people.len())];
    let seen: Vec<_> = store.topics(sender.id).await.unwrap().into_iter().map(|info| info.topic).collect();
    let (private, public): (Vec<_>, Vec<_>) = seen.iter().partition(|topic| topic.private);
    if !private.is_empty() && random.random_bool(0.5) {
        return message(sender, key, &[private[random.random_range(0..private.len())]], &[]);
    }
    let topics: Vec<_> = public.into_iter().filter(|_| random.random_bool(0.5)).collect();
    let named: Vec<_> = people.iter().copied().filter(|_| random.random_bool(0.3)).collect();
    if topics.is_empty() && named.is_empty() {
        return message(sender, key, &[], &[people[0]]);
    }
    message(sender, key, &topics, &named)
}

pub(in super::super) async fn a_private_topic_is_seen_by_its_members_alone<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let secret = create(&store, &ana, "secret", true).await;
    store_one(&store, message(&ana, "hush", &[&secret], &[])).await;
    assert_eq!(store.topic(bob.id, secret.id).await.unwrap(), None);
    assert!(store.topics(bob.id).await.unwrap().is_empty());
    assert!(store.topics_named(bob.id, &[name("secret")]).await.unwrap().is_empty());
    assert_eq!(store.topic_messages(bob.id, secret.id, None, 9).await.unwrap(), None);
    assert!(texts(&store, &bob).await.is_empty());
    assert_eq!(store.topic(ana.id, secret.id).await.unwrap().unwrap().role, Some(TopicRole::Owner));
    // Even its owner must bring people in: they cannot come by themselves.
    assert!(matches!(one(&store, joining(&bob, secret.id, &bob, TopicRole::Member)).await, Outcome::NoSuchTopic));
    stored(one(&store, joining(&ana, secret.id, &bob, TopicRole::Member)).await);
    assert!(texts(&store, &bob).await.is_empty(), "what was said before is not theirs");
    store_one(&store, message(&bob, "hello", &[&secret], &[])).await;
    assert_eq!(texts(&store, &ana).await, ["hello", "hush"]);
    let page = store.topic_messages(bob.id, secret.id, None, 9).await.unwrap().unwrap();
    assert_eq!(page.messages.len(), 1);
    assert_eq!(page.messages[0].topics, [secret.reference()]);
    let members = store.topic_members(secret.id, UserId(0), 9).await.unwrap();
    assert_eq!(members.iter().map(|member| member.person.name.as_str()).collect::<Vec<_>>(), ["ana", "bob"]);
}

pub(in super::super) async fn names_are_unique_among_public_topics_only<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let secret = create(&store, &ana, "ops", true).await;
    let open = create(&store, &bob, "ops", false).await;
    create(&store, &bob, "ops", true).await;
    assert!(matches!(one(&store, creation(&ana, "ops", false)).await, Outcome::NameTaken));
    let batch = [creation(&ana, "new", false), creation(&bob, "new", false)];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stored(_), Outcome::NameTaken]), "{outcomes:?}");
    let found = store.topics_named(ana.id, &[name("ops")]).await.unwrap();
    assert_eq!(found.iter().map(|topic| topic.id).collect::<Vec<_>>(), [secret.id, open.id]);
}

pub(in super::super) async fn owners_manage_and_members_where_there_is_none<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (admin, ana) = (person(&store, "admin").await, person(&store, "ana").await);
    let (bob, cleo) = (person(&store, "bob").await, person(&store, "cleo").await);
    let topic = create(&store, &ana, "ops", false).await;
    stored(one(&store, joining(&bob, topic.id, &bob, TopicRole::Member)).await);
    assert!(matches!(one(&store, setting(&bob, topic.id, true)).await, Outcome::NotOwner));
    assert!(matches!(one(&store, joining(&bob, topic.id, &cleo, TopicRole::Member)).await, Outcome::NotOwner));
    assert!(matches!(one(&store, joining(&bob, topic.id, &bob, TopicRole::Owner)).await, Outcome::NotOwner));
    stored(one(&store, setting(&admin, topic.id, true)).await);
    assert!(matches!(one(&store, setting(&admin, topic.id, true)).await, Outcome::Unchanged));
    let goes = leaving(&store, &ana, &topic, &ana).await;
    stored(one(&store, goes).await);
    // Nobody owns it any more.
    stored(one(&store, setting(&bob, topic.id, false)).await);
    stored(one(&store, joining(&bob, topic.id, &cleo, TopicRole::Owner)).await);
    assert!(matches!(one(&store, setting(&bob, topic.id, true)).await, Outcome::NotOwner));
    let removal = leaving(&store, &cleo, &topic, &bob).await;
    stored(one(&store, removal).await);
    assert_eq!(store.topic(bob.id, topic.id).await.unwrap().unwrap().role, None);
    // An admin has no say in what they may not know of.
    let secret = create(&store, &cleo, "secret", true).await;
    assert!(matches!(one(&store, setting(&admin, secret.id, true)).await, Outcome::NoSuchTopic));
}

pub(in super::super) async fn who_leaves_a_public_topic_keeps_what_they_had<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let topic = create(&store, &ana, "ops", false).await;
    store_one(&store, message(&ana, "before", &[&topic], &[])).await;
    stored(one(&store, joining(&bob, topic.id, &bob, TopicRole::Member)).await);
    store_one(&store, message(&ana, "during", &[&topic], &[])).await;
    let goes = leaving(&store, &bob, &topic, &bob).await;
    stored(one(&store, goes).await);
    store_one(&store, message(&ana, "after", &[&topic], &[])).await;
    assert_eq!((texts(&store, &bob).await, unread(&store, &bob).await), (vec!["during".to_owned()], 1));
    stored(one(&store, joining(&bob, topic.id, &bob, TopicRole::Member)).await);
    store_one(&store, message(&ana, "again", &[&topic], &[])).await;
    assert_eq!((texts(&store, &bob).await, unread(&store, &bob).await), (vec!["again".into(), "during".into()], 2));
    let page = store.topic_messages(bob.id, topic.id, None, 9).await.unwrap().unwrap();
    assert_eq!(page.messages.len(), 4, "all of a public topic can be read on its page");
    let older = store.topic_messages(bob.id, topic.id, Some(page.messages[1].id), 1).await.unwrap().unwrap();
    assert_eq!((older.messages[0].id, older.has_more), (page.messages[2].id, true));
}

pub(in super::super) async fn who_leaves_a_private_topic_has_nothing_left<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ((ana, _), bob) = (join(&store, "ana").await, join(&store, "bob").await);
    let secret = create(&store, &ana, "secret", true).await;
    stored(one(&store, joining(&ana, secret.id, &bob.0, TopicRole::Member)).await);
    store_one(&store, message(&ana, "hush", &[&secret], &[])).await;
    store_one(&store, message(&bob.0, "mine", &[&secret], &[])).await;
    say(&store, &ana, "for all").await;
    assert_eq!(unread(&store, &bob.0).await, 2);
    let removal = leaving(&store, &ana, &secret, &bob.0).await;
    // What comes between the count and the commit counts, too.
    say(&store, &ana, "meanwhile").await;
    let entry = stored(one(&store, removal).await);
    assert_eq!(
        (texts(&store, &bob.0).await, unread(&store, &bob.0).await),
        (vec!["meanwhile".into(), "for all".into()], 2)
    );
    let log = store.entries(Seq(0), 100).await.unwrap();
    assert_eq!(fold(&bob, &log).snapshot(50), store.snapshot(bob.0.id, 50).await.unwrap().unwrap());
    let replayed = store.entries_for(bob.0.id, Seq(0), entry.position.seq, 100).await.unwrap();
    let replayed: Vec<_> = replayed.iter().map(|entry| entry.body.kind()).collect();
    assert_eq!(replayed, ["topic_joined", "message_published", "message_published", "topic_left"]);
    // What is unread after leaving was computed in another log, of as many places.
    let mut lost = leaving(&store, &ana, &secret, &ana).await;
    if let Change::Topic(TopicWrite { step: TopicStep::Leave { basis, .. }, .. }) = &mut lost.change {
        basis.counted_at.tag ^= 1;
    }
    assert!(matches!(one(&store, lost).await, Outcome::Stale));
    // A read state that was counted before is outdated.
    let stale = leaving(&store, &ana, &secret, &ana).await;
    stored(one(&store, joining(&ana, secret.id, &bob.0, TopicRole::Member)).await);
    assert_eq!(texts(&store, &bob.0).await.len(), 2, "coming back brings nothing back");
    stored(one(&store, stale).await);
}

pub(in super::super) async fn nobody_publishes_to_what_they_cannot_see_or_what_is_archived<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let secret = create(&store, &ana, "secret", true).await;
    let open = create(&store, &ana, "open", false).await;
    assert!(matches!(one(&store, message(&bob, "k1", &[&secret], &[])).await, Outcome::NoSuchTopic));
    stored(one(&store, message(&bob, "k2", &[&open], &[])).await);
    let batch = [setting(&ana, open.id, true), message(&bob, "k3", &[&open], &[])];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(matches!(&outcomes[..], [Outcome::Stored(_), Outcome::TopicArchived(archived)] if *archived == open.name));
    let batch = [joining(&ana, secret.id, &bob, TopicRole::Member), message(&bob, "k4", &[&secret], &[])];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stored(_), Outcome::Stored(_)]), "{outcomes:?}");
    assert_eq!(texts(&store, &bob).await, ["k4", "k2"], "what they sent is theirs to see");
}

pub(in super::super) async fn a_message_on_two_ways_counts_once<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, join(&store, "bob").await);
    let topics = [create(&store, &ana, "one", false).await, create(&store, &ana, "two", false).await];
    for topic in &topics {
        stored(one(&store, joining(&bob.0, topic.id, &bob.0, TopicRole::Member)).await);
    }
    let both = [&topics[0], &topics[1]];
    let id: MessageId = store_one(&store, message(&ana, "k", &both, &[&bob.0])).await.position.seq.into();
    store_one(&store, message(&ana, "k2", &both, &[])).await;
    assert_eq!((texts(&store, &bob.0).await.len(), unread(&store, &bob.0).await), (2, 2));
    let log = store.entries(Seq(0), 100).await.unwrap();
    assert_eq!(fold(&bob, &log).snapshot(50), store.snapshot(bob.0.id, 50).await.unwrap().unwrap());
    for topic in &topics {
        let page = store.topic_messages(ana.id, topic.id, None, 9).await.unwrap().unwrap();
        assert_eq!(page.messages.iter().map(|message| message.id).min(), Some(id));
    }
}

pub(in super::super) async fn a_topic_is_told_as_it_was_at_that_place<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let secret = create(&store, &ana, "secret", true).await;
    let mut told = vec![store_one(&store, joining(&ana, secret.id, &bob, TopicRole::Member)).await];
    store_one(&store, describing(&ana, secret.id, "while he is here")).await;
    let removal = leaving(&store, &ana, &secret, &bob).await;
    told.push(store_one(&store, removal).await);
    let last = store_one(&store, describing(&ana, secret.id, "not for bob")).await;
    assert_eq!(store.entries_for(bob.id, Seq(0), last.position.seq, 9).await.unwrap(), told);
    let log = store.entries(told[0].position.seq, 9).await.unwrap();
    let texts: Vec<_> = log.iter().map(described).collect();
    assert_eq!(texts, ["while he is here", "while he is here", "not for bob"]);
    assert_eq!(described(&told[0]), "what for");
}

pub(in super::super) async fn nobody_comes_and_goes_without_end<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let topic = create(&store, &ana, "ops", false).await;
    for _ in 0..limits::STAYS_PER_TOPIC {
        stored(one(&store, joining(&bob, topic.id, &bob, TopicRole::Member)).await);
        let goes = leaving(&store, &bob, &topic, &bob).await;
        stored(one(&store, goes).await);
    }
    for actor in [&bob, &ana] {
        assert!(matches!(one(&store, joining(actor, topic.id, &bob, TopicRole::Member)).await, Outcome::TooManyStays));
    }
    let other = create(&store, &ana, "other", false).await;
    stored(one(&store, joining(&bob, other.id, &bob, TopicRole::Member)).await);
}

pub(in super::super) async fn members_are_counted_and_come_in_pages<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    let topic = create(&store, &ana, "ops", false).await;
    let mut people = vec![ana.clone()];
    for name in ["zoe", "bob", "cleo", "dan"] {
        people.push(person(&store, name).await);
        let comes = joining(&people[people.len() - 1], topic.id, &people[people.len() - 1], TopicRole::Member);
        stored(one(&store, comes).await);
    }
    let everybody: Vec<_> = people.iter().map(|person| person.id).collect();
    assert_eq!(pages(&store, topic.id).await, everybody);
    assert_eq!(members(&store, &ana, &topic).await, 5);
    let goes = leaving(&store, &people[1], &topic, &people[1]).await;
    stored(one(&store, goes).await);
    // Whose account is deleted is no member any more, and counted once.
    let deletion = Change::Account { user: people[2].id, to: AccountChange::Delete };
    stored(one(&store, write(deletion)).await);
    assert_eq!((pages(&store, topic.id).await.len(), members(&store, &ana, &topic).await), (3, 3));
    let removal = leaving(&store, &ana, &topic, &people[2]).await;
    stored(one(&store, removal).await);
    assert_eq!((pages(&store, topic.id).await.len(), members(&store, &ana, &topic).await), (3, 3));
    assert!(matches!(one(&store, joining(&ana, topic.id, &people[3], TopicRole::Member)).await, Outcome::Unchanged));
    stored(one(&store, joining(&ana, topic.id, &people[3], TopicRole::Owner)).await);
    assert_eq!(members(&store, &people[1], &topic).await, 3);
}

async fn members(store: &impl Store, user: &Person, topic: &Topic) -> u64 {
    let info = store.topic(user.id, topic.id).await.unwrap().unwrap();
    assert_eq!(store.topics(user.id).await.unwrap(), std::slice::from_ref(&info));
    info.members
}

async fn pages(store: &impl Store, topic: TopicId) -> Vec<UserId> {
    let mut all = Vec::new();
    loop {
        let page = store.topic_members(topic, all.last().copied().unwrap_or_default(), 2).await.unwrap();
        all.extend(page.iter().map(|member| member.person.id));
        if page.len() < 2 {
            return all;
        }
    }
}

fn described(entry: &Entry) -> &str {
    match &entry.body {
        EntryBody::Topic(event) => &event.topic.description,
        other => panic!("{other:?}"),
    }
}

/// Rows that a database at its seventh schema may hold, in any dialect.
pub(in super::super) const ROWS_OF_THE_SEVENTH_SCHEMA: &str = "
    INSERT INTO account (name, password_hash, role, created) VALUES ('ana', '$argon2id$of-ana', 'admin', 5);
    INSERT INTO topic (id, name, description, private, archived, created) VALUES (1, 'ops', 'says \"so\"', TRUE, FALSE, 5);
    INSERT INTO membership (user_id, topic_id, after_seq, owner) VALUES (1, 1, 1, TRUE);
    INSERT INTO audience (kind, id, seq, sender, target) VALUES (3, 1, 1, 1, NULL), (7, 1, 2, 1, 2);
    INSERT INTO event (seq, tag, kind, at, audience, topic_id, payload)
        VALUES (1, 7, 'topic_created', 5, '1', 1, '{\"user\":1}'), (2, 7, 'topic_changed', 5, '#1@2', 1, NULL);
    UPDATE head SET seq = 2;";

/// What becomes of [`ROWS_OF_THE_SEVENTH_SCHEMA`].
pub(in super::super) async fn rows_of_the_seventh_schema_are_there(store: &impl Store) {
    let log = store.entries(Seq(0), 9).await.unwrap();
    let info = store.topics(UserId(1)).await.unwrap().remove(0);
    let news = log.iter().map(|entry| match &entry.body {
        EntryBody::Topic(event) if event.topic == info.topic => event.what,
        other => panic!("{other:?}"),
    });
    assert_eq!(news.collect::<Vec<_>>(), [TopicNews::Created(UserId(1)), TopicNews::Changed]);
}

pub(in super::super) async fn a_message_to_a_public_topic_is_everybodys_to_read<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (admin, ana) = (person(&store, "admin").await, person(&store, "ana").await);
    let (bob, cleo) = (person(&store, "bob").await, person(&store, "cleo").await);
    let (open, secret) = (create(&store, &ana, "open", false).await, create(&store, &ana, "secret", true).await);
    let early: MessageId = store_one(&store, message(&ana, "early", &[&open], &[])).await.position.seq.into();
    let hush: MessageId = store_one(&store, message(&ana, "hush", &[&secret], &[])).await.position.seq.into();
    let told: MessageId = store_one(&store, message(&ana, "told", &[], &[&bob])).await.position.seq.into();
    stored(one(&store, joining(&bob, open.id, &bob, TopicRole::Member)).await);
    stored(one(&store, joining(&ana, secret.id, &bob, TopicRole::Member)).await);
    for who in [&admin, &bob, &cleo] {
        let read = store.message(who.id, early).await.unwrap().map(|message| message.message);
        assert_eq!(read.as_deref(), Some("early"), "{}", who.name);
        assert!(matches!(one(&store, edit(&bob, early, json!({ "message": "x" }))).await, Outcome::NotTheirs));
        assert_eq!(store.message(who.id, hush).await.unwrap(), None, "{}", who.name);
        assert!(matches!(one(&store, delete(who, hush)).await, Outcome::NoSuchMessage), "{}", who.name);
        let (texts, unread) = (texts(&store, who).await, unread(&store, who).await);
        assert_eq!((texts.contains(&"early".to_owned()), unread), (false, u64::from(who.id == bob.id)), "{}", who.name);
    }
    assert_eq!(store.message(cleo.id, told).await.unwrap(), None);
    let next = MessageId::from(store.head().await.unwrap().position.seq.next());
    let batch =
        [message(&ana, "later", &[&open], &[]), edit(&cleo, next, json!({ "message": "x" })), delete(&admin, next)];
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stored(_), Outcome::NotTheirs, Outcome::Stored(_)]), "{outcomes:?}");
    let edited = store_one(&store, edit(&admin, early, json!({ "message": "by an admin" }))).await;
    let topics = vec![open.id];
    assert_eq!(edited.audience, Audience::Topics { topics, people: vec![ana.id], at: Seq(early.0) });
    assert_eq!(store.message(cleo.id, early).await.unwrap().unwrap().message, "by an admin");
}

pub(in super::super) async fn who_left_a_private_topic_hears_nothing_more_of_it<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let secret = create(&store, &ana, "secret", true).await;
    stored(one(&store, joining(&ana, secret.id, &bob, TopicRole::Member)).await);
    let goes = leaving(&store, &bob, &secret, &bob).await;
    stored(one(&store, goes).await);
    stored(one(&store, setting(&ana, secret.id, true)).await);
    let told = async |who: &Person| {
        let entries = store.entries_for(who.id, Seq(0), Seq(99), 99).await.unwrap();
        let topics = entries.into_iter().filter_map(|entry| match entry.body {
            EntryBody::Topic(event) => Some((event.topic.description, event.topic.archived)),
            _ => None,
        });
        topics.collect::<Vec<_>>()
    };
    let [before, since] = [false, true].map(|archived| ("what for".to_owned(), archived));
    assert_eq!(told(&bob).await, [before.clone(), before.clone()]);
    assert_eq!(told(&ana).await, [before.clone(), since.clone()]);
    stored(one(&store, joining(&ana, secret.id, &bob, TopicRole::Member)).await);
    assert_eq!(told(&bob).await, [before.clone(), before, since]);
}

pub(in super::super) async fn nobody_counts_the_private_topics_of_others<F: Fixture>(fixture: F) {
    let store = fixture.open().await;
    let (ana, bob) = (person(&store, "ana").await, person(&store, "bob").await);
    let open = create(&store, &ana, "open", false).await;
    let many: Vec<_> = (0..limits::TOPICS_PER_PERSON).map(|n| creation(&bob, &format!("t{n}"), true)).collect();
    all(&store, &many).await;
    assert!(matches!(one(&store, creation(&bob, "more", true)).await, Outcome::TooManyTopics));
    assert!(matches!(one(&store, joining(&bob, open.id, &bob, TopicRole::Member)).await, Outcome::TooManyTopics));
    stored(one(&store, joining(&ana, open.id, &bob, TopicRole::Member)).await);
    let full: Vec<_> = (1..limits::TOPICS_PER_PERSON).map(|n| creation(&ana, &format!("o{n}"), true)).collect();
    let topics: Vec<_> = all(&store, &full).await.into_iter().map(|it| stored(it).position.seq).collect();
    let joins: Vec<_> = topics.into_iter().map(|id| joining(&ana, TopicId(id.0), &bob, TopicRole::Member)).collect();
    assert!(all(&store, &joins).await.iter().all(|outcome| matches!(outcome, Outcome::Stored(_))));
    let goes = leaving(&store, &ana, &open, &ana).await;
    stored(one(&store, goes).await);
    let last = create(&store, &ana, "last", true).await;
    assert!(matches!(one(&store, joining(&ana, last.id, &bob, TopicRole::Member)).await, Outcome::TooManyTopics));
}

/// In batches as the sequencer makes them.
async fn all(store: &impl Store, writes: &[Write]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(writes.len());
    for batch in writes.chunks(100) {
        outcomes.extend(store.commit(batch).await.unwrap());
    }
    outcomes
}
