use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use push_system::{api::HistoryPage, limits, message::Message};

use super::{Store, find};
use crate::{api, live::set_if_new, paint, question::Question};

/// When what must be asked again, and was not answered, is asked once more.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Why it is asked. Unless for another address, what is shown stays as it is meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The address changed.
    Address,
    /// What is shown may be true no more.
    Reset,
    /// What is shown is true, and some may be missing in it.
    Marked,
}

/// What the history answers to the address, kept while the next answer is on its way.
#[derive(Clone, Copy)]
pub struct Results {
    store: Store,
    /// The answer.
    pub page: RwSignal<HistoryPage>,
    /// What it answers.
    pub question: RwSignal<Question>,
    /// Whether another answer is on its way.
    pub loading: RwSignal<bool>,
    /// Whether the last one did not come.
    pub failed: RwSignal<bool>,
    /// How often it was asked: of several answers on their way, the one to the last question counts.
    asked: StoredValue<u64>,
}

impl Results {
    /// Follows the address. A question that needs no answer from the history has an empty one.
    pub fn new(store: Store, question: Memo<Question>, needed: fn(&Question) -> bool) -> Self {
        let first = store.take_first_results();
        let came_along = first.is_some();
        let this = Self {
            store,
            page: store.results,
            question: RwSignal::new(question.get_untracked()),
            loading: RwSignal::new(false),
            failed: RwSignal::new(false),
            asked: StoredValue::new(0),
        };
        this.page.set(first.unwrap_or_default());
        Effect::new(move |before: Option<()>| {
            let question = question.get();
            // Whatever an answer says, it is of before a snapshot.
            store.resets.track();
            if before.is_none() && came_along {
                return;
            }
            if needed(&question) {
                let again = before.is_some() && this.question.with_untracked(|asked| *asked == question);
                this.ask(question, if again { Why::Reset } else { Why::Address });
            } else {
                this.asked.update_value(|asked| *asked += 1);
                this.answer(question, HistoryPage::default());
            }
        });
        this
    }

    /// Asks for the same once more, and for as many as are shown: another device marked what is not.
    pub(super) fn ask_for_marked(self) {
        self.ask(self.question.get_untracked(), Why::Marked);
    }

    fn shown(self) -> u32 {
        // One more, which came.
        let shown = self.page.with_untracked(|page| page.messages.len() + 1);
        u32::try_from(shown).unwrap_or(u32::MAX)
    }

    fn ask(self, question: Question, why: Why) {
        if why == Why::Address {
            self.loading.set(true);
            self.question.set(question.clone());
        }
        // Another question may be asked meanwhile, or the same again, or the page left.
        let number = self.asked.get_value() + 1;
        self.asked.set_value(number);
        let is_wanted = move || self.asked.try_get_value() == Some(number);
        let limit = match why {
            Why::Marked => self.shown().clamp(limits::SNAPSHOT_MESSAGES, *limits::PAGE.end()),
            Why::Address | Why::Reset => limits::SNAPSHOT_MESSAGES,
        };
        spawn_local(async move {
            let answer = api::messages(&question, limit).await;
            if !is_wanted() {
                return;
            }
            if let Ok(mut page) = answer {
                if why == Why::Marked {
                    self.keep_older(&mut page);
                }
                return self.answer(question, page);
            }
            set_if_new(self.loading, false);
            set_if_new(self.failed, true);
            if why != Why::Address {
                let ask = move || {
                    if is_wanted() {
                        self.ask(question, why);
                    }
                };
                set_timeout(ask, AGAIN_AFTER);
            }
        });
    }

    /// Nothing is touched that stays as it is: in the history every change draws all of it anew.
    fn answer(self, question: Question, page: HistoryPage) {
        let page = self.up_to_date(page);
        let mut changed = Vec::new();
        self.page.maybe_update(|shown| {
            let differs = |message: &&Message| find(&shown.messages, message.id).is_some_and(|was| was != *message);
            changed.extend(page.messages.iter().filter(differs).map(|message| message.id));
            let ids = |page: &HistoryPage| page.messages.iter().map(|message| message.id).collect::<Vec<_>>();
            let lists_others =
                ids(shown) != ids(&page) || shown.has_more != page.has_more || shown.search != page.search;
            *shown = page;
            lists_others
        });
        set_if_new(self.question, question);
        set_if_new(self.loading, false);
        set_if_new(self.failed, false);
        for id in changed {
            paint::redraw(self.store, id);
        }
    }

    /// Of more than one answer holds, what is below it stays as it was.
    fn keep_older(self, page: &mut HistoryPage) {
        let Some(last) = page.messages.last().map(|message| message.id).filter(|_| page.has_more) else { return };
        self.page.with_untracked(|shown| {
            let older: Vec<_> = shown.messages.iter().filter(|message| message.id < last).cloned().collect();
            if !older.is_empty() {
                page.messages.extend(older);
                page.has_more = shown.has_more;
            }
        });
    }

    /// Adds what is older.
    pub(super) fn extend(self, older: HistoryPage) {
        let older = self.up_to_date(older);
        self.page.update(|page| {
            page.messages.extend(older.messages);
            page.has_more = older.has_more;
        });
    }

    /// An answer as the fold knows it by now.
    fn up_to_date(self, page: HistoryPage) -> HistoryPage {
        let messages = self.store.inbox.with_untracked(|inbox| inbox.up_to_date(page.messages));
        HistoryPage { messages, ..page }
    }
}
