//! Tickets: what opens one socket for a program that can send no header and should put no token into an address.
//!
//! Addresses end up in logs and histories (RFC 9700, 4.3.2), so what stands there is worth nothing afterwards: opaque,
//! stored as a hash, good for 30 seconds and once. The store decides who comes first, because instances share nothing
//! else. A ticket gives no more than the login it was asked for with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use push_system::{admin::Ticket as TicketAnswer, limits};
use sha2::{Digest, Sha256};

use super::{Auth, AuthFailure, Identity, Inner, unavailable};
use crate::store::{Client, NewTicket, TokenHash};

/// How long a ticket lives: the time to open a connection, also a slow one.
const TICKET_SECONDS: u32 = 30;
/// Says which rules a ticket follows, and what it is.
const PREFIX: &str = "t1.";
/// 32 bytes as base64url.
const TEXT_BYTES: usize = PREFIX.len() + 43;

/// 32 bytes nobody can guess. Never printed.
pub(super) struct Ticket([u8; 32]);

impl Ticket {
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    fn parse(text: &str) -> Option<Self> {
        let text = Some(text).filter(|text| text.len() == TEXT_BYTES)?.strip_prefix(PREFIX)?;
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }

    pub(super) fn expose(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Auth {
    /// A ticket for this login. Its socket ends when the login does: a bearer's with its token, a cookie's with its
    /// session.
    pub async fn ticket(&self, identity: &Identity) -> Result<TicketAnswer, AuthFailure> {
        let Inner { store, clock, .. } = &*self.0;
        let ticket = Ticket::random();
        let new = NewTicket {
            hash: ticket.hash(),
            session: identity.session,
            login_expires: identity.expires,
            expires: clock.now().plus_ms(i64::from(TICKET_SECONDS) * 1_000),
        };
        store.add_ticket(new, limits::TICKETS).await.map_err(|error| unavailable(&error))?;
        Ok(TicketAnswer { ticket: ticket.expose(), expires_in: u64::from(TICKET_SECONDS) })
    }

    /// Uses a ticket up, and gives the login it was asked for with, if that still holds.
    pub async fn redeem_ticket(&self, presented: &str) -> Result<Identity, AuthFailure> {
        let Inner { store, clock, sessions, .. } = &*self.0;
        let ticket = Ticket::parse(presented).ok_or(AuthFailure::Invalid)?;
        let now = clock.now();
        let taken = store.take_ticket(&ticket.hash(), now).await.map_err(|error| unavailable(&error))?;
        let taken = taken.ok_or(AuthFailure::Invalid)?;
        let session = sessions.find(&**store, taken.session, now).await.map_err(|error| unavailable(&error))?;
        let session = session.ok_or(AuthFailure::Revoked)?;
        if taken.login_expires.is_some_and(|expires| now >= expires) {
            return Err(AuthFailure::Expired);
        }
        Ok(Identity {
            person: session.person,
            role: session.role,
            session: session.id,
            expires: taken.login_expires,
            session_expires: session.expires,
            client: Client::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_comes_back_from_its_text_and_nothing_else_does() {
        let ticket = Ticket::random();
        let text = ticket.expose();
        assert_eq!(Ticket::parse(&text).map(|ticket| ticket.hash()), Some(ticket.hash()));
        for other in ["", "t1.", "t1.AAAA", &text[3..], &text.replacen("t1.", "r1.", 1), &format!("{text}A")] {
            assert!(Ticket::parse(other).is_none(), "{other}");
        }
    }
}
