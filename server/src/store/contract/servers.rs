//! What every store must do that stands on a database server: several servers start and write at once, and connections
//! break at the worst moments.

use std::{sync::Arc, time::Duration};

use push_system::{
    accounts::Role,
    admin::AuditAction,
    ids::{MessageId, Seq},
};
use testbed::{Cut, Proxy};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    super::{
        Accounts as _, AuditNote, CommitError, Joined, Log as _, OpenError, Outcome, ServerUrl, Store as _,
        backend::{Backend, WriteTx as _},
        pooled::PATIENCE,
        statements::Statements as _,
    },
    Fixture,
    administration::{
        ROWS_OF_THE_FIRST_SCHEMA, account, invite, role, rows_of_the_first_schema_are_there, signing_key,
    },
    key,
    log::news_goes_with_its_events,
    moment, new_account, person, publish, say, stored,
    topics::{ROWS_OF_THE_SEVENTH_SCHEMA, rows_of_the_seventh_schema_are_there},
};

/// A database of a server.
pub(in super::super) trait ServerFixture: Fixture<Store: Backend> {
    /// What its address begins with.
    const SCHEME: &'static str;
    /// How the driver sends COMMIT, as no other message holds it.
    const COMMIT: &'static [u8];
    /// Ends the connections of this database that wait for a lock, and no other: who held it would let it go.
    const KILL_WAITING: &'static str;
    /// Counts the connections of this database that wait for a lock.
    const WAITING: &'static str;
    /// Takes longer than any read may.
    const SLEEP: &'static str;

    /// What makes an empty database one that has taken so many steps of the schema.
    fn schema(steps: usize) -> String;

    /// Its address.
    fn url(&self) -> String;

    /// Opens a database.
    async fn open_at(url: &ServerUrl) -> Result<Self::Store, OpenError>;

    /// Runs statements past the store.
    async fn raw(&self, sql: &str);

