use push_system::session::client::ClientSession;

use super::{browser, socket::Socket, turns::Turns};

/// The session with the socket it has now.
pub(super) struct Link {
    pub(super) session: ClientSession,
    pub(super) socket: Option<Socket>,
    /// Grows with each socket: what an older one still reports is ignored.
    pub(super) generation: u32,
    /// Since when nothing is live.
    pub(super) down_since: Option<u64>,
    /// When something was last sent that wants an answer.
    pub(super) last_publish: u64,
    /// When the login was last renewed because a socket was refused.
    pub(super) renewed: Option<u64>,
    /// New messages nobody was told of.
    pub(super) to_announce: u64,
    /// Whether the person has asked to be signed out: the end of the login is no news then.
    pub(super) leaving: bool,
    /// When the page last looked how far its person has seen.
    pub(super) seen_at: u64,
    /// What was marked and is not stored yet.
    pub(super) turns: Turns,
    last_now: u64,
}

impl Link {
    pub(super) fn new(session: ClientSession) -> Self {
        Self {
            session,
            socket: None,
            generation: 0,
            down_since: None,
            last_publish: 0,
            renewed: None,
            to_announce: 0,
            leaving: false,
            seen_at: 0,
            turns: Turns::default(),
            last_now: 0,
        }
    }

    /// Milliseconds that never go back. Not the browser's monotonic clock: that one stands still while a laptop sleeps,
    /// and sleep is what makes a socket stale.
    pub(super) fn now(&mut self) -> u64 {
        let now = u64::try_from(browser::now().unix_ms()).unwrap_or_default();
        self.last_now = self.last_now.max(now);
        self.last_now
    }
}
