//! What a page holds after answers, events, snapshots and leavings, in the orders in which they may come.

use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    event::EventBody,
    ids::{Seq, TopicId},
    inbox::Counters,
    position::{Epoch, Pos, Position},
    timestamp::Timestamp,
    topic::{Topic, TopicName},
};

use super::*;
use crate::context::PageContext;

const ONE: MessageId = MessageId(1);

/// A message of the person's own.
pub(crate) fn message(id: u64, text: &str) -> Message {
    Message {
        id: MessageId(id),
        appid: 0,
        title: String::new(),
        message: text.to_owned(),
        priority: 0,
        date: Timestamp::default(),
        extras: serde_json::Map::new(),
        sender: me(),
        to: Recipients::default(),
        tags: Vec::new(),
        click: None,
        topics: Vec::new(),
        edited: None,
        deleted: None,
    }
}

fn me() -> Person {
    Person { id: UserId(1), name: Username::parse("ana").unwrap() }
}

fn pos(seq: u64) -> Pos {
    (&Position { epoch: Epoch::parse("e1").unwrap(), seq: Seq(seq), tag: 1 }).into()
}

fn snapshot(seq: u64, messages: Vec<Message>) -> Snapshot {
    Snapshot {
        pos: pos(seq),
        seq: Seq(seq),
        user: me(),
        messages,
        has_more: true,
        read: ReadState::default(),
        marks: Marks::default(),
        topics: Vec::new(),
        counters: Counters::default(),
    }
}

fn gone(id: u64) -> Message {
    message(id, "gone").tombstone(Timestamp::from_unix_ms(1))
}

/// A page that stands at 9, has one message loaded, and these as the history's answer.
struct Page {
    store: Store,
    /// Signals live as long as it does.
    _owner: Owner,
}

impl Page {
    fn showing(loaded: Vec<Message>, results: Vec<Message>) -> Self {
        let owner = Owner::new();
        owner.set();
        provide_context(Clock::new(&PageContext::default()));
        let user = Me { person: me(), role: Role::Member };
        let store = Store::new(user, snapshot(9, loaded), Presence::default(), None);
        store.results.set(HistoryPage { messages: results, has_more: true, search: None });
        Self { store, _owner: owner }
    }

    fn told(&self, seq: u64, body: EventBody) -> Vec<MessageId> {
        let event = Event { seq: Seq(seq), pos: pos(seq), at: Timestamp::default(), body };
        self.store.apply(&[event], true).1
    }

    fn begin(&self, wanted: Message) -> u64 {
        self.store.changing.try_update_value(|changing| changing.begin(wanted)).unwrap()
    }

    fn answered(&self, ticket: u64, stored: Message) {
        let known = self.store.known(stored.id);
        self.store.changing.update_value(|changing| changing.answered(ticket, stored, known.as_ref()));
    }

    fn shows(&self, id: MessageId) -> Option<Message> {
        self.store.message(id)
    }
}

#[test]
fn an_edit_shows_at_once_is_no_part_of_the_fold_and_ends_with_its_event() {
    let page = Page::showing(vec![message(1, "old")], vec![]);
    let ticket = page.begin(message(1, "new"));
    assert_eq!(page.shows(ONE), Some(message(1, "new")));
    assert_eq!(page.store.inbox.with_untracked(|inbox| inbox.messages().to_vec()), [message(1, "old")]);
    page.answered(ticket, message(1, "new, as stored"));
    assert_eq!(page.shows(ONE), Some(message(1, "new, as stored")));
    assert_eq!(page.told(10, EventBody::MessageEdited { message: message(1, "newest") }), [ONE]);
    assert_eq!(page.shows(ONE), Some(message(1, "newest")));
}

#[test]
fn an_answer_read_after_a_deletion_does_not_bring_the_text_back() {
    let page = Page::showing(vec![message(1, "old")], vec![]);
    let ticket = page.begin(message(1, "new"));
    page.told(10, EventBody::MessageEdited { message: message(1, "new") });
    page.told(11, EventBody::MessageDeleted { message: gone(1) });
    page.answered(ticket, message(1, "new"));
    assert_eq!(page.shows(ONE), Some(gone(1)));
}

#[test]
fn an_edit_that_is_refused_leaves_what_the_log_said_meanwhile() {
    let page = Page::showing(vec![message(1, "old")], vec![message(1, "old")]);
    let ticket = page.begin(message(1, "new"));
    page.told(10, EventBody::MessageDeleted { message: gone(1) });
    page.store.changing.update_value(|changing| changing.failed(ticket));
    assert_eq!(page.shows(ONE), Some(gone(1)));
    assert_eq!(page.store.results.get_untracked().messages, [gone(1)]);
}

#[test]
fn a_snapshot_tells_what_to_draw_anew_and_ends_what_is_pending() {
    let page = Page::showing(vec![message(3, "stays"), message(2, "old"), message(1, "old")], vec![]);
    let ticket = page.begin(message(1, "pending"));
    let changed = page.store.replace(snapshot(20, vec![message(3, "stays"), gone(2), message(1, "later")]));
    assert_eq!(changed, [MessageId(2), ONE, ONE]);
    page.answered(ticket, message(1, "pending"));
    assert_eq!(page.shows(ONE), Some(message(1, "later")));
    assert_eq!(page.store.resets.get_untracked(), 1);
}

#[test]
fn leaving_a_private_topic_takes_its_messages_out_of_every_list() {
    let name = TopicName::parse("secret").unwrap();
    let topic = Topic { id: TopicId(5), name, description: String::new(), private: true, archived: false };
    let secret = |id| Message { topics: vec![topic.reference()], ..message(id, "secret") };
    let page = Page::showing(vec![message(8, "open"), secret(7)], vec![secret(6), message(2, "open")]);
    page.told(10, EventBody::MessageEdited { message: secret(4) });
    page.told(11, EventBody::TopicLeft { topic: topic.clone(), unread: 0 });
    page.store.inbox.update(|inbox| inbox.add_older(vec![secret(6), message(2, "open"), secret(4)], false));
    let ids = |messages: &[Message]| messages.iter().map(|message| message.id.0).collect::<Vec<_>>();
    assert_eq!(page.store.inbox.with_untracked(|inbox| ids(inbox.messages())), [8, 2]);
    assert_eq!(page.store.results.with_untracked(|results| ids(&results.messages)), [2]);
    assert_eq!((page.shows(MessageId(7)), page.shows(MessageId(4))), (None, None));
}

#[test]
fn an_answer_on_its_way_is_read_with_what_changed_meanwhile() {
    let page = Page::showing(vec![message(8, "old")], vec![]);
    let question = Memo::new(|_| crate::question::Question::default());
    let results = Results::new(page.store, question, |_| true);
    page.told(10, EventBody::MessageEdited { message: message(8, "new") });
    page.told(11, EventBody::MessageDeleted { message: gone(2) });
    let old = |ids: [u64; 2]| HistoryPage {
        messages: ids.map(|id| message(id, "old")).into(),
        has_more: false,
        search: None,
    };
    results.extend(old([8, 3]));
    results.extend(old([2, 1]));
    assert_eq!(
        page.store.results.get_untracked().messages,
        [message(8, "new"), message(3, "old"), gone(2), message(1, "old")]
    );
}
