//! Everybody who might try.

use std::sync::atomic::{AtomicU32, Ordering};

use push_system::{
    admin::{NewInvite, SessionList},
    ids::MessageId,
};
use reqwest::Method;
use serde_json::json;

use super::SECRET;
use crate::{
    app::TestApp,
    http::{Program, send},
};

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
    /// Another session of the owner's.
    pub session: String,
    /// An invitation of the admin's.
    pub invite: String,
    names: AtomicU32,
}

impl Cast {
    pub async fn of(app: &TestApp) -> Self {
        // The first account is an admin's.
        let admin = app.person("admin").await;
        let (member, owner) = (app.person("member").await, app.person("owner").await);
        let (disabled, revoked) = (app.person("disabled").await, app.person("revoked").await);
        let message = owner.publishes(json!({ "message": SECRET, "to": "@owner" })).await;
        let disable = admin.request(Method::PATCH, &format!("/admin/users/{}", disabled.me().id));
        send(disable.json(&json!({ "disabled": true }))).await.is(200);
        revoked.post("/auth/logout", &json!({})).await.is(204);
        owner.logged_in("owner").await;
        let sessions: SessionList = owner.get("/auth/sessions").await.json();
        let session = sessions.sessions.into_iter().find(|session| !session.current).expect("the other one").id;
        let invite: NewInvite = admin.post("/admin/invites", &json!({})).await.json();
        let (anonymous, invite, names) = (app.anyone(), invite.id, AtomicU32::new(0));
        Self { anonymous, member, owner, admin, disabled, revoked, message, session, invite, names }
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
