//! Topics and memberships, in SQL that all databases speak.

mod shapes;

use async_trait::async_trait;
use push_system::{
    ids::{MessageId, Seq, TopicId, UserId},
    timestamp::Timestamp,
    topic::{Topic, TopicInfo, TopicMember, TopicName},
};
use sqlx::{MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::{
    Membership, StoreError,
    mysql::padded,
    rows::{self, int, ints},
};
use shapes::{MemberRow, NamedRow, OwnersRow, StayRow, VisibleRow};

/// In whose SQL no database differs from another.
#[async_trait]
pub trait TopicRows {
    /// Every stay of these people.
    async fn stays_of(&mut self, people: &[UserId]) -> Result<Vec<Membership>, StoreError>;

    /// The next stays of everybody, by person, topic and place.
    async fn stays_after(&mut self, last: Option<&Membership>, limit: u32) -> Result<Vec<Membership>, StoreError>;

    /// What a person may see, by name; or one of it.
    async fn topics_visible(&mut self, user: UserId, one: Option<TopicId>) -> Result<Vec<TopicInfo>, StoreError>;

    /// Those the person is a member of, by number.
    async fn topics_joined(&mut self, user: UserId) -> Result<Vec<Topic>, StoreError>;

    /// Those of these names that a person may see; own private ones first, then the oldest.
    async fn topics_named(&mut self, user: UserId, names: &[TopicName]) -> Result<Vec<Topic>, StoreError>;

    /// Whether a message stands on the page of a public topic: it names one, and so no private one.
    async fn is_public(&mut self, message: MessageId) -> Result<bool, StoreError>;

    /// The next members behind this one, by number.
    async fn members_of(&mut self, topic: TopicId, after: UserId, limit: u32) -> Result<Vec<TopicMember>, StoreError>;

    /// Those that exist.
    async fn topics_known(&mut self, ids: &[TopicId]) -> Result<Vec<Topic>, StoreError>;

    /// How many of its owners may log in, for those of these topics that have any.
    async fn owners_of(&mut self, ids: &[TopicId]) -> Result<Vec<(TopicId, u64)>, StoreError>;

    /// Of these names, the ones a public topic has.
    async fn names_taken(&mut self, names: &[&TopicName]) -> Result<Vec<TopicName>, StoreError>;

    /// Adds one, with its creator as its only member; needs a write transaction, as all that follow.
    async fn add_topic(&mut self, topic: &Topic, at: Timestamp) -> Result<(), StoreError>;

    /// Replaces what it is for, and whether it is closed.
    async fn set_topic(&mut self, topic: &Topic) -> Result<(), StoreError>;

    /// One member more, beside who created it.
    async fn count_in(&mut self, topic: TopicId) -> Result<(), StoreError>;

    /// Somebody came.
    async fn begin_stay(&mut self, topic: TopicId, user: UserId, seq: Seq, owner: bool) -> Result<(), StoreError>;

    /// Somebody went.
    async fn end_stay(&mut self, topic: TopicId, user: UserId, seq: Seq) -> Result<(), StoreError>;

    /// Somebody whose account goes is counted in no topic any more.
    async fn uncount(&mut self, user: UserId) -> Result<(), StoreError>;

    /// What a member may do changed.
    async fn set_owner(&mut self, topic: TopicId, user: UserId, owner: bool) -> Result<(), StoreError>;
}

/// Values in one list.
const AT_ONCE: usize = 256;

/// `(?, ?, …)` of the values, as many as the next power of two.
macro_rules! list {
    ($query:ident, $values:expr) => {
        $query.push("(");
        let mut list = $query.separated(", ");
        for value in padded($values) {
            list.push_bind(value);
        }
        $query.push(")");
    };
}

/// [`TopicRows`] for a connection.
macro_rules! topic_rows {
    ($connection:ty) => {
        #[async_trait]
        impl TopicRows for $connection {
            async fn stays_of(&mut self, people: &[UserId]) -> Result<Vec<Membership>, StoreError> {
                let mut stays = Vec::new();
                for some in ints(people).chunks(AT_ONCE) {
                    let mut query = QueryBuilder::new(STAYS);
                    query.push(" WHERE m.user_id IN ");
                    list!(query, some);
                    let found: Vec<Membership> =
                        rows::all(query.build_query_as::<StayRow>().fetch_all(&mut *self).await?)?;
                    stays.extend(found);
                }
                Ok(stays)
            }

            async fn stays_after(
                &mut self,
                last: Option<&Membership>,
                limit: u32,
            ) -> Result<Vec<Membership>, StoreError> {
                let mut query = QueryBuilder::new(STAYS);
                if let Some(last) = last {
                    let (user, topic) = (int(last.user.0), int(last.topic.0));
                    query.push(" WHERE m.user_id > ").push_bind(user);
                    query.push(" OR (m.user_id = ").push_bind(user).push(" AND (m.topic_id > ").push_bind(topic);
                    query.push(" OR (m.topic_id = ").push_bind(topic);
                    query.push(" AND m.after_seq > ").push_bind(int(last.after.0)).push(")))");
                }
                query.push(" ORDER BY m.user_id, m.topic_id, m.after_seq LIMIT ").push_bind(i64::from(limit));
                rows::all(query.build_query_as::<StayRow>().fetch_all(self).await?)
            }

            async fn topics_visible(
                &mut self,
                user: UserId,
                one: Option<TopicId>,
            ) -> Result<Vec<TopicInfo>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT t.id, t.name, t.description, t.private, t.archived, t.created, t.members, mine.owner \
                     FROM topic t LEFT JOIN membership mine \
                     ON mine.topic_id = t.id AND mine.until_seq IS NULL AND mine.user_id = ",
                );
                query.push_bind(int(user.0)).push(" WHERE (NOT t.private OR mine.user_id IS NOT NULL)");
                if let Some(id) = one {
                    query.push(" AND t.id = ").push_bind(int(id.0));
                }
                query.push(" ORDER BY t.name, t.id");
                rows::all(query.build_query_as::<VisibleRow>().fetch_all(self).await?)
            }

            async fn topics_joined(&mut self, user: UserId) -> Result<Vec<Topic>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT t.id, t.name, t.description, t.private, t.archived FROM membership m \
                     JOIN topic t ON t.id = m.topic_id WHERE m.until_seq IS NULL AND m.user_id = ",
                );
                query.push_bind(int(user.0)).push(" ORDER BY t.id");
                rows::all(query.build_query_as::<NamedRow>().fetch_all(self).await?)
            }

            async fn topics_named(&mut self, user: UserId, names: &[TopicName]) -> Result<Vec<Topic>, StoreError> {
                let names: Vec<_> = names.iter().map(|name| name.as_str().to_owned()).collect();
                if names.is_empty() {
                    return Ok(Vec::new());
                }
                // By ways on which no private topic of others lies: it takes as long as if there were none.
                let mut query = QueryBuilder::new(
                    "SELECT t.id, t.name, t.description, t.private, t.archived FROM membership m \
                     JOIN topic t ON t.id = m.topic_id WHERE m.until_seq IS NULL AND t.private AND m.user_id = ",
                );
                query.push_bind(int(user.0)).push(" AND t.name IN ");
                list!(query, &names);
                query.push(
                    " UNION ALL SELECT t.id, t.name, t.description, t.private, t.archived FROM topic t \
                     WHERE t.public_name IN ",
                );
                list!(query, &names);
                query.push(" ORDER BY id");
                rows::all(query.build_query_as::<NamedRow>().fetch_all(self).await?)
            }

            async fn is_public(&mut self, message: MessageId) -> Result<bool, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT COUNT(*) FROM message WHERE topics IS NOT NULL AND private_topic IS NULL AND id = ",
                );
                let count: i64 = query.push_bind(int(message.0)).build_query_scalar().fetch_one(self).await?;
                Ok(count > 0)
            }

            async fn members_of(
                &mut self,
                topic: TopicId,
                after: UserId,
                limit: u32,
            ) -> Result<Vec<TopicMember>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT a.id, a.name, m.owner FROM membership m JOIN account a ON a.id = m.user_id \
                     WHERE m.until_seq IS NULL AND a.deleted_at IS NULL AND m.topic_id = ",
                );
                query.push_bind(int(topic.0)).push(" AND m.user_id > ").push_bind(int(after.0));
                query.push(" ORDER BY m.user_id LIMIT ").push_bind(i64::from(limit));
                rows::all(query.build_query_as::<MemberRow>().fetch_all(self).await?)
            }

            async fn topics_known(&mut self, ids: &[TopicId]) -> Result<Vec<Topic>, StoreError> {
                let ids: Vec<_> = ids.iter().map(|id| int(id.0)).collect();
                let mut known = Vec::new();
                for some in ids.chunks(AT_ONCE) {
                    let mut query = QueryBuilder::new(
                        "SELECT t.id, t.name, t.description, t.private, t.archived FROM topic t WHERE t.id IN ",
                    );
                    list!(query, some);
                    let found: Vec<Topic> = rows::all(query.build_query_as::<NamedRow>().fetch_all(&mut *self).await?)?;
                    known.extend(found);
                }
                Ok(known)
            }

            async fn owners_of(&mut self, ids: &[TopicId]) -> Result<Vec<(TopicId, u64)>, StoreError> {
                let ids: Vec<_> = ids.iter().map(|id| int(id.0)).collect();
                let mut owners = Vec::new();
                for some in ids.chunks(AT_ONCE) {
                    let mut query = QueryBuilder::new(
                        "SELECT m.topic_id, COUNT(*) AS owners FROM membership m JOIN account a ON a.id = m.user_id \
                         WHERE m.owner = TRUE AND m.until_seq IS NULL AND NOT a.disabled AND m.topic_id IN ",
                    );
                    list!(query, some);
                    query.push(" GROUP BY m.topic_id");
                    let found: Vec<(TopicId, u64)> =
                        rows::all(query.build_query_as::<OwnersRow>().fetch_all(&mut *self).await?)?;
                    owners.extend(found);
                }
                Ok(owners)
            }

            async fn names_taken(&mut self, names: &[&TopicName]) -> Result<Vec<TopicName>, StoreError> {
                let names: Vec<_> = names.iter().map(|name| name.as_str().to_owned()).collect();
                let mut taken = Vec::new();
                for some in names.chunks(AT_ONCE) {
                    let mut query = QueryBuilder::new("SELECT public_name FROM topic WHERE public_name IN ");
                    list!(query, some);
                    let found: Vec<String> = query.build_query_scalar().fetch_all(&mut *self).await?;
                    for name in found {
                        taken.push(rows::topic_name(&name)?);
                    }
                }
                Ok(taken)
            }

            async fn add_topic(&mut self, topic: &Topic, at: Timestamp) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new(
                    "INSERT INTO topic (id, name, public_name, description, private, archived, created, members) VALUES (",
                );
                let mut values = query.separated(", ");
                values.push_bind(int(topic.id.0)).push_bind(topic.name.as_str());
                values.push_bind((!topic.private).then_some(topic.name.as_str()));
                values.push_bind(topic.description.as_str()).push_bind(topic.private).push_bind(topic.archived);
                values.push_bind(at.unix_ms()).push("1");
                query.push(")").build().execute(self).await?;
                Ok(())
            }

            async fn set_topic(&mut self, topic: &Topic) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE topic SET description = ");
                query.push_bind(topic.description.as_str()).push(", archived = ").push_bind(topic.archived);
                query.push(" WHERE id = ").push_bind(int(topic.id.0));
                query.build().execute(self).await?;
                Ok(())
            }

            async fn begin_stay(
                &mut self,
                topic: TopicId,
                user: UserId,
                seq: Seq,
                owner: bool,
            ) -> Result<(), StoreError> {
                let mut query =
                    QueryBuilder::new("INSERT INTO membership (topic_id, user_id, after_seq, owner) VALUES (");
                let mut values = query.separated(", ");
                values.push_bind(int(topic.0)).push_bind(int(user.0)).push_bind(int(seq.0)).push_bind(owner);
                query.push(")").build().execute(self).await?;
                Ok(())
            }

            async fn count_in(&mut self, topic: TopicId) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE topic SET members = members + 1 WHERE id = ");
                query.push_bind(int(topic.0)).build().execute(self).await?;
                Ok(())
            }

            async fn end_stay(&mut self, topic: TopicId, user: UserId, seq: Seq) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE membership SET until_seq = ");
                query.push_bind(int(seq.0)).push(", owner = ").push_bind(false);
                query.push(" WHERE until_seq IS NULL AND topic_id = ").push_bind(int(topic.0));
                query.push(" AND user_id = ").push_bind(int(user.0));
                query.build().execute(&mut *self).await?;
                let mut query = QueryBuilder::new("UPDATE topic SET members = members - 1 WHERE id = ");
                query
                    .push_bind(int(topic.0))
                    .push(" AND EXISTS (SELECT 1 FROM account WHERE deleted_at IS NULL AND id = ");
                query.push_bind(int(user.0)).push(")").build().execute(self).await?;
                Ok(())
            }

            async fn uncount(&mut self, user: UserId) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new(
                    "UPDATE topic SET members = members - 1 \
                     WHERE id IN (SELECT topic_id FROM membership WHERE until_seq IS NULL AND user_id = ",
                );
                query.push_bind(int(user.0)).push(")").build().execute(self).await?;
                Ok(())
            }

            async fn set_owner(&mut self, topic: TopicId, user: UserId, owner: bool) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE membership SET owner = ");
                query.push_bind(owner).push(" WHERE until_seq IS NULL AND topic_id = ").push_bind(int(topic.0));
                query.push(" AND user_id = ").push_bind(int(user.0));
                query.build().execute(self).await?;
                Ok(())
            }
        }
    };
}

/// The columns of [`StayRow`].
const STAYS: &str = "SELECT m.user_id, m.topic_id, t.private, m.owner, m.after_seq, m.until_seq \
    FROM membership m JOIN topic t ON t.id = m.topic_id";

topic_rows!(SqliteConnection);
topic_rows!(PgConnection);
topic_rows!(MySqlConnection);
