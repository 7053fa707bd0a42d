//! What a person's page keeps in step with: the inbox, what is read, who is there.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use push_system::{
    accounts::Person,
    api::Presence,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::MessageId,
    inbox::Snapshot,
    marks::StateChange,
    read_state::{Ranges, ReadChange},
};

use super::{
    body::{Form, Json, is_form},
    fields::{Fields, Query},
    identity::Visitor,
    next_page, pages,
    problem::Refusal,
    table::{Routes, get, post},
};
use crate::{
    auth::{AuthFailure, Identity},
    state::AppState,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/inbox", get(inbox))
        .route("/read", post(read))
        .route("/state", post(change_state))
        .route("/people", get(people))
        .route("/presence", get(presence))
}

async fn inbox(State(state): State<AppState>, identity: Identity) -> Result<Json<Snapshot>, Refusal> {
    Ok(Json(state.backend.snapshot(identity.person.id).await?))
}

/// Changes what is read, seen, archived and saved: JSON from scripts, fields from buttons without script.
async fn change_state(
    State(state): State<AppState>,
    Visitor(visitor): Visitor,
    request: Request,
) -> Result<Response, Refusal> {
    if is_form(request.headers()) {
        return Ok(change_by_form(&state, visitor, request, marked).await);
    }
    let (mut parts, body) = request.into_parts();
    let identity = Identity::from_request_parts(&mut parts, &state).await?;
    let Json(change) = Json::<StateChange>::from_request(Request::from_parts(parts, body), &state).await?;
    state.limits.act(identity.person.id)?;
    Ok(Json(state.push.change_state(identity.person.id, change).await?).into_response())
}

async fn people(
    State(state): State<AppState>,
    _: Identity,
    Query(fields): Query,
) -> Result<Json<Vec<Person>>, Refusal> {
    Ok(Json(state.backend.people(fields.get("prefix").unwrap_or_default()).await?))
}

async fn presence(State(state): State<AppState>, _: Identity) -> Json<Presence> {
    Json(state.push.presence())
}

/// Changes what is read: JSON from scripts, one field from a button without script, which is led back to its page.
async fn read(State(state): State<AppState>, Visitor(visitor): Visitor, request: Request) -> Result<Response, Refusal> {
    if is_form(request.headers()) {
        return Ok(change_by_form(&state, visitor, request, clicked).await);
    }
    let (mut parts, body) = request.into_parts();
    let identity = Identity::from_request_parts(&mut parts, &state).await?;
    let Json(change) = Json::<ReadChange>::from_request(Request::from_parts(parts, body), &state).await?;
    state.limits.act(identity.person.id)?;
    Ok(Json(state.push.change_read(identity.person.id, change).await?).into_response())
}

/// People get pages, also when it fails.
async fn change_by_form(
    state: &AppState,
    visitor: Result<Identity, AuthFailure>,
    request: Request,
    read: impl FnOnce(&Fields) -> Result<StateChange, Rejection>,
) -> Response {
    let (headers, home) = (request.headers().clone(), Uri::from_static("/"));
    let identity = match visitor {
        Ok(identity) => identity,
        Err(failure) => return pages::turn_away(state, failure, &home, &headers).await,
    };
    let fields = match Form::from_request(request, state).await {
        Ok(Form(fields)) => fields,
        Err(refusal) => return refusal.into_response(),
    };
    let change = match read(&fields) {
        Ok(change) => change,
        // No button of ours sends that.
        Err(rejection) => return Refusal::from(rejection).into_response(),
    };
    let changed = match state.limits.act(identity.person.id) {
        Ok(()) => state.push.change_state(identity.person.id, change).await.map(drop),
        Err(rejection) => Err(rejection),
    };
    match changed {
        Ok(()) => Redirect::to(&next_page(fields.get("next"))).into_response(),
        Err(rejection) => pages::fail(state, &home, &headers, Some(&identity), rejection.code).await,
    }
}

fn clicked(fields: &Fields) -> Result<StateChange, Rejection> {
    let id = |name| Ok::<_, Rejection>(fields.number(name)?.map(MessageId));
    let read = id("read")?.map(ReadChange::read);
    let unread = id("unread")?.map(ReadChange::unread);
    let upto = id("read_upto")?.map(ReadChange::read_all);
    let change = read.or(unread).or(upto);
    change.map(StateChange::from).ok_or_else(|| Rejection::at(ErrorCode::Empty, "read", Sentence::Required))
}

/// What the buttons of a page say: `save=42`, or, with several picked, `act=save` and an `id` for each.
fn marked(fields: &Fields) -> Result<StateChange, Rejection> {
    let not_a_number = |_| Rejection::at(ErrorCode::Invalid, "id", Sentence::NotANumber);
    let picked = fields.all("id").into_iter().map(|text| text.parse::<u64>().map_err(not_a_number));
    let picked = Ranges::collect(picked.collect::<Result<Vec<_>, _>>()?.into_iter().map(|id| (id, id)));
    let ids = |name: &'static str| -> Result<Ranges, Rejection> {
        let one = fields.number(name)?.map_or(Ranges::EMPTY, Ranges::one);
        Ok(if fields.get("act") == Some(name) { one.union(&picked) } else { one })
    };
    let upto = fields.number("read_upto")?.map_or(Ranges::EMPTY, |upto| Ranges::span(1, upto));
    let change = StateChange {
        read: ReadChange { read: ids("read")?.union(&upto), unread: ids("unread")? },
        archive: ids("archive")?,
        unarchive: ids("unarchive")?,
        save: ids("save")?,
        unsave: ids("unsave")?,
        seen_upto: None,
    };
    if change == StateChange::default() {
        return Err(Rejection::at(ErrorCode::Empty, "act", Sentence::Required));
    }
    Ok(change)
}
