//! How a connection ends: what is due, what is said last, and how long that may take.

use std::{sync::atomic::Ordering, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use push_system::{
    catalogue::Sentence,
    error::ErrorCode,
    protocol::{CloseCode, ServerFrame},
    timestamp::Timestamp,
};
use tokio::time::Instant;

use super::{Presence, Progress, Reading, Socket, Wire, reading::Asking};
use crate::store::StoreError;

/// Milliseconds a client whose store went away should wait.
pub(super) const RETRY_MS: u64 = 2_000;

impl<W: Wire> Socket<W> {
    pub(super) fn time_passed(&mut self) {
        let now = Instant::now();
        if self.closing_until.is_some_and(|until| now >= until) {
            self.peer_is = Presence::Gone;
        } else if self.drain_at.is_some_and(|at| now >= at) {
            self.close(CloseCode::RESTART);
        } else if self.is_over(Some(self.identity.session_expires)) {
            self.refuse(ErrorCode::Revoked, &Sentence::Revoked, 0, CloseCode::REVOKED);
        } else if self.is_over(self.identity.expires) {
            self.refuse(ErrorCode::TokenExpired, &Sentence::TokenExpired, 0, CloseCode::TOKEN_EXPIRED);
        } else {
            self.look_for_progress(now);
            self.beat();
        }
    }

    /// A bearer's socket lives as long as its token; a cookie's as long as its session, which no event ends in time.
    fn is_over(&self, end: Option<Timestamp>) -> bool {
        end.is_some_and(|end| self.app.clock.now() >= end)
    }

    /// Whether the peer took any byte since the last look.
    fn look_for_progress(&mut self, now: Instant) {
        let written = self.peer.written.load(Ordering::Relaxed);
        self.progress.looked = now;
        if !self.writing || written != self.progress.written {
            self.progress = Progress::seen(written, now);
        } else if now >= self.progress.since + self.app.ws.stall {
            self.close(CloseCode::STALLED);
        }
    }

    pub(super) fn store_is_away(&mut self, error: &StoreError) {
        let (user, seq) = (self.identity.person.id.0, self.cursor.seq.0);
        tracing::warn!(%error, user.id = user, log.seq = seq, "ws.replay.failed");
        self.refuse(ErrorCode::Unavailable, &Sentence::Unavailable, RETRY_MS, CloseCode::TRY_LATER);
    }

    pub(super) fn refuse(&mut self, code: ErrorCode, why: &Sentence, retry_ms: u64, close: CloseCode) {
        self.send(&ServerFrame::error(code, why, retry_ms, self.connection.language()));
        self.close(close);
    }

    pub(super) fn close(&mut self, code: CloseCode) {
        let actions = self.connection.close(code);
        self.perform(actions);
    }

    pub(super) fn write_close(&mut self, code: CloseCode) {
        self.write(Message::Close(Some(CloseFrame { code: code.0, reason: Utf8Bytes::default() })));
        self.begin_closing();
    }

    pub(super) fn begin_closing(&mut self) {
        self.leave_seat();
        self.connection.close(CloseCode::NORMAL);
        self.reading = Reading::CaughtUp;
        self.publishing = None;
        self.asking = Asking::Nothing;
        self.writing = true;
        let latest = Instant::now() + self.grace();
        self.closing_until.get_or_insert(latest);
    }

    /// How long a close may take: within the other half of the drain time when the server goes.
    pub(super) fn grace(&self) -> Duration {
        let half = self.app.config.drain / 2;
        if self.drain_at.is_some() { self.app.ws.grace.min(half) } else { self.app.ws.grace }
    }
}

impl<W> Socket<W> {
    /// Once: a connection that only waits for its end counts no more as somebody who is there.
    pub(super) fn leave_seat(&mut self) {
        if !std::mem::replace(&mut self.left, true) {
            self.app.push.leave(&self.seat);
        }
    }
}
