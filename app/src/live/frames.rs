use std::time::Duration;

use leptos::prelude::*;
use push_system::{
    event::Event,
    protocol::{ClientFrame, ServerFrame},
};

use super::{Live, browser};
use crate::{paint, store::fold_presence, words::words};

/// Arrivals within this time are announced together.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(1);

impl Live {
    /// A text frame of a socket.
    pub(super) fn text(self, generation: u32, text: &str) {
        if !self.is_current(generation) {
            return;
        }
        let Ok(frame) = serde_json::from_str::<ServerFrame>(text) else {
            return self.drive(|session, _| session.unreadable());
        };
        let greeted = matches!(frame, ServerFrame::Hello { .. });
        self.note(&frame);
        // An answer may name a message that a snapshot brought already; no event will come for it.
        self.settle();
        if let ServerFrame::Presence { version, count, people, change } = &frame {
            let mut presence = self.store.presence.get_untracked();
            if fold_presence(&mut presence, *version, *count, people.clone(), change.clone()) {
                super::set_if_new(self.store.presence, presence);
            } else {
                self.write(&ClientFrame::Presence);
            }
        }
        self.drive(|session, now| session.frame(now, frame));
        if greeted && self.with_link(|link| link.session.is_open()) == Some(true) {
            self.greet();
        }
    }

    /// The stream has begun: asks who is here, and sends again what had no answer.
    fn greet(self) {
        self.write(&ClientFrame::Presence);
        self.send_waiting();
    }

    /// Folds events, keeps new rows aside when they would move what is being read, and announces them.
    pub(super) fn fold(self, events: &[Event]) {
        let (arrived, changed) = self.store.apply(events, browser::is_at_top());
        for id in changed {
            paint::redraw(self.store, id);
        }
        self.settle();
        if arrived > 0 {
            self.announce(arrived as u64);
        }
    }

    fn announce(self, count: u64) {
        let waiting = self.with_link(|link| {
            let before = link.to_announce;
            link.to_announce += count;
            before
        });
        if waiting == Some(0) {
            let say = move || {
                let count = self.with_link(|link| std::mem::take(&mut link.to_announce)).unwrap_or_default();
                self.store.announcement.try_set(words().new_messages(count));
            };
            set_timeout(say, ANNOUNCE_EVERY);
        }
    }
}
