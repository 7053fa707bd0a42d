use leptos::{prelude::*, task::spawn_local};
use push_system::{
    accounts::Person,
    api::Filter,
    ids::MessageId,
    limits,
    message::{ClientId, Message},
    read_state::ReadState,
    timestamp::Timestamp,
};

use super::{Results, Row, Store, rows};
use crate::{api, question::Question, words::words};

use super::Toast;

/// The list of the inbox: what is loaded, cut to a filter and put into rows.
#[derive(Clone, Copy)]
pub struct Feed {
    store: Store,
    filter: Memo<Filter>,
    results: Results,
    /// The lines, newest first.
    pub rows: Memo<Vec<Row>>,
    /// Whether older ones can be loaded.
    pub has_more: Memo<bool>,
    /// Whether older ones are on their way.
    pub loading: RwSignal<bool>,
    /// How many wait above the list.
    pub waiting: Memo<u64>,
}

impl Feed {
    /// The list under `filter`, with days for someone this many minutes east of UTC.
    pub fn new(store: Store, filter: Memo<Filter>, results: Results, offset_minutes: RwSignal<i32>) -> Self {
        Self {
            store,
            filter,
            results,
            rows: Memo::new(move |_| lines(store, filter.get(), results, offset_minutes.get())),
            has_more: Memo::new(move |_| match filter.get() {
                Filter::All => store.inbox.with(push_system::inbox::Inbox::has_more),
                _ => results.page.with(|page| page.has_more),
            }),
            loading: RwSignal::new(false),
            waiting: Memo::new(move |_| waiting(store, filter.get())),
        }
    }

    /// A message of one of the rows.
    pub fn message(&self, id: MessageId) -> Option<Message> {
        let in_inbox = self.store.inbox.with_untracked(|inbox| find(inbox.messages(), id).cloned());
        in_inbox.or_else(|| self.results.page.with_untracked(|page| find(&page.messages, id).cloned()))
    }

    /// Those of the rows that are unread, newest first, as many as one change may name; reactive.
    pub fn unread_shown(&self) -> Vec<MessageId> {
        let me = self.store.user_id();
        let unread = |row: &Row| match row {
            Row::Message(id) => {
                let id = self.store.read.with(|read| (!read.is_read(*id)).then_some(*id))?;
                self.message(id).filter(|message| message.sender.id != me).map(|_| id)
            }
            _ => None,
        };
        self.rows.with(|rows| rows.iter().filter_map(unread).take(limits::READ_RANGES).collect())
    }

    /// The oldest message loaded: where the next page begins.
    pub fn oldest(&self) -> Option<MessageId> {
        let last = |messages: &[Message]| messages.last().map(|message| message.id);
        match self.filter.get() {
            Filter::All => self.store.inbox.with(|inbox| last(inbox.messages())),
            _ => self.results.page.with(|page| last(&page.messages)),
        }
    }

    /// Loads the next page below, unless one is on its way.
    pub fn load_older(self) {
        let filter = self.filter.get_untracked();
        let Some(oldest) = untrack(|| self.oldest()) else { return };
        // While another filter's first page is on its way, what is older is not known.
        let busy = self.loading.get_untracked() || (filter != Filter::All && self.results.loading.get_untracked());
        if busy || !self.has_more.get_untracked() {
            return;
        }
        self.loading.set(true);
        spawn_local(async move {
            let question = Question { filter, before: Some(oldest), ..Question::default() };
            let answer = api::messages(&question).await;
            self.loading.try_set(false);
            // The list may have gone, or end elsewhere by now: then this page would leave a hole.
            let same = self.filter.try_get_untracked() == Some(filter);
            if !same || untrack(|| self.oldest()) != Some(oldest) {
                return;
            }
            match (answer, filter) {
                (Ok(page), Filter::All) => {
                    self.store.inbox.update(|inbox| inbox.add_older(page.messages, page.has_more));
                }
                (Ok(page), _) => self.results.page.update(|all| {
                    all.messages.extend(page.messages);
                    all.has_more = page.has_more;
                }),
                (Err(_), _) => {
                    let text = words().load_failed.to_owned();
                    self.store.toast.set(Some(Toast { text, undo: None }));
                }
            }
        });
    }
}

fn find(newest_first: &[Message], id: MessageId) -> Option<&Message> {
    let index = newest_first.binary_search_by(|message| id.cmp(&message.id)).ok()?;
    newest_first.get(index)
}

fn matches(filter: Filter, message: &Message, me: &Person, read: &ReadState) -> bool {
    match filter {
        Filter::All => true,
        Filter::Unread => message.sender.id != me.id && !read.is_read(message.id),
        Filter::Me => message.to.people().any(|name| *name == me.name),
        Filter::Sent => message.sender.id == me.id,
    }
}

fn lines(store: Store, filter: Filter, results: Results, offset_minutes: i32) -> Vec<Row> {
    let newest = store.held.get().unwrap_or(MessageId(u64::MAX));
    // Only one filter depends on what is read; the others are not drawn anew for it.
    let read = if filter == Filter::Unread { store.read.get() } else { ReadState::default() };
    let fitting = |messages: &[Message], me: &Person| -> Vec<(MessageId, Timestamp)> {
        let fits = |message: &&Message| message.id <= newest && matches(filter, message, me, &read);
        messages.iter().filter(fits).map(|message| (message.id, message.date)).collect()
    };
    let shown = store.me.with_value(|me| {
        let loaded = store.inbox.with(|inbox| fitting(inbox.messages(), &me.person));
        if filter == Filter::All {
            return loaded;
        }
        results.page.with(|page| merge(loaded, fitting(&page.messages, &me.person)))
    });
    rows(unsent(store, filter), shown, offset_minutes)
}

/// One list of two, both newest first, with what is in both once.
fn merge(a: Vec<(MessageId, Timestamp)>, b: Vec<(MessageId, Timestamp)>) -> Vec<(MessageId, Timestamp)> {
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    let mut merged = Vec::new();
    while let Some(next) = a.peek().into_iter().chain(b.peek()).max_by_key(|(id, _)| *id).copied() {
        a.next_if(|(id, _)| *id == next.0);
        b.next_if(|(id, _)| *id == next.0);
        merged.push(next);
    }
    merged
}

fn unsent(store: Store, filter: Filter) -> Vec<(ClientId, Timestamp)> {
    if !matches!(filter, Filter::All | Filter::Sent) {
        return Vec::new();
    }
    store.outbox.with(|outbox| outbox.rows().iter().rev().map(|row| (row.client_id.clone(), row.at)).collect())
}

fn waiting(store: Store, filter: Filter) -> u64 {
    let Some(newest) = store.held.get() else { return 0 };
    let read = if filter == Filter::Unread { store.read.get() } else { ReadState::default() };
    store.me.with_value(|me| {
        store.inbox.with(|inbox| {
            let aside = inbox.messages().iter().take_while(|message| message.id > newest);
            aside.filter(|message| matches(filter, message, &me.person, &read)).count() as u64
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lists_become_one_without_doubles() {
        let list = |ids: &[u64]| ids.iter().map(|id| (MessageId(*id), Timestamp::default())).collect::<Vec<_>>();
        assert_eq!(merge(list(&[9, 7, 3]), list(&[8, 7, 2, 1])), list(&[9, 8, 7, 3, 2, 1]));
        assert_eq!(merge(list(&[]), list(&[2, 1])), list(&[2, 1]));
        assert_eq!(merge(list(&[]), list(&[])), list(&[]));
    }
}
