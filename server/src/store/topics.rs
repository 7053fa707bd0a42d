//! [`Topics`] on any [`Backend`].

use async_trait::async_trait;
use push_system::{
    api::HistoryPage,
    ids::{MessageId, TopicId, UserId},
    read_state::ReadState,
    topic::{Topic, TopicInfo, TopicMember, TopicName},
};

use super::{
    Membership, StoreError, UnreadCount,
    backend::{Backend, within},
    history,
    records::AudienceKind,
    rows::int,
    statements::Span,
    stretches::{Reader, Stretch},
    topic_rows::TopicRows as _,
};

/// Topics, and who is in them. What changes them is a change of the log.
#[async_trait]
pub trait Topics: Send + Sync + 'static {
    /// The next stays of everybody behind `last`, by person, topic and place. Stays never go, so that pages read one after
    /// the other miss nothing but what the log tells after the first was read.
    async fn stays_after(&self, last: Option<Membership>, limit: u32) -> Result<Vec<Membership>, StoreError>;

    /// The topics a person may see: all public ones and the private ones they are in, by name.
    async fn topics(&self, user: UserId) -> Result<Vec<TopicInfo>, StoreError>;

    /// One of them.
    async fn topic(&self, user: UserId, id: TopicId) -> Result<Option<TopicInfo>, StoreError>;

    /// Those of these names that a person may see; own private ones first, then the oldest.
    async fn topics_named(&self, user: UserId, names: &[TopicName]) -> Result<Vec<Topic>, StoreError>;

    /// The next members of a topic behind this one, by number, whoever asks.
    async fn topic_members(&self, id: TopicId, after: UserId, limit: u32) -> Result<Vec<TopicMember>, StoreError>;

    /// Messages to a topic, newest first: of a public one all, of a private one those of the person's present stay.
    /// `None` where there is no such topic for them.
    async fn topic_messages(
        &self,
        user: UserId,
        id: TopicId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError>;

    /// As [`super::Log::count_unread`], for somebody who leaves this topic: a private one takes its messages with it.
    async fn count_unread_without(
        &self,
        user: UserId,
        topic: &Topic,
        state: &ReadState,
    ) -> Result<UnreadCount, StoreError>;
}

#[async_trait]
impl<B: Backend> Topics for B {
    async fn stays_after(&self, last: Option<Membership>, limit: u32) -> Result<Vec<Membership>, StoreError> {
        within(B::PATIENCE, async {
            let mut follower = self.follower().await?;
            let stays = follower.stays_after(last.as_ref(), limit).await;
            follower.end(stays).await
        })
        .await
    }

    async fn topics(&self, user: UserId) -> Result<Vec<TopicInfo>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let topics = reader.topics_visible(user, None).await;
            reader.end(topics).await
        })
        .await
    }

    async fn topic(&self, user: UserId, id: TopicId) -> Result<Option<TopicInfo>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let topics = reader.topics_visible(user, Some(id)).await;
            Ok(reader.end(topics).await?.pop())
        })
        .await
    }

    async fn topics_named(&self, user: UserId, names: &[TopicName]) -> Result<Vec<Topic>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let topics = reader.topics_named(user, names).await;
            reader.end(topics).await
        })
        .await
    }

    async fn topic_members(&self, id: TopicId, after: UserId, limit: u32) -> Result<Vec<TopicMember>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let members = reader.members_of(id, after, limit).await;
            reader.end(members).await
        })
        .await
    }

    async fn topic_messages(
        &self,
        user: UserId,
        id: TopicId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError> {
        let through = before.map_or(i64::MAX, |before| int(before.0.saturating_sub(1)));
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let page = async {
                let Some(found) = read.topics_visible(user, Some(id)).await?.pop() else { return Ok(None) };
                let span = if found.topic.private {
                    let reader = history::reader(&mut *read, user).await?;
                    let stay = reader.private().find(|(topic, _)| *topic == int(id.0));
                    let Some((_, stay)) = stay else { return Ok(None) };
                    Span { after: stay.after, through }
                } else {
                    Span { after: 0, through }
                };
                let stretch = Stretch::of(AudienceKind::TopicNamed, int(id.0), span);
                history::newest(&mut *read, &[stretch], limit).await.map(Some)
            };
            let page = page.await;
            read.end(page).await
        })
        .await
    }

    async fn count_unread_without(
        &self,
        user: UserId,
        topic: &Topic,
        state: &ReadState,
    ) -> Result<UnreadCount, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let count = async {
                let Reader { user, mut stays } = history::reader(&mut *read, user).await?;
                stays.retain(|stay| !topic.private || stay.topic != topic.id);
                history::count_all_unread(&mut *read, &Reader { user, stays }, state).await
            };
            let count = count.await;
            read.end(count).await
        })
        .await
    }
}
