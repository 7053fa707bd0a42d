//! Everybody who might try.

use std::sync::atomic::{AtomicU32, Ordering};

use push_system::ids::MessageId;
use serde_json::json;
use server::{config::Switch, serve::Parts};
use sqlx::{Connection as _, SqliteConnection};

use super::SECRET;
use crate::{app::TestApp, http::Program};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who is known.
    Anonymous,
    /// Somebody who is logged in and owns nothing of what is asked for.
    Member,
    /// Who owns what is asked for: the session, the message, the account.
    Owner,
    /// An admin who does not own it either.
    Admin,
    /// Somebody whose account was disabled, with a login of before.
    Disabled,
    /// Somebody whose session was ended, with its token.
    Revoked,
}

/// In the order of the table's columns.
pub const ACTORS: [Actor; 6] =
    [Actor::Anonymous, Actor::Member, Actor::Owner, Actor::Admin, Actor::Disabled, Actor::Revoked];

/// One of each, on a server of their own.
pub struct Cast {
    anonymous: Program,
    member: Program,
    pub owner: Program,
    pub admin: Program,
    disabled: Program,
    revoked: Program,
    /// A message for the owner alone.
    pub message: MessageId,
    names: AtomicU32,
}

impl Cast {
    /// So many requests from one address are no attack here.
    pub fn without_limits(parts: &mut Parts) {
        parts.config.rate_limits = Switch::Off;
    }

    pub async fn of(app: &TestApp) -> Self {
        // The first account is an admin's.
        let admin = app.person("admin").await;
        let (member, owner) = (app.person("member").await, app.person("owner").await);
        let (disabled, revoked) = (app.person("disabled").await, app.person("revoked").await);
        let message = owner.publishes(json!({ "message": SECRET, "to": "@owner" })).await;
        disable(app, &disabled).await;
        revoked.post("/auth/logout", &json!({})).await.is(204);
        Self { anonymous: app.anyone(), member, owner, admin, disabled, revoked, message, names: AtomicU32::new(0) }
    }

    pub fn program(&self, actor: Actor) -> &Program {
        match actor {
            Actor::Anonymous => &self.anonymous,
            Actor::Member => &self.member,
            Actor::Owner => &self.owner,
            Actor::Admin => &self.admin,
            Actor::Disabled => &self.disabled,
            Actor::Revoked => &self.revoked,
        }
    }

    /// What that person logs in with; somebody unknown has a name all the same.
    pub fn name(actor: Actor) -> &'static str {
        match actor {
            Actor::Anonymous => "nobody",
            Actor::Member => "member",
            Actor::Owner => "owner",
            Actor::Admin => "admin",
            Actor::Disabled => "disabled",
            Actor::Revoked => "revoked",
        }
    }

    /// A name that nobody has yet.
    pub fn new_name(&self) -> String {
        format!("new{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// How many accounts there are.
    pub async fn accounts(&self, app: &TestApp) -> usize {
        app.store.accounts().await.unwrap().len()
    }
}

/// No route does that yet.
async fn disable(app: &TestApp, person: &Program) {
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", app.database().display())).await.unwrap();
    let id = i64::try_from(person.me().id.0).unwrap();
    sqlx::query("UPDATE account SET disabled = 1 WHERE id = ?").bind(id).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}
