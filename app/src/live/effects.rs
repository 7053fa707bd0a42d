use leptos::{prelude::*, task::spawn_local};
use push_system::{
    position::Pos,
    protocol::{ClientFrame, CloseCode},
    session::client::{Effect as Step, Login, Ticket},
};

use super::{Live, browser, socket::Socket};
use crate::{api, paint};

/// A login renewed more often than this for a refused socket does not help.
const RENEW_EVERY_MS: u64 = 60_000;

impl Live {
    /// Does what the session asks for.
    pub(super) fn carry_out(self, step: Step) {
        match step {
            Step::Connect(pos) => self.connect(&pos),
            Step::Disconnect => {
                self.with_link(|link| link.socket = None);
            }
            Step::Send(frame) => {
                self.write(&frame);
            }
            Step::Apply(events) => self.fold(&events),
            Step::Advance(seq, pos) => {
                // Nothing that is shown depends on the position.
                self.store.inbox.update_untracked(|inbox| inbox.advance(seq, &pos));
                self.settle();
            }
            Step::LoadSnapshot(ticket) => self.load_snapshot(ticket),
            Step::AskLogin => self.ask(api::me()),
            Step::Refresh => self.ask(api::refresh()),
            Step::Reload => browser::reload_once(),
        }
    }

    fn connect(self, pos: &Pos) {
        let Some(generation) = self.with_link(|link| {
            link.socket = None;
            link.generation += 1;
            link.generation
        }) else {
            return;
        };
        let opened = Socket::open(
            &browser::socket_address(pos),
            move |text| self.text(generation, text),
            move |code| self.ended(generation, code),
        );
        match opened {
            Ok(socket) => {
                self.with_link(|link| link.socket = Some(socket));
            }
            Err(_) => self.drive_ended(CloseCode::ABNORMAL),
        }
    }

    /// Writes a frame; false when there is no open socket.
    pub(super) fn write(self, frame: &ClientFrame) -> bool {
        let Ok(text) = serde_json::to_string(frame) else { return false };
        self.with_link(|link| link.socket.as_ref().is_some_and(|socket| socket.send(&text))).unwrap_or(false)
    }

    pub(super) fn is_current(self, generation: u32) -> bool {
        self.with_link(|link| link.generation == generation && link.socket.is_some()) == Some(true)
    }

    fn ended(self, generation: u32, code: CloseCode) {
        if !self.is_current(generation) {
            return;
        }
        self.with_link(|link| link.socket = None);
        if code == CloseCode::UNAUTHORIZED { self.renew() } else { self.drive_ended(code) }
    }

    /// The socket was refused. An access cookie that is over is no reason to make a person log in again.
    fn renew(self) {
        let fresh = self.with_link(|link| {
            let now = link.now();
            let recently = link.renewed.is_some_and(|at| now < at + RENEW_EVERY_MS);
            link.renewed = Some(now);
            !recently
        });
        if fresh != Some(true) {
            return self.drive_ended(CloseCode::UNAUTHORIZED);
        }
        spawn_local(async move {
            match api::refresh().await {
                Login::Valid => self.restart(),
                Login::Gone => self.drive_ended(CloseCode::UNAUTHORIZED),
                Login::Unreachable => self.drive_ended(CloseCode::TRY_LATER),
            }
        });
    }

    fn ask(self, question: impl Future<Output = Login> + 'static) {
        spawn_local(async move {
            let login = question.await;
            self.drive(|session, now| session.asked(now, login));
        });
    }

    fn load_snapshot(self, ticket: Ticket) {
        spawn_local(async move {
            let Ok(snapshot) = api::inbox().await else {
                return self.drive(|session, now| session.snapshot_failed(now, ticket));
            };
            // The page may have been left meanwhile, or the stream gone on.
            if self.with_link(|link| link.session.wants(ticket)) != Some(true) {
                return;
            }
            let (seq, pos) = (snapshot.seq, snapshot.pos.clone());
            for id in self.store.replace(snapshot) {
                paint::redraw(self.store, id);
            }
            self.settle();
            self.drive(|session, now| session.snapshot(now, ticket, seq, pos));
        });
    }
}
