//! What the bus adds: how long after an event can be read at the instance that committed it, it can be read at another.
//!
//! `cargo run --release -p server --example between_instances [COUNT]` starts a Redis of its own and two push paths on
//! one `SQLite` database, which compare with the store once an hour: nothing but the bus can tell the second one.

use std::{env, error::Error, sync::Arc, time::Duration};

use push_system::{
    accounts::{Person, Role, Username},
    ids::Seq,
    message::{Draft, PublishRequest},
    ports::Clock as _,
};
use server::{
    bus::redis::{Redis, Settings as RedisSettings},
    push::{Push, Settings},
    state::SystemClock,
    store::{Accounts as _, Log as _, NewAccount, sqlite::SqliteStore},
};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const COUNT: usize = 2_000;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count = env::args().nth(1).map_or(Ok(COUNT), |text| text.parse())?;
    let (redis, folder) = (testbed::Redis::start().await?, tempfile::tempdir()?);
    let store = Arc::new(SqliteStore::open(&folder.path().join("log.db")).await?);
    let ana = account(&store).await?;
    let (one, two) = (instance(&store, &redis).await?, instance(&store, &redis).await?);
    let (mut published, mut here, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..count {
        let draft = Draft::parse(PublishRequest { message: format!("message {n}"), ..PublishRequest::default() });
        let begun = Instant::now();
        let seq = Seq(one.publish(&ana, None, draft.map_err(|rejection| format!("{rejection:?}"))?).await?.id.0);
        let answered = Instant::now();
        let (at_one, at_two) = tokio::join!(readable(&one, seq), readable(&two, seq));
        published.push(answered - begun);
        here.push(at_one.saturating_duration_since(answered));
        added.push(at_two.saturating_duration_since(at_one));
    }
    println!("{count} messages, one after another; from → to, p50 and p99 in milliseconds");
    tell("publish → acknowledged", published);
    tell("acknowledged → readable at the same instance", here);
    tell("readable there → readable at the other instance", added);
    Ok(())
}

async fn account(store: &SqliteStore) -> Result<Person, Failure> {
    let name = Username::parse("ana")?;
    let account = NewAccount {
        name,
        email: None,
        password_hash: "x".into(),
        at: SystemClock.now(),
        role: Role::Member,
        notes: Vec::new(),
    };
    Ok(store.register(account).await?.ok_or("a new database has no accounts")?.person)
}

async fn instance(store: &Arc<SqliteStore>, redis: &testbed::Redis) -> Result<Push, Failure> {
    let system = store.head().await?.system;
    let bus = Arc::new(Redis::connect(&redis.url(), &system, RedisSettings::default()).await?);
    let settings = Settings { check_every: Duration::from_hours(1), ..Settings::default() };
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    Ok(Push::start(store.clone(), (bus.clone(), bus), Arc::new(SystemClock), settings, &tasks, stop).await?)
}

/// When everyone entitled to the event is woken.
async fn readable(push: &Push, seq: Seq) -> Instant {
    while push.dispatched().seq < seq {
        tokio::task::yield_now().await;
    }
    Instant::now()
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    println!("{what:<48} {:>7.3} {:>7.3}", at(50), at(99));
}
