//! A writer: publishes over HTTP with idempotency keys and retries at any instance, until it knows.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use hyper::StatusCode;
use push_system::{
    message::{Message, OneOrMany, PublishRequest},
    read_state::{Ranges, ReadChange},
};
use serde::Serialize;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

use super::{
    chance::Chance,
    history::{self, Ack, Publish},
    people::Member,
};
use crate::{
    api::Api,
    failure::{Context, Failure},
};

/// For one answer; then it counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long a publish without an answer is tried again after everybody else has stopped.
const GIVE_UP_AFTER: Duration = Duration::from_mins(1);
/// How many of 100 turns change read state instead of publishing.
const READS: u64 = 8;
/// Before how many of 100 turns another instance may be chosen, so that one that was started again gets work, too.
const MOVES: u64 = 5;
/// How many of 100 publishes are cut off on their way, and never sent again.
const ABANDONED: u64 = 3;
/// How many of 100 are sent once more after they were acknowledged.
const REPEATED: u64 = 4;

/// What all writers share.
pub(crate) struct Desk {
    /// Where instances listen.
    pub(crate) instances: Arc<[SocketAddr]>,
    /// Who may be named.
    pub(crate) members: Arc<[Arc<Member>]>,
    /// When the run began.
    pub(crate) begun: Instant,
    /// A word that no other run's keys begin with.
    pub(crate) word: String,
    /// Bytes of filling in each text.
    pub(crate) filling: usize,
    /// The largest message number that was acknowledged.
    pub(crate) newest: AtomicU64,
    /// Publishes acknowledged so far.
    pub(crate) acknowledged: AtomicU64,
}

