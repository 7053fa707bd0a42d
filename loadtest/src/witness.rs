//! A person who is away while the others publish, and returns: with the very client the browser uses. What is then on
//! the screen must be what the server says the inbox is.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use push_system::{
    inbox::{Inbox, Snapshot},
    protocol::ServerFrame,
    session::client::{ClientSession, Effect, Status},
};
use tokio::time;

use crate::{
    api::Api,
    crowd::{self, Socket},
    failure::{Context, Failure},
    server::Login,
    tally::{Findings, Tally},
};

/// Messages kept while folding; more than any snapshot shows, and few enough to put one on top quickly.
const KEPT: usize = 500;
/// For the replay of everything that was missed.
const CAUGHT_UP_WITHIN: Duration = Duration::from_mins(1);

/// The person, with the inbox as it was on leaving.
pub(crate) struct Witness {
    address: SocketAddr,
    login: Login,
    inbox: Inbox,
}

impl Witness {
    /// Looks at the inbox once more and leaves.
    pub(crate) async fn leave(address: SocketAddr, login: Login) -> Result<Self, Failure> {
        let inbox = Inbox::from(snapshot(address, &login).await?);
        Ok(Self { address, login, inbox })
    }

    /// Returns to where the inbox was left, is replayed what was missed, and compares. `acked` ascends.
    pub(crate) async fn return_and_compare(mut self, acked: &[u64]) -> Result<Findings, Failure> {
        let mut tally = Tally::starting_at(self.inbox.seq().0);
        let replay = time::timeout(CAUGHT_UP_WITHIN, self.replay(&mut tally)).await;
        match replay {
            Ok(Ok(())) => {}
            Ok(Err(sentence)) => tally.complain(sentence),
            Err(_) => tally.complain(format!("not live within {} s", CAUGHT_UP_WITHIN.as_secs())),
        }
        let theirs = snapshot(self.address, &self.login).await?;
        let ours = self.inbox.snapshot(theirs.messages.len());
        if ours != theirs {
            tally.complain(difference(&ours, &theirs));
        }
        Ok(tally.audit("the returning client", acked))
    }

    async fn replay(&mut self, tally: &mut Tally) -> Result<(), String> {
        let user = self.login.person.id;
        let mut session = ClientSession::new(user, self.inbox.pos().clone(), self.inbox.seq(), Box::new(|| 0.5));
        let mut socket = self.open(session.start(0)).await?;
        while session.status() != Status::Live {
            let text = crowd::text_of(&mut socket).await?;
            tally.frame(&text);
            let frame: ServerFrame = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
            self.follow(session.frame(0, frame))?;
        }
        Ok(())
    }

    async fn open(&self, effects: Vec<Effect>) -> Result<Socket, String> {
        match &effects[..] {
            [Effect::Connect(pos)] => {
                let socket = crowd::connect(self.address, 0, &self.login.token, Some(pos.as_str())).await;
                socket.map_err(|failure| failure.to_string())
            }
            other => Err(format!("the client did not connect but wanted {other:?}")),
        }
    }

    fn follow(&mut self, effects: Vec<Effect>) -> Result<(), String> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Apply(events) => {
                    for event in &events {
                        self.inbox.apply(event);
                    }
                }
                Effect::Advance(seq, pos) => self.inbox.advance(seq, &pos),
                other => return Err(format!("the client could not go on: {other:?}")),
            }
        }
        if self.inbox.messages().len() > 2 * KEPT {
            self.inbox = Inbox::from(self.inbox.snapshot(KEPT));
        }
        Ok(())
    }
}

async fn snapshot(address: SocketAddr, login: &Login) -> Result<Snapshot, Failure> {
    Api::connect(address).await?.get("/inbox", &login.token).await.context("the inbox")
}

/// In few words: an inbox is long.
fn difference(ours: &Snapshot, theirs: &Snapshot) -> String {
    let brief = |inbox: &Snapshot| {
        let ids: Vec<u64> = inbox.messages.iter().take(5).map(|message| message.id.0).collect();
        format!("pos {}, {} messages {ids:?} …, {} unread", inbox.pos, inbox.messages.len(), inbox.counters.unread)
    };
    format!("what was folded ({}) is not what GET /inbox says ({})", brief(ours), brief(theirs))
}
