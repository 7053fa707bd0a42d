//! Numbers that name things. All fit JavaScript's 2^53.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A person's number, given at registration.
    UserId
}
number! {
    /// An event's dense place in the log: the first is 1, and there is no hole.
    Seq
}
number! {
    /// A message's number: the [`Seq`] of the event that published it.
    MessageId
}

number! {
    /// A topic's number: the [`Seq`] of the event that created it, so that it tells nobody how many topics there are.
    TopicId
}

impl From<Seq> for TopicId {
    fn from(seq: Seq) -> Self {
        Self(seq.0)
    }
}

impl From<Seq> for MessageId {
    fn from(seq: Seq) -> Self {
        Self(seq.0)
    }
}

impl Seq {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
