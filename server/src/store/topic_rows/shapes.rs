//! Rows as [`super`] reads them, and what they are parsed into.

use push_system::{
    ids::{Seq, TopicId, UserId},
    timestamp::Timestamp,
    topic::{Topic, TopicInfo, TopicMember, TopicRole},
};
use sqlx::FromRow;

use super::super::{
    Membership, StoreError,
    rows::{PersonRow, number, topic_name},
};

/// `user_id, topic_id, private, owner, after_seq, until_seq`.
#[derive(FromRow)]
pub(super) struct StayRow {
    user_id: i64,
    topic_id: i64,
    private: bool,
    owner: bool,
    after_seq: i64,
    until_seq: Option<i64>,
}

impl TryFrom<StayRow> for Membership {
    type Error = StoreError;

    fn try_from(row: StayRow) -> Result<Self, StoreError> {
        Ok(Self {
            user: UserId(number("user_id", row.user_id)?),
            topic: TopicId(number("topic_id", row.topic_id)?),
            private: row.private,
            owner: row.owner,
            after: Seq(number("after_seq", row.after_seq)?),
            until: row.until_seq.map(|until| number("until_seq", until).map(Seq)).transpose()?,
        })
    }
}

/// `id, name, description, private, archived` of `topic`.
#[derive(FromRow)]
pub(super) struct NamedRow {
    id: i64,
    name: String,
    description: String,
    private: bool,
    archived: bool,
}

impl TryFrom<NamedRow> for Topic {
    type Error = StoreError;

    fn try_from(row: NamedRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TopicId(number("id", row.id)?),
            name: topic_name(&row.name)?,
            description: row.description,
            private: row.private,
            archived: row.archived,
        })
    }
}

/// A [`NamedRow`] with `created, members`, and whether who asks owns it; null where they are no member.
#[derive(FromRow)]
pub(super) struct VisibleRow {
    #[sqlx(flatten)]
    topic: NamedRow,
    created: i64,
    owner: Option<bool>,
    members: i64,
}

impl TryFrom<VisibleRow> for TopicInfo {
    type Error = StoreError;

    fn try_from(row: VisibleRow) -> Result<Self, StoreError> {
        Ok(Self {
            topic: row.topic.try_into()?,
            role: row.owner.map(role),
            members: row.members.unsigned_abs(),
            created: Timestamp::from_unix_ms(row.created),
        })
    }
}

fn role(owner: bool) -> TopicRole {
    if owner { TopicRole::Owner } else { TopicRole::Member }
}

/// `id, name` of a person and whether they own the topic.
#[derive(FromRow)]
pub(super) struct MemberRow {
    #[sqlx(flatten)]
    person: PersonRow,
    owner: bool,
}

impl TryFrom<MemberRow> for TopicMember {
    type Error = StoreError;

    fn try_from(row: MemberRow) -> Result<Self, StoreError> {
        Ok(Self { person: row.person.try_into()?, role: role(row.owner) })
    }
}

/// A topic and how many `owners` it has.
#[derive(FromRow)]
pub(super) struct OwnersRow {
    topic_id: i64,
    owners: i64,
}

impl TryFrom<OwnersRow> for (TopicId, u64) {
    type Error = StoreError;

    fn try_from(row: OwnersRow) -> Result<Self, StoreError> {
        Ok((TopicId(number("topic_id", row.topic_id)?), row.owners.unsigned_abs()))
    }
}
