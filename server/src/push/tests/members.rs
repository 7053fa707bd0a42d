//! Memberships that are read from a slow store.

use async_trait::async_trait;
use push_system::{
    api::HistoryPage,
    ids::{MessageId, TopicId},
    read_state::ReadState,
    topic::{Topic, TopicInfo, TopicMember, TopicName},
};
use tokio::time::sleep;

use super::*;
use crate::store::{Membership, StoreError, Topics, UnreadCount, memory::MemoryStore};

/// Takes its time over each page of stays.
struct Slow {
    store: MemoryStore,
    each: Duration,
}

#[async_trait]
impl Topics for Slow {
    async fn stays_after(&self, last: Option<Membership>, limit: u32) -> Result<Vec<Membership>, StoreError> {
        sleep(self.each).await;
        self.store.stays_after(last, limit).await
    }

    async fn topics(&self, user: UserId) -> Result<Vec<TopicInfo>, StoreError> {
        self.store.topics(user).await
    }

    async fn topic(&self, user: UserId, id: TopicId) -> Result<Option<TopicInfo>, StoreError> {
        self.store.topic(user, id).await
    }

    async fn topics_named(&self, user: UserId, names: &[TopicName]) -> Result<Vec<Topic>, StoreError> {
        self.store.topics_named(user, names).await
    }

    async fn topic_members(&self, id: TopicId, after: UserId, limit: u32) -> Result<Vec<TopicMember>, StoreError> {
        self.store.topic_members(id, after, limit).await
    }

    async fn topic_messages(
        &self,
        user: UserId,
        id: TopicId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError> {
        self.store.topic_messages(user, id, before, limit).await
    }

    async fn count_unread_without(
        &self,
        user: UserId,
        topic: &Topic,
        state: &ReadState,
    ) -> Result<UnreadCount, StoreError> {
        self.store.count_unread_without(user, topic, state).await
    }
}

const OPS: TopicId = TopicId(1);

fn store_of(people: u64) -> MemoryStore {
    let store = MemoryStore::new(7);
    let mut tables = store.backup();
    let stay = |user| Membership {
        user: UserId(user),
        topic: OPS,
        private: false,
        owner: false,
        after: Seq(user),
        until: None,
    };
    tables.stays = (1..=people).map(stay).collect();
    store.restore(tables);
    store
}

#[tokio::test(start_paused = true)]
async fn memberships_without_number_are_read_from_a_slow_store_and_not_from_one_that_hangs() {
    let people = 20_001;
    let (slow, members) = (Duration::from_secs(2), Members::default());
    members.reload(&Slow { store: store_of(people), each: slow }).await.unwrap();
    assert_eq!(members.at(OPS, Seq(people + 1)).len() as u64, people);
    let hung = Slow { store: store_of(1), each: Duration::from_hours(1) };
    assert!(members.reload(&hung).await.is_err());
    assert_eq!(members.at(OPS, Seq(people + 1)).len() as u64, people, "what was known is kept");
}
