use leptos::{prelude::*, task::spawn_local};
use push_system::api::HistoryPage;

use super::Store;
use crate::{api, question::Question};

/// What the history answers to the address, kept while the next answer is on its way.
#[derive(Clone, Copy)]
pub struct Results {
    /// The answer.
    pub page: RwSignal<HistoryPage>,
    /// What it answers.
    pub question: RwSignal<Question>,
    /// Whether another answer is on its way.
    pub loading: RwSignal<bool>,
    /// Whether the last one did not come.
    pub failed: RwSignal<bool>,
}

impl Results {
    /// Follows the address. A question that needs no answer from the history has an empty one.
    pub fn new(store: Store, question: Memo<Question>, needed: fn(&Question) -> bool) -> Self {
        let first = store.take_first_results();
        let came_along = first.is_some();
        let this = Self {
            page: RwSignal::new(first.unwrap_or_else(empty)),
            question: RwSignal::new(question.get_untracked()),
            loading: RwSignal::new(false),
            failed: RwSignal::new(false),
        };
        Effect::new(move |before: Option<()>| {
            let question = question.get();
            if before.is_none() && came_along {
                return;
            }
            if needed(&question) { this.ask(question) } else { this.answer(question, empty()) }
        });
        this
    }

    fn ask(self, question: Question) {
        self.loading.set(true);
        self.question.set(question.clone());
        spawn_local(async move {
            let answer = api::messages(&question).await;
            // Another question may have been asked meanwhile, or the page left.
            if self.question.try_get_untracked().as_ref() != Some(&question) {
                return;
            }
            if let Ok(page) = answer {
                return self.answer(question, page);
            }
            self.loading.set(false);
            self.failed.set(true);
        });
    }

    fn answer(self, question: Question, page: HistoryPage) {
        self.question.set(question);
        self.page.set(page);
        self.loading.set(false);
        self.failed.set(false);
    }
}

fn empty() -> HistoryPage {
    HistoryPage { messages: Vec::new(), has_more: false }
}
