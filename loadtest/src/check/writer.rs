//! A writer: publishes over HTTP with idempotency keys and retries at any instance, until it knows. Beside that it changes
//! what it wrote, what it read, and who is in which topic; each of these once, as there is no key to repeat it by: what
//! became of it shows in the log either way.

mod deeds;
mod line;
mod texts;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use hyper::{Method, StatusCode};
use push_system::message::{Message, PublishRequest};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

use self::line::{Line, Reply};
use super::{
    chance::Chance,
    history::{self, Ack, Deed, Publish, Shown},
    people::Member,
    print::{message_print, text_asked},
    rooms::Room,
};
use crate::{
    api::Api,
    failure::{Context, Failure},
};

/// How long a publish without an answer is tried again after everybody else has stopped.
const GIVE_UP_AFTER: Duration = Duration::from_mins(1);
/// How many of 100 turns are something else than a publish.
struct Shares {
    /// Reads a stretch of messages, or un-reads it.
    reads: u64,
    /// Marks messages otherwise.
    marks: u64,
    /// Changes a message of one's own.
    edits: u64,
    /// Takes one back.
    deletes: u64,
    /// Brings somebody into a topic or out of it, or describes it.
    steps: u64,
}

/// Of those who write all the time.
const STEADY: Shares = Shares { reads: 6, marks: 4, edits: 4, deletes: 2, steps: 3 };
/// Of those who are there to make the log grow: each of these costs a server more than a publish.
const FLOODING: Shares = Shares { reads: 3, marks: 1, edits: 3, deletes: 1, steps: 0 };
/// Before how many of 100 turns another instance may be chosen, so that one that was started again gets work, too.
const MOVES: u64 = 5;
/// How many of 100 publishes are cut off on their way, and never sent again.
const ABANDONED: u64 = 3;
/// How many of 100 are sent once more after they were acknowledged.
const REPEATED: u64 = 4;
/// Messages of one's own that may still be changed: the newest.
const OWN: usize = 40;

/// What all writers share.
pub(crate) struct Desk {
    /// Where instances listen.
    pub(crate) instances: Arc<[SocketAddr]>,
    /// Who may be named.
    pub(crate) members: Arc<[Arc<Member>]>,
    /// The topics they write to.
    pub(crate) rooms: Arc<[Room]>,
    /// How many write all the time: the first ones.
    pub(crate) steady: usize,
    /// When the run began.
    pub(crate) begun: Instant,
    /// A word that no other run's keys begin with.
    pub(crate) word: String,
    /// Bytes of filling in each text.
    pub(crate) filling: usize,
    /// The largest message number that was acknowledged.
    pub(crate) newest: AtomicU64,
}

/// What a writer did.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// What it published, or tried to.
    pub(crate) publishes: Vec<Publish>,
    /// What else.
    pub(crate) deeds: Vec<Deed>,
}

impl Journal {
    /// Takes in another one.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.publishes.extend(other.publishes);
        self.deeds.extend(other.deeds);
    }
}

/// Starts a writer that takes a turn every `pause` on average, until `stop` is true.
pub(crate) fn start(
    desk: Arc<Desk>,
    number: usize,
    chance: Chance,
    pause: Duration,
    stop: watch::Receiver<bool>,
) -> JoinHandle<Result<Journal, Failure>> {
    tokio::spawn(Writer::new(desk, number, chance, stop).run(pause))
}

/// Publishes one message to everyone and waits for the acknowledgement.
pub(crate) async fn close(desk: &Arc<Desk>, number: usize, chance: Chance) -> Result<Publish, Failure> {
    let (_open, stop) = watch::channel(true);
    let mut writer = Writer::new(Arc::clone(desk), 0, chance, stop);
    let request = PublishRequest { message: "That was all.".to_owned(), ..PublishRequest::default() };
    let key = format!("{}-close-{number}", desk.word);
    writer.publish(key, request).await
}

struct Writer {
    desk: Arc<Desk>,
    number: usize,
    member: Arc<Member>,
    chance: Chance,
    stop: watch::Receiver<bool>,
    line: Line,
    sent: u64,
    /// Numbers of messages of its own that it may change.
    own: Vec<u64>,
    journal: Journal,
}

impl Writer {
    fn new(desk: Arc<Desk>, number: usize, mut chance: Chance, stop: watch::Receiver<bool>) -> Self {
        let member = Arc::clone(&desk.members[number % desk.members.len()]);
        let line = Line::to(chance.index(desk.instances.len()));
        Self { desk, number, member, chance, stop, line, sent: 0, own: Vec::new(), journal: Journal::default() }
    }

