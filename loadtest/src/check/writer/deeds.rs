//! What a writer does beside publishing.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use push_system::{
    ids::MessageId,
    marks::{MarksChange, StateChange},
    message::Message,
    read_state::{Ranges, ReadChange, ReadState},
    topic::TopicChange,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Reply, Writer};
use crate::{
    check::{
        history::{Deed, Said, Shown, What},
        print::{text_edited, text_of_topic},
        rooms::Room,
    },
    failure::{Context, Failure},
};

/// The answer to a change of state.
#[derive(Deserialize)]
struct StateAnswer {
    #[serde(flatten)]
    read: ReadState,
    unread: u64,
}

/// What it says of marks, where it says anything.
fn state_said(body: &Bytes, marks: bool) -> Result<Said, Failure> {
    let StateAnswer { read, unread } = parsed(body)?;
    let marks: Option<MarksChange> = if marks { Some(parsed(body)?) } else { None };
    Ok(Said::State(Box::new((read, unread, marks))))
}

fn parsed<T: DeserializeOwned>(body: &Bytes) -> Result<T, Failure> {
    serde_json::from_slice(body).context("reading an answer")
}

impl Writer {
    /// Tries once. What was refused is no deed; any refusal but that there is no such thing, or that it is not theirs, is
    /// wrong.
    async fn attempt(
        &mut self,
        what: What,
        (method, path): (Method, &str),
        body: &impl Serialize,
        said: impl Fn(&Bytes) -> Result<Said, Failure>,
    ) -> Result<(), Failure> {
        let after = self.desk.newest.load(Relaxed);
        let (reply, at) = self.ask(&method, path, None, body).await;
        let answer = match reply {
            Reply::Done(body) => Some((at, said(&body)?)),
            Reply::Unknown => {
                self.move_on();
                None
            }
            Reply::LoginOver => {
                self.member.renew(self.instance()).await;
                return Ok(());
            }
            Reply::Refused(StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _) => return Ok(()),
            Reply::Refused(status, text) => {
                return Err(Failure::new(format!("{method} {path} answered {status}: {text}")));
            }
        };
        self.journal.deeds.push(Deed { by: self.member.person.id, what, after, answer });
        Ok(())
    }

    /// Reads a stretch, or all up to its end, or un-reads it: all up to its end often enough that what is scattered stays
    /// within what a read state may hold.
    pub(super) async fn change_read(&mut self) -> Result<(), Failure> {
        let (stretch, end) = self.stretch();
        let change = match self.chance.within(0..4) {
            0 => ReadChange { read: Ranges::EMPTY, unread: stretch },
            1 => ReadChange { read: Ranges::span(1, end), unread: Ranges::EMPTY },
            _ => ReadChange { read: stretch, unread: Ranges::EMPTY },
        };
        self.attempt(What::Mark, (Method::POST, "/read"), &change, |body| state_said(body, false)).await
    }

    /// Saves or archives one or a few, or everything no more; or says how far the list was seen, or several at once.
    pub(super) async fn mark(&mut self) -> Result<(), Failure> {
        let (stretch, end) = self.stretch();
        let (one, whole) = (Ranges::one(end), Ranges::span(1, end));
        let change = match self.chance.within(0..8) {
            0 | 1 => StateChange { save: one, ..StateChange::default() },
            2 => StateChange { archive: stretch, ..StateChange::default() },
            3 => StateChange { archive: one.clone(), save: one, ..StateChange::default() },
            4 => StateChange { unarchive: stretch, ..StateChange::default() },
            5 => StateChange { unsave: whole.clone(), unarchive: whole, ..StateChange::default() },
            6 => {
                let read = ReadChange { read: Ranges::EMPTY, unread: one };
                StateChange { read, archive: stretch, ..StateChange::default() }
            }
            _ => StateChange { seen_upto: Some(MessageId(end)), ..StateChange::default() },
        };
        self.attempt(What::Mark, (Method::POST, "/state"), &change, |body| state_said(body, true)).await
    }

    /// Somewhere among the newest, and its end.
    fn stretch(&mut self) -> (Ranges, u64) {
        let newest = self.desk.newest.load(Relaxed).max(1);
        let from = self.chance.within(newest.saturating_sub(60)..newest + 1);
        let end = from + self.chance.within(0..20);
        (Ranges::span(from, end), end)
    }

    /// Changes a message of its own.
    pub(super) async fn edit(&mut self) -> Result<(), Failure> {
        if self.own.is_empty() {
            return Ok(());
        }
        let message = self.own[self.chance.index(self.own.len())];
        let request = self.correction(message);
        let what = What::Edit { message, text: text_edited(&request) };
        let shown = |body: &Bytes| Ok(Said::Message(Shown::message(&parsed::<Message>(body)?)));
        self.attempt(what, (Method::PATCH, &format!("/message/{message}")), &request, shown).await
    }

    /// Takes one back, and never touches it again.
    pub(super) async fn delete(&mut self) -> Result<(), Failure> {
        if self.own.is_empty() {
            return Ok(());
        }
        let place = self.chance.index(self.own.len());
        let message = self.own.remove(place);
        let path = format!("/message/{message}");
        self.attempt(What::Delete { message }, (Method::DELETE, &path), &Value::Null, |_| Ok(Said::Done)).await
    }

    /// Brings somebody into a topic of its own or out of it, or describes it, and then at times closes it until it is
    /// described again; or joins or leaves another public one.
    pub(super) async fn step(&mut self) -> Result<(), Failure> {
        let place = self.number % self.desk.members.len();
        let rooms: Vec<Room> =
            self.desk.rooms.iter().filter(|room| !room.private || room.owner == place).cloned().collect();
        if rooms.is_empty() {
            return Ok(());
        }
        let room = &rooms[self.chance.index(rooms.len())];
        let (topic, coin) = (room.id, self.chance.within(0..2) == 0);
        if room.owner != place {
            return self.come_or_go(room, coin).await;
        }
        if self.chance.within(0..4) == 0 {
            let description = format!("what {} is for", self.next_key());
            let archived = self.chance.within(0..4) == 0;
            let text = text_of_topic(&description, archived);
            let change = TopicChange { description: Some(description), archived: Some(archived) };
            let path = format!("/topic/{topic}");
            return self
                .attempt(What::Describe { topic, text }, (Method::PATCH, &path), &change, |_| Ok(Said::Done))
                .await;
        }
        let others: Vec<usize> = (0..self.desk.members.len()).filter(|other| *other != place).collect();
        let Some(other) = others.get(self.chance.index(others.len().max(1))) else { return Ok(()) };
        let user = self.desk.members[*other].person.id;
        let path = format!("/topic/{topic}/members/{user}");
        if coin {
            self.attempt(What::Join { topic, user }, (Method::PUT, &path), &json!({}), |_| Ok(Said::Done)).await
        } else {
            self.attempt(What::Leave { topic, user }, (Method::DELETE, &path), &Value::Null, |_| Ok(Said::Done)).await
        }
    }

    async fn come_or_go(&mut self, room: &Room, comes: bool) -> Result<(), Failure> {
        let (topic, user) = (room.id, self.member.person.id);
        let (what, word) =
            if comes { (What::Join { topic, user }, "join") } else { (What::Leave { topic, user }, "leave") };
        self.attempt(what, (Method::POST, &format!("/topic/{topic}/{word}")), &Value::Null, |_| Ok(Said::Done)).await
    }
}