    /// The number that a query past the store finds.
    async fn number(&self, sql: &'static str) -> i64;
}

/// Makes a module's worth of tests out of the suite.
macro_rules! server_suite {
    ($fixture:ty) => {
        $crate::store::contract::suite! { $fixture;
            servers: {
                servers_that_start_together_make_one_schema,
                a_newer_schema_is_refused_and_not_touched,
                a_database_of_another_program_is_refused,
                an_unreachable_server_is_named_without_its_password,
                two_servers_write_at_once_without_a_hole,
                a_killed_connection_stores_nothing_and_is_replaced,
                a_commit_whose_answer_is_lost_is_found_by_its_key,
                a_commit_that_never_arrived_is_not_found,
                a_read_goes_on_after_its_connection_broke,
                a_read_that_takes_too_long_is_ended_and_a_write_is_not,
                the_log_is_followed_while_all_readers_are_busy,
                a_server_stopped_in_its_transaction_does_not_stop_the_others,
                a_refresh_token_used_twice_at_once_has_one_successor,
                a_database_of_the_first_schema_is_brought_up_to_date_once,
                what_topics_were_before_their_events_told_it_is_told_as_far_as_known,
                two_admins_who_demote_each_other_at_once_leave_one,
                an_invitation_used_on_two_servers_at_once_admits_one,
                servers_that_rotate_keys_at_once_add_one,
                what_is_there_for_replay_alone_goes_with_its_event,
            }
        }
    };
}
pub(in super::super) use server_suite;

fn parsed(url: &str) -> ServerUrl {
    ServerUrl::parse(url).unwrap()
}

fn port(url: &str) -> u16 {
    let url = url::Url::parse(url).unwrap();
    url.port().unwrap()
}

pub(in super::super) async fn servers_that_start_together_make_one_schema<F: ServerFixture>(fixture: F) {
    let (a, b, c, d) = tokio::join!(fixture.open(), fixture.open(), fixture.open(), fixture.open());
    let head = a.head().await.unwrap();
    for store in [b, c, d] {
        assert_eq!(store.head().await.unwrap(), head);
    }
    assert_eq!(head.position.seq, Seq(0));
}

pub(in super::super) async fn a_newer_schema_is_refused_and_not_touched<F: ServerFixture>(fixture: F) {
    let store = fixture.open().await;
    let ana = person(&store, "ana").await;
    fixture.raw("UPDATE push_system_schema SET version = 99; DROP TABLE search_cursor").await;
    let refusal = F::open_at(&parsed(&fixture.url())).await.err().unwrap();
    assert!(matches!(refusal, OpenError::NewerSchema { found: 99, .. }), "{refusal}");
    assert!(refusal.to_string().contains("schema version 99"), "{refusal}");
    assert_eq!(say(&store, &ana, "the newer one goes on").await, MessageId(1));
    assert!(store.index_step().await.is_err(), "what is missing stays missing");
}

pub(in super::super) async fn a_database_of_another_program_is_refused<F: ServerFixture>(fixture: F) {
    fixture.raw("CREATE TABLE bookmarks (id INTEGER)").await;
    let refusal = F::open_at(&parsed(&fixture.url())).await.err().unwrap();
    assert!(matches!(refusal, OpenError::Foreign { .. }), "{refusal}");
    fixture.raw("SELECT * FROM bookmarks").await;
}

pub(in super::super) async fn an_unreachable_server_is_named_without_its_password<F: ServerFixture>(_fixture: F) {
    let refusal = F::open_at(&parsed(&format!("{}://ana:geheim@127.0.0.1:1/push", F::SCHEME))).await.err().unwrap();
    assert!(refusal.is_passing(), "{refusal:?}");
    assert!(refusal.to_string().contains("127.0.0.1:1/push"), "{refusal}");
    assert!(!format!("{refusal} {refusal:?}").contains("geheim"), "{refusal:?}");
}

/// Sixteen writers on two stores, and a reader that must never see a place before the one below it.
pub(in super::super) async fn two_servers_write_at_once_without_a_hole<F: ServerFixture>(fixture: F) {
    const WRITERS: usize = 16;
    const BATCHES: usize = 12;
    const SIZE: usize = 5;
    let stores = [Arc::new(fixture.open().await), Arc::new(fixture.open().await)];
    let ana = person(&*stores[0], "ana").await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, ana) = (stores[writer % 2].clone(), ana.clone());
        writers.spawn(async move {
            let mut places = Vec::new();
            for batch in 0..BATCHES {
                let name = |n| format!("{writer}.{batch}.{n}");
                let batch: Vec<_> = (0..SIZE).map(|n| publish(&ana, &name(n), "hello", &[])).collect();
                let outcomes = store.commit(&batch).await.unwrap();
                places.extend(outcomes.into_iter().map(|outcome| stored(outcome).position.seq.0));
            }
            places
        });
    }
    let all = WRITERS * BATCHES * SIZE;
    let (mut seen, deadline) = (0, Instant::now() + Duration::from_mins(1));
    while seen < all as u64 {
        assert!(Instant::now() < deadline, "after {seen} of {all} nothing comes any more");
        for entry in stores[1].entries(Seq(seen), 100).await.unwrap() {
            seen += 1;
            assert_eq!(entry.position.seq.0, seen, "a place was skipped");
        }
    }
    let mut places = writers.join_all().await.concat();
    places.sort_unstable();
    assert_eq!(places, (1..=all as u64).collect::<Vec<_>>());
    assert_eq!(stores[0].head().await.unwrap().position.seq.0, all as u64);
}

/// While the head is held by somebody else, a commit stays within its transaction.
async fn hold_head<B: Backend>(store: &B) -> B::Write {
    store.lock_head().await.unwrap()
}

pub(in super::super) async fn a_killed_connection_stores_nothing_and_is_replaced<F: ServerFixture>(fixture: F) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    let ana = person(&store, "ana").await;
    let held = hold_head(&other).await;
    let batch = [publish(&ana, "k", "hello", &[])];
    let (outcome, ()) = tokio::join!(store.commit(&batch), async {
        let deadline = Instant::now() + Duration::from_secs(4);
        while fixture.number(F::WAITING).await == 0 {
            assert!(Instant::now() < deadline, "the commit never waited for the head");
            // InnoDB shows a picture of its transactions, and takes a new one only when nobody looked for 100 ms.
            sleep(Duration::from_millis(150)).await;
        }
        fixture.raw(F::KILL_WAITING).await;
    });
    drop(held);
    assert!(matches!(&outcome, Err(CommitError::NotStored(error)) if error.is_away()), "{outcome:?}");
    let again = store.commit(&batch).await.unwrap();
    assert_eq!(stored(again.into_iter().next().unwrap()).position.seq, Seq(1));
}