    async fn run(mut self, pause: Duration) -> Result<Journal, Failure> {
        let mut due = Instant::now();
        let micros = u64::try_from(pause.as_micros()).context("a writer's pause")?.max(1);
        while !*self.stop.borrow() {
            due = (due + Duration::from_micros(self.chance.within(1..2 * micros + 1))).max(Instant::now() - pause * 5);
            time::sleep_until(due).await;
            if self.chance.within(0..100) < MOVES {
                self.move_on();
            }
            self.turn().await?;
        }
        Ok(self.journal)
    }

    async fn turn(&mut self) -> Result<(), Failure> {
        let shares = if self.number < self.desk.steady { STEADY } else { FLOODING };
        let mut turn = self.chance.within(0..100);
        let mut is = |share: u64| {
            let is = turn < share;
            turn = if is { u64::MAX } else { turn - share };
            is
        };
        if is(shares.reads) {
            self.change_read().await
        } else if is(shares.marks) {
            self.mark().await
        } else if is(shares.edits) {
            self.edit().await
        } else if is(shares.deletes) {
            self.delete().await
        } else if is(shares.steps) {
            self.step().await
        } else if is(ABANDONED) {
            let abandoned = self.abandon().await;
            self.journal.publishes.push(abandoned);
            Ok(())
        } else {
            self.publish_one().await
        }
    }

    fn now(&self) -> history::Micros {
        self.desk.begun.elapsed().as_micros().try_into().unwrap_or(history::Micros::MAX)
    }

    fn next_key(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}-{}", self.desk.word, self.number, self.sent)
    }

    fn begin(&self, key: String, request: &PublishRequest) -> Publish {
        let (sender, to_everyone, begun) = (self.member.person.id, request.to.is_none(), self.now());
        Publish { sender, key, acks: Vec::new(), text: text_asked(request), to_everyone, begun }
    }

    async fn publish_one(&mut self) -> Result<(), Failure> {
        let key = self.next_key();
        let request = self.message();
        let mut done = self.publish(key.clone(), request.clone()).await?;
        if self.chance.within(0..100) < REPEATED && !done.acks.is_empty() {
            let again = self.publish(key, request).await?;
            done.acks.extend(again.acks);
        }
        self.own.extend(done.acks.first().map(|ack| ack.id));
        if self.own.len() > OWN {
            self.own.remove(0);
        }
        self.journal.publishes.push(done);
        Ok(())
    }

    /// Tries until there is an answer, or nobody is left to answer.
    async fn publish(&mut self, key: String, request: PublishRequest) -> Result<Publish, Failure> {
        let mut done = self.begin(key, &request);
        let mut stopped_at = None;
        loop {
            match self.ask(&Method::POST, "/message", Some(&done.key), &request).await {
                (Reply::Done(body), at) => {
                    let message: Message = serde_json::from_slice(&body).context("reading an acknowledgement")?;
                    let (shown, by) = (Shown::message(&message), self.instance());
                    done.acks.push(Ack { id: message.id.0, print: message_print(&message), shown, at, by });
                    self.desk.newest.fetch_max(message.id.0, Relaxed);
                    return Ok(done);
                }
                (Reply::LoginOver, _) => drop(self.member.renew(self.instance()).await),
                (Reply::Unknown, _) => self.elsewhere().await,
                // The topic was closed, or the writer brought out of it. Whether an attempt of before was stored is not
                // told to who is outside.
                (Reply::Refused(StatusCode::UNPROCESSABLE_ENTITY, text), _)
                    if ["topic_archived", "unknown_recipient"].iter().any(|code| text.contains(code)) =>
                {
                    return Ok(done);
                }
                (Reply::Refused(status, text), _) => {
                    return Err(Failure::new(format!("/message answered {status}: {text}")));
                }
            }
            if *self.stop.borrow() && stopped_at.get_or_insert_with(Instant::now).elapsed() > GIVE_UP_AFTER {
                return Ok(done);
            }
        }
    }

    /// Sends a message and hangs up within moments: it may be stored or not, and never twice.
    async fn abandon(&mut self) -> Publish {
        let (key, request) = (self.next_key(), self.message());
        let patience = Duration::from_micros(self.chance.within(0..8_000));
        let abandoned = self.begin(key, &request);
        let bearer = format!("Bearer {}", self.member.token());
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", abandoned.key.as_str())];
        let sending = async {
            let mut api = Api::connect(self.instance()).await?;
            api.ask("/message", &headers, &request).await
        };
        // Even if an answer came: who hangs up has not read it.
        drop(time::timeout(patience, sending).await);
        abandoned
    }
}
