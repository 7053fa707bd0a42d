//! What the pages show, as signals. Everything here runs on both sides; what talks to the server is in [`crate::live`].

mod feed;
mod presence;
mod reads;
mod results;
mod rows;
mod toast;

use leptos::prelude::*;
use push_system::{
    api::{HistoryPage, Me, Presence},
    event::Event,
    ids::{MessageId, UserId},
    inbox::{Applied, Inbox, Snapshot},
    message::Message,
    read_state::ReadState,
    session::{client::Status, outbox::Outbox},
};

pub use feed::Feed;
pub use presence::fold as fold_presence;
pub use reads::Unconfirmed;
pub use results::Results;
pub use rows::{Row, rows};
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
    /// What is read, with what was marked on this page.
    pub read: Memo<ReadState>,
    /// How many are unread, likewise.
    pub unread: Memo<u64>,
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
        let read = Memo::new(move |_| unconfirmed.with(|changes| inbox.with(|inbox| changes.over(inbox.read()))));
        Self {
            me: StoredValue::new(me),
            inbox,
            unconfirmed,
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
            read,
            unread: Memo::new(move |_| read.with(|read| inbox.with(|inbox| reads::unread_count(inbox, read)))),
            fresh: StoredValue::new(Vec::new()),
            first_results: StoredValue::new(results),
        }
    }

    /// The number of who is logged in.
    pub fn user_id(&self) -> UserId {
        self.me.with_value(|me| me.person.id)
    }

    /// Their name.
    pub fn name(&self) -> String {
        self.me.with_value(|me| me.person.name.to_string())
    }

    /// Whether a message shows its dot; reactive.
    pub fn unread_of(&self, message: &Message) -> Memo<bool> {
        let (read, id, own) = (self.read, message.id, message.sender.id == self.user_id());
        Memo::new(move |_| !own && read.with(|read| !read.is_read(id)))
    }

    /// Folds events, and tells which messages of others are new. Those stay aside unless `reveal`.
    pub fn apply(&self, events: &[Event], reveal: bool) -> usize {
        let me = self.user_id();
        let newest = self.inbox.with_untracked(|inbox| inbox.messages().first().map(|message| message.id));
        let mut arrived = Vec::new();
        let mut from_others = 0;
        let mut unconfirmed = self.unconfirmed.get_untracked();
        self.inbox.update(|inbox| {
            for event in events {
                match inbox.apply(event) {
                    Applied::Message(id) => {
                        arrived.push(id);
                        from_others += usize::from(inbox.messages().first().is_some_and(|first| first.sender.id != me));
                    }
                    // One by one: a later event may undo what an earlier one confirmed.
                    Applied::ReadState => unconfirmed.folded(inbox.read()),
                    Applied::Old | Applied::Unknown => {}
                }
            }
        });
        self.replace_unconfirmed(unconfirmed);
        if !arrived.is_empty() && !reveal {
            self.held.update(|held| *held = held.or(Some(newest.unwrap_or_default())));
        }
        self.fresh.update_value(|fresh| fresh.extend(arrived));
        from_others
    }

    /// Replaces everything by a snapshot.
    pub fn replace(&self, snapshot: Snapshot) {
        self.inbox.set(Inbox::from(snapshot));
        let mut unconfirmed = self.unconfirmed.get_untracked();
        self.inbox.with_untracked(|inbox| unconfirmed.folded(inbox.read()));
        self.replace_unconfirmed(unconfirmed);
        self.held.set(None);
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
