//! A person's page: the client's half of the session and the inbox, in a shell like the browser's.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use push_system::{
    accounts::Person,
    event::Event,
    ids::MessageId,
    inbox::{Applied, Inbox, Snapshot},
    marks::StateChange,
    message::{ClientId, Edit, EditRequest, Message},
    protocol::{ClientFrame, CloseCode, ServerFrame},
    read_state::{Ranges, ReadChange},
    session::{
        client::{ClientSession, Effect, Login, Status, Ticket},
        outbox::{Outbox, Sending},
    },
    timestamp::Timestamp,
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    instance::Instance,
    journal::Answer,
    oracle::Stretch,
    wire::{ClientEnd, Incoming},
    world::World,
    writer,
};
use crate::store::SessionId;

/// How often time passes for the session; as in the browser.
const TICK: Duration = Duration::from_millis(500);
/// A row that had no answer for so long on a connection that works has failed; as in the browser.
const ANSWER_WITHIN_MS: u64 = 20_000;

pub struct Client {
    world: Arc<World>,
    number: usize,
    who: (Person, SessionId),
    session: ClientSession,
    pub inbox: Inbox,
    pub outbox: Outbox,
    pub stretch: Stretch,
    line: Option<ClientEnd>,
    answers: (UnboundedSender<Reply>, UnboundedReceiver<Reply>),
    last_publish: u64,
    written: usize,
}

/// The answer to a question over HTTP.
enum Reply {
    Snapshot(Ticket, Option<Box<Snapshot>>),
    Login(Login),
}

enum Happening {
    Reply(Reply),
    Frame(Incoming),
    Tick,
    Act,
    Stop,
}

/// Asks any instance for a person's inbox. Some answers come when nobody waits for them any more.
async fn load(world: &World, who: &Person) -> Option<Snapshot> {
    world.dice.pause(world.weather.net.latency_ms).await;
    if world.is_stormy() && world.dice.chance(0.1) {
        sleep(world.dice.millis(0..4_000)).await;
    }
    let instance = world.any_instance()?;
    let snapshot = instance.dead.run_until_cancelled(instance.app.backend.snapshot(who.id)).await?.ok();
    world.dice.pause(world.weather.net.latency_ms).await;
    if world.is_stormy() && world.dice.chance(0.1) {
        sleep(world.dice.millis(0..15_000)).await;
    }
    snapshot
}

impl Client {
    /// Opens the page, as often as it takes.
    pub async fn open(world: Arc<World>, number: usize) -> Self {
        let who = world.people[number % world.people.len()].clone();
        let snapshot = loop {
            match load(&world, &who.0).await {
                Some(snapshot) => break snapshot,
                None => sleep(Duration::from_millis(200)).await,
            }
        };
        let inbox = Inbox::from(snapshot);
        let session = session(&world, &inbox);
        let stretch = Stretch::from(inbox.seq());
        let outbox = Outbox::default();
        let answers = unbounded_channel();
        Self { world, number, who, session, inbox, outbox, stretch, line: None, answers, last_publish: 0, written: 0 }
    }

    pub fn person(&self) -> &Person {
        &self.who.0
    }