async fn behind_proxy<F: ServerFixture>(fixture: &F) -> (Proxy, F::Store) {
    let proxy = Proxy::before(port(&fixture.url())).await.unwrap();
    let store = F::open_at(&parsed(&proxy.url(&fixture.url()))).await.unwrap();
    (proxy, store)
}

pub(in super::super) async fn a_commit_whose_answer_is_lost_is_found_by_its_key<F: ServerFixture>(fixture: F) {
    let (proxy, store) = behind_proxy(&fixture).await;
    let ana = person(&store, "ana").await;
    proxy.cut_at(F::COMMIT, Cut::After);
    let lost = store.commit(&[publish(&ana, "k", "hello", &[])]).await;
    assert!(matches!(lost, Err(CommitError::OutcomeUnknown(_))), "{lost:?}");
    assert_eq!(store.find_key(ana.id, &key("k")).await.unwrap().unwrap().message, MessageId(1));
}

pub(in super::super) async fn a_commit_that_never_arrived_is_not_found<F: ServerFixture>(fixture: F) {
    let (proxy, store) = behind_proxy(&fixture).await;
    let ana = person(&store, "ana").await;
    proxy.cut_at(F::COMMIT, Cut::Before);
    let lost = store.commit(&[publish(&ana, "k", "hello", &[])]).await;
    assert!(matches!(lost, Err(CommitError::OutcomeUnknown(_))), "{lost:?}");
    assert_eq!(store.find_key(ana.id, &key("k")).await.unwrap(), None);
    proxy.sever();
    let refused = store.commit(&[publish(&ana, "k", "hello", &[])]).await;
    assert!(matches!(&refused, Err(CommitError::NotStored(error)) if error.is_away()), "{refused:?}");
    proxy.restore();
    assert_eq!(say(&store, &ana, "on a new connection").await, MessageId(1));
}

pub(in super::super) async fn a_read_goes_on_after_its_connection_broke<F: ServerFixture>(fixture: F) {
    let (proxy, store) = behind_proxy(&fixture).await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "hello").await;
    proxy.sever();
    assert!(store.snapshot(ana.id, 10).await.is_err());
    proxy.restore();
    assert_eq!(store.snapshot(ana.id, 10).await.unwrap().unwrap().messages.len(), 1);
}

