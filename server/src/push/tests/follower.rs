//! The follower between a store and a bus that does what a test says.

use std::sync::OnceLock;

use async_trait::async_trait;
use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use push_system::{
    accounts::Role,
    message::{ClientId, Draft, PublishRequest},
    timestamp::Timestamp,
};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Midnight, *};
use crate::{
    bus::{Bus, Hint, Subscription, local::LocalRoster},
    push::{
        Push, Settings,
        relay::{self, News, Teller, Told},
    },
    store::{Accounts as _, Authority, Change, Log as _, NewAccount, Outcome, Publish, Write, sqlite::SqliteStore},
};

const PATIENCE: Duration = Duration::from_mins(1);
const NEVER: Duration = Duration::from_hours(1);
/// The other instance.
const OTHER: Teller = Teller(2);

/// Delivers what the test sends, and keeps what is published.
struct Scripted {
    script: Mutex<Option<Script>>,
    published: mpsc::UnboundedSender<Bytes>,
}

struct Script {
    hints: mpsc::UnboundedReceiver<Hint>,
    /// Once set there is always this one more.
    endless: Arc<OnceLock<Hint>>,
}

#[async_trait]
impl Bus for Scripted {
    fn publish(&self, hint: Bytes) {
        self.published.send(hint).expect("a test that listens");
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(self.script.lock().await.take().expect("one subscriber"))
    }

    async fn is_up(&self) -> bool {
        true
    }
}

#[async_trait]
impl Subscription for Script {
    async fn next(&mut self) -> Option<Hint> {
        if let Some(hint) = self.endless.get() {
            tokio::task::yield_now().await;
            return Some(hint.clone());
        }
        self.hints.recv().await
    }
}

