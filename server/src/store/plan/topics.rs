//! Topics: who may do what, and what becomes of it.

use std::collections::HashSet;

use push_system::{
    accounts::Role,
    ids::{TopicId, UserId},
    limits,
    topic::{Topic, TopicRole},
};

use super::{
    super::{Audience, EntryBody, Membership, Outcome, Publish, TopicEvent, TopicNews, TopicStep, TopicWrite, Write},
    Counted, KnownTopic, Planner, Questions,
};

impl<'a> Questions<'a> {
    pub(super) fn about_topic(&mut self, place: usize, write: &'a TopicWrite) {
        self.people.push(write.actor);
        self.members.push(write.actor);
        match &write.step {
            TopicStep::Create { name, private, .. } => self.names.extend((!private).then_some(name)),
            TopicStep::Set { topic, .. } => self.manages(*topic),
            TopicStep::Join { topic, user, .. } => {
                self.manages(*topic);
                self.people.push(*user);
                self.members.push(*user);
            }
            TopicStep::Leave { topic, private, user, state, basis } => {
                self.manages(*topic);
                self.people.push(*user);
                self.members.push(*user);
                let without = private.then_some(*topic);
                self.counted.push((place, Counted { user: *user, state, basis, without }));
            }
        }
    }

    fn manages(&mut self, topic: TopicId) {
        self.topics.push(topic);
        self.managed.push(topic);
    }
}

impl Planner {
    /// Why a message cannot go to a topic it names.
    pub(super) fn objection(&self, publish: &Publish) -> Option<Outcome> {
        publish.topics.iter().find_map(|topic| match self.visible(topic.id, publish.sender.id) {
            None => Some(Outcome::NoSuchTopic),
            // Looked up in a log that went back since: its number stands for another one now.
            Some(known) if known.topic.name != topic.name => Some(Outcome::NoSuchTopic),
            Some(known) if known.topic.archived => Some(Outcome::TopicArchived(known.topic.name.clone())),
            Some(_) => None,
        })
    }

    pub(super) fn topic(&mut self, place: usize, write: &Write, change: &TopicWrite) -> Outcome {
        let actor = change.actor;
        if !self.is_active(actor) {
            return Outcome::NoSuchPerson;
        }
        let (id, step) = match &change.step {
            TopicStep::Create { .. } => return self.create_topic(write, change),
            step @ (TopicStep::Set { topic, .. } | TopicStep::Join { topic, .. } | TopicStep::Leave { topic, .. }) => {
                (*topic, step)
            }
        };
        let Some(known) = self.visible(id, actor).cloned() else { return Outcome::NoSuchTopic };
        let by_self = match step {
            TopicStep::Join { user, role, .. } => *user == actor && *role == TopicRole::Member,
            TopicStep::Leave { user, .. } => *user == actor,
            TopicStep::Set { .. } | TopicStep::Create { .. } => false,
        };
        if !by_self && !self.may_manage(&known, actor) {
            return Outcome::NotOwner;
        }
        match step {
            TopicStep::Create { .. } => Outcome::Unchanged,
            TopicStep::Set { description, archived, .. } => {
                self.set_topic(write, known, description.clone(), *archived)
            }
            TopicStep::Join { user, role, .. } => self.join_topic(write, known, actor, (*user, *role)),
            TopicStep::Leave { .. } => self.leave_topic(place, write, known, step),
        }
    }

    fn create_topic(&mut self, write: &Write, change: &TopicWrite) -> Outcome {
        let TopicStep::Create { name, description, private } = &change.step else { return Outcome::Unchanged };
        let (id, actor) = (TopicId::from(self.seq.next()), change.actor);
        if !private && !self.facts.names.insert(name.clone()) {
            return Outcome::NameTaken;
        }
        if self.has_too_many(actor, actor) {
            return Outcome::TooManyTopics;
        }
        let topic =
            Topic { id, name: name.clone(), description: description.clone(), private: *private, archived: false };
        self.facts.topics.insert(id, KnownTopic { topic: topic.clone(), owners: 1 });
        self.begin_stay(&topic, actor, true);
        self.tell_one(write, actor, topic, TopicNews::Created(actor))
    }

    fn set_topic(
        &mut self,
        write: &Write,
        known: KnownTopic,
        description: Option<String>,
        archived: Option<bool>,
    ) -> Outcome {
        let before = known.topic;
        let topic = Topic {
            description: description.unwrap_or_else(|| before.description.clone()),
            archived: archived.unwrap_or(before.archived),
            ..before.clone()
        };
        if topic == before {
            return Outcome::Unchanged;
        }
        self.facts.topics.insert(topic.id, known_of(&topic, known.owners));
        self.tell_members(write, topic)
    }

    fn join_topic(
        &mut self,
        write: &Write,
        known: KnownTopic,
        actor: UserId,
        (user, role): (UserId, TopicRole),
    ) -> Outcome {
        let owner = role == TopicRole::Owner;
        if !self.is_active(user) {
            return Outcome::NoSuchMember;
        }
        let topic = known.topic;
        match self.stay(topic.id, user).map(|stay| stay.owner) {
            Some(is_owner) if is_owner == owner => Outcome::Unchanged,
            Some(_) => {
                self.facts.stays.iter_mut().filter(|stay| is_open(stay, topic.id, user)).for_each(|stay| {
                    stay.owner = owner;
                });
                let owners = if owner { known.owners + 1 } else { known.owners.saturating_sub(1) };
                self.facts.topics.insert(topic.id, known_of(&topic, owners));
                self.tell_members(write, topic)
            }
            None if self.has_too_many(actor, user) => Outcome::TooManyTopics,
            None if self.stays_in(topic.id, user) >= limits::STAYS_PER_TOPIC => Outcome::TooManyStays,
            None => {
                self.facts.topics.insert(topic.id, known_of(&topic, known.owners + u64::from(owner)));
                self.begin_stay(&topic, user, owner);
                self.tell_one(write, user, topic, TopicNews::Joined(user))
            }
        }
    }

