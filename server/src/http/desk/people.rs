//! `/admin` and `/admin/people/{id}`

use app::desk::{Act, DeskPage, Done, address_of};
use axum::{extract::Path, response::Response};
use push_system::{
    accounts::Role,
    admin::{NewPassword, Standing, UserChange},
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
};

use super::{AdminVisit, Visit, visit::lead};
use crate::http::{
    admin::user_id,
    body::Form,
    fields::{Fields, Query},
};

/// People on one page.
const SHOWN: u32 = 50;

pub(super) async fn list(AdminVisit(visit): AdminVisit, Query(fields): Query) -> Response {
    visit.show(people(&visit, &fields).await).await
}

async fn people(visit: &Visit, fields: &Fields) -> Result<DeskPage, Rejection> {
    let (admin, search) = (&visit.state.admin, fields.text("q").trim().to_owned());
    let (people, next) = if search.is_empty() {
        let page = admin.users(fields.number("after")?.map(UserId), SHOWN).await?;
        (page.users, page.next.map(|last| last.to_string()))
    } else {
        let (people, more) = admin.users_called(search.trim_start_matches('@'), &fields.text("after"), SHOWN).await?;
        let last = people.last().map(|last| last.name.clone());
        (people, last.filter(|_| more))
    };
    Ok(DeskPage::People { people, search, later: fields.get("after").is_some(), next })
}

pub(super) async fn one(AdminVisit(visit): AdminVisit, Path(id): Path<String>) -> Response {
    match user_id(&id) {
        Ok(id) => {
            let password = visit.brought(&address_of(id)).map(|password| NewPassword { password });
            visit.show(person(&visit, id, password).await).await
        }
        Err(rejection) => visit.fail(rejection.code).await,
    }
}

async fn person(visit: &Visit, id: UserId, password: Option<NewPassword>) -> Result<DeskPage, Rejection> {
    let admin = &visit.state.admin;
    let user = Box::new(admin.user(id).await?);
    let sessions = match user.standing {
        Standing::Deleted => Vec::new(),
        Standing::Active | Standing::Disabled => admin.sessions(id).await?.sessions,
    };
    Ok(DeskPage::Person { user, sessions, password })
}

/// Does to an account what the button says.
pub(super) async fn act(AdminVisit(visit): AdminVisit, Path(id): Path<String>, Form(fields): Form) -> Response {
    let (Ok(id), Some(act)) = (user_id(&id), fields.get("act").and_then(Act::parse)) else {
        return visit.fail(ErrorCode::NotFound).await;
    };
    match perform(&visit, id, act, &fields).await {
        Ok(Outcome::Password(new)) => visit.lead_with(&address_of(id), &new.password),
        Ok(Outcome::Done(done)) => lead(&address_of(id), done),
        Err(refusal) if refusal.code == ErrorCode::NotFound => visit.fail(refusal.code).await,
        Err(refusal) => visit.show_refused(person(&visit, id, None).await, act.as_str(), refusal).await,
    }
}

enum Outcome {
    Done(Done),
    /// To be shown once, and never again.
    Password(NewPassword),
}

async fn perform(visit: &Visit, id: UserId, act: Act, fields: &Fields) -> Result<Outcome, Rejection> {
    let admin = &visit.state.admin;
    let disabled = |disabled| UserChange { disabled: Some(disabled), role: None };
    let role = |role| UserChange { disabled: None, role: Some(role) };
    let (change, done) = match act {
        Act::Disable => (disabled(true), Done::Disabled),
        Act::Enable => (disabled(false), Done::Enabled),
        Act::MakeAdmin => (role(Role::Admin), Done::MadeAdmin),
        Act::MakeMember => (role(Role::Member), Done::MadeMember),
        Act::ResetPassword => return admin.reset_password(&visit.viewer, id).await.map(Outcome::Password),
        Act::EndSessions => {
            admin.end_sessions(&visit.viewer, id).await?;
            return Ok(Outcome::Done(Done::SessionsEnded));
        }
        Act::Delete => {
            delete(visit, id, fields).await?;
            return Ok(Outcome::Done(Done::Deleted));
        }
    };
    admin.change(&visit.viewer, id, change).await?;
    Ok(Outcome::Done(done))
}

/// Nothing brings an account back, so its name is typed.
async fn delete(visit: &Visit, id: UserId, fields: &Fields) -> Result<(), Rejection> {
    let user = visit.state.admin.user(id).await?;
    if fields.text("name").trim() != user.name {
        return Err(Rejection::at(ErrorCode::Invalid, "name", Sentence::NameDiffers));
    }
    visit.state.admin.delete(&visit.viewer, id).await
}
