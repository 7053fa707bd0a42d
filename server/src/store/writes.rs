//! What is to be written to the log, and what became of it.

use std::collections::BTreeSet;

use push_system::{
    accounts::{Person, Role},
    ids::{MessageId, Seq, TopicId, UserId},
    message::{ClientId, Draft, Message},
    read_state::ReadState,
    timestamp::Timestamp,
    topic::{Topic, TopicName, TopicRole},
};

use super::{AccountChange, Amend, Audience, AuditNote, Entry, MarksWrite, PhcString, Place, Revocation, SessionId};

/// A change of the log, with everything decided that needs neither lock nor look-up.
#[derive(Clone, Debug)]
pub struct Write {
    /// When it was accepted.
    pub at: Timestamp,
    /// The random number from which its event's tag is made.
    pub tag: u32,
    /// On whose authority.
    pub by: Authority,
    /// What changes.
    pub change: Change,
    /// What the audit log says of it, in the same transaction, if it is stored.
    pub notes: Vec<AuditNote>,
}

/// On whose authority something changes. Whoever asks was looked at when the request came, and is again under the lock:
/// they may have been signed out, disabled or made a member since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authority {
    /// The program's own, the command line's, or that of somebody whose standing the change itself decides about.
    #[default]
    System,
    /// Of whoever this session belongs to, while it is in force.
    Login(SessionId),
    /// The same, while they are an admin.
    Admin(SessionId),
}

impl Authority {
    /// The session that must be in force, if it rests on one.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::System => None,
            Self::Login(session) | Self::Admin(session) => Some(session),
        }
    }

    /// Whether it holds for the session that was found in force, or that there is none.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn holds(self, found: Option<Role>) -> Result<(), Denial> {
        match (self, found) {
            (Self::System, _) | (Self::Login(_), Some(_)) | (Self::Admin(_), Some(Role::Admin)) => Ok(()),
            (Self::Login(_) | Self::Admin(_), None) => Err(Denial::SignedOut),
            (Self::Admin(_), Some(Role::Member)) => Err(Denial::NoAdmin),
        }
    }
}

/// Why an [`Authority`] does not hold any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The session was ended, or its person disabled.
    SignedOut,
    /// Its person is no admin.
    NoAdmin,
}

impl Write {
    /// The tag of an event with the random number `own` behind one told by `before`. Who holds the place before and the
    /// random number can tell without asking whether nothing stands between.
    pub fn tag_after(own: u32, before: u32) -> u32 {
        own ^ before.rotate_left(1)
    }
}

/// What changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// A message.
    Publish(Publish),
    /// The text of a message, or all of it.
    Amend(Amend),
    /// What a person has read, seen, archived and saved.
    Read(ReadWrite),
    /// A topic, or who is in it.
    Topic(TopicWrite),
    /// Sessions end.
    Revoke(Revocation),
    /// A person's password changes, and with it all sessions but one end.
    Password {
        /// Whose.
        user: UserId,
        /// The password.
        hash: PhcString,
        /// The password of before that was proved: [`Outcome::Stale`] unless it is still the one. None where nobody was
        /// asked for one.
        proved: Option<PhcString>,
        /// The session that stays, if any.
        keep: Option<SessionId>,
    },
    /// What a person may do changes. Who may not log in any more has no session any more.
    Account {
        /// Whose account.
        user: UserId,
        /// How it changes.
        to: AccountChange,
    },
}

/// A message to publish.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Who sends it.
    pub sender: Person,
    /// Under which key.
    pub key: ClientId,
    /// SHA-256 of the parsed request: the same key with another one is a conflict.
    pub request_hash: [u8; 32],
    /// The message.
    pub draft: Draft,
    /// The people `draft.to` names, resolved; ids never change hands.
    pub named: Vec<UserId>,
    /// The topics it names, resolved.
    pub topics: Vec<Topic>,
}

impl Publish {
    /// The message it becomes.
    pub fn message(&self, id: MessageId, date: Timestamp) -> Message {
        let draft = self.draft.clone();
        Message {
            id,
            appid: 0,
            title: draft.title,
            message: draft.message,
            priority: draft.priority,
            date,
            extras: draft.extras,
            sender: self.sender.clone(),
            to: draft.to.shown(),
            tags: draft.tags,
            click: draft.click,
            topics: self.topics.iter().map(Topic::reference).collect(),
            edited: None,
            deleted: None,
        }
    }

