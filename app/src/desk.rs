//! What the pages show that only the server renders for people who are logged in: where they are, and an admin's pages.
//!
//! They are plain documents with plain forms. Nothing of them is embedded for the browser's program, so what is shown
//! once stands in the document once.

use leptos::prelude::use_context;
use push_system::{
    admin::{AuditPage, InviteInfo, NewPassword, ServerSettings, SessionInfo, UserInfo},
    api::HistoryPage,
    catalogue::Desk as Words,
    ids::UserId,
    message::Message,
    read_state::Ranges,
    topic::{TopicInfo, TopicList, TopicMembers},
};

use crate::{
    context::FormRefusal,
    title::titled,
    words::{catalogue, words},
};

/// One of these pages, read before it is rendered.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Which, with what it shows.
    pub page: DeskPage,
    /// What a form did just now.
    pub done: Option<Done>,
    /// The form that was refused just now.
    pub refused: Option<Refused>,
}

/// Which page, with what it shows.
#[derive(Clone, Debug)]
pub enum DeskPage {
    /// `/settings/sessions`: where the viewer is logged in.
    Sessions(Vec<SessionInfo>),
    /// `/m/{id}`
    Message {
        /// The message. Boxed, as it is large.
        message: Box<Message>,
        /// Whether it is not in the viewer's inbox, but on the page of a public topic alone.
        outside: bool,
    },
    /// `/topics`: those that the viewer may see.
    Topics(TopicList),
    /// `/topics/{id}`
    Topic {
        /// The topic. Boxed, as it is large.
        info: Box<TopicInfo>,
        /// Who is in it.
        members: TopicMembers,
        /// Its messages.
        page: HistoryPage,
        /// Which of them are not in the viewer's inbox.
        outside: Ranges,
    },
    /// `/admin`: everybody.
    People {
        /// The accounts.
        people: Vec<UserInfo>,
        /// How the names begin that were asked for; empty for all.
        search: String,
        /// Whether there are accounts before these.
        later: bool,
        /// The last of these, where there are more: by number, or by name where they are looked for by name.
        next: Option<String>,
    },
    /// `/admin/people/{id}`
    Person {
        /// The account. Boxed, as it is by far the largest.
        user: Box<UserInfo>,
        /// Its logins.
        sessions: Vec<SessionInfo>,
        /// The password it was given just now.
        password: Option<NewPassword>,
    },
    /// `/admin/invitations`
    Invites {
        /// Those that are not over.
        invites: Vec<InviteInfo>,
        /// The link of the one that was made just now.
        made: Option<String>,
    },
    /// `/admin/log`
    Audit {
        /// The records.
        page: AuditPage,
        /// Whether there are records above these.
        later: bool,
    },
    /// `/admin/server`
    Server {
        /// What is in force.
        settings: ServerSettings,
        /// Whether the configuration decides, so that no admin can.
        fixed: bool,
    },
}

/// A form that was not accepted.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Which of the page's forms: what its button says to the server.
    pub form: String,
    /// Why.
    pub refusal: FormRefusal,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The word in the address or the form.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What that word means.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// What an admin's form does to an account: the button's word in `POST /admin/people/{id}`.
    Act {
        /// Keeps them out.
        Disable = "disable",
        /// Lets them in again.
        Enable = "enable",
        /// Lets them do everything.
        MakeAdmin = "make_admin",
        /// Takes that back.
        MakeMember = "make_member",
        /// Gives them another password.
        ResetPassword = "reset_password",
        /// Signs them out everywhere.
        EndSessions = "end_sessions",
        /// Ends the account.
        Delete = "delete",
    }
}

words! {
    /// What a form did. It stands in the address that the browser is led to, as a word and never as a text.
    Done {
        /// A session of the viewer's ended.
        SessionEnded = "session_ended",
        /// All others did.
        OthersEnded = "others_ended",
        /// An account was disabled.
        Disabled = "disabled",
        /// Enabled.
        Enabled = "enabled",
        /// Has more rights.
        MadeAdmin = "made_admin",
        /// Has fewer.
        MadeMember = "made_member",
        /// Lost its sessions.
        SessionsEnded = "sessions_ended",
        /// Is gone.
        Deleted = "deleted",
        /// An invitation is gone.
        InviteDeleted = "invite_deleted",
        /// Everybody may register.
        Opened = "registration_opened",
        /// Only invited people may.
        Closed = "registration_closed",
    }
}

