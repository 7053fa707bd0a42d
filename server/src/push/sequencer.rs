//! One task per instance that puts changes into the log, many per transaction.

use std::{sync::Arc, time::Duration};

use push_system::position::Position;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    failpoint::{self, Point},
    store::{Change, CommitError, Entry, KeyUse, Outcome, Publish, Store, StoreError, Write},
};

/// Changes per transaction. What arrives while one commits forms the next, so a lone change never waits for company.
const BATCH: usize = 200;
/// Of them, those that are no publishes. Each takes statements of its own while the head is locked, for all instances: two
/// hundred people who read the same message at once must not hold it for two hundred round trips.
const SINGLES: usize = 25;
/// Changes that may wait; beyond it the instance is overloaded and says so.
const QUEUE: usize = 4_096;
/// Commits that may wait for the follower. One that cannot keep up, or waits for the store, finds the others there.
const FEED: usize = 64;
/// Attempts to learn what became of a commit, for a store that refuses at once, and the wait before each but the first.
const LOOKUPS: u32 = 5;
const LOOKUP_WAIT: Duration = Duration::from_millis(200);

/// Why a change has no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not stored, and will not be.
    NotStored,
    /// It may be stored.
    OutcomeUnknown,
}

type Answer = Result<Outcome, Refusal>;

/// An event of this instance, with the random number its author gave it.
pub struct Committed {
    /// As it is stored.
    pub entry: Entry,
    own: u32,
}

impl Committed {
    /// Whether it stands right behind `head`: in its life, at the next place, and told by a tag that `head`'s leads to.
    pub fn follows(&self, head: &Position) -> bool {
        let Position { epoch, seq, tag } = &self.entry.position;
        *epoch == head.epoch && *seq == head.seq.next() && *tag == Write::tag_after(self.own, head.tag)
    }
}

struct Job {
    write: Write,
    answer: oneshot::Sender<Answer>,
}

/// The queue's near end.
pub struct Sequencer {
    queue: mpsc::Sender<Job>,
}

impl Sequencer {
    /// Starts the task. It ends when `finish` is cancelled and what was queued is done. The entries it commits come out of
    /// the feed it returns, in order, after they are acknowledged; while that is full, they are not put there.
    pub fn start(
        store: Arc<dyn Store>,
        tracker: &TaskTracker,
        finish: CancellationToken,
        look_up_within: Duration,
    ) -> (Self, mpsc::Receiver<Vec<Committed>>) {
        let ((queue, jobs), (committed, feed)) = (mpsc::channel(QUEUE), mpsc::channel(FEED));
        tracker.spawn(run(Worker { store, committed, look_up_within }, jobs, finish));
        (Self { queue }, feed)
    }

    /// Queues a change and waits for its outcome. Once queued it is carried out, whether or not the caller waits.
    pub async fn submit(&self, write: Write) -> Answer {
        let (answer, outcome) = oneshot::channel();
        // A full or closed queue: not taken in, so not stored.
        self.queue.try_send(Job { write, answer }).map_err(|_| Refusal::NotStored)?;
        // The task drops an answer only when it ends with the process, perhaps in the middle of a commit.
        outcome.await.unwrap_or(Err(Refusal::OutcomeUnknown))
    }
}

struct Worker {
    store: Arc<dyn Store>,
    committed: mpsc::Sender<Vec<Committed>>,
    /// All look-ups after one commit, together: the queue waits meanwhile.
    look_up_within: Duration,
}

async fn run(worker: Worker, mut jobs: mpsc::Receiver<Job>, finish: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            taken = jobs.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    return;
                }
                for batch in batches(std::mem::take(&mut batch)) {
                    worker.commit(batch).await;
                }
            }
            // Closed, the queue still gives out what it holds; then the branch above ends the task.
            () = finish.cancelled(), if !jobs.is_closed() => jobs.close(),
        }
    }
}

/// The same in the same order, cut where too many are no publishes.
fn batches(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let mut batches = vec![Vec::with_capacity(jobs.len())];
    let mut singles = 0;
    for job in jobs {
        let single = usize::from(!matches!(job.write.change, Change::Publish(_)));
        if singles + single > SINGLES {
            batches.push(Vec::new());
            singles = 0;
        }
        singles += single;
        batches.last_mut().expect("there is one from the start").push(job);
    }
    batches
}

impl Worker {
    async fn commit(&self, jobs: Vec<Job>) {
        let (writes, answers): (Vec<_>, Vec<_>) = jobs.into_iter().map(|job| (job.write, job.answer)).unzip();
        match self.store.commit(&writes).await {
            Ok(outcomes) => self.acknowledge(&writes, outcomes, answers),
            Err(CommitError::NotStored(error)) if writes.len() > 1 && !error.is_away() => {
                tracing::warn!(error = %error, batch.size = writes.len(), "log.commit.retried_singly");
                for (write, answer) in writes.iter().zip(answers) {
                    self.commit_one(write, answer).await;
                }
            }
            Err(error) => self.answer_failed(&writes, answers, error).await,
        }
    }

    /// A batch failed as a whole: alone, only the bad row fails.
    async fn commit_one(&self, write: &Write, answer: oneshot::Sender<Answer>) {
        match self.store.commit(std::slice::from_ref(write)).await {
            Ok(outcomes) => self.acknowledge(std::slice::from_ref(write), outcomes, vec![answer]),
            Err(error) => self.answer_failed(std::slice::from_ref(write), vec![answer], error).await,
        }
    }