    /// Lives until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) -> Self {
        let now = self.world.now_ms();
        let effects = self.session.start(now);
        self.carry_out(effects);
        let mut tick = Instant::now() + self.world.dice.millis(0..500);
        let mut act = Instant::now() + self.world.dice.millis(0..1_500);
        loop {
            match self.next(tick, act, &stop).await {
                Happening::Reply(reply) => self.replied(reply),
                Happening::Frame(incoming) => self.received(incoming),
                Happening::Tick => {
                    tick = Instant::now() + TICK;
                    self.tick();
                }
                Happening::Act => {
                    if self.world.is_stormy() {
                        self.act().await;
                    } else {
                        self.retry_failed();
                    }
                    act = Instant::now() + self.world.dice.millis(100..2_000);
                }
                Happening::Stop => return self,
            }
            self.world.see(self.number, self.is_settled(), self.inbox.pos());
        }
    }

    async fn next(&mut self, tick: Instant, act: Instant, stop: &CancellationToken) -> Happening {
        let line = self.line.as_ref();
        tokio::select! {
            biased;
            Some(reply) = self.answers.1.recv() => Happening::Reply(reply),
            Some(frame) = async { Some(line?.receive().await) } => Happening::Frame(frame),
            () = sleep_until(tick) => Happening::Tick,
            () = sleep_until(act) => Happening::Act,
            () = stop.cancelled() => Happening::Stop,
        }
    }

    /// Live, and with an answer to everything sent. A row that was answered waits for its event; where a restore took the
    /// message back, that may be never.
    fn is_settled(&self) -> bool {
        let waits = self.outbox.rows().iter().any(|row| !matches!(row.state, Sending::Stored(_)));
        self.session.status() == Status::Live && !waits
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.world.note(format_args!("client {} {what}", self.number));
    }

    fn drive(&mut self, step: impl FnOnce(&mut ClientSession, u64) -> Vec<Effect>) {
        let now = self.world.now_ms();
        let effects = step(&mut self.session, now);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Connect(pos) => {
                    self.world.journal().connects += 1;
                    self.line = None;
                    let Some(instance) = self.world.any_instance() else {
                        effects.extend(self.session.closed(self.world.now_ms(), CloseCode::ABNORMAL));
                        continue;
                    };
                    self.note(format_args!("connects to {} since {pos}", instance.number));
                    self.line = Some(instance.connect(self.who.clone(), pos.to_string()));
                }
                Effect::Disconnect => self.line = None,
                Effect::Send(frame) => self.write(&frame),
                Effect::Apply(events) => self.fold(&events),
                Effect::Advance(seq, pos) => {
                    self.inbox.advance(seq, &pos);
                    self.stretch.advance(seq);
                    self.outbox.settle(self.inbox.seq());
                }
                Effect::LoadSnapshot(ticket) => {
                    let who = self.who.0.clone();
                    self.ask(async move |world| Reply::Snapshot(ticket, load(&world, &who).await.map(Box::new)));
                }
                Effect::AskLogin | Effect::Refresh => self.ask(async |world| {
                    world.dice.pause(world.weather.net.latency_ms).await;
                    let answers = world.any_instance().is_some();
                    Reply::Login(if answers { Login::Valid } else { Login::Unreachable })
                }),
                Effect::Reload => self.world.journal().violated("a client met what it does not know".into()),
            }
        }
    }

    fn ask<F: Future<Output = Reply> + Send + 'static>(&self, question: impl FnOnce(Arc<World>) -> F) {
        let (answers, answer) = (self.answers.0.clone(), question(self.world.clone()));
        tokio::spawn(async move {
            // Nobody asks any more when the run is over.
            let _ = answers.send(answer.await);
        });
    }

    fn write(&self, frame: &ClientFrame) {
        if let Some(line) = &self.line {
            line.send(serde_json::to_string(frame).expect("a frame is JSON"));
        }
    }

    fn fold(&mut self, events: &[Event]) {
        for event in events {
            match self.inbox.apply(event) {
                Applied::Old => {}
                Applied::Unknown => self.world.journal().violated(format!("an unknown event at {}", event.seq)),
                Applied::Message(_) | Applied::Changed(_) | Applied::ReadState | Applied::Topics => {
                    self.stretch.apply(event.seq);
                }
            }
        }
        self.outbox.settle(self.inbox.seq());
    }

    fn replied(&mut self, reply: Reply) {
        match reply {
            Reply::Login(login) => self.drive(|session, now| session.asked(now, login)),
            Reply::Snapshot(ticket, None) => self.drive(|session, now| session.snapshot_failed(now, ticket)),
            Reply::Snapshot(ticket, Some(snapshot)) => {
                if !self.session.wants(ticket) {
                    return;
                }
                let (seq, pos) = (snapshot.seq, snapshot.pos.clone());
                self.note(format_args!("loads a snapshot at {pos}"));
                self.replace(*snapshot);
                self.drive(|session, now| session.snapshot(now, ticket, seq, pos));
            }
        }
    }

    fn replace(&mut self, snapshot: Snapshot) {
        self.close_stretch();
        self.inbox = Inbox::from(snapshot);
        self.stretch = Stretch::from(self.inbox.seq());
        self.outbox.settle(self.inbox.seq());
    }

    /// What was folded until now must be whole, unless the log went back under it.
    fn close_stretch(&self) {
        let mut journal = self.world.journal();
        if !journal.was_restored
            && let Err(violation) = self.stretch.check(self.person(), &journal.log)
        {
            journal.violated(format!("client {}: {violation}", self.number));
        }
    }

    fn received(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Closed(code) => {
                self.note(format_args!("is closed with {code}"));
                self.line = None;
                self.drive(|session, now| session.closed(now, code));
            }
            Incoming::Text(text) => {
                self.note(format_args!("< {}", &text[..text.len().min(96)]));
                let Ok(frame) = serde_json::from_str::<ServerFrame>(&text) else {
                    return self.world.journal().violated(format!("not a frame: {text}"));
                };
                self.frame(frame);
            }
        }
    }

    fn frame(&mut self, frame: ServerFrame) {
        let greeted = matches!(frame, ServerFrame::Hello { .. });
        self.note_answer(&frame);
        self.outbox.note(self.who.0.id, &frame);
        self.outbox.settle(self.inbox.seq());
        self.drive(|session, now| session.frame(now, frame));
        if greeted && self.session.is_open() {
            self.write(&ClientFrame::Presence);
            let waiting: Vec<_> = self.outbox.rows().iter().filter(|row| row.state == Sending::Pending).collect();
            let keys: Vec<_> = waiting.into_iter().map(|row| row.client_id.clone()).collect();
            for key in &keys {
                self.publish(key);
            }
        }
    }

    fn note_answer(&self, frame: &ServerFrame) {
        let mut journal = self.world.journal();
        match frame {
            ServerFrame::Published { client_id, id } => {
                journal.answered(client_id.as_str(), Answer::Acknowledged(*id));
            }
            ServerFrame::Rejected { client_id, code } => journal.answered(client_id, Answer::Refused(*code)),
            ServerFrame::Reset { .. } => journal.resets += 1,
            _ => {}
        }
    }

    fn tick(&mut self) {
        self.drive(ClientSession::tick);
        let overdue = self.world.now_ms() > self.last_publish + ANSWER_WITHIN_MS;
        if overdue && self.session.status() == Status::Live {
            self.outbox.fail_pending();
        }
    }

    /// Writes a row's frame; without a connection it goes out after the next `hello`.
    fn publish(&mut self, key: &ClientId) {
        self.last_publish = self.world.now_ms();
        if let Some(frame) = self.outbox.frame(key, self.who.0.id).filter(|_| self.session.is_open()) {
            self.world.journal().attempt(key.as_str());
            self.write(&frame);
        }
    }

    fn retry_failed(&mut self) {
        let failed = self.outbox.rows().iter().filter(|row| matches!(row.state, Sending::Failed(_)));
        let keys: Vec<_> = failed.map(|row| row.client_id.clone()).collect();
        for key in keys {
            self.outbox.retry(&key);
            self.publish(&key);
        }
    }

    /// What a person, or their machine, does now and then.
    async fn act(&mut self) {
        let dice = self.world.dice.clone();
        if self.world.weather.changes && dice.chance(0.35) {
            return if dice.chance(0.5) { self.amend() } else { self.mark() };
        }
        match dice.below(12) {
            0..5 => self.say(),
            5 | 6 => self.mark_read(),
            7 => self.sleep_for(dice.millis(300..9_000)).await,
            8 => {
                self.drive(|session, _| session.offline());
                self.sleep_for(dice.millis(100..3_000)).await;
            }
            9 if self.line.take().is_some() => self.received(Incoming::Closed(CloseCode::ABNORMAL)),
            10 => self.reload().await,
            _ => self.retry_failed(),
        }
    }

    fn say(&mut self) {
        let key = format!("c{}.{}", self.number, self.written);
        self.written += 1;
        let request = writer::request(&self.world, &key);
        let key = ClientId::parse(&key, "client_id").expect("a good key");
        self.outbox.push(key.clone(), request, Timestamp::default());
        self.publish(&key);
    }

    fn mark_read(&self) {
        let Some(instance) = self.world.any_instance() else { return };
        let (dice, user) = (&self.world.dice, self.who.0.id);
        let id = dice.within(1..self.inbox.seq().0 + 2);
        let change = match dice.below(3) {
            0 => ReadChange::read_all(MessageId(id)),
            1 => ReadChange::unread(MessageId(id)),
            _ => ReadChange { read: Ranges::span(id, id + dice.within(0..4)), unread: Ranges::EMPTY },
        };
        tokio::spawn(async move {
            let Instance { dead, app, .. } = &*instance;
            dead.run_until_cancelled(app.push.change_read(user, change)).await
        });
    }

    /// Edits or deletes what is shown: own messages, other people's, and what was deleted before.
    fn amend(&mut self) {
        let Some(instance) = self.world.any_instance() else { return };
        let dice = self.world.dice.clone();
        let shown: Vec<Message> = self.inbox.messages().iter().take(12).cloned().collect();
        if shown.is_empty() {
            return;
        }
        let message = dice.pick(&shown);
        let (person, id) = (self.who.0.clone(), message.id);
        // The title alone: the text begins with the key, and of a log that went back this may be another message.
        let edit = (message.deleted.is_none() && dice.chance(0.7)).then(|| {
            self.written += 1;
            let title = Some(format!("edited {}.{}", self.number, self.written));
            Edit::parse(EditRequest { title, ..EditRequest::default() }).expect("a good edit")
        });
        tokio::spawn(async move {
            let Instance { dead, app, .. } = &*instance;
            let push = &app.push;
            match edit {
                Some(edit) => drop(dead.run_until_cancelled(push.edit(&person, id, edit, Vec::new())).await),
                None => drop(dead.run_until_cancelled(push.delete(&person, id, Vec::new())).await),
            }
        });
    }

    /// Puts away, keeps at hand, takes back, sees.
    fn mark(&self) {
        let Some(instance) = self.world.any_instance() else { return };
        let (dice, user) = (&self.world.dice, self.who.0.id);
        let id = dice.within(1..self.inbox.seq().0 + 2);
        let some = Ranges::span(id, id + dice.within(0..4));
        let change = match dice.below(5) {
            0 => StateChange { archive: some, ..StateChange::default() },
            1 => StateChange { unarchive: some, ..StateChange::default() },
            2 => StateChange { save: some, ..StateChange::default() },
            3 => StateChange { unsave: some, seen_upto: Some(MessageId(id)), ..StateChange::default() },
            _ => StateChange { seen_upto: Some(MessageId(id)), ..StateChange::default() },
        };
        tokio::spawn(async move {
            let Instance { dead, app, .. } = &*instance;
            dead.run_until_cancelled(app.push.change_state(user, change)).await
        });
    }

    /// The machine sleeps: nothing is read, no timer fires.
    async fn sleep_for(&mut self, time: Duration) {
        self.note(format_args!("sleeps for {} ms", time.as_millis()));
        sleep(time).await;
        self.drive(ClientSession::wake);
    }

    /// The page is loaded anew; unsent rows are kept.
    async fn reload(&mut self) {
        let Some(snapshot) = load(&self.world, &self.who.0).await else { return };
        self.note(format_args!("reloads at {}", snapshot.pos));
        self.line = None;
        self.replace(snapshot);
        self.session = session(&self.world, &self.inbox);
        self.answers = unbounded_channel();
        self.drive(ClientSession::start);
    }
}

fn session(world: &Arc<World>, inbox: &Inbox) -> ClientSession {
    let dice = world.dice.clone();
    let random = Box::new(move || dice.share());
    ClientSession::new(inbox.user().id, inbox.pos().clone(), inbox.seq(), random)
}
