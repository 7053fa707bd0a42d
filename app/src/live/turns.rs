use std::{collections::VecDeque, mem, pin::Pin};

use leptos::task::spawn_local;

use super::Live;

type Turn = Pin<Box<dyn Future<Output = ()>>>;

/// What a person marks, in the order in which it was done. Requests overtake one another: an *Undo* could be there before what
/// it takes back, change nothing, and be lost.
#[derive(Default)]
pub(super) struct Turns {
    waiting: VecDeque<Turn>,
    is_at_work: bool,
}

impl Turns {
    /// Puts one behind the others; true where nobody is at work on them.
    fn add(&mut self, turn: Turn) -> bool {
        self.waiting.push_back(turn);
        !mem::replace(&mut self.is_at_work, true)
    }

    fn next(&mut self) -> Option<Turn> {
        let next = self.waiting.pop_front();
        self.is_at_work = next.is_some();
        next
    }
}

impl Live {
    /// Does something once all is done that was to be done before.
    pub(super) fn in_turn(self, turn: impl Future<Output = ()> + 'static) {
        let turn: Turn = Box::pin(turn);
        if self.with_link(|link| link.turns.add(turn)) == Some(true) {
            spawn_local(async move {
                while let Some(turn) = self.with_link(|link| link.turns.next()).flatten() {
                    turn.await;
                }
            });
        }
    }

    /// Lets all that still waits go: a page that is left comes to no later turn.
    pub(super) fn hurry(self) {
        let waiting = self.with_link(|link| mem::take(&mut link.turns.waiting)).unwrap_or_default();
        waiting.into_iter().for_each(spawn_local);
    }
}
