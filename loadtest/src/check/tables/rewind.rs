//! Puts the log of a running system back by SQL: what a database server does that lost its last seconds, or was replaced by
//! a copy that was behind.

use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use super::{archive::Archive, open, read_in};
use crate::{
    check::oracle::Tables,
    failure::{Context, Failure},
};

/// What there is now, in one moment between two commits.
pub(crate) async fn note(database_url: &str) -> Result<Tables, Failure> {
    let mut connection = open(database_url).await?;
    let mut transaction = connection.begin().await.context("beginning")?;
    lock(&mut transaction).await?;
    let tables = read_in(&mut transaction, &Archive::default()).await?;
    transaction.rollback().await.context("ending")?;
    connection.close().await.context("closing")?;
    Ok(tables)
}

/// Makes it as it was `then`, and returns what it was until now.
pub(crate) async fn back_to(then: &Tables, database_url: &str) -> Result<Tables, Failure> {
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

fn undo(then: &Tables, now: &Tables) -> Vec<String> {
    let head = then.head;
    let mut statements = vec![
        format!("DELETE FROM audience WHERE seq > {head}"),
        format!("DELETE FROM event WHERE seq > {head}"),
        format!("DELETE FROM idempotency WHERE message_id > {head}"),
        format!("DELETE FROM message_words WHERE id > {head}"),
        format!("DELETE FROM message WHERE id > {head}"),
        format!("UPDATE search_cursor SET indexed = {head} WHERE indexed > {head}"),
        format!("UPDATE head SET seq = {head}"),
    ];
    let put_back = now.reads.keys().map(|user| {
        let state = then.reads.get(user).cloned().unwrap_or_default();
        let exceptions = serde_json::to_string(&state.exceptions).unwrap_or_default();
        let upto = state.read_upto;
        format!("UPDATE read_state SET read_upto = {upto}, exceptions = '{exceptions}' WHERE user_id = {user}")
    });
    statements.extend(put_back);
    statements
}
