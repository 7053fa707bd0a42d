//! Topics: what names mean, and changes of them.

use push_system::{
    accounts::Person,
    api::HistoryPage,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{MessageId, TopicId, UserId},
    message::Draft,
    topic::{self, NewTopic, Topic, TopicChange, TopicInfo, TopicMembers, TopicName, TopicRole},
};

use super::{Push, unavailable};
use crate::store::{Change, EntryBody, Outcome, TopicStep, TopicWrite};

/// Attempts to leave when other devices of the same person change what is read at the same time.
const ATTEMPTS: u32 = 8;

impl Push {
    /// The topics a draft names, as its sender sees them: to somebody outside, a private one does not exist. A name alone
    /// means a topic only where no other is called so: any owner may bring the sender into one, and must not get by that what
    /// was meant for another.
    ///
    /// # Errors
    /// `unknown_recipient`, `ambiguous_recipient`, `mixed_audience`, `topic_archived`, `unavailable`.
    pub(super) async fn topics_of(&self, sender: &Person, draft: &Draft) -> Result<Vec<Topic>, Rejection> {
        let names: Vec<_> = draft.to.topics().map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.0.store.topics_named(sender.id, &names).await.map_err(|error| unavailable(&error))?;
        let mut topics: Vec<Topic> = Vec::new();
        for (name, id) in draft.to.topics() {
            let topic = meant(&found, name, id)?;
            if !topics.contains(topic) {
                topics.push(topic.clone());
            }
        }
        let alone = topics.len() == 1 && draft.to.shown().iter().count() == 1;
        if topics.iter().any(|topic| topic.private) && !alone {
            return Err(Rejection::at(ErrorCode::MixedAudience, "to", Sentence::MixedAudience));
        }
        match topics.iter().find(|topic| topic.archived) {
            Some(archived) => Err(topic_archived(&archived.name)),
            None => Ok(topics),
        }
    }

    /// Creates a topic; who creates it is its first member and owner.
    ///
    /// # Errors
    /// `invalid`, `too_long`, `taken` (a public topic has this name), `too_many`, `unavailable`, `outcome_unknown`.
    pub async fn create_topic(&self, actor: &Person, request: NewTopic) -> Result<TopicInfo, Rejection> {
        let name = TopicName::parse(&request.name)?;
        let description = topic::description(request.description.unwrap_or_default())?;
        let step = TopicStep::Create { name, description, private: request.private };
        match self.step(actor.id, step).await? {
            Outcome::Stored(entry) => match entry.body {
                EntryBody::Topic(event) => self.topic(actor.id, event.topic.id).await,
                _ => Err(Rejection::new(ErrorCode::Internal, Sentence::Internal)),
            },
            outcome => Err(refusal(&outcome)),
        }
    }

    /// Describes a topic anew, closes it, or opens it again.
    ///
    /// # Errors
    /// `not_found`, `forbidden` (only its owners may), `too_long`, `unavailable`, `outcome_unknown`.
    pub async fn change_topic(&self, actor: UserId, id: TopicId, change: TopicChange) -> Result<TopicInfo, Rejection> {
        let description = change.description.map(topic::description).transpose()?;
        self.done(actor, TopicStep::Set { topic: id, description, archived: change.archived }).await?;
        self.topic(actor, id).await
    }

    /// Brings somebody into a topic, or sets what a member may do. People come into public topics by themselves.
    ///
    /// # Errors
    /// `not_found` (the topic or the person), `forbidden`, `too_many` (they are in too many, or came too often),
    /// `unavailable`, `outcome_unknown`.
    pub async fn join_topic(
        &self,
        actor: UserId,
        id: TopicId,
        user: UserId,
        role: Option<TopicRole>,
    ) -> Result<(), Rejection> {
        let role = match role {
            Some(role) => role,
            // Who is there already stays what they are.
            None => match self.role_in(actor, id, user).await? {
                Some(_) => return Ok(()),
                None => TopicRole::Member,
            },
        };
        self.done(actor, TopicStep::Join { topic: id, user, role }).await
    }

