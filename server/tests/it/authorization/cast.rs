//! Everybody who might try.

use std::sync::atomic::{AtomicU32, Ordering};

use push_system::{
    admin::{NewInvite, SessionList},
    ids::MessageId,
    timestamp::Timestamp,
    topic::TopicInfo,
};
use reqwest::Method;
use serde_json::{Value, json};

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
    pub member: Program,
    pub owner: Program,
    pub admin: Program,
    disabled: Program,
    revoked: Program,
    /// A message for the owner alone.
    pub message: MessageId,
    /// A private topic of the owner's.
    pub topic: u64,
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
        let private = owner.request(Method::POST, "/topic").json(&json!({ "name": SECRET, "private": true }));
        let topic: TopicInfo = send(private).await.is(200).json();
        let topic = topic.topic.id.0;
        let disable = admin.request(Method::PATCH, &format!("/admin/users/{}", disabled.me().id));
        send(disable.json(&json!({ "disabled": true }))).await.is(200);
        revoked.post("/auth/logout", &json!({})).await.is(204);
        owner.logged_in("owner").await;
        let sessions: SessionList = owner.get("/auth/sessions").await.json();
        let session = sessions.sessions.into_iter().find(|session| !session.current).expect("the other one").id;
        let invite: NewInvite = admin.post("/admin/invites", &json!({})).await.json();
        let (anonymous, invite, names) = (app.anyone(), invite.id, AtomicU32::new(0));
        Self { anonymous, member, owner, admin, disabled, revoked, message, topic, session, invite, names }
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

    /// All that a request could have changed, as text.
    pub async fn state(&self, app: &TestApp) -> String {
        let (store, now) = (&app.store, Timestamp::default());
        let mut state = vec![format!("{:?}", store.head().await.unwrap().position)];
        for account in store.accounts().await.unwrap() {
            let sessions = store.sessions_of(account.person.id, now, 100).await.unwrap();
            let mut ids: Vec<_> = sessions.iter().map(|session| session.id.to_string()).collect();
            ids.sort_unstable();
            state.push(format!(
                "{} {:?} {:?} {}",
                account.person.name,
                account.role,
                account.standing(),
                ids.join(" ")
            ));
            state.push(account.password_hash);
        }
        state.push(format!("{:?}", store.invites(now, 100).await.unwrap()));
        state.push(format!("{:?}", store.registration_is_open().await.unwrap()));
        state.push(format!("{:?}", store.audit(None, 100).await.unwrap()));
        state.join("\n")
    }

    /// The owner becomes an admin, and disables the other one.
    pub async fn throw_out_the_admin(&self) {
        let change = |by: &Program, of: &Program, change: Value| {
            by.request(Method::PATCH, &format!("/admin/users/{}", of.me().id)).json(&change)
        };
        send(change(&self.admin, &self.owner, json!({ "role": "admin" }))).await.is(200);
        send(change(&self.owner, &self.admin, json!({ "disabled": true }))).await.is(200);
    }
}
