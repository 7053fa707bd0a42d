//! Who is in which topic, as far as the tail has read: what decides who is told of an event to a topic.

use std::sync::{PoisonError, RwLock};

use push_system::ids::{Seq, TopicId, UserId};

use super::{
    Encoded,
    follower::{READ_WITHIN, in_time},
};
use crate::store::{Audience, Memberships, StoreError, Topics};

/// Stays read at once.
const PAGE: u32 = 5_000;

/// A step into a topic or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Somebody came.
    In {
        /// Where.
        topic: TopicId,
        /// Whether only members may know of it.
        private: bool,
        /// Who.
        user: UserId,
    },
    /// Somebody went.
    Out {
        /// From where.
        topic: TopicId,
        /// Who.
        user: UserId,
    },
}

/// The memberships of everybody. Stays are never forgotten, so it may be ahead of the tail and still be right about what the
/// tail holds.
#[derive(Default)]
pub struct Members(RwLock<Memberships>);

impl Members {
    /// Reads all of them. To be done after the place is known from which the log is followed.
    pub async fn load<S: Topics + ?Sized>(store: &S) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(read(store).await?)))
    }

    /// Reads all of them anew: the log is another one.
    pub async fn reload<S: Topics + ?Sized>(&self, store: &S) -> Result<(), StoreError> {
        let memberships = read(store).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = memberships;
        Ok(())
    }

    /// Notes what an event says of them; before anybody is told of it.
    pub fn note(&self, entry: &Encoded) {
        let Some(moved) = entry.moved else { return };
        let mut memberships = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let seq = entry.position.seq;
        match moved {
            Moved::In { topic, private, user } => memberships.join(topic, private, user, seq),
            Moved::Out { topic, user } => memberships.leave(topic, user, seq),
        }
    }

    /// Whether `user` receives what is for `audience`.
    pub fn includes(&self, audience: &Audience, user: UserId) -> bool {
        match audience {
            Audience::Topics { .. } => audience.includes(user, &self.0.read().unwrap_or_else(PoisonError::into_inner)),
            Audience::Everyone => true,
            Audience::People(people) => people.binary_search(&user).is_ok(),
            Audience::Servers => false,
        }
    }

    /// The members that an event at a place is for.
    pub fn at(&self, topic: TopicId, place: Seq) -> Vec<UserId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).members_at(topic, place)
    }
}

/// However many there are, the store is given the time of a page for each page.
async fn read<S: Topics + ?Sized>(store: &S) -> Result<Memberships, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = in_time(READ_WITHIN, store.stays_after(all.last().copied(), PAGE)).await?;
        let full = page.len() == PAGE as usize;
        all.extend(page);
        if !full {
            return Ok(all.into_iter().collect());
        }
    }
}
