//! `/topics` and `/topics/{id}`

use app::desk::DeskPage;
use axum::response::{IntoResponse, Redirect, Response};
use push_system::{
    accounts::Username,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{TopicId, UserId},
    limits,
    topic::{NewTopic, TopicChange, TopicList, TopicRole},
};

use super::Visit;
use crate::http::{
    body::Form,
    fields::{Fields, Query, Segment},
    topics::topic_id,
};

/// The form of `/topics`, and all of those of `/topics/{id}` together.
const CREATE: &str = "create";
const TOPIC: &str = "topic";

pub(super) async fn list(visit: Visit) -> Response {
    visit.show(topics(&visit).await).await
}

pub(super) async fn create(visit: Visit, Form(fields): Form) -> Response {
    let request = NewTopic {
        name: fields.text("name"),
        description: fields.get("description").map(str::to_owned),
        private: fields.get("private").is_some(),
    };
    let created = match visit.state.limits.publish(visit.viewer.person.id).await {
        Ok(()) => visit.state.push.create_topic(&visit.viewer.person, request).await,
        Err(rejection) => Err(rejection),
    };
    match created {
        Ok(info) => Redirect::to(&format!("/topics/{}", info.topic.id)).into_response(),
        Err(refusal) => visit.show_refused(topics(&visit).await, CREATE, refusal).await,
    }
}

async fn topics(visit: &Visit) -> Result<DeskPage, Rejection> {
    Ok(DeskPage::Topics(TopicList { topics: visit.state.push.topics(visit.viewer.person.id).await? }))
}

pub(super) async fn show(visit: Visit, Segment(id): Segment, Query(fields): Query) -> Response {
    visit.show(page(&visit, &id, &fields).await).await
}

/// Joins, leaves, describes, archives, adds and removes, as the button says.
pub(super) async fn act(visit: Visit, Segment(id): Segment, Form(fields): Form) -> Response {
    match changed(&visit, &id, &fields).await {
        Ok(()) => Redirect::to(&where_to(&visit, &id).await).into_response(),
        Err(refusal) => visit.show_refused(page(&visit, &id, &Fields::default()).await, TOPIC, refusal).await,
    }
}

/// Who has just left a private topic sees it no more.
async fn where_to(visit: &Visit, id: &str) -> String {
    match page(visit, id, &Fields::default()).await {
        Err(rejection) if rejection.code == ErrorCode::NotFound => "/topics".to_owned(),
        _ => format!("/topics/{id}"),
    }
}

async fn changed(visit: &Visit, id: &str, fields: &Fields) -> Result<(), Rejection> {
    let (push, me, id) = (&visit.state.push, visit.viewer.person.id, topic_id(id)?);
    visit.state.limits.publish(me).await?;
    let archive = |archived| TopicChange { archived: Some(archived), ..TopicChange::default() };
    match fields.text("action").as_str() {
        "join" => push.join_topic(me, id, me, None).await,
        "leave" => push.leave_topic(me, id, me).await,
        "archive" => push.change_topic(me, id, archive(true)).await.map(drop),
        "unarchive" => push.change_topic(me, id, archive(false)).await.map(drop),
        "describe" => {
            let change = TopicChange { description: Some(fields.text("description")), ..TopicChange::default() };
            push.change_topic(me, id, change).await.map(drop)
        }
        "add" => add(visit, id, &fields.text("name")).await,
        "remove" => push.leave_topic(me, id, member(fields)?).await,
        "make_owner" => push.join_topic(me, id, member(fields)?, Some(TopicRole::Owner)).await,
        "make_member" => push.join_topic(me, id, member(fields)?, Some(TopicRole::Member)).await,
        // No form of ours says that.
        _ => Err(Rejection::at(ErrorCode::Invalid, "action", Sentence::Required)),
    }
}

fn member(fields: &Fields) -> Result<UserId, Rejection> {
    let user = fields.number("user")?.map(UserId);
    user.ok_or_else(|| Rejection::at(ErrorCode::Empty, "user", Sentence::Required))
}

/// Adds who has this name.
async fn add(visit: &Visit, id: TopicId, name: &str) -> Result<(), Rejection> {
    let name = Username::parse(name.trim().trim_start_matches('@')).map_err(|error| error.reject("name"))?;
    let found = visit.state.backend.people(name.as_str()).await?;
    let person = found.into_iter().find(|person| person.name == name);
    let person = person.ok_or_else(|| Rejection::at(ErrorCode::NotFound, "name", Sentence::NoSuchUser))?;
    visit.state.push.join_topic(visit.viewer.person.id, id, person.id, None).await
}

async fn page(visit: &Visit, id: &str, fields: &Fields) -> Result<DeskPage, Rejection> {
    let (push, me, id) = (&visit.state.push, visit.viewer.person.id, topic_id(id)?);
    let before = fields.number("since")?.map(push_system::ids::MessageId);
    let info = Box::new(push.topic(me, id).await?);
    let after = fields.number("after")?.map(UserId);
    let members = push.topic_members(me, id, after, limits::PAGE_DEFAULT).await?;
    let page = push.topic_messages(me, id, before, limits::SNAPSHOT_MESSAGES).await?;
    let outside = push.outside(me, &page.messages).await?;
    Ok(DeskPage::Topic { info, members, page, outside })
}
