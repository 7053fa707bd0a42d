//! Who is asking: passwords, access tokens, refresh tokens, tickets, sessions.
//!
//! An access token is a JWT of 15 minutes that names its session; every use checks that session, in the store or in
//! a cache that the log's revocations empty ([`sessions`]). A refresh token is opaque, stored as a hash and replaced
//! at each use by a successor derived from it ([`refresh`]), so that a lost answer or ten restored tabs get the same
//! successor again. Statuses and cookies belong to [`crate::http`].

mod audit;
mod devices;
mod key_ring;
mod keys;
mod login;
mod password;
mod patient;
mod refresh;
mod seen;
mod sessions;
mod ticket;
mod token;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::CookieJar;
use push_system::{
    accounts::{Person, Role},
    admin::AuditAction,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ports::Clock,
    timestamp::Timestamp,
};

pub use key_ring::rotated;
pub use keys::random_key;
pub(crate) use login::invite_hash;
pub use login::{Credentials, Login, Registration};
pub(crate) use password::password_places;
pub use password::{Password, Passwords, Typed};
pub use token::ACCESS_SECONDS;

use self::{
    audit::Failures,
    key_ring::KeyRing,
    refresh::RefreshToken,
    seen::Seen,
    sessions::Sessions,
    token::{Access, Sealed, TokenError},
};
use crate::{
    config::Config,
    push::Push,
    store::{AuditNote, Authority, Client, Revocation, Rotation, SessionId, Store, StoreError},
};

/// How long the old refresh token stays good once its successor was seen in use: requests that crossed it on the wire.
pub const REUSE_GRACE_MS: i64 = 10_000;
/// How long a login lasts, however often it is refreshed.
pub const SESSION_DAYS: i64 = 90;

/// Of a session's first refresh token.
const FIRST_GENERATION: u32 = 1;

/// What the cookies of a login are called.
#[derive(Clone, Copy, Debug)]
pub struct CookieNames {
    /// The access token's. It outlives the token, so that "expired" is told from "never logged in".
    pub access: &'static str,
    /// The refresh token's.
    pub refresh: &'static str,
}

impl CookieNames {
    /// Under https with the prefix that browsers accept from this very host alone, encrypted and for all paths (RFC
    /// 6265bis, 4.1.3.2), so that no neighbouring host plants a login of its own here.
    pub fn of(config: &Config) -> Self {
        if config.base_url().is_https() {
            Self { access: "__Host-push_access", refresh: "__Host-push_refresh" }
        } else {
            Self { access: "push_access", refresh: "push_refresh" }
        }
    }
}

/// A request's person, checked.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub person: Person,
    /// What they may do now.
    pub role: Role,
    /// Their login.
    pub session: SessionId,
    /// When a bearer's token is over; a cookie belongs to its session instead.
    pub expires: Option<Timestamp>,
    /// When the session is over, whatever it was proved with.
    pub session_expires: Timestamp,
    /// From where the request came.
    pub client: Client,
}

impl Identity {
    /// By which they change what is theirs.
    pub fn as_person(&self) -> Authority {
        Authority::Login(self.session)
    }

    /// By which they change what is others'; that they may is looked at when it is done.
    pub fn as_admin(&self) -> Authority {
        Authority::Admin(self.session)
    }

    /// What this person did.
    pub fn note(&self, action: AuditAction, target: impl Into<String>) -> AuditNote {
        self.client.note(action, Some(&self.person), target)
    }
}

/// Why a request has no [`Identity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthFailure {
    /// It brought no login.
    Missing,
    /// What it brought is none of ours.
    Invalid,
    /// The access token is over; a refresh may help.
    Expired,
    /// The session was ended, or is over.
    Revoked,
    /// The store could not be asked.
    Unavailable,
}

impl From<AuthFailure> for Rejection {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Missing | AuthFailure::Invalid => Self::new(ErrorCode::Unauthorized, Sentence::Unauthorized),
            AuthFailure::Expired => Self::new(ErrorCode::TokenExpired, Sentence::TokenExpired),
            AuthFailure::Revoked => Self::new(ErrorCode::Revoked, Sentence::Revoked),
            AuthFailure::Unavailable => Self::new(ErrorCode::Unavailable, Sentence::Unavailable),
        }
    }
}

/// Logins and their checks. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    push: Push,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    keys: KeyRing,
    passwords: Passwords,
    sessions: Arc<Sessions>,
    seen: Seen,
    failures: Failures,
}

impl Auth {
    /// Reads or makes the keys, and listens to the log for sessions that end.
    pub async fn start(
        store: Arc<dyn Store>,
        push: Push,
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
    ) -> Result<Self, StoreError> {
        let keys = KeyRing::open(&store, config.secret.as_ref(), clock.now()).await?;
        let sessions = Arc::new(Sessions::default());
        let ended = Arc::clone(&sessions);
        push.on_revocation(Box::new(move |revocation| match revocation {
            Some(revocation) => ended.forget(revocation),
            None => ended.forget_all(),
        }));
        Ok(Self(Arc::new(Inner {
            store,
            push,
            clock,
            config,
            keys,
            passwords: Passwords::default(),
            sessions,
            seen: Seen::default(),
            failures: Failures::default(),
        })))
    }