    /// Who receives it when it is published at `place`: everyone, or those named, the members of topics, and the sender's
    /// own devices. Of a private topic the sender is a member like others: who leaves it has nothing left of it.
    pub fn audience(&self, place: Seq) -> Audience {
        if self.draft.to.has_everyone() {
            return Audience::Everyone;
        }
        let mut people = self.named.clone();
        if self.private_topic().is_none() {
            people.push(self.sender.id);
        }
        people.sort_unstable();
        people.dedup();
        let topics: Vec<_> = self.topics.iter().map(|topic| topic.id).collect();
        if topics.is_empty() { Audience::People(people) } else { Audience::Topics { topics, people, at: place } }
    }

    /// Whether it stands on the page of a public topic.
    pub fn is_public(&self) -> bool {
        !self.topics.is_empty() && self.private_topic().is_none()
    }

    /// The private topic it is for; it is for nobody else then.
    pub fn private_topic(&self) -> Option<TopicId> {
        self.topics.iter().find(|topic| topic.private).map(|topic| topic.id)
    }
}

/// A new read state, and what it was computed from.
#[derive(Clone, Debug)]
pub struct ReadWrite {
    /// Whose.
    pub user: UserId,
    /// The state from here on.
    pub state: ReadState,
    /// What else changes; none where it is reading alone.
    pub marks: Option<Box<MarksWrite>>,
    /// From what it was computed.
    pub basis: Basis,
}

/// From what a read state was computed. [`Outcome::Stale`] unless it is the version stored, in the log that is stored: one
/// that went back to an older copy and went on may have the same places and the same version.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The version that was read.
    pub version: i64,
    /// The heads as of the looks by which the state came about.
    pub read_at: Vec<Place>,
    /// Messages that are unread under the state, as of `counted_at`; the store adds those that came since, and takes off
    /// those that were deleted.
    pub unread: u64,
    /// The head as of the look that counted them.
    pub counted_at: Place,
}

impl Basis {
    /// Every place that must be in the log, each once.
    pub(super) fn places(&self) -> BTreeSet<Place> {
        self.read_at.iter().copied().chain([self.counted_at]).collect()
    }
}

/// A change of a topic, or of who is in it.
#[derive(Clone, Debug)]
pub struct TopicWrite {
    /// Who wants it.
    pub actor: UserId,
    /// What.
    pub step: TopicStep,
}

/// What changes about a topic. Names, texts and people are checked; what only the log knows is decided under its lock.
#[derive(Clone, Debug)]
pub enum TopicStep {
    /// There is a new one, and its actor is its first member and owner.
    Create {
        /// Its name.
        name: TopicName,
        /// What it is for.
        description: String,
        /// Whether only members may know of it.
        private: bool,
    },
    /// What is given is set.
    Set {
        /// Which one.
        topic: TopicId,
        /// What it is for.
        description: Option<String>,
        /// Whether nothing more can be sent to it.
        archived: Option<bool>,
    },
    /// Somebody comes: the actor into a public one, or whom an owner brings. A member's role is set.
    Join {
        /// Where.
        topic: TopicId,
        /// Who.
        user: UserId,
        /// As what.
        role: TopicRole,
    },
    /// Somebody goes: the actor, or whom an owner removes.
    Leave {
        /// From where.
        topic: TopicId,
        /// Whether its messages go with it.
        private: bool,
        /// Who.
        user: UserId,
        /// What they have read.
        state: ReadState,
        /// From what was computed what is unread once they have left.
        basis: Basis,
    },
}

/// What became of a [`Write`].
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Stored, as this event.
    Stored(Entry),
    /// The key was used for the same request before; this is the message it published.
    Repeated(MessageId),
    /// The key was used for another request.
    KeyConflict,
    /// The read state is another one by now, or of a log that went back; or the person has another password.
    Stale,
    /// Whoever asked may not any more.
    Denied(Denial),
    /// The sender, or the person concerned, does not exist or is disabled.
    NoSuchPerson,
    /// All of it is so already.
    Unchanged,
    /// There is no such message for that person, or it was deleted.
    NoSuchMessage,
    /// Somebody else's message, who is no admin.
    NotTheirs,
    /// The message would be over [`push_system::limits::EDITED_BYTES`].
    TooLarge,
    /// There would be no admin any more who may log in.
    LastAdmin,
    /// There is no such topic, as far as who asks may know.
    NoSuchTopic,
    /// A public topic of that name exists.
    NameTaken,
    /// Only owners of the topic may do this.
    NotOwner,
    /// Whom it is about is no member, or cannot be one.
    NoSuchMember,
    /// Nothing can be sent to this topic.
    TopicArchived(TopicName),
    /// The person is in as many topics as anybody can be.
    TooManyTopics,
    /// The person came into this topic as often as anybody can.
    TooManyStays,
}

/// A search index that does not hold all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The last message it holds.
    pub indexed: MessageId,
    /// The last message there is.
    pub newest: MessageId,
}
