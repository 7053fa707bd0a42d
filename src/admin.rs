//! What a person sees of their logins, and an admin of everyone: the shapes of `/auth/sessions` and `/admin/…`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    accounts::{Person, Role},
    ids::UserId,
    timestamp::Timestamp,
};

/// One login of one person on one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// Which program on which system, as far as it says; empty when it does not.
    pub device: String,
    /// The address it was last seen from; empty when nobody knows.
    pub address: String,
    /// When it began.
    pub created: Timestamp,
    /// When it was last seen, to the minute.
    pub last_seen: Timestamp,
    /// When it is over, whatever happens.
    pub expires: Timestamp,
    /// Whether the request that asks belongs to it.
    pub current: bool,
}

/// The answer of `GET /auth/sessions` and `GET /admin/users/{id}/sessions`: the one seen last comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// Those in force.
    pub sessions: Vec<SessionInfo>,
}

/// The answer of `POST /auth/ticket`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Good for one `/ws?ticket=`.
    pub ticket: String,
    /// Seconds it lives.
    pub expires_in: u64,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is in use.
    Active,
    /// Its person may not log in until an admin enables it.
    Disabled,
    /// It is gone for good. Its name stays taken, because messages stand under it.
    Deleted,
}

/// An account as an admin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Its number.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its address, if given.
    pub email: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Whether it may do anything.
    pub standing: Standing,
    /// When it was made.
    pub created: Timestamp,
    /// Sessions in force.
    pub sessions: u64,
    /// When one of them was last seen, to the minute.
    pub last_seen: Option<Timestamp>,
}

/// A page of `GET /admin/users?after=<id>&limit=1..200`, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPage {
    /// The accounts.
    pub users: Vec<UserInfo>,
    /// `after` of the next page; none when this is the last one.
    pub next: Option<UserId>,
}

/// The body of `PATCH /admin/users/{id}`; what is missing stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserChange {
    /// May not log in any more, or may again.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// May do more, or less.
    #[serde(default)]
    pub role: Option<Role>,
}

/// The answer of `POST /admin/users/{id}/password`, shown once: nobody can read it again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPassword {
    /// What the person logs in with and should change.
    pub password: String,
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// An invitation as an admin sees it in `GET /admin/invites`: good for one registration, also where registration is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteInfo {
    /// Its id, which is not the secret.
    pub id: String,
    /// Who made it.
    pub by: Person,
    /// When.
    pub created: Timestamp,
    /// When it is over.
    pub expires: Timestamp,
    /// Who registered with it.
    pub used_by: Option<Person>,
}

/// The answer of `GET /admin/invites`, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteList {
    /// Those that are not over, and those that were used.
    pub invites: Vec<InviteInfo>,
}

/// The answer of `POST /admin/invites`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvite {
    /// Its id.
    pub id: String,
    /// The address to give to the person, `{base}/register?invite=…`; shown once.
    pub url: String,
    /// When it is over.
    pub expires: Timestamp,
}

/// Which one; the secret stands in its address.
impl fmt::Debug for NewInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewInvite").field("id", &self.id).field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// The answer of `GET` and `PATCH /admin/settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSettings {
    /// Whether anybody may make an account. Where the configuration closes registration, no admin opens it.
    pub registration_open: bool,
}

/// The body of `PATCH /admin/settings`; what is missing stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsChange {
    /// Opens or closes registration.
    #[serde(default)]
    pub registration_open: Option<bool>,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What the audit log tells of. The words are stored: one that is there never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)*
        }

        impl AuditAction {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The action of that word; none for what a later version wrote.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == text)
            }
        }
    };
}

actions! {
    /// An account was made: by its person, or on the machine itself.
    AccountMade = "account_made",
    /// A person logged in.
    LoggedIn = "login",
    /// Name and password did not match, at least once within this minute.
    LoginFailed = "login_failed",
    /// A person logged out of one session.
    LoggedOut = "logout",
    /// A person changed their password.
    PasswordChanged = "password_changed",
    /// An admin gave a person a new password.
    PasswordReset = "password_reset",
    /// Sessions were ended from elsewhere.
    SessionsRevoked = "sessions_revoked",
    /// A refresh token was used after its successor: it was copied, and its session ended.
    TokenReused = "refresh_token_reused",
    /// A person may not log in any more.
    AccountDisabled = "account_disabled",
    /// A person may log in again.
    AccountEnabled = "account_enabled",
    /// An account was erased but for its name.
    AccountDeleted = "account_deleted",
    /// A member became an admin.
    MadeAdmin = "made_admin",
    /// An admin became a member.
    MadeMember = "made_member",
    /// An invitation was made; its id is the target.
    InviteMade = "invite_made",
    /// An invitation was taken back; its id is the target.
    InviteDeleted = "invite_deleted",
    /// An invitation was used; its id is the target.
    InviteUsed = "invite_used",
    /// Anybody may make an account.
    RegistrationOpened = "registration_opened",
    /// Nobody may make an account without an invitation.
    RegistrationClosed = "registration_closed",
    /// Another key signs from now on.
    KeysRotated = "keys_rotated",
    /// An admin changed the text of somebody else's message; its sender and number are the target.
    MessageEdited = "message_edited",
    /// An admin deleted somebody else's message; its sender and number are the target.
    MessageDeleted = "message_deleted",
}

/// What somebody did that others may want to know about: a row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Ascending with time.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What, as the word of an [`AuditAction`].
    pub action: String,
    /// Who did it, by name; none when nobody was logged in.
    pub actor: Option<String>,
    /// To whom or what, like a name; empty when that says nothing.
    pub target: String,
    /// From which address; empty where it was done on the machine itself.
    pub address: String,
}

/// A page of `GET /admin/audit?before=<id>&limit=1..200`, newest first. `GET /admin/audit.csv` holds all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The records.
    pub records: Vec<AuditRecord>,
    /// `before` of the next page; none when this is the last one.
    pub next: Option<u64>,
}
