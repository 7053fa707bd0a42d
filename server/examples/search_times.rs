//! How long the first page of a search takes among many messages.
//!
//! `cargo run --release -p server --example search_times [sqlite|postgres|mariadb] [MESSAGES]` fills a database of its own
//! and asks it each question many times.

use std::{env, error::Error, time::Duration};

use push_system::{
    accounts::{Person, Role, Username},
    api::{Filter, HistoryQuery},
    ids::UserId,
    limits,
    message::{ClientId, Draft, OneOrMany, PublishRequest},
    ports::Clock as _,
    query::Search,
    timestamp::Timestamp,
};
use server::{
    state::SystemClock,
    store::{
        Authority, Change, NewAccount, Publish, ServerUrl, Store, Write, mysql::MySqlStore, postgres::PostgresStore,
        sqlite::SqliteStore,
    },
};
use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;

const MESSAGES: usize = 100_000;
/// Messages in one transaction, as the sequencer would have them.
const BATCH: usize = 200;
const ROUNDS: usize = 20;
/// The second account.
const BOB: UserId = UserId(2);
const MINUTE_MS: i64 = 60_000;

type Failure = Box<dyn Error + Send + Sync>;

/// What is asked, and what it stands for.
const QUESTIONS: [(&str, &str); 18] = [
    ("a word in every message", "status"),
    ("a word in one of ten", "backup"),
    ("a word in one of a thousand", "leak"),
    ("a word in one message, the oldest", "genesis"),
    ("a word in none", "unheard"),
    ("the beginning of many words", "s"),
    ("two words, one of them rare", "status leak"),
    ("two that never come together", "backup priority:1"),
    ("a phrase", "\"disk is full\""),
    ("one character of Chinese", "會"),
    ("two characters, common", "開會"),
    ("two characters, rare", "鯨魚"),
    ("a filter alone, common", "from:ana"),
    ("a filter alone, rare", "tag:once"),
    ("filters by date alone", "after:10d before:9d"),
    ("without a common word", "-status"),
    ("a contradiction of two filters", "from:ana to:nobody"),
    ("a contradiction of word and date", "genesis after:1d"),
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let database = env::args().nth(1).unwrap_or_else(|| "sqlite".to_owned());
    let messages = env::args().nth(2).map_or(Ok(MESSAGES), |text| text.parse())?;
    match database.as_str() {
        "sqlite" => {
            let folder = tempfile::tempdir()?;
            let store = SqliteStore::open(&folder.path().join("log.db")).await?;
            fill(&store, messages).await?;
            ask(&store).await
        }
        "postgres" => {
            let server = testbed::Postgres::start().await?;
            let url = server.database().await;
            let store = PostgresStore::open(&ServerUrl::parse(&url)?).await?;
            fill(&store, messages).await?;
            // What a server left alone does by itself within a minute; before, it does not know that a table is large.
            sqlx::raw_sql("ANALYZE").execute(&mut PgConnection::connect(&url).await?).await?;
            ask(&store).await
        }
        "mariadb" => {
            let server = testbed::MariaDb::start().await?;
            let store = MySqlStore::open(&ServerUrl::parse(&server.database().await)?).await?;
            fill(&store, messages).await?;
            ask(&store).await
        }
        other => Err(format!("{other} is none of sqlite, postgres, mariadb").into()),
    }
}

async fn fill(store: &impl Store, messages: usize) -> Result<(), Failure> {
    let now = SystemClock.now();
    let (ana, bob) = (account(store, "ana", now).await?, account(store, "bob", now).await?);
    let begun = Instant::now();
    for first in (0..messages).step_by(BATCH) {
        let writes: Vec<_> = (first..messages.min(first + BATCH))
            .map(|n| {
                let at = now.plus_ms(-MINUTE_MS * i64::try_from(messages - n).unwrap_or(0));
                let sender = if n % 1_000 == 1 { &bob } else { &ana };
                Ok(write(sender, n, at, draft(n)?))
            })
            .collect::<Result<_, Failure>>()?;
        store.commit(&writes).await?;
    }
    let published = begun.elapsed();
    while store.index_step().await?.is_some() {}
    println!(
        "{messages} messages published in {published:.1?}, indexed in {:.1?}",
        begun.elapsed().saturating_sub(published)
    );
    Ok(())
}

/// Asks as the second of the two accounts.
async fn ask(store: &impl Store) -> Result<(), Failure> {
    let now = SystemClock.now();
    println!("{:<40} {:<24} {:>6} {:>9} {:>9}", "first page of", "asked as", "found", "p50 ms", "p95 ms");
    for (what, typed) in QUESTIONS {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            found = store.history(BOB, &question(typed, now)).await?.messages.len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).map_or(0.0, Duration::as_secs_f64) * 1_000.0;
        println!("{what:<40} {typed:<24} {found:>6} {:>9.2} {:>9.2}", at(50), at(95));
    }
    Ok(())
}

async fn account(store: &impl Store, name: &str, at: Timestamp) -> Result<Person, Failure> {
    let account = NewAccount {
        name: Username::parse(name)?,
        email: None,
        password_hash: "x".into(),
        at,
        role: Role::Member,
        notes: Vec::new(),
    };
    Ok(store.register(account).await?.ok_or("a new database has no accounts")?.person)
}

/// The message of that number: words of everyday, and rarely another.
fn draft(n: usize) -> Result<Draft, Failure> {
    let mut message = format!("status of host-{} is fine, load {} and 明天下午三點開會 {n}", n % 97, n % 13);
    for (each, words) in
        [(10, " backup finished"), (1_000, " leak, the disk is full"), (700, " 鯨魚"), (usize::MAX, " genesis")]
    {
        message.push_str(if n.is_multiple_of(each) { words } else { "" });
    }
    let tags = (n == 5).then(|| vec!["once".to_owned()]);
    let to = (n % 50 == 7).then(|| OneOrMany::One("@bob".to_owned()));
    let request =
        PublishRequest { message, to, tags, priority: Some(i64::try_from(n % 8)?), ..PublishRequest::default() };
    Draft::parse(request).map_err(|rejection| format!("{rejection:?}").into())
}

fn write(sender: &Person, n: usize, at: Timestamp, draft: Draft) -> Write {
    let named = if draft.to.has_everyone() { Vec::new() } else { vec![BOB] };
    let key = ClientId::parse(&format!("k{n}"), "key").unwrap_or_else(|_| unreachable!("visible ASCII"));
    let publish = Publish { sender: sender.clone(), key, request_hash: [0; 32], draft, named, topics: Vec::new() };
    let by = Authority::System;
    Write { at, tag: 7, by, change: Change::Publish(publish), notes: Vec::new() }
}

fn question(typed: &str, now: Timestamp) -> HistoryQuery {
    HistoryQuery {
        before: None,
        limit: limits::SNAPSHOT_MESSAGES,
        words: Search::of(typed, now, 0),
        filter: Filter::All,
    }
}
