//! What admins do. Whoever calls has checked that an admin asks ([`crate::http`]), and the store does again when it decides;
//! who it is stands in the audit log.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use push_system::{
    accounts::{Role, Username},
    admin::{
        AuditAction, AuditPage, InviteInfo, InviteList, NewInvite, NewPassword, ServerSettings, SessionList,
        SettingsChange, Standing, UserChange, UserInfo, UserPage,
    },
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
    limits,
    ports::Clock,
};

use crate::{
    auth::{Auth, Identity, Password, Passwords, Typed, invite_hash},
    config::{Config, Registration},
    push::{self, Push},
    store::{
        self, Account, AccountChange, AccountSummary, AuditNote, Decision, PhcString, Revocation, Store, StoreError,
        StoredInvite,
    },
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Hexadecimal digits of an invitation's id.
const INVITE_ID_CHARS: usize = 16;
/// What a password that is made here is spelt with: 32 characters that are not taken for each other when read aloud or
/// copied by hand.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Groups of four of them: 100 random bits.
const GROUPS: usize = 5;

/// The administration of one system. Cheap to clone.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    push: Push,
    auth: Auth,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    passwords: Passwords,
}

impl Admin {
    /// Works on these.
    pub fn new(store: Arc<dyn Store>, push: Push, auth: Auth, clock: Arc<dyn Clock>, config: Arc<Config>) -> Self {
        let passwords = auth.passwords();
        Self(Arc::new(Inner { store, push, auth, clock, config, passwords }))
    }

    /// Accounts with numbers after `after`.
    pub async fn users(&self, after: Option<UserId>, limit: u32) -> Result<UserPage, Rejection> {
        let after = after.unwrap_or_default();
        // One more tells whether there is another page.
        let mut people = self.people(after, limit + 1).await?;
        let more = people.len() > limit as usize;
        people.truncate(limit as usize);
        let next = people.last().map(|last| last.account.person.id).filter(|_| more);
        Ok(UserPage { users: people.into_iter().map(info).collect(), next })
    }

    /// Accounts whose names begin so, behind the name `after`, by name; and whether there are more. Deleted ones are only
    /// in the list of all.
    pub async fn users_called(
        &self,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<(Vec<UserInfo>, bool), Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        let people =
            store.people_called(prefix, after, limit + 1, clock.now()).await.map_err(|error| broken(&error))?;
        let more = people.len() > limit as usize;
        Ok((people.into_iter().take(limit as usize).map(info).collect(), more))
    }

