//! How sessions begin and end.

use std::fmt;

use push_system::{
    accounts::{Email, Person, Role, Username},
    admin::AuditAction,
    api::TokenAnswer,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    limits,
    timestamp::Timestamp,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    ACCESS_SECONDS, Access, Auth, FIRST_GENERATION, Identity, Inner, Password, RefreshToken, SESSION_DAYS, Typed,
    password::{Attempt, Verdict},
};
use crate::{
    config, push,
    store::{
        Account, Admission, AuditNote, Authority, Client, Joined, NewAccount, NewSession, PhcString, Revocation,
        Session, SessionId, StoreError, TokenHash,
    },
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// A login that was checked against a hash which was made anew meanwhile, by another login, is checked once more.
const CHECKS: usize = 2;
/// Sessions beyond the bound that one login ends; where there were more, the next one goes on.
const AT_ONCE: u32 = 10;

/// What a person typed to log in.
#[derive(Debug)]
pub struct Credentials {
    /// Their username.
    pub username: String,
    /// Their password; not printed.
    pub password: Typed,
}

/// What a person typed to get an account. Printed without the secrets in it.
pub struct Registration {
    /// A username.
    pub username: String,
    /// A password; not printed.
    pub password: Typed,
    /// An address; empty for none.
    pub email: String,
    /// The secret of an invitation; empty for none.
    pub invite: String,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A session with its tokens, just made.
pub struct Login {
    /// Whose.
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// Its id.
    pub session: SessionId,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// When the session is over.
    pub expires: Timestamp,
}

impl Login {
    /// The body of an answer.
    pub fn answer(self) -> TokenAnswer {
        TokenAnswer {
            access_token: self.access,
            token_type: "bearer".to_owned(),
            expires_in: u64::from(ACCESS_SECONDS),
            refresh_token: self.refresh,
            user: self.person,
        }
    }
}

impl Auth {
    /// Makes an account and logs it in: where registration is open, or with an invitation.
    pub async fn register(&self, typed: Registration, from: &Client) -> Result<Login, Rejection> {
        let Inner { store, clock, passwords, .. } = &*self.0;
        let admission = self.admission(&typed.invite).await?;
        let name = Username::parse_new(&typed.username).map_err(|error| error.reject("username"))?;
        let password = Password::parse_new(&typed.password, &name, "password")?;
        let email = (!typed.email.is_empty()).then(|| Email::parse(&typed.email)).transpose()?;
        let taken = || Rejection::at(ErrorCode::Taken, "username", Sentence::UsernameTaken);
        // Asked before the dear part; the store decides again when it adds the account.
        if store.account_named(&name).await.map_err(|error| broken(&error))?.is_some() {
            return Err(taken());
        }
        let password_hash = passwords.hash(password).await?;
        let notes = vec![from.note(AuditAction::AccountMade, None, name.as_str())];
        let account = NewAccount { name, email, password_hash, role: Role::Member, at: clock.now(), notes };
        let account = match store.join(account, admission).await.map_err(|error| broken(&error))? {
            Joined::Account(account) => account,
            Joined::Taken => return Err(taken()),
            Joined::Closed => return Err(closed()),
            Joined::NotInvited => return Err(not_invited()),
        };
        tracing::info!(user.id = account.person.id.0, user.name = %account.person.name, "an account was made");
        self.open(&account, from).await?.ok_or_else(bad_credentials)
    }

    /// Looks before any work is done; the store decides when it adds the account.
    async fn admission(&self, invite: &str) -> Result<Admission, Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        if !invite.is_empty() {
            let secret = invite_hash(invite);
            let good = store.is_invited(&secret, clock.now()).await.map_err(|error| broken(&error))?;
            return if good { Ok(Admission::Invited(secret)) } else { Err(not_invited()) };
        }
        if self.is_registration_open().await? { Ok(Admission::Open) } else { Err(closed()) }
    }

    /// Whether anybody may make an account: neither the configuration nor an admin keeps it closed.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`].
    pub async fn is_registration_open(&self) -> Result<bool, Rejection> {
        let Inner { store, config, .. } = &*self.0;
        if config.registration == config::Registration::Closed {
            return Ok(false);
        }
        store.registration_is_open().await.map_err(|error| broken(&error))
    }

    /// Logs in. A wrong password, an unknown name and a disabled account are one answer, after the same work (OWASP
    /// Authentication Cheat Sheet, "Authentication and Error Messages").
    pub async fn log_in(&self, typed: Credentials, from: &Client) -> Result<Login, Rejection> {
        let required = |field| Rejection::at(ErrorCode::Empty, field, Sentence::Required);
        if typed.username.is_empty() {
            return Err(required("username"));
        }
        if typed.password.0.is_empty() {
            return Err(required("password"));
        }
        let name = Username::parse(&typed.username).ok();
        let attempt = Attempt::of(&typed.password);
        for _ in 0..CHECKS {
            let (account, verdict) = self.check(name.as_ref(), attempt.clone()).await?;
            let Some(account) = account.filter(|account| verdict != Verdict::Wrong && !account.disabled) else { break };
            if let Some(login) = self.open(&account, from).await? {
                if let Verdict::Outdated(password) = verdict {
                    self.renew_hash(&account, password).await;
                }
                return Ok(login);
            }
        }
        self.note_failed_login(name.as_ref(), from).await;
        Err(bad_credentials())
    }

    async fn check(
        &self,
        name: Option<&Username>,
        attempt: Option<Attempt>,
    ) -> Result<(Option<Account>, Verdict), Rejection> {
        let account = match name {
            Some(name) => self.0.store.account_named(name).await.map_err(|error| broken(&error))?,
            None => None,
        };
        // A deleted account has no password: its name costs as much time as one that never was.
        let there = account.as_ref().filter(|account| account.deleted.is_none());
        let hash = there.map(|account| account.password_hash.clone());
        let verdict = self.0.passwords.compare(attempt, hash).await?;
        Ok((account, verdict))
    }

    /// Stores a stronger hash of the password that was just proved, unless there is another one by now. No session ends,
    /// and a failure is not the login's: the next one tries again.
    async fn renew_hash(&self, account: &Account, password: Password) {
        let Ok(hash) = self.0.passwords.hash(password).await else { return };
        match self.0.store.renew_hash(account.person.id, &account.password_hash, &hash).await {
            Ok(true) => tracing::info!(user.id = account.person.id.0, "a password hash was made anew"),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(user.id = account.person.id.0, %error, "a password hash could not be made anew");
            }
        }
    }

    /// None when the account was disabled, or got another hash, since it was read.
    async fn open(&self, account: &Account, from: &Client) -> Result<Option<Login>, Rejection> {
        let now = self.0.clock.now();
        let refresh = RefreshToken::random();
        let session = Session {
            id: SessionId(Uuid::new_v4()),
            person: account.person.clone(),
            role: account.role,
            expires: now.plus_ms(SESSION_DAYS * DAY_MS),
        };
        let new = NewSession {
            id: session.id,
            user: session.person.id,
            password_hash: account.password_hash.clone(),
            refresh: refresh.hash(),
            at: now,
            expires: session.expires,
            client: from.clone(),
            notes: vec![from.note(AuditAction::LoggedIn, Some(&account.person), "")],
        };
        let opened = self.0.store.open_session(new).await.map_err(|error| broken(&error))?;
        if !opened {
            return Ok(None);
        }
        self.end_beyond(&session, from).await?;
        Ok(Some(self.issue(session, FIRST_GENERATION, &refresh).await))
    }

    /// Ends those of a person's sessions that are one too many, so that what a person can have of them is bounded.
    async fn end_beyond(&self, opened: &Session, from: &Client) -> Result<(), Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        let some_beyond = limits::SESSIONS + AT_ONCE;
        let sessions = store.sessions_of(opened.person.id, clock.now(), some_beyond).await;
        for beyond in sessions.map_err(|error| broken(&error))?.into_iter().skip(limits::SESSIONS as usize) {
            if beyond.id != opened.id {
                let note = from.note(AuditAction::SessionsRevoked, Some(&opened.person), opened.person.name.as_str());
                self.end(Authority::System, Revocation::Session(beyond.id), note).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn issue(&self, session: Session, generation: u32, refresh: &RefreshToken) -> Login {
        let now = self.0.clock.now();
        let keys = self.0.keys.current(now).await;
        let access = Access::new(session.person.id, session.id, generation, now).sign(&keys, now);
        Login {
            person: session.person,
            role: session.role,
            session: session.id,
            access,
            refresh: refresh.expose(),
            expires: session.expires,
        }
    }

    /// An access token for the very request that brought the old refresh token. It is of the first generation, which
    /// confirms nothing: the browser has not seen the new tokens yet, and may never see them.
    pub fn for_this_request(&self, login: &Login) -> String {
        let now = self.0.clock.now();
        Access::new(login.person.id, login.session, FIRST_GENERATION, now).sign(&self.0.keys.known(), now)
    }

    /// Ends the session of a request. Nobody has to be in for that: whoever is out already is where they wanted to be.
    pub async fn log_out(&self, identity: &Identity) -> Result<(), Rejection> {
        let note = identity.note(AuditAction::LoggedOut, "");
        self.end(Authority::System, Revocation::Session(identity.session), note).await
    }

    /// Ends all sessions of a person. Where there are others than this one, that needs the password, as ending them one by
    /// one does.
    ///
    /// # Errors
    /// `empty`, `bad_credentials` at `password`.
    pub async fn log_out_everywhere(&self, identity: &Identity, password: &Typed) -> Result<(), Rejection> {
        if self.has_others(identity).await? {
            self.ask_again(identity, password).await?;
        }
        let note = identity.note(AuditAction::SessionsRevoked, identity.person.name.as_str());
        self.end(identity.as_person(), Revocation::Person { user: identity.person.id, keep: None }, note).await
    }

    pub(super) async fn end(&self, by: Authority, revocation: Revocation, note: AuditNote) -> Result<(), Rejection> {
        self.0.push.revoke(by, revocation.clone(), vec![note]).await?;
        self.forget(&revocation);
        Ok(())
    }

    /// Forgets at once what this instance remembers of sessions that were just ended; the log tells the others.
    pub(crate) fn forget(&self, revocation: &Revocation) {
        self.0.sessions.forget(revocation);
    }

    /// Sets a new password and ends every other session of the person. The one that was typed must still be theirs when
    /// the new one is stored: an admin may have reset it meanwhile, because it is known to others.
    pub async fn change_password(&self, identity: &Identity, current: Typed, new: Typed) -> Result<(), Rejection> {
        let Inner { push, passwords, sessions, .. } = &*self.0;
        let new = Password::parse_new(&new, &identity.person.name, "password")?;
        let (user, keep) = (identity.person.id, Some(identity.session));
        let mut hash = None;
        for _ in 0..CHECKS {
            let proved = Some(self.confirm_as(identity, &current, "current").await?);
            let made = match hash.take() {
                Some(made) => made,
                None => PhcString(passwords.hash(new.clone()).await?),
            };
            let password = push::NewPassword { user, hash: made.clone(), proved, keep };
            let notes = vec![identity.note(AuditAction::PasswordChanged, "")];
            if push.set_password(identity.as_person(), password, notes).await? {
                sessions.forget(&Revocation::Person { user, keep });
                return Ok(());
            }
            hash = Some(made);
        }
        Err(Rejection::at(ErrorCode::BadCredentials, "current", Sentence::WrongPassword))
    }

    /// Whether the person of a login is there: asks for the password again before what cannot be taken back (OWASP
    /// Authentication Cheat Sheet, "Require Re-authentication for Sensitive Features").
    ///
    /// # Errors
    /// [`ErrorCode::BadCredentials`] at `password`.
    pub async fn confirm_password(&self, identity: &Identity, typed: &Typed) -> Result<(), Rejection> {
        self.confirm_as(identity, typed, "password").await.map(drop)
    }

    /// Gives the hash that was compared. Whoever is wrong is told of like at a login: it is what a thief with a session
    /// tries.
    async fn confirm_as(
        &self,
        identity: &Identity,
        typed: &Typed,
        field: &'static str,
    ) -> Result<PhcString, Rejection> {
        let account = self.0.store.account(identity.person.id).await.map_err(|error| broken(&error))?;
        let hash = account.map(|account| account.password_hash);
        let verdict = self.0.passwords.compare(Attempt::of(typed), hash.clone()).await?;
        if let Some(hash) = hash.filter(|_| verdict != Verdict::Wrong) {
            return Ok(PhcString(hash));
        }
        self.note_failed_login(Some(&identity.person.name), &identity.client).await;
        Err(Rejection::at(ErrorCode::BadCredentials, field, Sentence::WrongPassword))
    }
}

/// What the store knows an invitation by. A plain hash is enough: there is nothing to guess in its random bits.
pub(crate) fn invite_hash(secret: &str) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}

fn closed() -> Rejection {
    Rejection::new(ErrorCode::RegistrationClosed, Sentence::RegistrationClosed)
}

fn not_invited() -> Rejection {
    Rejection::at(ErrorCode::Invalid, "invite", Sentence::InviteInvalid)
}

fn bad_credentials() -> Rejection {
    Rejection::new(ErrorCode::BadCredentials, Sentence::BadCredentials)
}

pub(super) fn broken(error: &StoreError) -> Rejection {
    tracing::error!(%error, "an account could not be read or written");
    Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable)
}