/// Starts a writer that takes a turn every `pause` on average, until `stop` is true.
pub(crate) fn start(
    desk: Arc<Desk>,
    number: usize,
    chance: Chance,
    pause: Duration,
    stop: watch::Receiver<bool>,
) -> JoinHandle<Result<Vec<Publish>, Failure>> {
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

/// What an attempt came to.
enum Answer {
    Stored(Box<Message>),
    /// Not stored, or nobody knows: the same key again, anywhere.
    Again,
    /// The login is over.
    LoginOver,
}

struct Writer {
    desk: Arc<Desk>,
    number: usize,
    member: Arc<Member>,
    chance: Chance,
    stop: watch::Receiver<bool>,
    instance: usize,
    api: Option<Api>,
    sent: u64,
}

impl Writer {
    fn new(desk: Arc<Desk>, number: usize, mut chance: Chance, stop: watch::Receiver<bool>) -> Self {
        let member = Arc::clone(&desk.members[number % desk.members.len()]);
        let instance = chance.index(desk.instances.len());
        Self { desk, number, member, chance, stop, instance, api: None, sent: 0 }
    }

    async fn run(mut self, pause: Duration) -> Result<Vec<Publish>, Failure> {
        let mut published = Vec::new();
        let mut due = Instant::now();
        let micros = u64::try_from(pause.as_micros()).context("a writer's pause")?.max(1);
        while !*self.stop.borrow() {
            due = (due + Duration::from_micros(self.chance.within(1..2 * micros + 1))).max(Instant::now() - pause * 5);
            time::sleep_until(due).await;
            if self.chance.within(0..100) < MOVES {
                self.move_on();
            }
            match self.chance.within(0..100) {
                turn if turn < READS => self.change_read().await?,
                turn if turn < READS + ABANDONED => published.push(self.abandon().await),
                _ => published.push(self.publish_one().await?),
            }
        }
        Ok(published)
    }

    fn now(&self) -> history::Micros {
        self.desk.begun.elapsed().as_micros().try_into().unwrap_or(history::Micros::MAX)
    }

    fn next_key(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}-{}", self.desk.word, self.number, self.sent)
    }

    fn message(&mut self) -> PublishRequest {
        let (number, filling) = (self.sent, "·".repeat(self.desk.filling / "·".len()));
        let text = format!("{} of writer {}, 第{number}条消息 🎉 e\u{301}\n{filling}", number, self.number);
        let mut request = PublishRequest { message: text, to: self.addressees(), ..PublishRequest::default() };
        if self.chance.within(0..4) == 0 {
            request.title = Some(format!("Ünïcode {number}"));
            request.priority = Some(i64::try_from(self.chance.within(0..11)).unwrap_or(0));
            request.tags = Some(vec!["check".to_owned(), format!("t{}", number % 7)]);
            request.click = Some(format!("https://example.org/{number}?a=b&c=%20"));
            request.extras = serde_json::json!({ "z": number, "a": { "list": [1.5, null, "ü"] } }).as_object().cloned();
        }
        request
    }

    /// Six of ten to everyone, the others to a few people by name, some of them to the sender alone.
    fn addressees(&mut self) -> Option<OneOrMany> {
        let of_ten = self.chance.within(0..10);
        if of_ten < 6 {
            return None;
        }
        if of_ten == 6 {
            return Some(OneOrMany::One(format!("@{}", self.member.person.name)));
        }
        let count = self.chance.within(1..4);
        let members = &self.desk.members;
        let names = (0..count).map(|_| format!("@{}", members[self.chance.index(members.len())].person.name));
        Some(OneOrMany::Many(names.collect()))
    }

    async fn publish_one(&mut self) -> Result<Publish, Failure> {
        let key = self.next_key();
        let request = self.message();
        let mut done = self.publish(key.clone(), request.clone()).await?;
        if self.chance.within(0..100) < REPEATED && !done.acks.is_empty() {
            let again = self.publish(key, request).await?;
            done.acks.extend(again.acks);
        }
        Ok(done)
    }

    /// Tries until there is an answer, or nobody is left to answer.
    async fn publish(&mut self, key: String, request: PublishRequest) -> Result<Publish, Failure> {
        let (sender, to_everyone, begun) = (self.member.person.id, request.to.is_none(), self.now());
        let mut done = Publish { sender, key, acks: Vec::new(), to_everyone, begun };
        let mut stopped_at = None;
        loop {
            match self.attempt("/message", Some(&done.key), &request).await? {
                (Answer::Stored(message), at) => {
                    let (print, by) = (history::message_print(&message), self.desk.instances[self.instance]);
                    done.acks.push(Ack { id: message.id.0, print, at, by });
                    self.desk.newest.fetch_max(message.id.0, Relaxed);
                    self.desk.acknowledged.fetch_add(1, Relaxed);
                    return Ok(done);
                }
                (Answer::LoginOver, _) => drop(self.member.renew(self.desk.instances[self.instance]).await),
                (Answer::Again, _) => self.elsewhere().await,
            }
            if *self.stop.borrow() && stopped_at.get_or_insert_with(Instant::now).elapsed() > GIVE_UP_AFTER {
                return Ok(done);
            }
        }
    }

    fn move_on(&mut self) {
        self.api = None;
        self.instance = self.chance.index(self.desk.instances.len());
    }

    async fn elsewhere(&mut self) {
        self.move_on();
        time::sleep(self.chance.millis(20..200)).await;
    }

    /// One request. A lost line, a timeout and 5xx say nothing about what became of it; any other refusal is wrong.
    async fn attempt(
        &mut self,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<(Answer, history::Micros), Failure> {
        let bearer = format!("Bearer {}", self.member.token());
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let asking = async {
            if self.api.is_none() {
                self.api = Some(Api::connect(self.desk.instances[self.instance]).await?);
            }
            let api = self.api.as_mut().ok_or_else(|| Failure::new("no connection"))?;
            api.ask(path, &headers, body).await
        };
        let answer = time::timeout(ANSWER_WITHIN, asking).await;
        let at = self.now();
        let Ok(Ok((status, text))) = answer else { return Ok((Answer::Again, at)) };
        match status {
            StatusCode::OK if key.is_some() => {
                let message = serde_json::from_slice(&text).context("reading an acknowledgement")?;
                Ok((Answer::Stored(Box::new(message)), at))
            }
            status if status == StatusCode::OK || status.is_server_error() => Ok((Answer::Again, at)),
            StatusCode::UNAUTHORIZED => Ok((Answer::LoginOver, at)),
            status => Err(Failure::new(format!("{path} answered {status}: {}", String::from_utf8_lossy(&text)))),
        }
    }

    /// Sends a message and hangs up within moments: it may be stored or not, and never twice.
    async fn abandon(&mut self) -> Publish {
        let (key, request) = (self.next_key(), self.message());
        let (sender, to_everyone, begun) = (self.member.person.id, request.to.is_none(), self.now());
        let patience = Duration::from_micros(self.chance.within(0..8_000));
        let bearer = format!("Bearer {}", self.member.token());
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let sending = async {
            let mut api = Api::connect(self.desk.instances[self.instance]).await?;
            api.ask("/message", &headers, &request).await
        };
        // Even if an answer came: who hangs up has not read it.
        drop(time::timeout(patience, sending).await);
        Publish { sender, key, acks: Vec::new(), to_everyone, begun }
    }

    /// Reads a stretch, or all up to its end, or un-reads it: all up to its end often enough that what is scattered stays
    /// within what a read state may hold. Tried once: what became of it shows in the log either way.
    async fn change_read(&mut self) -> Result<(), Failure> {
        let newest = self.desk.newest.load(Relaxed).max(1);
        let from = self.chance.within(newest.saturating_sub(60)..newest + 1);
        let end = from + self.chance.within(0..20);
        let stretch = Ranges::span(from, end);
        let change = match self.chance.within(0..4) {
            0 => ReadChange { read: Ranges::EMPTY, unread: stretch },
            1 => ReadChange { read: Ranges::span(1, end), unread: Ranges::EMPTY },
            _ => ReadChange { read: stretch, unread: Ranges::EMPTY },
        };
        let instance = self.instance;
        if let (Answer::LoginOver, _) = self.attempt("/read", None, &change).await? {
            self.member.renew(self.desk.instances[instance]).await;
        }
        Ok(())
    }
}
