//! What the pages show, as signals. Everything here runs on both sides; what talks to the server is in [`crate::live`].

mod changing;
mod feed;
mod presence;
mod reads;
mod results;
mod rows;
mod stretches;
mod toast;

use leptos::prelude::*;
use push_system::{
    accounts::Role,
    api::{HistoryPage, Me, Presence},
    event::Event,
    ids::{MessageId, UserId},
    inbox::{Applied, Inbox, Snapshot},
    marks::Marks,
    message::Message,
    read_state::ReadState,
    session::{client::Status, outbox::Outbox},
};

use crate::{
    clock::{Clock, use_clock},
    draw::{Eye, Look},
};

pub use changing::Changing;
pub use feed::Feed;
pub use presence::fold as fold_presence;
pub use reads::{State, Unconfirmed};
pub use results::Results;
pub use rows::{Row, rows};
pub use stretches::{Key, LONG, Part};
pub use toast::{Toast, Undo};

/// The state of a page of someone who is logged in.
#[derive(Clone, Copy)]
pub struct Store {
    /// Who is logged in.
    pub me: StoredValue<Me>,
    /// The fold of the log.
    pub inbox: RwSignal<Inbox>,
    /// What this page marked and the log has not confirmed.
    pub unconfirmed: RwSignal<Unconfirmed>,
    /// Messages it changed and the log has not spoken of. No signal: rows are drawn anew one by one.
    pub changing: StoredValue<Changing>,
    /// What was sent and not confirmed.
    pub outbox: RwSignal<Outbox>,
    /// Who is online.
    pub presence: RwSignal<Presence>,
    /// How the connection is.
    pub status: RwSignal<Status>,
    /// Whether it has been down for long enough to say so.
    pub banner: RwSignal<bool>,
    /// Seconds until the next attempt.
    pub retry_in: RwSignal<u64>,
    /// The newest message shown, while newer ones are kept aside.
    pub held: RwSignal<Option<MessageId>>,
    /// The row that keys act on.
    pub selected: RwSignal<Option<MessageId>>,
    /// The notice at the bottom.
    pub toast: RwSignal<Option<Toast>>,
    /// Whom the composer is asked to answer.
    pub reply: RwSignal<Option<String>>,
    /// What a screen reader says next.
    pub announcement: RwSignal<String>,
    /// What is read and marked, with what was done on this page.
    pub state: Memo<State>,
    /// What of it is read.
    pub read: Memo<ReadState>,
    /// What else of it.
    pub marks: Memo<Marks>,
    /// How many are unread, likewise.
    pub unread: Memo<u64>,
    /// What the history answered to the address, where it was asked.
    pub results: RwSignal<HistoryPage>,
    /// How often a snapshot has replaced the fold: an answer from before one is older than what is known.
    pub resets: RwSignal<u32>,
    /// What time it is, for whom.
    pub clock: Clock,
    /// Messages that arrived live and have not been drawn.
    fresh: StoredValue<Vec<MessageId>>,
    /// The answer the page came with, until its route takes it.
    first_results: StoredValue<Option<HistoryPage>>,
}

impl Store {
    /// The state a page begins with.
    pub fn new(me: Me, snapshot: Snapshot, presence: Presence, results: Option<HistoryPage>) -> Self {
        let inbox = RwSignal::new(Inbox::from(snapshot));
        let unconfirmed = RwSignal::new(Unconfirmed::default());
        let state = Memo::new(move |_| unconfirmed.with(|changes| changes.over(inbox.with(State::of))));
        let read = Memo::new(move |_| state.with(|state| state.read.clone()));
        Self {
            me: StoredValue::new(me),
            inbox,
            unconfirmed,
            changing: StoredValue::default(),
            outbox: RwSignal::new(Outbox::default()),
            presence: RwSignal::new(presence),
            status: RwSignal::new(Status::Connecting),
            banner: RwSignal::new(false),
            retry_in: RwSignal::new(0),
            held: RwSignal::new(None),
            selected: RwSignal::new(None),
            toast: RwSignal::new(None),
            reply: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            state,
            read,
            marks: Memo::new(move |_| state.with(|state| state.marks.clone())),
            unread: Memo::new(move |_| read.with(|read| inbox.with(|inbox| reads::unread_count(inbox, read)))),
            results: RwSignal::new(HistoryPage::default()),
            resets: RwSignal::new(0),
            clock: use_clock(),
            fresh: StoredValue::new(Vec::new()),
            first_results: StoredValue::new(results),
        }
    }

    /// The number of who is logged in.
    pub fn user_id(&self) -> UserId {
        self.me.with_value(|me| me.person.id)
    }

    /// Their name.
    #[cfg(feature = "ssr")]
    pub fn name(&self) -> String {
        self.me.with_value(|me| me.person.name.to_string())
    }

    /// How a message looks now.
    pub fn look(&self, message: &Message) -> Look {
        let own = message.sender.id == self.user_id();
        self.state.with_untracked(|state| Look {
            unread: !own && message.deleted.is_none() && !state.read.is_read(message.id),
            saved: state.marks.is_saved(message.id),
            archived: state.marks.is_archived(message.id),
            ..Look::default()
        })
    }

