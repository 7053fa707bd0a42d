//! What becomes of messages after they were published, for everybody and for one person.

use push_system::{
    ids::{MessageId, UserId},
    marks::{Marks, MarksChange},
    message::{Edit, Message},
    read_state::Ranges,
};

use super::{Audience, Basis, Place, StoredReadState};

/// A change of a message that was published.
#[derive(Clone, Debug)]
pub struct Amend {
    /// Who changes it: its sender, or an admin who may see it.
    pub by: UserId,
    /// Which one.
    pub message: MessageId,
    /// How.
    pub to: Amendment,
}

/// What becomes of a message.
#[derive(Clone, Debug)]
pub enum Amendment {
    /// It says something else.
    Edit(Box<Edit>),
    /// It is taken back, for good.
    Delete,
}

/// A message with whom it reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// As it is now.
    pub message: Message,
    /// Who received it, and receives each change of it.
    pub audience: Audience,
    /// Whether it stands on the page of a public topic, where everybody may read it.
    pub public: bool,
}

/// New marks.
#[derive(Clone, Debug)]
pub struct MarksWrite {
    /// From here on.
    pub after: Marks,
    /// What leads to them.
    pub change: MarksChange,
}

/// Unread messages, counted in one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadCount {
    /// How many.
    pub count: u64,
    /// The head as of that look.
    pub through: Place,
}

impl UnreadCount {
    /// What is computed from `stored` and from this count, which was made after it was read.
    pub fn basis(self, stored: &StoredReadState) -> Basis {
        Basis { version: stored.version, read_at: vec![stored.head], unread: self.count, counted_at: self.through }
    }
}

/// Where nothing is for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gaps {
    /// The ranges that hold nothing.
    pub empty: Ranges,
    /// The head as of that look.
    pub at: Place,
}

/// Among which messages of a person is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// All they may see.
    All,
    /// Those of others that are not deleted: the ones that may be unread.
    FromOthers,
}