impl Done {
    /// Whether a form of that page does this: an address says nothing on a page that it could not lead to.
    pub fn is_of(self, page: &DeskPage) -> bool {
        match page {
            DeskPage::Sessions(_) => matches!(self, Self::SessionEnded | Self::OthersEnded),
            DeskPage::Person { .. } => matches!(
                self,
                Self::Disabled
                    | Self::Enabled
                    | Self::MadeAdmin
                    | Self::MadeMember
                    | Self::SessionsEnded
                    | Self::Deleted
            ),
            DeskPage::Invites { .. } => self == Self::InviteDeleted,
            DeskPage::Server { .. } => matches!(self, Self::Opened | Self::Closed),
            DeskPage::Message { .. }
            | DeskPage::Topics(_)
            | DeskPage::Topic { .. }
            | DeskPage::People { .. }
            | DeskPage::Audit { .. } => false,
        }
    }

    /// The sentence that says so.
    pub(crate) fn sentence(self) -> &'static str {
        let w = desk_words();
        match self {
            Self::SessionEnded => w.session_ended,
            Self::OthersEnded => w.others_ended,
            Self::Disabled => w.was_disabled,
            Self::Enabled => w.was_enabled,
            Self::MadeAdmin => w.was_made_admin,
            Self::MadeMember => w.was_made_member,
            Self::SessionsEnded => w.sessions_ended,
            Self::Deleted => w.was_deleted,
            Self::InviteDeleted => w.invite_deleted,
            Self::Opened => w.registration_opened,
            Self::Closed => w.registration_closed,
        }
    }
}

impl Desk {
    /// What the page is called.
    pub(crate) fn name(&self) -> String {
        let w = desk_words();
        let name = match &self.page {
            DeskPage::Sessions(_) => w.sessions,
            DeskPage::Message { .. } => w.message,
            DeskPage::Topics(_) => words().topics,
            DeskPage::Topic { info, .. } => return format!("#{}", info.topic.name),
            DeskPage::People { .. } => w.people,
            DeskPage::Person { user, .. } => &user.name,
            DeskPage::Invites { .. } => w.invites,
            DeskPage::Audit { .. } => w.audit,
            DeskPage::Server { .. } => w.server,
        };
        name.to_owned()
    }

    /// Whether it stands in the frame of the inbox, with a connection.
    pub(crate) fn is_framed(&self) -> bool {
        matches!(self.page, DeskPage::Message { .. } | DeskPage::Topics(_) | DeskPage::Topic { .. })
    }

    /// Why a form of this page was refused.
    pub(crate) fn refusal_of(&self, form: &str) -> Option<&FormRefusal> {
        self.refused.as_ref().filter(|refused| refused.form == form).map(|refused| &refused.refusal)
    }
}

/// The form of `/settings/sessions` that ends all other sessions; each session's own is called by its id.
pub const OTHERS: &str = "others";
/// The form of `/admin/invitations` that makes one, and of `/admin/server` that opens or closes registration.
pub const ONLY_FORM: &str = "form";

/// The address of a person's page.
pub fn address_of(user: UserId) -> String {
    format!("/admin/people/{user}")
}

/// The page to render, where it is one of these.
pub(crate) fn desk() -> Option<Desk> {
    use_context()
}

/// The words of these pages, and of those before the login.
pub(crate) fn desk_words() -> &'static Words {
    &catalogue().desk
}

/// The tab's name.
pub(crate) fn title(desk: &Desk, unread: u64) -> String {
    titled(&desk.name(), unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_says_is_one_of_our_words() {
        assert_eq!(Done::parse(Done::MadeAdmin.as_str()), Some(Done::MadeAdmin));
        assert_eq!(Done::parse("<b>pay here</b>"), None);
        assert_eq!(Act::parse("disable"), Some(Act::Disable));
    }
}