    /// Answers first; fan-out is somebody else's time.
    fn acknowledge(&self, writes: &[Write], outcomes: Vec<Outcome>, answers: Vec<oneshot::Sender<Answer>>) {
        failpoint::reached(Point::AfterCommit);
        let mut entries = Vec::new();
        for ((write, outcome), answer) in writes.iter().zip(outcomes).zip(answers) {
            if let Outcome::Stored(entry) = &outcome {
                entries.push(Committed { entry: entry.clone(), own: write.tag });
            }
            failpoint::reached(Point::BeforeAck);
            // Whoever asked may be gone; the change stands.
            let _ = answer.send(Ok(outcome));
        }
        self.feed(entries);
    }

    async fn answer_failed(&self, writes: &[Write], answers: Vec<oneshot::Sender<Answer>>, error: CommitError) {
        tracing::error!(error = %error, batch.size = writes.len(), "log.commit.failed");
        let deadline = Instant::now() + self.look_up_within;
        let mut nobody_knows = false;
        for (write, answer) in writes.iter().zip(answers) {
            let result = match &error {
                CommitError::NotStored(_) => Err(Refusal::NotStored),
                CommitError::OutcomeUnknown(_) if nobody_knows => Err(Refusal::OutcomeUnknown),
                CommitError::OutcomeUnknown(_) => {
                    let found = timeout_at(deadline, self.look_up(write)).await.ok().and_then(Result::ok);
                    // A store that does not answer for one does not for the next: the queue must not wait for each.
                    nobody_knows = found.is_none();
                    found.unwrap_or(Err(Refusal::OutcomeUnknown))
                }
            };
            let _ = answer.send(result);
        }
        // Wakes the follower: if the commit went through after all, it finds the events in the store.
        self.feed(Vec::new());
    }

    /// Publishing never waits for the follower. What it misses it sees by the gap before what comes next, or by its look
    /// into the store.
    fn feed(&self, entries: Vec<Committed>) {
        if self.committed.try_send(entries).is_err() {
            tracing::debug!("log.feed.full");
        }
    }

    /// What became of a change whose COMMIT was not answered: a publish can be found by its key, the rest cannot.
    async fn look_up(&self, write: &Write) -> Result<Answer, StoreError> {
        let Change::Publish(publish) = &write.change else { return Ok(Err(Refusal::OutcomeUnknown)) };
        Ok(match self.find(publish).await? {
            Some(used) if used.request_hash == publish.request_hash => Ok(Outcome::Repeated(used.message)),
            Some(_) => Ok(Outcome::KeyConflict),
            None => Err(Refusal::OutcomeUnknown),
        })
    }

    async fn find(&self, publish: &Publish) -> Result<Option<KeyUse>, StoreError> {
        let mut attempt = 1;
        loop {
            match self.store.find_key(publish.sender.id, &publish.key).await {
                Err(_) if attempt < LOOKUPS => tokio::time::sleep(LOOKUP_WAIT).await,
                result => return result,
            }
            attempt += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use push_system::{
        accounts::{Person, Role, Username},
        ids::UserId,
        message::{ClientId, Draft, PublishRequest},
        timestamp::Timestamp,
    };

    use super::*;
    use crate::store::{Accounts as _, Authority, NewAccount, Revocation, sqlite::SqliteStore};

    #[test]
    fn what_takes_statements_of_its_own_is_committed_few_at_once_and_in_order() {
        let job = |tag: u32, is_publish: bool| {
            let sender = Person { id: UserId(1), name: Username::parse("ana").unwrap() };
            let draft = Draft::parse(PublishRequest { message: "hi".into(), ..PublishRequest::default() }).unwrap();
            let key = ClientId::parse("k", "client_id").unwrap();
            let change = if is_publish {
                Change::Publish(Publish {
                    sender,
                    key,
                    request_hash: [0; 32],
                    draft,
                    named: Vec::new(),
                    topics: Vec::new(),
                })
            } else {
                Change::Revoke(Revocation::Person { user: UserId(1), keep: None })
            };
            let at = Timestamp::from_unix_ms(0);
            let write = Write { at, tag, by: Authority::System, change, notes: Vec::new() };
            Job { write, answer: oneshot::channel().0 }
        };
        let cut = |count: u32, is_publish: fn(u32) -> bool| -> Vec<Vec<u32>> {
            let jobs = (0..count).map(|tag| job(tag, is_publish(tag))).collect();
            batches(jobs).iter().map(|batch| batch.iter().map(|job| job.write.tag).collect()).collect()
        };
        let sizes = |cut: &[Vec<u32>]| cut.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(&cut(200, |_| true)), [200]);
        assert_eq!(sizes(&cut(60, |_| false)), [25, 25, 10]);
        let mixed = cut(100, |tag| tag.is_multiple_of(2));
        assert_eq!(sizes(&mixed), [51, 49]);
        assert_eq!(mixed.concat(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_follower_that_stands_still_costs_neither_an_answer_nor_memory() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("log.db")).await.unwrap());
        let (name, at) = (Username::parse("ana").unwrap(), Timestamp::from_unix_ms(0));
        let account =
            NewAccount { name, email: None, password_hash: "x".into(), role: Role::Member, at, notes: Vec::new() };
        let user = store.register(account).await.unwrap().unwrap().person.id;
        let (tasks, finish) = (TaskTracker::new(), CancellationToken::new());
        let (sequencer, feed) = Sequencer::start(store, &tasks, finish.clone(), Duration::from_secs(5));
        for tag in 0..10 + u32::try_from(FEED).unwrap() {
            let change = Change::Revoke(Revocation::Person { user, keep: None });
            let write = Write { at, tag, by: Authority::System, change, notes: Vec::new() };
            assert!(matches!(sequencer.submit(write).await, Ok(Outcome::Stored(_))));
        }
        assert_eq!(feed.len(), FEED);
        finish.cancel();
        tasks.close();
        tasks.wait().await;
    }
}