    /// Checks an `Authorization: Bearer`, or the `?token=` of a WebSocket.
    pub async fn verify_bearer(&self, token: &str) -> Result<Identity, AuthFailure> {
        let access = self.read(token).await?;
        let mut identity = self.identify(&access).await?;
        identity.expires = Some(access.expires);
        Ok(identity)
    }

    /// The one queue of all password work.
    pub(crate) fn passwords(&self) -> Passwords {
        self.0.passwords.clone()
    }

    /// Whether a session is in force now; for what was checked a moment ago and lasts.
    pub async fn is_in_force(&self, session: SessionId) -> Result<bool, StoreError> {
        let Inner { store, clock, sessions, .. } = &*self.0;
        Ok(sessions.find(&**store, session, clock.now()).await?.is_some())
    }

    /// Checks the cookies of a browser.
    pub async fn verify_cookies(&self, headers: &HeaderMap) -> Result<Identity, AuthFailure> {
        let jar = CookieJar::from_headers(headers);
        let names = CookieNames::of(&self.0.config);
        match (jar.get(names.access), jar.get(names.refresh)) {
            (Some(access), _) => self.identify(&self.read(access.value()).await?).await,
            (None, Some(_)) => Err(AuthFailure::Expired),
            (None, None) => Err(AuthFailure::Missing),
        }
    }

    /// Checks whatever a request brings: a bearer, else cookies.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Identity, AuthFailure> {
        match bearer(headers) {
            Some(token) => self.verify_bearer(token).await,
            None => self.verify_cookies(headers).await,
        }
    }

    /// Whether an access token is ours and not over; asks nobody.
    pub fn is_fresh(&self, token: &str) -> bool {
        Access::read(token, &self.0.keys.known(), self.0.clock.now()).is_ok()
    }

    async fn read(&self, token: &str) -> Result<Access, AuthFailure> {
        let now = self.0.clock.now();
        let sealed = Sealed::parse(token)?;
        let keys = self.0.keys.naming(&sealed.kid, now).await;
        Ok(sealed.open(&keys, now)?)
    }

    async fn identify(&self, access: &Access) -> Result<Identity, AuthFailure> {
        let Inner { store, sessions, clock, .. } = &*self.0;
        let now = clock.now();
        let found = sessions.find(&**store, access.session, now).await.map_err(|error| unavailable(&error))?;
        let session = found.filter(|session| session.person.id == access.user).ok_or(AuthFailure::Revoked)?;
        if sessions.is_first_use(access.session, access.generation) {
            self.confirm(access, now).await;
        }
        Ok(Identity {
            person: session.person,
            role: session.role,
            session: session.id,
            expires: None,
            session_expires: session.expires,
            client: Client::default(),
        })
    }

    /// Tells the store that the answer with this token arrived. A failure is not the request's: the old refresh token
    /// merely stays good until the next token is used.
    async fn confirm(&self, access: &Access, now: Timestamp) {
        match self.0.store.confirm_generation(access.session, access.generation, now).await {
            Ok(()) => self.0.sessions.used(access.session, access.generation),
            Err(error) => tracing::warn!(session.id = %access.session, %error, "a refresh could not be confirmed"),
        }
    }

    /// Exchanges a refresh token for its successor and a new access token. A token that was used after its successor
    /// was in use has been copied: its whole session ends (RFC 9700, 4.14.2).
    pub async fn refresh(&self, presented: &str, from: &Client) -> Result<Login, AuthFailure> {
        let Inner { store, clock, keys, .. } = &*self.0;
        let token = RefreshToken::parse(presented).ok_or(AuthFailure::Invalid)?;
        let now = clock.now();
        let successors = keys.current(now).await.successors(&token, now);
        let hashes: Vec<_> = successors.iter().map(RefreshToken::hash).collect();
        let rotation = store.rotate(&token.hash(), &hashes, now, REUSE_GRACE_MS).await;
        match rotation.map_err(|error| unavailable(&error))? {
            Rotation::Good { session, generation, successor } => {
                Ok(self.issue(session, generation, &successors[successor]).await)
            }
            Rotation::Unknown => Err(AuthFailure::Invalid),
            Rotation::Ended => Err(AuthFailure::Revoked),
            Rotation::Reused(session, name) => {
                tracing::warn!(session.id = %session, user.name = %name, "a refresh token was used twice; its session ends");
                // Whoever brought it: who that is, nobody knows.
                let note = from.note(AuditAction::TokenReused, None, name.as_str());
                let ended = self.end(Authority::System, Revocation::Session(session), note).await;
                ended.map_err(|_| AuthFailure::Unavailable)?;
                Err(AuthFailure::Revoked)
            }
        }
    }
}

impl From<TokenError> for AuthFailure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::Invalid,
            TokenError::Expired => Self::Expired,
        }
    }
}

/// The token of an `Authorization: Bearer` (RFC 6750, 2.1). Another scheme is none of ours; a bearer whose token cannot
/// be read has a bad one, and is never taken for whoever the cookies name.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at(value.iter().position(|byte| *byte == b' ').unwrap_or(value.len()));
    scheme.eq_ignore_ascii_case(b"bearer").then(|| str::from_utf8(token).unwrap_or_default().trim())
}

fn unavailable(error: &StoreError) -> AuthFailure {
    tracing::error!(%error, "a login could not be checked");
    AuthFailure::Unavailable
}