    fn leave_topic(&mut self, place: usize, write: &Write, known: KnownTopic, step: &TopicStep) -> Outcome {
        let TopicStep::Leave { user, state, basis, .. } = step else { return Outcome::Unchanged };
        let (topic, user) = (known.topic, *user);
        let Some(owner) = self.stay(topic.id, user).map(|stay| stay.owner) else { return Outcome::NoSuchMember };
        if let Some(refusal) = self.outdated(place, user, basis) {
            return refusal;
        }
        let seq = self.seq.next();
        self.facts.stays.iter_mut().filter(|stay| is_open(stay, topic.id, user)).for_each(|stay| {
            (stay.until, stay.owner) = (Some(seq), false);
        });
        self.memberships.leave(topic.id, user, seq);
        let owners = known.owners.saturating_sub(u64::from(owner && self.is_active(user)));
        self.facts.topics.insert(topic.id, known_of(&topic, owners));
        let unread = self.unread_now(place, user, state, basis.unread);
        self.tell_one(write, user, topic, TopicNews::Left { user, unread })
    }

    fn tell_one(&mut self, write: &Write, user: UserId, topic: Topic, what: TopicNews) -> Outcome {
        self.store(write, Audience::People(vec![user]), EntryBody::Topic(Box::new(TopicEvent { topic, what })))
    }

    fn tell_members(&mut self, write: &Write, topic: Topic) -> Outcome {
        let audience = Audience::Topics { topics: vec![topic.id], people: Vec::new(), at: self.seq.next() };
        self.store(write, audience, EntryBody::Topic(Box::new(TopicEvent { topic, what: TopicNews::Changed })))
    }

    fn begin_stay(&mut self, topic: &Topic, user: UserId, owner: bool) {
        let (after, private) = (self.seq.next(), topic.private);
        self.memberships.join(topic.id, private, user, after);
        self.facts.stays.push(Membership { user, topic: topic.id, private, owner, after, until: None });
    }

    /// A topic, as far as this person may know of it.
    fn visible(&self, id: TopicId, user: UserId) -> Option<&KnownTopic> {
        self.facts.topics.get(&id).filter(|known| !known.topic.private || self.stay(id, user).is_some())
    }

    /// Its owners; its members, where none of its owners can log in; and admins, of a public one.
    fn may_manage(&self, known: &KnownTopic, user: UserId) -> bool {
        let is_admin = self.facts.people.get(&user).is_some_and(|person| person.role == Role::Admin);
        let member = self.stay(known.topic.id, user).is_some_and(|stay| stay.owner || known.owners == 0);
        member || (is_admin && !known.topic.private)
    }

    fn stay(&self, topic: TopicId, user: UserId) -> Option<&Membership> {
        self.facts.stays.iter().find(|stay| is_open(stay, topic, user))
    }

    fn stays_in(&self, topic: TopicId, user: UserId) -> usize {
        self.facts.stays.iter().filter(|stay| stay.topic == topic && stay.user == user).count()
    }

    /// Whether somebody is in too many topics, of those that `actor` may know of: whoever adds people until it is refused
    /// would otherwise learn in how many private ones they are.
    fn has_too_many(&self, actor: UserId, user: UserId) -> bool {
        let open = |who| self.facts.stays.iter().filter(move |stay| stay.user == who && stay.is_open());
        let known: HashSet<_> = open(actor).map(|stay| stay.topic).collect();
        open(user).filter(|stay| !stay.private || known.contains(&stay.topic)).count() >= limits::TOPICS_PER_PERSON
    }
}

fn is_open(stay: &Membership, topic: TopicId, user: UserId) -> bool {
    stay.topic == topic && stay.user == user && stay.is_open()
}

fn known_of(topic: &Topic, owners: u64) -> KnownTopic {
    KnownTopic { topic: topic.clone(), owners }
}

#[cfg(test)]
mod tests {
    use push_system::{
        accounts::{Person, Username},
        topic::TopicName,
    };

    use super::{
        super::super::{
            Change,
            contract::{draft, publish_draft, write},
        },
        *,
    };

    #[test]
    fn owners_are_counted_for_changes_of_a_topic_and_not_for_each_message_to_it() {
        let (id, name) = (TopicId(9), TopicName::parse("ops").unwrap());
        let ana = Person { id: UserId(1), name: Username::parse("ana").unwrap() };
        let mut message = publish_draft(&ana, "k", draft(serde_json::json!({ "message": "hi", "to": "#ops" })), vec![]);
        if let Change::Publish(publish) = &mut message.change {
            publish.topics = vec![Topic { id, name, description: String::new(), private: false, archived: false }];
        }
        let step = TopicStep::Set { topic: id, description: None, archived: Some(true) };
        let change = write(Change::Topic(TopicWrite { actor: ana.id, step }));
        for (batch, managed) in [([message], vec![]), ([change], vec![id])] {
            let questions = Questions::of(&batch);
            assert_eq!((questions.topics, questions.managed), (vec![id], managed));
        }
    }
}
