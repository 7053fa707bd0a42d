use leptos::{prelude::*, task::spawn_local};
use push_system::{
    accounts::Person,
    api::{Filter, HistoryPage},
    ids::MessageId,
    inbox::Inbox,
    limits,
    message::{ClientId, Message},
    read_state::Ranges,
    timestamp::Timestamp,
};

use super::{
    Results, Row, State, Store, rows,
    stretches::{Key, Part, Stretch, stretches},
};
use crate::{
    api,
    clock::Clock,
    draw::{self, Eye, Look},
    live::browser,
    question::Question,
    words::words,
};

use super::Toast;

/// Rows of a page of older ones that come in one frame.
const IN_ONE_FRAME: usize = 25;

/// The list of the inbox: what is loaded, cut to a filter and put into rows.
#[derive(Clone, Copy)]
pub struct Feed {
    /// What the page shows.
    pub store: Store,
    filter: Memo<Filter>,
    results: Results,
    /// The lines, newest first.
    pub rows: Memo<Vec<Row>>,
    /// The same in stretches.
    stretches: Memo<Cut<Row>>,
    /// And these in wider ones.
    wide: Memo<Cut<Key>>,
    /// Whether older ones can be loaded.
    pub has_more: Memo<bool>,
    /// Whether older ones are on their way.
    pub loading: RwSignal<bool>,
    /// How many wait above the list.
    pub waiting: Memo<u64>,
}

impl Feed {
    /// The list under `filter`, with days for where the clock is.
    pub fn new(store: Store, filter: Memo<Filter>, results: Results, clock: Clock) -> Self {
        follow_marks(store, filter, results);
        let rows = Memo::new(move |_| lines(store, filter.get(), results, clock.offset_minutes.get()));
        let stretches = cut(filter, rows);
        let keys = Memo::new(move |_| stretches.with(keys));
        Self {
            store,
            filter,
            results,
            rows,
            stretches,
            wide: cut(filter, keys),
            has_more: Memo::new(move |_| match filter.get() {
                Filter::Inbox => store.inbox.with(push_system::inbox::Inbox::has_more),
                _ => results.page.with(|page| page.has_more),
            }),
            loading: RwSignal::new(false),
            waiting: Memo::new(move |_| waiting(store, filter.get())),
        }
    }

    /// Who reads it, now and here.
    pub fn eye(&self) -> Eye {
        self.store.eye(Vec::new())
    }

    /// The markup of the message of one of the rows.
    pub fn draw(&self, id: MessageId) -> String {
        let entering = self.store.take_fresh(id);
        let Some(message) = self.store.message(id) else { return String::new() };
        let look = Look { entering, ..self.store.look(&message) };
        draw::drawn(|m| draw::message(m, &message, &self.eye(), look))
    }

    /// The wide stretches, newest first; reactive.
    pub fn wide(&self) -> Vec<Key> {
        self.wide.with(keys)
    }

    /// The stretches in one of the wide ones; reactive.
    pub fn stretches_of(&self, wide: Key) -> Vec<Key> {
        self.wide.with(|cut| parts(cut, wide))
    }

    /// The rows of one of the stretches; reactive.
    pub fn rows_of(&self, stretch: Key) -> Vec<Row> {
        self.stretches.with(|cut| parts(cut, stretch))
    }

    /// How many rows are in these stretches; reactive.
    pub fn rows_in(&self, stretches: &[Key]) -> usize {
        self.stretches.with(|(_, all)| {
            all.iter().filter(|stretch| stretches.contains(&stretch.key)).map(|stretch| stretch.parts.len()).sum()
        })
    }

    /// How many of the rows are unread; reactive.
    pub fn unread_shown(&self) -> u64 {
        self.store.read.track();
        let unread = |row: &&Row| match row {
            Row::Message(id) => self.store.message(*id).is_some_and(|message| self.store.look(&message).unread),
            _ => false,
        };
        self.rows.with(|rows| rows.iter().filter(unread).count() as u64)
    }

    /// The oldest message loaded: where the next page begins.
    pub fn oldest(&self) -> Option<MessageId> {
        let last = |messages: &[Message]| messages.last().map(|message| message.id);
        match self.filter.get() {
            Filter::Inbox => self.store.inbox.with(|inbox| last(inbox.messages())),
            _ => self.results.page.with(|page| last(&page.messages)),
        }
    }

    /// Loads the next page below, unless one is on its way.
    pub fn load_older(self) {
        let filter = self.filter.get_untracked();
        // While another filter's first page is on its way, what is older is not known.
        let busy = self.loading.get_untracked() || (filter != Filter::Inbox && self.results.loading.get_untracked());
        if busy || !self.has_more.get_untracked() {
            return;
        }
        self.loading.set(true);
        spawn_local(async move {
            self.load(filter).await;
            self.loading.try_set(false);
        });
    }

    async fn load(self, filter: Filter) {
        let end = self.end(filter);
        // The inbox is a piece of all there is, without a hole; what is put away is left out when it is drawn.
        let asked = if filter == Filter::Inbox { Filter::All } else { filter };
        let before = end.and_then(|(oldest, _)| oldest);
        let question = Question { filter: asked, before, ..Question::default() };
        let answer = api::messages(&question, limits::SNAPSHOT_MESSAGES).await;
        if self.end(filter) != end {
            return;
        }
        if let Ok(page) = answer {
            self.put_below(filter, page).await;
        } else {
            let text = words().load_failed.to_owned();
            self.store.toast.set(Some(Toast { text, undo: None }));
        }
    }

