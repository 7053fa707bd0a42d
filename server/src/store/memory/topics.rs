//! [`Topics`] in memory.

use async_trait::async_trait;
use push_system::{
    api::HistoryPage,
    ids::{MessageId, TopicId, UserId},
    message::Message,
    read_state::ReadState,
    topic::{Topic, TopicInfo, TopicMember, TopicName, TopicRole},
};

use super::{
    super::{
        Entry, EntryBody, Membership, Memberships, Place, StoreError, TopicNews, TopicStep, TopicWrite, Topics,
        UnreadCount,
        plan::{Facts, KnownTopic, Questions},
    },
    MemoryStore, Tables,
};

#[async_trait]
impl Topics for MemoryStore {
    async fn stays_after(&self, last: Option<Membership>, limit: u32) -> Result<Vec<Membership>, StoreError> {
        let place = |stay: &Membership| (stay.user, stay.topic, stay.after);
        let mut stays = self.tables().stays.clone();
        stays.sort_by_key(place);
        let behind = stays.into_iter().filter(|stay| last.is_none_or(|last| place(stay) > place(&last)));
        Ok(behind.take(limit as usize).collect())
    }

    async fn topics(&self, user: UserId) -> Result<Vec<TopicInfo>, StoreError> {
        let tables = self.tables();
        let mut all: Vec<_> = tables.topics.keys().filter_map(|id| tables.topic(user, *id)).collect();
        all.sort_by(|one, other| (&one.topic.name, one.topic.id).cmp(&(&other.topic.name, other.topic.id)));
        Ok(all)
    }

    async fn topic(&self, user: UserId, id: TopicId) -> Result<Option<TopicInfo>, StoreError> {
        Ok(self.tables().topic(user, id))
    }

    async fn topics_named(&self, user: UserId, names: &[TopicName]) -> Result<Vec<Topic>, StoreError> {
        let tables = self.tables();
        let visible = tables.topics.keys().filter_map(|id| tables.topic(user, *id)).map(|found| found.topic);
        let mut found: Vec<_> = visible.filter(|topic| names.contains(&topic.name)).collect();
        found.sort_by_key(|topic| (!topic.private, topic.id));
        Ok(found)
    }

    async fn topic_members(&self, id: TopicId, after: UserId, limit: u32) -> Result<Vec<TopicMember>, StoreError> {
        let tables = self.tables();
        let behind = tables.open(id).filter(|stay| stay.user > after);
        let mut members: Vec<_> = behind.filter_map(|stay| tables.member(stay)).collect();
        members.sort_by_key(|member| member.person.id);
        members.truncate(limit as usize);
        Ok(members)
    }

    async fn topic_messages(
        &self,
        user: UserId,
        id: TopicId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError> {
        let tables = self.tables();
        let Some(info) = tables.topic(user, id) else { return Ok(None) };
        let since = tables.open(id).find(|stay| stay.user == user).map(|stay| stay.after);
        let first = since.filter(|_| info.topic.private).unwrap_or_default();
        let before = before.unwrap_or(MessageId(u64::MAX));
        let wanted = tables.messages.values().rev().map(|(message, _)| message);
        let mut messages: Vec<_> = wanted
            .filter(|message| message.is_in(id) && message.id < before && message.id.0 > first.0)
            .take(limit as usize + 1)
            .cloned()
            .collect();
        let has_more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        Ok(Some(HistoryPage { messages, has_more, search: None }))
    }

    async fn count_unread_without(
        &self,
        user: UserId,
        topic: &Topic,
        state: &ReadState,
    ) -> Result<UnreadCount, StoreError> {
        let tables = self.tables();
        let without = topic.private.then_some(topic.id);
        let count = tables.unread_without(user, without, state).count() as u64;
        Ok(UnreadCount { count, through: Place::from(&tables.head.position) })
    }
}

impl Tables {
    pub(super) fn memberships(&self) -> Memberships {
        self.stays.iter().copied().collect()
    }

