//! `/admin/invitations`

use app::desk::{DeskPage, Done, ONLY_FORM};
use axum::{extract::Path, response::Response};
use push_system::{
    admin::NewInvite,
    error::{ErrorCode, Rejection},
};

use super::{AdminVisit, Visit, visit::lead};
use crate::http::{body::Form, fields::Fields};

const HERE: &str = "/admin/invitations";

pub(super) async fn list(AdminVisit(visit): AdminVisit) -> Response {
    visit.show(page(&visit, None).await).await
}

/// Makes a link and shows it, this once.
pub(super) async fn make(AdminVisit(visit): AdminVisit, Form(fields): Form) -> Response {
    match visit.state.admin.invite(&visit.viewer, days(&fields)).await {
        Ok(made) => visit.show(page(&visit, Some(made)).await).await,
        Err(refusal) => visit.show_refused(page(&visit, None).await, ONLY_FORM, refusal).await,
    }
}

/// What is no number is none that is allowed.
fn days(fields: &Fields) -> Option<u32> {
    fields.get("days").map(|text| text.parse().unwrap_or_default())
}

/// One that is gone already is as good as deleted.
pub(super) async fn delete(AdminVisit(visit): AdminVisit, Path(id): Path<String>) -> Response {
    match visit.state.admin.delete_invite(&visit.viewer, &id).await {
        Err(refusal) if refusal.code != ErrorCode::NotFound => visit.fail(refusal.code).await,
        _ => lead(HERE, Done::InviteDeleted),
    }
}

async fn page(visit: &Visit, made: Option<NewInvite>) -> Result<DeskPage, Rejection> {
    Ok(DeskPage::Invites { invites: visit.state.admin.invites().await?.invites, made })
}