    /// Where the list ends, and of which snapshot it is. Where that is another one by now, the page asked for would leave a hole;
    /// and what is older than a snapshot is not known to be true. None where the list has gone.
    fn end(self, filter: Filter) -> Option<(Option<MessageId>, u32)> {
        let is_here = self.filter.try_get_untracked() == Some(filter);
        is_here.then(|| (untrack(|| self.oldest()), self.store.resets.get_untracked()))
    }

    /// Puts a page below what is loaded, some of it in each frame: to draw and lay out all of it at once takes longer than one
    /// should.
    async fn put_below(self, filter: Filter, page: HistoryPage) {
        let HistoryPage { mut messages, has_more, search } = page;
        loop {
            let later = messages.split_off(messages.len().min(IN_ONE_FRAME));
            let (has_more, is_all) = (has_more || !later.is_empty(), later.is_empty());
            match filter {
                Filter::Inbox => self.store.inbox.update(|inbox| inbox.add_older(messages, has_more)),
                _ => self.results.extend(HistoryPage { messages, has_more, search: search.clone() }),
            }
            if is_all {
                return;
            }
            let end = self.end(filter);
            browser::frame().await;
            if self.end(filter) != end {
                return;
            }
            messages = later;
        }
    }
}

/// A list in stretches, and under which filter it was cut.
type Cut<T> = (Filter, Vec<Stretch<T>>);

/// Cuts a list, anew for each filter: what is left of the stretches of another one is neither full nor few.
fn cut<T: Part + Send + Sync + 'static>(filter: Memo<Filter>, list: Memo<Vec<T>>) -> Memo<Cut<T>> {
    Memo::new(move |before: Option<&Cut<T>>| {
        let filter = filter.get();
        let before = before.filter(|(same, _)| *same == filter).map_or(&[][..], |(_, stretches)| stretches);
        (filter, list.with(|list| stretches(before, list)))
    })
}

fn keys<T>((_, stretches): &Cut<T>) -> Vec<Key> {
    stretches.iter().map(|stretch| stretch.key).collect()
}

fn parts<T: Part>((_, stretches): &Cut<T>, key: Key) -> Vec<T> {
    stretches.iter().find(|stretch| stretch.key == key).map(|stretch| stretch.parts.clone()).unwrap_or_default()
}

/// What another device put into a view, and is not loaded here, is asked for.
fn follow_marks(store: Store, filter: Memo<Filter>, results: Results) {
    // As the log tells it: what is only wanted here has not reached the history.
    let set = Memo::new(move |_| (filter.get(), store.inbox.with(|inbox| left_out(filter.get(), inbox))));
    Effect::new(move |before: Option<(Filter, Ranges, u32)>| {
        let ((filter, now), resets) = (set.get(), store.resets.get_untracked());
        let same = before.filter(|before| (before.0, before.2) == (filter, resets));
        let is_unknown = |(from, to): (u64, u64)| {
            to - from >= limits::SNAPSHOT_MESSAGES.into() || (from..=to).any(|id| !store.lists(MessageId(id)))
        };
        if same.is_some_and(|(_, was, _)| was.minus(&now).iter().any(is_unknown)) {
            results.ask_for_marked();
        }
        (filter, now, resets)
    });
}

/// What a view leaves out because of marks: whatever goes from here comes into the view.
fn left_out(filter: Filter, inbox: &Inbox) -> Ranges {
    let all = Ranges::span(1, inbox.seq().0);
    match filter {
        Filter::Unread => inbox.read().read(),
        Filter::Saved => all.minus(&inbox.marks().saved),
        Filter::Archived => all.minus(&inbox.marks().archived),
        Filter::All | Filter::Inbox | Filter::Me | Filter::Sent => Ranges::EMPTY,
    }
}

/// What a filter goes by, beside the message; nothing where it does not, so that no change of it draws the list anew.
fn state(store: Store, filter: Filter) -> State {
    match filter {
        Filter::Unread | Filter::Inbox | Filter::Saved | Filter::Archived => store.state.get(),
        Filter::All | Filter::Me | Filter::Sent => State::default(),
    }
}

fn matches(filter: Filter, message: &Message, me: &Person, state: &State) -> bool {
    match filter {
        Filter::All => true,
        Filter::Inbox => !state.marks.is_archived(message.id),
        Filter::Unread => message.deleted.is_none() && message.sender.id != me.id && !state.read.is_read(message.id),
        Filter::Me => message.to.people().any(|name| *name == me.name),
        Filter::Saved => state.marks.is_saved(message.id),
        Filter::Sent => message.sender.id == me.id,
        Filter::Archived => state.marks.is_archived(message.id),
    }
}

fn lines(store: Store, filter: Filter, results: Results, offset_minutes: i32) -> Vec<Row> {
    let newest = store.held.get().unwrap_or(MessageId(u64::MAX));
    let state = state(store, filter);
    let fitting = |messages: &[Message], me: &Person| -> Vec<(MessageId, Timestamp)> {
        let fits = |message: &&Message| message.id <= newest && matches(filter, message, me, &state);
        messages.iter().filter(fits).map(|message| (message.id, message.date)).collect()
    };
    let shown = store.me.with_value(|me| {
        let loaded = store.inbox.with(|inbox| fitting(inbox.messages(), &me.person));
        if filter == Filter::Inbox {
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
    if !matches!(filter, Filter::Inbox | Filter::Sent) {
        return Vec::new();
    }
    store.outbox.with(|outbox| outbox.rows().iter().rev().map(|row| (row.client_id.clone(), row.at)).collect())
}

fn waiting(store: Store, filter: Filter) -> u64 {
    let Some(newest) = store.held.get() else { return 0 };
    let state = state(store, filter);
    store.me.with_value(|me| {
        store.inbox.with(|inbox| {
            let aside = inbox.messages().iter().take_while(|message| message.id > newest);
            aside.filter(|message| matches(filter, message, &me.person, &state)).count() as u64
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
