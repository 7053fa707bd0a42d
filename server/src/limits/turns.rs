//! Whose turn it is to have a password worked on: that is dear, and no address has more of it at once than its share.
//!
//! What succeeds is not counted against anybody, so counting alone would let one address with a few accounts of its own
//! keep every place taken. Beyond its share an address waits behind itself, and nobody else does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::key::Key;

/// The lines of those who wait, one for each address.
pub(super) struct Turns {
    at_once: usize,
    most: usize,
    lines: Mutex<HashMap<Key, Line>>,
}

struct Line {
    turns: Arc<Semaphore>,
    there: usize,
}

/// Somebody's turn, until it is dropped.
pub(super) struct Turn<'a> {
    _turn: OwnedSemaphorePermit,
    _place: Place<'a>,
}

/// A place in an address's line: at work, or waiting.
struct Place<'a> {
    turns: &'a Turns,
    key: Key,
}

impl Turns {
    /// Each address has `at_once` of them, and as many again as `waiting` may stand in its line.
    pub(super) fn new(at_once: usize, waiting: usize) -> Self {
        Self { at_once, most: at_once + waiting, lines: Mutex::default() }
    }

    /// Waits for a turn. None where the line is full already.
    pub(super) async fn take(&self, key: Key) -> Option<Turn<'_>> {
        let (turns, place) = self.join(key)?;
        let turn = turns.acquire_owned().await.ok()?;
        Some(Turn { _turn: turn, _place: place })
    }

    fn join(&self, key: Key) -> Option<(Arc<Semaphore>, Place<'_>)> {
        let mut lines = self.lines();
        let new = || Line { turns: Arc::new(Semaphore::new(self.at_once)), there: 0 };
        let line = lines.entry(key).or_insert_with(new);
        if line.there >= self.most {
            return None;
        }
        line.there += 1;
        Some((Arc::clone(&line.turns), Place { turns: self, key }))
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Key, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lines = self.turns.lines();
        if let Some(line) = lines.get_mut(&self.key) {
            line.there -= 1;
            if line.there == 0 {
                lines.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn an_address_waits_behind_itself_and_behind_nobody_else() {
        let (turns, one, other) = (Turns::new(2, 1), Key::of("address", "::1"), Key::of("address", "::2"));
        let taken = |key| turns.take(key).now_or_never().flatten();
        let (first, second) = (taken(one).expect("a turn"), taken(one).expect("another"));
        let mut third = Box::pin(turns.take(one));
        assert!((&mut third).now_or_never().is_none(), "it waits");
        assert!(turns.take(one).now_or_never().is_some_and(|turn| turn.is_none()), "there is no room behind it");
        drop(taken(other).expect("nobody is before it"));
        drop(first);
        let third = third.now_or_never().flatten().expect("its turn has come");
        drop((second, third));
        assert!(turns.lines().is_empty(), "nobody is remembered");
    }
}
