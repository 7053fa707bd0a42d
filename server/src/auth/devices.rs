//! The sessions of a person, one per device: to be seen, and to be ended one by one.

use push_system::{
    admin::{AuditAction, SessionInfo, SessionList},
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
    limits,
};
use uuid::Uuid;

use super::{Auth, Identity, Inner, Typed, login::broken};
use crate::store::{Revocation, SessionId, StoredSession};

impl Auth {
    /// The sessions of whoever asks.
    pub async fn own_sessions(&self, identity: &Identity) -> Result<SessionList, Rejection> {
        self.sessions_of(identity.person.id, Some(identity.session)).await
    }

    /// The sessions of a person that are in force.
    pub async fn sessions_of(&self, user: UserId, current: Option<SessionId>) -> Result<SessionList, Rejection> {
        let sessions = self.stored_sessions(user).await?.into_iter();
        Ok(SessionList { sessions: sessions.map(|session| info(session, current)).collect() })
    }

    async fn stored_sessions(&self, user: UserId) -> Result<Vec<StoredSession>, Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        store.sessions_of(user, clock.now(), limits::SESSIONS).await.map_err(|error| broken(&error))
    }

    /// Ends one session of whoever asks. Another one than their own needs the password: who merely sits down at a
    /// device must not lock its owner out of the others.
    ///
    /// # Errors
    /// `not_found` also for a session that is somebody else's; `empty`, `bad_credentials` at `password`.
    pub async fn end_session(&self, identity: &Identity, id: &str, password: &Typed) -> Result<(), Rejection> {
        let unknown = || Rejection::new(ErrorCode::NotFound, Sentence::NoSuchSession);
        let id = parse(id).ok_or_else(unknown)?;
        if id == identity.session {
            return self.log_out(identity).await;
        }
        if !self.stored_sessions(identity.person.id).await?.iter().any(|session| session.id == id) {
            return Err(unknown());
        }
        self.ask_again(identity, password).await?;
        let note = identity.note(AuditAction::SessionsRevoked, identity.person.name.as_str());
        self.end(identity.as_person(), Revocation::Session(id), note).await
    }

    /// Ends all sessions of whoever asks but this one.
    ///
    /// # Errors
    /// `empty`, `bad_credentials` at `password`.
    pub async fn end_other_sessions(&self, identity: &Identity, password: &Typed) -> Result<(), Rejection> {
        self.ask_again(identity, password).await?;
        let note = identity.note(AuditAction::SessionsRevoked, identity.person.name.as_str());
        let others = Revocation::Person { user: identity.person.id, keep: Some(identity.session) };
        self.end(identity.as_person(), others, note).await
    }

    /// Whether there is another session than the one that asks.
    pub async fn has_others(&self, identity: &Identity) -> Result<bool, Rejection> {
        let sessions = self.stored_sessions(identity.person.id).await?;
        Ok(sessions.iter().any(|session| session.id != identity.session))
    }

    pub(super) async fn ask_again(&self, identity: &Identity, password: &Typed) -> Result<(), Rejection> {
        if password.0.is_empty() {
            return Err(Rejection::at(ErrorCode::Empty, "password", Sentence::Required));
        }
        self.confirm_password(identity, password).await
    }
}

/// As [`SessionInfo`] spells it, and in no other way.
fn parse(text: &str) -> Option<SessionId> {
    let id = SessionId(Uuid::try_parse(text).ok()?);
    (id.to_string() == text).then_some(id)
}

fn info(session: StoredSession, current: Option<SessionId>) -> SessionInfo {
    SessionInfo {
        id: session.id.to_string(),
        device: session.client.device,
        address: session.client.address,
        created: session.created,
        last_seen: session.last_seen,
        expires: session.expires,
        current: current == Some(session.id),
    }
}
