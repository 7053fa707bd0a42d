//! What admins and the audit log put into a store and get out of it.

use push_system::{
    accounts::{Person, Role},
    admin::{AuditAction, Standing},
    ids::UserId,
    timestamp::Timestamp,
};

use super::{Account, SessionId, TokenHash};

/// Which program a session is used with, and from where. Empty where nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Program and system, as far as it says.
    pub device: String,
    /// The address.
    pub address: String,
}

impl Client {
    /// What was done from here.
    pub fn note(&self, action: AuditAction, actor: Option<&Person>, target: impl Into<String>) -> AuditNote {
        AuditNote { action, actor: actor.cloned(), target: target.into(), address: self.address.clone() }
    }
}

/// What the audit log is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditNote {
    /// What.
    pub action: AuditAction,
    /// Who did it; none when nobody was logged in.
    pub actor: Option<Person>,
    /// To whom or what.
    pub target: String,
    /// From where; empty when it was done on the machine itself.
    pub address: String,
}

/// How an account changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// What is given is set.
    Set {
        /// Whether they may not log in.
        disabled: Option<bool>,
        /// What they may do.
        role: Option<Role>,
    },
    /// Address and password are erased, the name stays taken. For good.
    Delete,
}

/// What is known of a person whose account changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What they may do.
    pub role: Role,
    /// Whether they may do anything.
    pub standing: Standing,
}

impl Known {
    /// Whether they may administrate.
    pub fn is_active_admin(self) -> bool {
        self.role == Role::Admin && self.standing == Standing::Active
    }

    /// The same after a change.
    #[must_use]
    pub fn after(self, change: AccountChange) -> Self {
        match change {
            AccountChange::Delete => Self { standing: Standing::Deleted, ..self },
            AccountChange::Set { disabled, role } => Self {
                role: role.unwrap_or(self.role),
                standing: disabled
                    .map_or(self.standing, |disabled| if disabled { Standing::Disabled } else { Standing::Active }),
            },
        }
    }
}

/// On what ground a person makes an account of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Registration is open.
    Open,
    /// An invitation with this secret, whether registration is open or not.
    Invited(TokenHash),
}

/// What became of a registration.
#[derive(Clone, Debug)]
pub enum Joined {
    /// There is an account.
    Account(Box<Account>),
    /// The name belongs to someone, perhaps to someone who is gone.
    Taken,
    /// Registration is closed.
    Closed,
    /// The invitation was used, is over, was taken back, or never was; or whoever made it is no admin any more.
    NotInvited,
}

/// A session in force, as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// From where.
    pub client: Client,
    /// When it began.
    pub created: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// When it is over.
    pub expires: Timestamp,
}

/// A session was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSeen {
    /// Which.
    pub id: SessionId,
    /// When.
    pub at: Timestamp,
    /// From where; empty leaves the address.
    pub address: String,
}

/// An account as an admin sees it.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// The account.
    pub account: Account,
    /// Sessions in force.
    pub sessions: u64,
    /// When one of them was last seen.
    pub last_seen: Option<Timestamp>,
}

/// An invitation to be.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// Its id.
    pub id: String,
    /// SHA-256 of its secret.
    pub secret: TokenHash,
    /// Who makes it.
    pub by: UserId,
    /// When.
    pub created: Timestamp,
    /// When it is over.
    pub expires: Timestamp,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInvite {
    /// Its id.
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
