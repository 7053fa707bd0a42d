//! How sessions begin and end.

use push_system::{
    accounts::{Email, Password, Person, Role, Username},
    api::TokenAnswer,
    catalogue::EN,
    error::{ErrorCode, Rejection},
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{ACCESS_SECONDS, Access, Auth, FIRST_GENERATION, Identity, Inner, RefreshToken, SESSION_DAYS};
use crate::{
    config,
    store::{Account, Client, NewAccount, NewSession, Revocation, Session, SessionId, StoreError},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a person typed to log in.
#[derive(Debug)]
pub struct Credentials {
    /// Their username.
    pub username: String,
    /// Their password; not printed.
    pub password: Typed,
}

/// What a person typed to get an account.
#[derive(Debug)]
pub struct Registration {
    /// A username.
    pub username: String,
    /// A password; not printed.
    pub password: Typed,
    /// An address; empty for none.
    pub email: String,
}

/// A password as typed, before its rules are checked. Never printed.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct Typed(pub String);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
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
    /// Makes an account and logs it in.
    pub async fn register(&self, typed: Registration) -> Result<Login, Rejection> {
        let Inner { store, clock, config, passwords, .. } = &*self.0;
        if config.registration == config::Registration::Closed {
            return Err(Rejection::new(ErrorCode::RegistrationClosed, EN.registration_closed));
        }
        let name = Username::parse_new(&typed.username).map_err(|error| error.reject("username"))?;
        let password = Password::parse(typed.password.0, "password")?;
        let email = (!typed.email.is_empty()).then(|| Email::parse(&typed.email)).transpose()?;
        let taken = || Rejection::at(ErrorCode::Taken, "username", EN.username_taken);
        // Asked before the dear part; the store decides again when it adds the account.
        if store.account_named(&name).await.map_err(|error| broken(&error))?.is_some() {
            return Err(taken());
        }
        let password_hash = passwords.hash(password).await?;
        let account = NewAccount { name, email, password_hash, role: Role::Member, at: clock.now(), notes: Vec::new() };
        let account = store.register(account).await.map_err(|error| broken(&error))?.ok_or_else(taken)?;
        tracing::info!(user.id = account.person.id.0, user.name = %account.person.name, "an account was made");
        self.open(account).await
    }

    /// Logs in. A wrong password, an unknown name and a disabled account are one answer, in the same time.
    pub async fn log_in(&self, typed: Credentials) -> Result<Login, Rejection> {
        let required = |field| Rejection::at(ErrorCode::Empty, field, EN.required);
        if typed.username.is_empty() {
            return Err(required("username"));
        }
        if typed.password.0.is_empty() {
            return Err(required("password"));
        }
        let account = match Username::parse(&typed.username) {
            Ok(name) => self.0.store.account_named(&name).await.map_err(|error| broken(&error))?,
            Err(_) => None,
        };
        let password = Password::parse(typed.password.0, "password").ok();
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let matches = self.0.passwords.matches(password, hash).await?;
        match account {
            Some(account) if matches && !account.disabled => self.open(account).await,
            _ => Err(Rejection::new(ErrorCode::BadCredentials, EN.bad_credentials)),
        }
    }

    async fn open(&self, account: Account) -> Result<Login, Rejection> {
        let now = self.0.clock.now();
        let refresh = RefreshToken::random();
        let session = Session {
            id: SessionId(Uuid::new_v4()),
            person: account.person,
            role: account.role,
            expires: now.plus_ms(SESSION_DAYS * DAY_MS),
        };
        let new = NewSession {
            id: session.id,
            user: session.person.id,
            password_hash: account.password_hash,
            refresh: refresh.hash(),
            at: now,
            expires: session.expires,
            client: Client::default(),
            notes: Vec::new(),
        };
        if !self.0.store.open_session(new).await.map_err(|error| broken(&error))? {
            return Err(Rejection::new(ErrorCode::BadCredentials, EN.bad_credentials));
        }
        Ok(self.issue(session, FIRST_GENERATION, &refresh))
    }

    pub(super) fn issue(&self, session: Session, generation: u32, refresh: &RefreshToken) -> Login {
        let Inner { clock, keys, .. } = &*self.0;
        let access = Access::new(session.person.id, session.id, generation, clock.now()).sign(keys);
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
        let Inner { clock, keys, .. } = &*self.0;
        Access::new(login.person.id, login.session, FIRST_GENERATION, clock.now()).sign(keys)
    }

    /// Ends one session.
    pub async fn log_out(&self, identity: &Identity) -> Result<(), Rejection> {
        self.end(Revocation::Session(identity.session)).await
    }

    /// Ends all sessions of a person.
    pub async fn log_out_everywhere(&self, identity: &Identity) -> Result<(), Rejection> {
        self.end(Revocation::Person { user: identity.person.id, keep: None }).await
    }

    async fn end(&self, revocation: Revocation) -> Result<(), Rejection> {
        self.0.push.revoke(revocation.clone(), Vec::new()).await?;
        self.0.sessions.forget(&revocation);
        Ok(())
    }

    /// Sets a new password and ends every other session of the person.
    pub async fn change_password(&self, identity: &Identity, current: Typed, new: Typed) -> Result<(), Rejection> {
        let Inner { store, push, passwords, sessions, .. } = &*self.0;
        let new = Password::parse(new.0, "password")?;
        let user = identity.person.id;
        let account = store.account(user).await.map_err(|error| broken(&error))?;
        let hash = account.map(|account| account.password_hash);
        let typed = Password::parse(current.0, "current").ok();
        if !passwords.matches(typed, hash).await? {
            return Err(Rejection::at(ErrorCode::BadCredentials, "current", EN.wrong_password));
        }
        let keep = Some(identity.session);
        push.set_password(user, passwords.hash(new).await?, keep, Vec::new()).await?;
        sessions.forget(&Revocation::Person { user, keep });
        Ok(())
    }
}

fn broken(error: &StoreError) -> Rejection {
    tracing::error!(%error, "an account could not be read or written");
    Rejection::new(ErrorCode::Unavailable, EN.unavailable)
}