    /// One account.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn user(&self, id: UserId) -> Result<UserInfo, Rejection> {
        // The one after the number before it, so that a page and one account are the same question.
        let before = UserId(id.0.checked_sub(1).ok_or_else(no_such_user)?);
        let found = self.people(before, 1).await?.pop().filter(|found| found.account.person.id == id);
        found.map(info).ok_or_else(no_such_user)
    }

    async fn people(&self, after: UserId, limit: u32) -> Result<Vec<AccountSummary>, Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        store.people_after(after, limit, clock.now()).await.map_err(|error| broken(&error))
    }

    /// An account that is not deleted.
    async fn account(&self, id: UserId) -> Result<Account, Rejection> {
        let account = self.0.store.account(id).await.map_err(|error| broken(&error))?;
        account.filter(|account| account.deleted.is_none()).ok_or_else(no_such_user)
    }

    /// Disables or enables an account, or gives it another role: all that is asked for, or nothing.
    ///
    /// # Errors
    /// `not_found`, `last_admin`.
    pub async fn change(&self, by: &Identity, id: UserId, change: UserChange) -> Result<UserInfo, Rejection> {
        let account = self.account(id).await?;
        let disabled = change.disabled.filter(|disabled| *disabled != account.disabled);
        let role = change.role.filter(|role| *role != account.role);
        let notes = changes(disabled, role).map(|action| by.note(action, account.person.name.as_str())).collect();
        self.apply(by, id, AccountChange::Set { disabled, role }, notes).await?;
        self.user(id).await
    }

    /// Erases an account but for its name, for good.
    ///
    /// # Errors
    /// `not_found`, `last_admin`.
    pub async fn delete(&self, by: &Identity, id: UserId) -> Result<(), Rejection> {
        let account = self.account(id).await?;
        let note = by.note(AuditAction::AccountDeleted, account.person.name.as_str());
        self.apply(by, id, AccountChange::Delete, vec![note]).await
    }

    async fn apply(
        &self,
        by: &Identity,
        user: UserId,
        to: AccountChange,
        notes: Vec<AuditNote>,
    ) -> Result<(), Rejection> {
        self.0.push.change_account(by.as_admin(), user, to, notes).await?;
        // This instance need not wait for the log to tell it.
        self.0.auth.forget(&Revocation::Person { user, keep: None });
        Ok(())
    }

    /// Gives a person a password that nobody knows yet, and ends their sessions.
    ///
    /// # Errors
    /// `not_found`; `forbidden` for one's own, which is changed by whoever knows the old one.
    pub async fn reset_password(&self, by: &Identity, id: UserId) -> Result<NewPassword, Rejection> {
        if id == by.person.id {
            return Err(Rejection::new(ErrorCode::Forbidden, Sentence::OwnPassword));
        }
        let Inner { push, auth, passwords, .. } = &*self.0;
        let account = self.account(id).await?;
        let name = &account.person.name;
        let password = random_password();
        let hash = passwords.hash(parse(&password, name)?).await?;
        let new = push::NewPassword { user: id, hash: PhcString(hash), proved: None, keep: None };
        push.set_password(by.as_admin(), new, vec![by.note(AuditAction::PasswordReset, name.as_str())]).await?;
        auth.forget(&Revocation::Person { user: id, keep: None });
        Ok(NewPassword { password })
    }

    /// The sessions of a person.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn sessions(&self, id: UserId) -> Result<SessionList, Rejection> {
        self.account(id).await?;
        self.0.auth.sessions_of(id, None).await
    }

    /// Ends the sessions of a person.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn end_sessions(&self, by: &Identity, id: UserId) -> Result<(), Rejection> {
        let account = self.account(id).await?;
        let revocation = Revocation::Person { user: id, keep: None };
        let note = by.note(AuditAction::SessionsRevoked, account.person.name.as_str());
        self.0.push.revoke(by.as_admin(), revocation.clone(), vec![note]).await?;
        self.0.auth.forget(&revocation);
        Ok(())
    }

    /// The invitations.
    pub async fn invites(&self) -> Result<InviteList, Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        let most = u32::try_from(2 * limits::INVITES).unwrap_or(u32::MAX);
        let invites = store.invites(clock.now(), most).await.map_err(|error| broken(&error))?;
        Ok(InviteList { invites: invites.into_iter().map(invite_info).collect() })
    }

    /// Makes an invitation.
    ///
    /// # Errors
    /// `invalid` at `days`, `too_many` where too many are open.
    pub async fn invite(&self, by: &Identity, days: Option<u32>) -> Result<NewInvite, Rejection> {
        let Inner { store, clock, config, .. } = &*self.0;
        let days = days.unwrap_or(limits::INVITE_DAYS_DEFAULT);
        if !limits::INVITE_DAYS.contains(&days) {
            return Err(Rejection::at(ErrorCode::Invalid, "days", Sentence::InviteDays));
        }
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let id = format!("{:016x}", rand::random::<u64>());
        let created = clock.now();
        let expires = created.plus_ms(i64::from(days) * DAY_MS);
        let new = store::NewInvite { id: id.clone(), secret: invite_hash(&secret), by: by.person.id, created, expires };
        let note = by.note(AuditAction::InviteMade, id.as_str());
        if !decided(store.add_invite(by.as_admin(), new, limits::INVITES, note).await)? {
            return Err(Rejection::new(ErrorCode::TooMany, Sentence::TooManyInvites));
        }
        Ok(NewInvite { id, url: format!("{}/register?invite={secret}", config.base_url()), expires })
    }

    /// Takes an invitation back, or forgets a used one.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_invite(&self, by: &Identity, id: &str) -> Result<(), Rejection> {
        let Inner { store, clock, .. } = &*self.0;
        let note = by.note(AuditAction::InviteDeleted, id);
        let could_be_one = id.len() == INVITE_ID_CHARS && id.chars().all(|c| c.is_ascii_hexdigit());
        if could_be_one && decided(store.delete_invite(by.as_admin(), id, clock.now(), note).await)? {
            return Ok(());
        }
        Err(Rejection::new(ErrorCode::NotFound, Sentence::NoSuchInvite))
    }

    /// What admins may decide, as it is in force.
    pub async fn settings(&self) -> Result<ServerSettings, Rejection> {
        Ok(ServerSettings { registration_open: self.0.auth.is_registration_open().await? })
    }

    /// Decides anew; what is missing stays.
    ///
    /// # Errors
    /// `registration_closed`: the configuration keeps it closed.
    pub async fn set_settings(&self, by: &Identity, change: SettingsChange) -> Result<ServerSettings, Rejection> {
        let Inner { store, clock, config, .. } = &*self.0;
        if let Some(open) = change.registration_open {
            if open && config.registration == Registration::Closed {
                return Err(Rejection::at(
                    ErrorCode::RegistrationClosed,
                    "registration_open",
                    Sentence::RegistrationFixed,
                ));
            }
            let action = if open { AuditAction::RegistrationOpened } else { AuditAction::RegistrationClosed };
            decided(store.set_registration(by.as_admin(), open, clock.now(), by.note(action, "")).await)?;
        }
        self.settings().await
    }

    /// What was done, newest first.
    pub async fn audit(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, Rejection> {
        let mut records = self.0.store.audit(before, limit + 1).await.map_err(|error| broken(&error))?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = records.last().map(|last| last.id).filter(|_| more);
        Ok(AuditPage { records, next })
    }
}

