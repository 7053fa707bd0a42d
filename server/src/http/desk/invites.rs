//! `/admin/invitations`

use app::desk::{DeskPage, Done, ONLY_FORM};
use axum::response::Response;
use push_system::error::{ErrorCode, Rejection};

use super::{AdminVisit, Visit, visit::lead};
use crate::http::{body::Form, fields::Fields};

const HERE: &str = "/admin/invitations";

pub(super) async fn list(AdminVisit(visit): AdminVisit) -> Response {
    visit.show(page(&visit, visit.brought(HERE)).await).await
}

/// Makes a link, which is shown once, or deletes the invitation whose button was pressed.
pub(super) async fn act(AdminVisit(visit): AdminVisit, Form(fields): Form) -> Response {
    let (admin, viewer) = (&visit.state.admin, &visit.viewer);
    let refused = if let Some(id) = fields.get("delete") {
        match admin.delete_invite(viewer, id).await {
            // One that is gone already is as good as deleted.
            Err(refusal) if refusal.code != ErrorCode::NotFound => refusal,
            _ => return lead(HERE, Done::InviteDeleted),
        }
    } else {
        match admin.invite(viewer, days(&fields)).await {
            Ok(made) => return visit.lead_with(HERE, &made.url),
            Err(refusal) => refusal,
        }
    };
    visit.show_refused(page(&visit, None).await, ONLY_FORM, refused).await
}

/// What is no number is none that is allowed.
fn days(fields: &Fields) -> Option<u32> {
    fields.get("days").map(|text| text.parse().unwrap_or_default())
}

async fn page(visit: &Visit, made: Option<String>) -> Result<DeskPage, Rejection> {
    Ok(DeskPage::Invites { invites: visit.state.admin.invites().await?.invites, made })
}