/// One instance on its own database.
struct Instance {
    push: Push,
    store: Arc<SqliteStore>,
    ana: Person,
    hints: mpsc::UnboundedSender<Hint>,
    endless: Arc<OnceLock<Hint>>,
    published: mpsc::UnboundedReceiver<Bytes>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Instance {
    async fn start(check_every: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("log.db")).await.unwrap());
        let at = Timestamp::from_unix_ms(0);
        let account = NewAccount {
            name: person(1).name,
            email: None,
            password_hash: "x".into(),
            at,
            role: Role::Member,
            notes: Vec::new(),
        };
        let ana = store.register(account).await.unwrap().unwrap().person;
        let (hints, script) = mpsc::unbounded_channel();
        let endless = Arc::<OnceLock<Hint>>::default();
        let script = Script { hints: script, endless: endless.clone() };
        let (publishing, published) = mpsc::unbounded_channel();
        let bus = Arc::new(Scripted { script: Mutex::new(Some(script)), published: publishing });
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let settings = Settings { check_every, ..Settings::default() };
        let between = (bus as _, Arc::new(LocalRoster::default()) as _);
        let push = Push::start(store.clone(), between, Arc::new(Midnight), settings, &tasks, stop.clone());
        let push = push.await.unwrap();
        Self { push, store, ana, hints, endless, published, tasks, stop, _folder: folder }
    }

    /// Another instance commits, and says nothing.
    async fn another_commits(&self, key: &str) -> Position {
        let draft = Draft::parse(PublishRequest { message: key.into(), ..PublishRequest::default() }).unwrap();
        let key = ClientId::parse(key, "client_id").unwrap();
        let publish =
            Publish { sender: self.ana.clone(), key, request_hash: [0; 32], draft, named: vec![], topics: vec![] };
        let write = Write {
            at: Timestamp::from_unix_ms(0),
            tag: 77,
            by: Authority::System,
            change: Change::Publish(publish),
            notes: Vec::new(),
        };
        match self.store.commit(&[write]).await.unwrap().remove(0) {
            Outcome::Stored(entry) => entry.position,
            other => panic!("{other:?}"),
        }
    }

    /// The other instance tells of a commit that stands in the store.
    async fn comes_to_know_the_other(&self) {
        let place = self.another_commits("how-do-you-do").await;
        self.hints.send(Hint::Events(OTHER.tell(None, &[], &place))).unwrap();
        self.follows_to(&place).await;
    }

    /// What follows on the tail's head, and is in no store.
    fn invented(&self, revocation: Option<Revocation>) -> Arc<Encoded> {
        let head = self.push.dispatched();
        let position = Position { seq: head.seq.next(), tag: 99, ..head };
        Arc::new(Encoded {
            position,
            audience: Audience::Servers,
            frame: Utf8Bytes::default(),
            about: None,
            revocation,
            moved: None,
        })
    }

    /// Says that `entry` comes after an event with this tag.
    fn tells(&self, before: u32, entry: &Arc<Encoded>) {
        let told = OTHER.tell(Some(before), std::slice::from_ref(entry), &entry.position);
        self.hints.send(Hint::Events(told)).unwrap();
    }

    async fn follows_to(&self, position: &Position) {
        let follow = async {
            while self.push.dispatched() != *position {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, follow).await.expect("it follows in time");
    }

    async fn finish(self) {
        self.stop.cancel();
        self.push.finish();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[tokio::test]
async fn what_comes_next_on_the_bus_needs_no_store() {
    let here = Instance::start(NEVER).await;
    here.comes_to_know_the_other().await;
    let next = here.invented(None);
    here.tells(here.push.dispatched().tag, &next);
    here.follows_to(&next.position).await;
    here.finish().await;
}

#[tokio::test]
async fn a_revocation_on_the_bus_is_told_before_anything_else() {
    let here = Instance::start(NEVER).await;
    here.comes_to_know_the_other().await;
    let revocation = Revocation::Person { user: here.ana.id, keep: None };
    let (tell, mut told) = mpsc::unbounded_channel();
    here.push.on_revocation(Box::new(move |revocation| tell.send(revocation.cloned()).unwrap()));
    here.tells(here.push.dispatched().tag, &here.invented(Some(revocation.clone())));
    assert_eq!(timeout(PATIENCE, told.recv()).await.unwrap(), Some(Some(revocation)));
    here.finish().await;
}

#[tokio::test]
async fn what_the_bus_lost_is_read_from_the_store() {
    let here = Instance::start(NEVER).await;
    let gap = || Hint::Gap;
    let place_alone = |place: &Position| Hint::Events(OTHER.tell(None, &[], place));
    let of_a_later_version = || Hint::Events(Bytes::from_static(b"9 what?"));
    let first = here.another_commits("k1").await;
    here.hints.send(gap()).unwrap();
    here.follows_to(&first).await;
    let second = here.another_commits("k2").await;
    here.hints.send(place_alone(&second)).unwrap();
    here.follows_to(&second).await;
    let third = here.another_commits("k3").await;
    here.hints.send(of_a_later_version()).unwrap();
    here.follows_to(&third).await;
    here.another_commits("k4").await;
    let fifth = here.another_commits("k5").await;
    let told = Arc::new(Encoded {
        position: fifth.clone(),
        audience: Audience::Everyone,
        frame: Utf8Bytes::default(),
        about: None,
        revocation: None,
        moved: None,
    });
    here.tells(77, &told);
    here.follows_to(&fifth).await;
    here.finish().await;
}

#[tokio::test]
async fn what_follows_on_another_event_is_not_taken() {
    let here = Instance::start(NEVER).await;
    here.comes_to_know_the_other().await;
    let head = here.push.dispatched();
    here.tells(head.tag ^ 1, &here.invented(None));
    let honest = here.another_commits("k1").await;
    here.hints.send(Hint::Gap).unwrap();
    here.follows_to(&honest).await;
    here.finish().await;
}

/// The instance of a copied database tells of what fits on our log as well as on its own.
#[tokio::test]
async fn what_is_told_of_a_copy_of_the_database_is_not_taken() {
    let here = Instance::start(NEVER).await;
    for _ in 0..3 {
        here.tells(here.push.dispatched().tag, &here.invented(None));
    }
    let honest = here.another_commits("k1").await;
    here.hints.send(Hint::Gap).unwrap();
    here.follows_to(&honest).await;
    here.tells(honest.tag, &here.invented(None));
    let second = here.another_commits("k2").await;
    here.hints.send(Hint::Gap).unwrap();
    here.follows_to(&second).await;
    assert_eq!(here.store.head().await.unwrap().position, second, "nothing was taken for damage");
    here.finish().await;
}

#[tokio::test]
async fn a_commit_is_told_whole_with_the_event_before_it() {
    let mut here = Instance::start(NEVER).await;
    let before = here.push.dispatched();
    let draft = Draft::parse(PublishRequest { message: "hello".into(), ..PublishRequest::default() }).unwrap();
    here.push.publish(&here.ana, None, draft).await.unwrap();
    let told = timeout(PATIENCE, here.published.recv()).await.unwrap().unwrap();
    let Some(Told { news: News::Next(entries), .. }) = relay::read(&told, &before) else { panic!("{told:?}") };
    assert_eq!((entries.len(), &entries[0].position), (1, &here.push.dispatched()));
    assert!(entries[0].frame.contains("hello"));
    here.finish().await;
}

#[tokio::test]
async fn traffic_does_not_put_the_comparison_with_the_store_off() {
    let here = Instance::start(Duration::from_secs(1)).await;
    // There is always one more hint, and never anything new in it: only the comparison finds what nobody told.
    let known = Hint::Events(OTHER.tell(None, &[], &here.push.dispatched()));
    here.endless.set(known.clone()).unwrap();
    here.hints.send(known).unwrap();
    let silent = here.another_commits("k1").await;
    here.follows_to(&silent).await;
    here.finish().await;
}

#[tokio::test]
async fn a_log_that_went_back_and_grew_past_the_tail_is_another_one() {
    let here = Instance::start(NEVER).await;
    here.comes_to_know_the_other().await;
    let before = here.push.dispatched();
    let lost = here.invented(None);
    here.tells(before.tag, &lost);
    here.follows_to(&lost.position).await;
    here.another_commits("k1").await;
    let grown = here.another_commits("k2").await;
    here.hints.send(Hint::Events(OTHER.tell(None, &[], &grown))).unwrap();
    let renewed = async {
        while here.push.dispatched().epoch == before.epoch {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, renewed).await.expect("a new epoch");
    assert_eq!(here.push.dispatched(), here.store.head().await.unwrap().position);
    here.finish().await;
}