/// What the audit log tells of a change.
fn changes(disabled: Option<bool>, role: Option<Role>) -> impl Iterator<Item = AuditAction> {
    let disabled =
        disabled.map(|disabled| if disabled { AuditAction::AccountDisabled } else { AuditAction::AccountEnabled });
    let role = role.map(|role| match role {
        Role::Admin => AuditAction::MadeAdmin,
        Role::Member => AuditAction::MadeMember,
    });
    disabled.into_iter().chain(role)
}

fn info(summary: AccountSummary) -> UserInfo {
    let AccountSummary { account, sessions, last_seen } = summary;
    let standing = account.standing();
    debug_assert!(standing != Standing::Deleted || sessions == 0, "whoever is deleted has no session");
    UserInfo {
        id: account.person.id,
        name: account.person.name.to_string(),
        email: account.email,
        role: account.role,
        standing,
        created: account.created,
        sessions,
        last_seen,
    }
}

fn invite_info(invite: StoredInvite) -> InviteInfo {
    let StoredInvite { id, by, created, expires, used_by } = invite;
    InviteInfo { id, by, created, expires, used_by }
}

/// Five groups of four letters, joined by dashes.
fn random_password() -> String {
    let random: [u8; 4 * GROUPS] = rand::random();
    // 256 is a multiple of their number: each is as likely.
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

fn parse(password: &str, name: &Username) -> Result<Password, Rejection> {
    Password::parse_new(&Typed(password.to_owned()), name, "password")
}

fn no_such_user() -> Rejection {
    Rejection::new(ErrorCode::NotFound, Sentence::NoSuchUser)
}

fn decided(answer: Result<Decision, StoreError>) -> Result<bool, Rejection> {
    answer.map_err(|error| broken(&error))?.map_err(push::denied)
}

fn broken(error: &StoreError) -> Rejection {
    tracing::error!(%error, "what an admin asked for could not be read or written");
    Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_made_here_is_long_and_no_two_are_the_same() {
        let [one, two] = [random_password(), random_password()];
        assert_eq!((one.len(), one.split('-').count()), (24, 5), "{one}");
        assert_ne!(one, two);
        assert!(parse(&one, &Username::parse("ana").unwrap()).is_ok());
    }
}