    /// Whether it stands on the page of a public topic.
    pub(super) fn is_public(&self, message: &Message) -> bool {
        message.topics.iter().any(|named| self.topics.get(&named.id).is_some_and(|(topic, _)| !topic.private))
    }

    /// The topics somebody is in, by number.
    pub(super) fn topics_of(&self, user: UserId) -> Vec<Topic> {
        let mine = |id: &TopicId| self.open(*id).any(|stay| stay.user == user);
        self.topics.iter().filter(|(id, _)| mine(id)).map(|(_, (topic, _))| topic.clone()).collect()
    }

    pub(super) fn add_topic_facts(&self, questions: &Questions<'_>, facts: &mut Facts) {
        for id in &questions.topics {
            let Some((topic, _)) = self.topics.get(id) else { continue };
            let owner = |stay: &&Membership| {
                stay.owner && self.accounts.get(&stay.user).is_some_and(|account| !account.disabled)
            };
            let owners = self.open(*id).filter(owner).count() as u64;
            facts.topics.insert(*id, KnownTopic { topic: topic.clone(), owners });
        }
        let public = self.topics.values().filter(|(topic, _)| !topic.private).map(|(topic, _)| topic.name.clone());
        facts.names = public.filter(|name| questions.names.contains(&name)).collect();
        facts.stays = self.stays.iter().filter(|stay| questions.members.contains(&stay.user)).copied().collect();
    }

    pub(super) fn change_topic(&mut self, change: &TopicWrite, entry: &Entry) {
        let EntryBody::Topic(event) = &entry.body else { return };
        let (topic, seq) = (&event.topic, entry.position.seq);
        let created = self.topics.get(&topic.id).map_or(entry.at, |(_, created)| *created);
        self.topics.insert(topic.id, (topic.clone(), created));
        let begin =
            |user, owner| Membership { user, topic: topic.id, private: topic.private, owner, after: seq, until: None };
        match &change.step {
            TopicStep::Create { .. } => self.stays.push(begin(change.actor, true)),
            TopicStep::Set { .. } => {}
            TopicStep::Join { user, role, .. } => {
                let owner = *role == TopicRole::Owner;
                match event.what {
                    TopicNews::Joined(_) => self.stays.push(begin(*user, owner)),
                    _ => self.stay(topic.id, *user).for_each(|stay| stay.owner = owner),
                }
            }
            TopicStep::Leave { user, .. } => {
                self.stay(topic.id, *user).for_each(|stay| (stay.until, stay.owner) = (Some(seq), false));
                if let Some((_, version)) = self.reads.get_mut(user) {
                    *version += 1;
                }
            }
        }
    }

    fn topic(&self, user: UserId, id: TopicId) -> Option<TopicInfo> {
        let (topic, created) = self.topics.get(&id)?;
        let stay = self.open(id).find(|stay| stay.user == user);
        if topic.private && stay.is_none() {
            return None;
        }
        let members = self.open(id).filter(|stay| self.member(stay).is_some()).count() as u64;
        Some(TopicInfo { topic: topic.clone(), role: stay.map(role), members, created: *created })
    }

    fn open(&self, id: TopicId) -> impl Iterator<Item = &Membership> {
        self.stays.iter().filter(move |stay| stay.topic == id && stay.is_open())
    }

    fn stay(&mut self, id: TopicId, user: UserId) -> impl Iterator<Item = &mut Membership> {
        self.stays.iter_mut().filter(move |stay| stay.topic == id && stay.user == user && stay.is_open())
    }

    fn member(&self, stay: &Membership) -> Option<TopicMember> {
        let account = self.accounts.get(&stay.user).filter(|account| account.deleted.is_none())?;
        Some(TopicMember { person: account.person.clone(), role: role(stay) })
    }
}

fn role(stay: &Membership) -> TopicRole {
    if stay.owner { TopicRole::Owner } else { TopicRole::Member }
}