    /// Who reads, now and here; what is drawn with it is kept true by [`crate::paint`].
    pub fn eye(&self, needles: Vec<String>) -> Eye {
        let (me, admin) = self.me.with_value(|me| (me.person.clone(), me.role == Role::Admin));
        let (now, offset) = (self.clock.now.get_untracked(), self.clock.offset_minutes.get_untracked());
        Eye { me, admin, now, offset_minutes: offset, needles }
    }

    /// The words that are marked in what the history answered.
    pub fn needles(&self) -> Vec<String> {
        self.results
            .with_untracked(|page| page.search.as_ref().map(|reading| reading.marked.clone()))
            .unwrap_or_default()
    }

    /// A message that is loaded, as it is shown.
    pub fn message(&self, id: MessageId) -> Option<Message> {
        self.known(id).map(|message| self.shown(message))
    }

    /// A message that is loaded, as the server told it.
    pub fn known(&self, id: MessageId) -> Option<Message> {
        let folded = self.inbox.with_untracked(|inbox| inbox.message(id).cloned());
        folded.or_else(|| self.results.with_untracked(|page| find(&page.messages, id).cloned()))
    }

    /// Whether a message is among those that lists are made of.
    pub fn lists(&self, id: MessageId) -> bool {
        let is_in = |messages: &[Message]| find(messages, id).is_some();
        self.inbox.with_untracked(|inbox| is_in(inbox.messages()))
            || self.results.with_untracked(|page| is_in(&page.messages))
    }

    /// A message with what was changed in it here.
    pub fn shown(&self, known: Message) -> Message {
        self.changing.with_value(|changing| changing.shown(known.id).cloned()).unwrap_or(known)
    }

    /// Folds events, and tells how many messages of others are new, which stay aside unless `reveal`, and which messages
    /// changed.
    pub fn apply(&self, events: &[Event], reveal: bool) -> (usize, Vec<MessageId>) {
        let me = self.user_id();
        let newest = self.inbox.with_untracked(|inbox| inbox.messages().first().map(|message| message.id));
        let mut arrived = Vec::new();
        let mut changed = Vec::new();
        let (mut from_others, mut topics) = (0, false);
        let mut unconfirmed = self.unconfirmed.get_untracked();
        self.inbox.update(|inbox| {
            for event in events {
                match inbox.apply(event) {
                    Applied::Message(id) => {
                        arrived.push(id);
                        from_others += usize::from(inbox.messages().first().is_some_and(|first| first.sender.id != me));
                    }
                    // One by one: a later event may undo what an earlier one confirmed.
                    Applied::ReadState => unconfirmed.folded(&State::of(inbox)),
                    Applied::Changed(id) => changed.push(id),
                    Applied::Topics => topics = true,
                    Applied::Old | Applied::Unknown => {}
                }
            }
        });
        self.replace_unconfirmed(unconfirmed);
        if !arrived.is_empty() && !reveal {
            self.held.update(|held| *held = held.or(Some(newest.unwrap_or_default())));
        }
        self.fresh.update_value(|fresh| fresh.extend(arrived));
        self.changing.update_value(|changing| changed.iter().for_each(|id| changing.folded(*id)));
        if topics || !changed.is_empty() {
            self.follow_fold();
        }
        (from_others, changed)
    }

    /// Lets the history's answer follow the fold. What changed is drawn anew row by row, what is gone with the whole list.
    fn follow_fold(&self) {
        self.results.maybe_update(|page| {
            let before = page.messages.len();
            let messages = std::mem::take(&mut page.messages);
            page.messages = self.inbox.with_untracked(|inbox| inbox.up_to_date(messages));
            page.messages.len() != before
        });
    }

    /// Replaces everything by a snapshot, and tells which messages may have looked otherwise before.
    pub fn replace(&self, snapshot: Snapshot) -> Vec<MessageId> {
        let otherwise = |message: &&Message| self.known(message.id).as_ref() != Some(*message);
        let mut changed: Vec<_> = snapshot.messages.iter().filter(otherwise).map(|message| message.id).collect();
        changed.extend(self.changing.try_update_value(Changing::forget).unwrap_or_default());
        self.inbox.set(Inbox::from(snapshot));
        let mut unconfirmed = self.unconfirmed.get_untracked();
        self.inbox.with_untracked(|inbox| unconfirmed.folded(&State::of(inbox)));
        self.replace_unconfirmed(unconfirmed);
        self.held.set(None);
        self.resets.update(|resets| *resets += 1);
        changed
    }

    fn replace_unconfirmed(&self, changed: Unconfirmed) {
        if self.unconfirmed.with_untracked(|now| *now != changed) {
            self.unconfirmed.set(changed);
        }
    }

    /// Whether a row is drawn for the first time after its message arrived live; true once.
    pub fn take_fresh(&self, id: MessageId) -> bool {
        let known = self.fresh.with_value(|fresh| fresh.contains(&id));
        if known {
            self.fresh.update_value(|fresh| fresh.retain(|other| *other != id));
        }
        known
    }

    /// The answer the page came with; once.
    pub fn take_first_results(&self) -> Option<HistoryPage> {
        self.first_results.try_update_value(Option::take).flatten()
    }
}

/// A message of a list that goes down.
pub(crate) fn find(newest_first: &[Message], id: MessageId) -> Option<&Message> {
    let index = newest_first.binary_search_by(|message| id.cmp(&message.id)).ok()?;
    newest_first.get(index)
}

#[cfg(test)]
pub(crate) mod tests;
