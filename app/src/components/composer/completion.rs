use leptos::{prelude::*, task::spawn_local};
use push_system::audience::Recipient;

use super::state::Compose;
use crate::api;

/// The list of people offered while a recipient is typed.
#[derive(Clone, Copy)]
pub(super) struct Completion {
    /// Who is offered; the list is open while there is anyone.
    pub(super) options: RwSignal<Vec<Recipient>>,
    /// Which of them *Enter* picks.
    pub(super) active: RwSignal<u64>,
    /// Grows with each question, so that a late answer is left alone.
    asked: RwSignal<u64>,
}

impl Completion {
    pub(super) fn new() -> Self {
        Self { options: RwSignal::new(Vec::new()), active: RwSignal::new(0), asked: RwSignal::new(0) }
    }

    pub(super) fn is_open(self) -> bool {
        self.options.with(|options| !options.is_empty())
    }

    pub(super) fn close(self) {
        self.asked.update(|asked| *asked += 1);
        if !self.options.with_untracked(Vec::is_empty) {
            self.options.set(Vec::new());
        }
    }

    /// Moves to the next one, or the one before; round.
    pub(super) fn step(self, forwards: bool) {
        let count = self.options.with_untracked(Vec::len) as u64;
        if count > 0 {
            let by = if forwards { 1 } else { count - 1 };
            self.active.update(|active| *active = (*active + by) % count);
        }
    }

    /// The one *Enter* picks.
    pub(super) fn current(self) -> Option<Recipient> {
        let active = usize::try_from(self.active.get_untracked()).ok()?;
        self.options.with_untracked(|options| options.get(active).cloned())
    }

    /// Offers who begins with what is typed; an `@` alone asks for anyone.
    pub(super) fn ask(self, compose: Compose, typed: &str) {
        if typed.trim().is_empty() { self.close() } else { self.offer(compose, typed) }
    }

    /// Offers who begins with what is typed, and anyone where nothing is.
    pub(super) fn offer(self, compose: Compose, typed: &str) {
        let prefix = typed.trim().trim_start_matches('@').to_ascii_lowercase();
        self.asked.update(|asked| *asked += 1);
        let question = self.asked.get_untracked();
        spawn_local(async move {
            let people = api::people(&prefix).await.unwrap_or_default();
            if self.asked.try_get_untracked() != Some(question) {
                return;
            }
            let everyone = Recipient::Everyone.to_string().starts_with(&prefix).then_some(Recipient::Everyone);
            let chosen = compose.chips.get_untracked();
            for person in &people {
                compose.knows(person.name.clone());
            }
            let offered = everyone.into_iter().chain(people.into_iter().map(|person| Recipient::Person(person.name)));
            self.active.set(0);
            self.options.set(offered.filter(|recipient| !chosen.contains(recipient)).collect());
        });
    }
}
