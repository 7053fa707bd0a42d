//! What a peer says, and how much of it is listened to.

use std::sync::atomic::Ordering;

use futures::FutureExt as _;
use push_system::{
    message::{ClientId, Draft, PublishRequest},
    protocol::ServerFrame,
};
use tokio::time::Instant;

use super::{Presence, Socket, Wire, encode};
use crate::ws::inbound::Inbound;

impl<W: Wire> Socket<W> {
    pub(super) fn inbound(&mut self, inbound: Inbound) {
        let now = self.app.uptime_ms();
        self.seat.alive(now);
        self.count_frame();
        match inbound {
            Inbound::Text(text) => {
                let actions = self.connection.text(now, &text);
                if let Some(since) = self.perform(actions) {
                    self.ask_start(since);
                }
            }
            Inbound::Alive => {
                self.connection.alive(now);
                self.writing = true;
            }
            Inbound::Closing => self.begin_closing(),
            Inbound::Broken(code) => {
                // Bytes the peer still sends would turn our close into a reset it may read first.
                self.peer.linger.store(true, Ordering::Relaxed);
                self.close(code);
            }
            // A close frame of ours may still leave.
            Inbound::Gone if self.writing && self.closing_until.is_some() => self.peer_is = Presence::Ended,
            Inbound::Gone => self.peer_is = Presence::Gone,
        }
    }

    pub(super) fn publish(&mut self, client_id: String, request: PublishRequest) {
        let (push, limits, sender) = (self.push().clone(), self.app.limits.clone(), self.identity.person.clone());
        let answer = async move {
            let parsed = ClientId::parse(&client_id, "client_id").and_then(|key| Ok((key, Draft::parse(request)?)));
            let stored = match parsed {
                Ok((key, draft)) => match limits.publish(sender.id).await {
                    Ok(()) => push.publish(&sender, Some(key.clone()), draft).await.map(|message| (key, message.id)),
                    Err(rejection) => Err(rejection),
                },
                Err(rejection) => Err(rejection),
            };
            encode(&match stored {
                Ok((client_id, id)) => ServerFrame::Published { client_id, id },
                Err(rejection) => ServerFrame::Rejected { client_id, code: rejection.code },
            })
        };
        self.publishing = Some(answer.boxed());
    }

    /// A peer that has said more than it may is not listened to until what it said last is covered.
    pub(super) fn may_read(&mut self) -> bool {
        if self.paused_until.is_some_and(|until| Instant::now() >= until) {
            self.count_frame();
        }
        self.paused_until.is_none()
    }

    fn count_frame(&mut self) {
        let wait = self.app.limits.wait_to_act(self.identity.person.id).err();
        self.paused_until = wait.map(|wait| Instant::now() + wait);
    }
}