pub(in super::super) async fn a_read_that_takes_too_long_is_ended_and_a_write_is_not<F: ServerFixture>(fixture: F) {
    let store = fixture.open().await;
    let began = Instant::now();
    let (mut read, mut write) = (store.reader().await.unwrap(), store.write().await.unwrap());
    let (ended, done) = tokio::join!(read.run(F::SLEEP), write.run(F::SLEEP));
    let error = read.end(ended).await.unwrap_err();
    assert!(error.driver().is_some_and(|error| error.as_database_error().is_some()), "the server said so: {error}");
    assert!(write.finish(done).await.is_ok());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

pub(in super::super) async fn the_log_is_followed_while_all_readers_are_busy<F: ServerFixture>(fixture: F) {
    const AT_ONCE: Duration = Duration::from_secs(3);
    let store = fixture.open().await;
    let mut busy = Vec::new();
    while let Ok(reader) = timeout(AT_ONCE, store.reader()).await {
        busy.push(reader.unwrap());
    }
    let probe = timeout(AT_ONCE, store.probe(Seq(0))).await.expect("at once");
    assert_eq!(probe.unwrap().head.position.seq, Seq(0));
    assert!(busy.len() > 3, "{}", busy.len());
}

pub(in super::super) async fn a_server_stopped_in_its_transaction_does_not_stop_the_others<F: ServerFixture>(
    fixture: F,
) {
    const WITHIN: Duration = Duration::from_secs(9);
    let (stopped, other) = (fixture.open().await, fixture.open().await);
    let ana = person(&other, "ana").await;
    let mut held = hold_head(&stopped).await;
    let began = Instant::now();
    let going_on = async {
        loop {
            match other.commit(&[publish(&ana, "k", "hello", &[])]).await {
                Ok(outcomes) => return outcomes,
                Err(CommitError::NotStored(error)) if error.is_away() => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let outcomes = timeout(WITHIN, going_on).await.expect("the lock is let go of");
    assert!(matches!(outcomes[..], [Outcome::Stored(_)]));
    assert!(began.elapsed() > Duration::from_secs(3), "it was held");
    let woken = held.run("UPDATE head SET seq = 77").await;
    assert!(held.finish(woken).await.is_err(), "its transaction is over");
    assert_eq!(other.head().await.unwrap().position.seq, Seq(1));
}

pub(in super::super) async fn a_refresh_token_used_twice_at_once_has_one_successor<F: ServerFixture>(fixture: F) {
    let stores = [fixture.open().await, fixture.open().await];
    let ana = person(&stores[0], "ana").await;
    super::sessions::log_in(&stores[0], &ana, 1).await;
    for round in 1..6 {
        let [one, other] =
            [&stores[0], &stores[1]].map(|store| super::sessions::rotate(store, round, round + 1, moment(0)));
        let (one, other) = tokio::join!(one, other);
        for rotation in [one, other] {
            super::sessions::assert_good(&rotation, u32::from(round) + 1);
        }
    }
    stores[0].close().await;
}

pub(in super::super) async fn a_database_of_the_first_schema_is_brought_up_to_date_once<F: ServerFixture>(fixture: F) {
    fixture.raw(&F::schema(1)).await;
    fixture.raw(ROWS_OF_THE_FIRST_SCHEMA).await;
    let (one, other, third) = tokio::join!(fixture.open(), fixture.open(), fixture.open());
    rows_of_the_first_schema_are_there(&one).await;
    for store in [other, third] {
        assert_eq!(store.head().await.unwrap(), one.head().await.unwrap());
    }
}

pub(in super::super) async fn what_topics_were_before_their_events_told_it_is_told_as_far_as_known<F: ServerFixture>(
    fixture: F,
) {
    fixture.raw(&F::schema(7)).await;
    fixture.raw(ROWS_OF_THE_SEVENTH_SCHEMA).await;
    rows_of_the_seventh_schema_are_there(&fixture.open().await).await;
}

pub(in super::super) async fn two_admins_who_demote_each_other_at_once_leave_one<F: ServerFixture>(fixture: F) {
    let [one, other] = [fixture.open().await, fixture.open().await];
    let (ana, bob) = (person(&one, "ana").await, person(&one, "bob").await);
    for _ in 0..5 {
        for admin in [&ana, &bob] {
            one.commit(&[account(admin, role(Role::Admin))]).await.unwrap();
        }
        let (of_ana, of_bob) = ([account(&ana, role(Role::Member))], [account(&bob, role(Role::Member))]);
        let (first, second) = tokio::join!(one.commit(&of_bob), other.commit(&of_ana));
        let outcomes = [first.unwrap().remove(0), second.unwrap().remove(0)];
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Stored(_))), "{outcomes:?}");
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::LastAdmin)), "{outcomes:?}");
    }
}

pub(in super::super) async fn an_invitation_used_on_two_servers_at_once_admits_one<F: ServerFixture>(fixture: F) {
    let [one, other] = [fixture.open().await, fixture.open().await];
    let ana = person(&one, "ana").await;
    for round in 1..=5 {
        let invitation = invite(&one, &ana, round).await;
        let [here, there] = ["here", "there"].map(|place| new_account(&format!("{place}{round}")));
        let (here, there) = tokio::join!(one.join(here, invitation), other.join(there, invitation));
        let outcomes = [here.unwrap(), there.unwrap()];
        assert!(outcomes.iter().any(|joined| matches!(joined, Joined::Account(_))), "{outcomes:?}");
        assert!(outcomes.iter().any(|joined| matches!(joined, Joined::NotInvited)), "{outcomes:?}");
    }
    assert_eq!(one.accounts().await.unwrap().len(), 6);
}

pub(in super::super) async fn servers_that_rotate_keys_at_once_add_one<F: ServerFixture>(fixture: F) {
    let [one, other] = [fixture.open().await, fixture.open().await];
    one.signing_keys(signing_key(1, 0)).await.unwrap();
    let rotated =
        || AuditNote { action: AuditAction::KeysRotated, actor: None, target: String::new(), address: String::new() };
    let (here, there) = tokio::join!(
        one.add_signing_key(signing_key(2, 9), moment(1), rotated()),
        other.add_signing_key(signing_key(3, 9), moment(1), rotated())
    );
    let (here, there) = (here.unwrap(), there.unwrap());
    assert_eq!(here.len(), 2);
    assert_eq!(here, there);
}

pub(in super::super) async fn what_is_there_for_replay_alone_goes_with_its_event<F: ServerFixture>(fixture: F) {
    news_goes_with_its_events(&fixture.open().await).await;
}
