//! `/m/{id}`: the address of a message, and what is done with it where there is no script.

use app::desk::DeskPage;
use axum::response::{IntoResponse, Redirect, Response};
use push_system::{
    admin::AuditAction,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    message::{Edit, EditRequest},
};

use super::Visit;
use crate::http::{
    body::Form,
    fields::{Fields, Segment},
    messages,
};

pub(super) async fn show(visit: Visit, Segment(id): Segment) -> Response {
    visit.show(page(&visit, &id).await).await
}

/// Edits or deletes it.
pub(super) async fn act(visit: Visit, Segment(id): Segment, Form(fields): Form) -> Response {
    let act = fields.text("act");
    match changed(&visit, &id, &act, &fields).await {
        Ok(()) => Redirect::to(&format!("/m/{id}")).into_response(),
        Err(refusal) => visit.show_refused(page(&visit, &id).await, &act, refusal).await,
    }
}

async fn changed(visit: &Visit, id: &str, act: &str, fields: &Fields) -> Result<(), Rejection> {
    let (state, viewer, id) = (&visit.state, &visit.viewer, messages::message_id(id)?);
    match act {
        "edit" => {
            let edit = Edit::parse(request(fields))?;
            state.limits.publish(viewer.person.id).await?;
            let notes = messages::notes(state, viewer, id, AuditAction::MessageEdited).await?;
            state.push.edit(&viewer.person, id, edit, notes).await.map(drop)
        }
        "delete" => {
            state.limits.publish(viewer.person.id).await?;
            let notes = messages::notes(state, viewer, id, AuditAction::MessageDeleted).await?;
            state.push.delete(&viewer.person, id, notes).await.map(drop)
        }
        // No form of ours says that.
        _ => Err(Rejection::at(ErrorCode::Invalid, "act", Sentence::Required)),
    }
}

/// What the form says; a title that is empty is none.
fn request(fields: &Fields) -> EditRequest {
    EditRequest {
        // A form writes each line's end as CRLF.
        message: Some(fields.text("message").replace("\r\n", "\n")),
        title: Some(fields.text("title")),
        ..EditRequest::default()
    }
}

async fn page(visit: &Visit, id: &str) -> Result<DeskPage, Rejection> {
    let (push, me) = (&visit.state.push, visit.viewer.person.id);
    let message = Box::new(push.message(me, messages::message_id(id)?).await?);
    let outside = !push.outside(me, std::slice::from_ref(&message)).await?.is_empty();
    Ok(DeskPage::Message { message, outside })
}
