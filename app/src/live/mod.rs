//! The browser's connection: a shell around [`ClientSession`](push_system::session::client::ClientSession), which
//! decides everything. The shell owns the socket, tells the time, and carries out effects.
//!
//! - [`browser`]: the clock, the address bar, the tab. [`storage`]: what outlives a reload.
//! - `socket`: one WebSocket. `link`: the session and its socket. `effects`: what the session asks for.
//! - `frames`: what the server says. `sending`, `reading`, `changing`: what the person does, and `turns`: in which order.

pub mod browser;
mod changing;
mod effects;
mod frames;
mod link;
mod reading;
mod sending;
mod socket;
pub mod storage;
mod turns;

use std::time::Duration;

use leptos::{ev, prelude::*};
use push_system::{
    protocol::CloseCode,
    session::client::{ClientSession, Effect as Step, Status},
};

use self::link::Link;
use crate::{
    context::{WHY_ENDED, WHY_OVER},
    store::Store,
};

/// How often time passes for the session.
const TICK: Duration = Duration::from_millis(500);
/// A connection that is back sooner is not worth a banner.
const BANNER_AFTER_MS: u64 = 3_000;
/// A row that had no answer for so long on a connection that works has failed.
const ANSWER_WITHIN_MS: u64 = 20_000;

/// The state of the page and its connection. On the server there is only the state.
#[derive(Clone, Copy)]
pub struct Live {
    /// What the page shows.
    pub store: Store,
    /// The idempotency key of the message being written.
    pub draft_key: RwSignal<String>,
    link: StoredValue<Option<StoredValue<Link, LocalStorage>>>,
}

/// The state and connection of the page around the caller.
///
/// # Panics
/// Outside of [`crate::routes::Layout`], which provides it.
pub fn use_live() -> Live {
    expect_context()
}

impl Live {
    /// A page that is not connected.
    pub fn new(store: Store, draft_key: String) -> Self {
        Self { store, draft_key: RwSignal::new(draft_key), link: StoredValue::new(None) }
    }

    /// Connects, and stays connected while the caller's owner lives. In the browser only.
    pub fn start(self) {
        let (pos, seq) = self.store.inbox.with_untracked(|inbox| (inbox.pos().clone(), inbox.seq()));
        let session = ClientSession::new(self.store.user_id(), pos, seq, Box::new(js_sys::Math::random));
        self.link.set_value(Some(StoredValue::new_local(Link::new(session))));
        self.restore_outbox();
        self.listen();
        self.drive(ClientSession::start);
    }

    fn listen(self) {
        let wake = move || self.drive(ClientSession::wake);
        let listeners = [
            window_event_listener_untyped("visibilitychange", move |_| {
                if browser::is_visible() {
                    wake();
                }
            }),
            window_event_listener(ev::online, move |_| wake()),
            window_event_listener(ev::offline, move |_| self.drive(|session, _| session.offline())),
            window_event_listener_untyped("submit", move |event| {
                if browser::is_sign_out(&event) {
                    self.with_link(|link| link.leaving = true);
                }
            }),
            window_event_listener_untyped("pagehide", move |_| self.hurry()),
            // A page from the back/forward cache shows the past, perhaps another person's.
            window_event_listener_untyped("pageshow", |event| {
                if browser::is_restored(&event) {
                    browser::reload();
                }
            }),
        ];
        let interval = set_interval_with_handle(move || self.tick(), TICK).ok();
        on_cleanup(move || {
            listeners.into_iter().for_each(WindowListenerHandle::remove);
            if let Some(interval) = interval {
                interval.clear();
            }
        });
    }

    /// *Retry now*.
    pub fn retry_now(self) {
        self.drive(ClientSession::wake);
    }

    /// Starts a new session where the last one was ended although the login is good.
    fn restart(self) {
        let (pos, seq) = self.store.inbox.with_untracked(|inbox| (inbox.pos().clone(), inbox.seq()));
        let session = ClientSession::new(self.store.user_id(), pos, seq, Box::new(js_sys::Math::random));
        self.with_link(|link| link.session = session);
        self.drive(ClientSession::start);
    }

    fn with_link<T>(self, act: impl FnOnce(&mut Link) -> T) -> Option<T> {
        self.link.try_get_value().flatten()?.try_update_value(act)
    }

    /// Lets the session take a step and does what it asks for.
    fn drive(self, step: impl FnOnce(&mut ClientSession, u64) -> Vec<Step>) {
        let steps = self.with_link(|link| {
            let now = link.now();
            step(&mut link.session, now)
        });
        for step in steps.unwrap_or_default() {
            self.carry_out(step);
        }
        self.show_status();
    }

    /// A step without an answer, with the time.
    fn drive_ended(self, code: CloseCode) {
        self.drive(|session, now| session.closed(now, code));
    }

    fn tick(self) {
        self.drive(ClientSession::tick);
        self.note_seen();
        let silent = self.with_link(|link| {
            let overdue = link.now() > link.last_publish + ANSWER_WITHIN_MS;
            overdue && link.session.status() == Status::Live
        });
        if silent == Some(true) && self.store.outbox.with_untracked(sending::is_waiting) {
            self.store.outbox.update(push_system::session::outbox::Outbox::fail_pending);
        }
    }

    fn show_status(self) {
        let Some((status, now, down_since)) = self.with_link(|link| {
            let now = link.now();
            let status = link.session.status();
            link.down_since = if status == Status::Live { None } else { Some(link.down_since.unwrap_or(now)) };
            (status, now, link.down_since)
        }) else {
            return;
        };
        let stopped = matches!(status, Status::Stopped(_));
        let changed = set_if_new(self.store.status, status);
        set_if_new(self.store.banner, stopped || down_since.is_some_and(|since| now >= since + BANNER_AFTER_MS));
        if let Status::Waiting(until) = status {
            set_if_new(self.store.retry_in, until.saturating_sub(now).div_ceil(1_000));
        }
        let why = match status {
            Status::Stopped(CloseCode::REVOKED) => WHY_ENDED,
            Status::Stopped(CloseCode::UNAUTHORIZED) => WHY_OVER,
            _ => return,
        };
        if changed && self.with_link(|link| link.leaving) == Some(false) {
            browser::go_to_login(why);
        }
    }
}

/// Sets a signal only when that changes it, as every set draws anew. A page that is gone is left alone.
pub(crate) fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) -> bool {
    let new = signal.try_with_untracked(|now| *now != value) == Some(true);
    if new {
        signal.try_set(value);
    }
    new
}
