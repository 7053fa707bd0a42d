//! Puts the log of a running system back by SQL: what a database server does that lost its last seconds, or was replaced by
//! a copy that was behind.

use push_system::{message::Message, timestamp::Timestamp};
use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use super::{archive::Archive, open, read_in};
use crate::{
    check::{history::State, oracle::Tables},
    failure::{Context, Failure},
};

/// What there was in one moment between two commits.
pub(crate) struct Moment {
    /// The log, and what is kept beside it.
    pub(crate) tables: Tables,
    /// How often each person's state had changed.
    versions: Vec<(i64, i64)>,
}

/// What there is now.
pub(crate) async fn note(database_url: &str) -> Result<Moment, Failure> {
    let mut connection = open(database_url).await?;
    let mut transaction = connection.begin().await.context("beginning")?;
    lock(&mut transaction).await?;
    let tables = read_in(&mut transaction, &Archive::default()).await?;
    let what = "SELECT user_id, version FROM read_state";
    let versions = sqlx::query_as(what).fetch_all(&mut *transaction).await.context(what)?;
    transaction.rollback().await.context("ending")?;
    connection.close().await.context("closing")?;
    Ok(Moment { tables, versions })
}

/// Makes it as it was `then`, and returns what it was until now.
pub(crate) async fn back_to(then: &Moment, database_url: &str) -> Result<Tables, Failure> {
    let mut connection = open(database_url).await?;
    let mut transaction = connection.begin().await.context("beginning")?;
    lock(&mut transaction).await?;
    let until_now = read_in(&mut transaction, &Archive::default()).await?;
    for statement in undo(then, &until_now) {
        sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *transaction).await.context(statement)?;
    }
    transaction.commit().await.context("putting the log back")?;
    connection.close().await.context("closing")?;
    Ok(until_now)
}

/// Whoever commits locks the head first: nothing changes while we have it.
async fn lock(connection: &mut AnyConnection) -> Result<(), Failure> {
    let what = "SELECT seq FROM head WHERE id = 1 FOR UPDATE";
    sqlx::query(what).fetch_one(connection).await.context(what).map(drop)
}

/// How many members topics have, from who is in them.
const MEMBERS: &str = "UPDATE topic SET members = (SELECT COUNT(*) FROM membership m JOIN account a ON a.id = m.user_id \
    WHERE m.topic_id = topic.id AND m.until_seq IS NULL AND a.deleted_at IS NULL)";

/// Nobody who owns a topic leaves it meanwhile: who owns it stays as it is.
fn undo(Moment { tables: then, versions }: &Moment, now: &Tables) -> Vec<String> {
    let head = then.head;
    let mut statements = vec![
        format!("DELETE FROM audience WHERE seq > {head}"),
        format!("DELETE FROM event WHERE seq > {head}"),
        format!("DELETE FROM idempotency WHERE message_id > {head}"),
        format!("DELETE FROM message_terms WHERE id > {head}"),
        format!("DELETE FROM message_changed WHERE seq > {head}"),
        format!("DELETE FROM message WHERE id > {head}"),
        format!("DELETE FROM membership WHERE after_seq > {head}"),
        format!("UPDATE membership SET until_seq = NULL WHERE until_seq > {head}"),
        format!("DELETE FROM topic WHERE id > {head}"),
        MEMBERS.to_owned(),
        format!("UPDATE search_cursor SET indexed = {head} WHERE indexed > {head}"),
        format!("UPDATE head SET seq = {head}"),
    ];
    for message in then.messages.values().filter(|message| now.messages.get(&message.id.0) != Some(message)) {
        statements.push(set_message(message));
        statements.push(format!("UPDATE audience SET gone = FALSE WHERE seq = {}", message.id));
    }
    for topic in then.topics.values() {
        let description = quoted(&topic.description);
        let archived = topic.archived;
        let set = format!("description = {description}, archived = {archived}");
        statements.push(format!("UPDATE topic SET {set} WHERE id = {}", topic.id));
    }
    statements.extend(now.states.keys().map(|user| {
        let State { read, marks } = then.states.get(user).cloned().unwrap_or_default();
        let (upto, seen) = (read.read_upto, marks.seen_upto);
        let lists = [("exceptions", &read.exceptions), ("archived", &marks.archived), ("saved", &marks.saved)];
        let lists = lists.map(|(column, ranges)| format!("{column} = {}", json(ranges))).join(", ");
        format!("UPDATE read_state SET read_upto = {upto}, seen_upto = {seen}, {lists} WHERE user_id = {user}")
    }));
    let version =
        |(user, version): &(i64, i64)| format!("UPDATE read_state SET version = {version} WHERE user_id = {user}");
    statements.extend(versions.iter().map(version));
    statements
}

fn set_message(message: &Message) -> String {
    let click = message.click.as_deref().map_or_else(|| "NULL".to_owned(), quoted);
    let time = |time: Option<Timestamp>| time.map_or_else(|| "NULL".to_owned(), |time| time.unix_ms().to_string());
    format!(
        "UPDATE message SET title = {}, body = {}, priority = {}, extras = {}, tags = {}, click = {click}, \
         edited_at = {}, deleted_at = {} WHERE id = {}",
        quoted(&message.title),
        quoted(&message.message),
        message.priority,
        json(&message.extras),
        json(&message.tags),
        time(message.edited),
        time(message.deleted),
        message.id
    )
}

/// What writers write has no backslash, which some databases would understand.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn json(value: &impl Serialize) -> String {
    quoted(&serde_json::to_string(value).unwrap_or_default())
}