    /// Takes somebody out of a topic. Of a private one, nothing is left to them.
    ///
    /// # Errors
    /// `not_found` (the topic, or they are no member), `forbidden`, `unavailable`, `outcome_unknown`.
    pub async fn leave_topic(&self, actor: UserId, id: TopicId, user: UserId) -> Result<(), Rejection> {
        let topic = self.topic(actor, id).await?.topic;
        for _ in 0..ATTEMPTS {
            let stored = self.0.store.read_state(user).await.map_err(|error| unavailable(&error))?;
            let stored = stored.ok_or_else(|| Rejection::new(ErrorCode::NotFound, Sentence::NoSuchUser))?;
            let counted = self.0.store.count_unread_without(user, &topic, &stored.state).await;
            let counted = counted.map_err(|error| unavailable(&error))?;
            let step = TopicStep::Leave {
                topic: id,
                private: topic.private,
                user,
                basis: counted.basis(&stored),
                state: stored.state,
            };
            match self.step(actor, step).await? {
                Outcome::Stale => {}
                Outcome::Stored(_) => return Ok(()),
                Outcome::NoSuchMember => return Err(Rejection::new(ErrorCode::NotFound, Sentence::NoSuchMember)),
                outcome => return Err(refusal(&outcome)),
            }
        }
        Err(Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable))
    }

    /// All topics a person may see, by name.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn topics(&self, user: UserId) -> Result<Vec<TopicInfo>, Rejection> {
        self.0.store.topics(user).await.map_err(|error| unavailable(&error))
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn topic(&self, user: UserId, id: TopicId) -> Result<TopicInfo, Rejection> {
        let found = self.0.store.topic(user, id).await.map_err(|error| unavailable(&error))?;
        found.ok_or_else(no_such_topic)
    }

    /// The next members of a topic that the person may see, by number.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn topic_members(
        &self,
        user: UserId,
        id: TopicId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<TopicMembers, Rejection> {
        self.topic(user, id).await?;
        let found = self.0.store.topic_members(id, after.unwrap_or_default(), limit.saturating_add(1)).await;
        let mut members = found.map_err(|error| unavailable(&error))?;
        let more = members.len() > limit as usize;
        members.truncate(limit as usize);
        let next = members.last().map(|last| last.person.id).filter(|_| more);
        Ok(TopicMembers { members, next })
    }

    /// Messages to a topic, newest first: of a public one all, of a private one those since the person came.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn topic_messages(
        &self,
        user: UserId,
        id: TopicId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<HistoryPage, Rejection> {
        let page = self.0.store.topic_messages(user, id, before, limit).await.map_err(|error| unavailable(&error))?;
        page.ok_or_else(no_such_topic)
    }

    async fn role_in(&self, actor: UserId, id: TopicId, user: UserId) -> Result<Option<TopicRole>, Rejection> {
        self.topic(actor, id).await?;
        let seen = self.0.store.topic(user, id).await.map_err(|error| unavailable(&error))?;
        Ok(seen.and_then(|info| info.role))
    }

    async fn step(&self, actor: UserId, step: TopicStep) -> Result<Outcome, Rejection> {
        self.write(Change::Topic(TopicWrite { actor, step }), Vec::new()).await
    }

    async fn done(&self, actor: UserId, step: TopicStep) -> Result<(), Rejection> {
        match self.step(actor, step).await? {
            Outcome::Stored(_) | Outcome::Unchanged => Ok(()),
            outcome => Err(refusal(&outcome)),
        }
    }
}

fn refusal(outcome: &Outcome) -> Rejection {
    match outcome {
        Outcome::NoSuchTopic => no_such_topic(),
        Outcome::NoSuchMember => Rejection::new(ErrorCode::NotFound, Sentence::NoSuchUser),
        Outcome::NotOwner => Rejection::new(ErrorCode::Forbidden, Sentence::NotYourTopic),
        Outcome::NameTaken => Rejection::at(ErrorCode::Taken, "name", Sentence::TopicNameTaken),
        Outcome::TooManyTopics => Rejection::new(ErrorCode::TooMany, Sentence::TooManyTopics),
        Outcome::TooManyStays => Rejection::new(ErrorCode::TooMany, Sentence::TooManyStays),
        _ => Rejection::new(ErrorCode::Unauthorized, Sentence::Unauthorized),
    }
}

/// The only one of these of that name, and of that number where one is given.
fn meant<'a>(found: &'a [Topic], name: &TopicName, id: Option<TopicId>) -> Result<&'a Topic, Rejection> {
    let mut called = found.iter().filter(|topic| topic.name == *name && id.is_none_or(|id| topic.id == id));
    match (called.next(), called.next()) {
        (Some(topic), None) => Ok(topic),
        (Some(_), Some(_)) => {
            let detail = Sentence::AmbiguousRecipient(format!("#{name}"));
            Err(Rejection::at(ErrorCode::AmbiguousRecipient, "to", detail))
        }
        (None, _) => Err(unknown_topic(&id.map_or_else(|| name.to_string(), |id| format!("{name}:{id}")))),
    }
}

fn no_such_topic() -> Rejection {
    Rejection::new(ErrorCode::NotFound, Sentence::NoSuchTopic)
}

/// The same for a name nobody gave to anything, and for a private topic of others.
pub(super) fn unknown_topic(name: &str) -> Rejection {
    Rejection::at(ErrorCode::UnknownRecipient, "to", Sentence::UnknownRecipient(format!("#{name}")))
}

pub(super) fn topic_archived(name: &TopicName) -> Rejection {
    Rejection::at(ErrorCode::TopicArchived, "to", Sentence::TopicArchived(name.to_string()))
}
