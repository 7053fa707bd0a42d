//! `/admin/server`

use app::desk::{DeskPage, Done, ONLY_FORM};
use axum::response::Response;
use push_system::{
    admin::SettingsChange,
    error::{ErrorCode, Rejection},
};

use super::{AdminVisit, Visit, visit::lead};
use crate::{config::Registration, http::body::Form};

const HERE: &str = "/admin/server";

pub(super) async fn show(AdminVisit(visit): AdminVisit) -> Response {
    visit.show(page(&visit).await).await
}

/// Opens or closes registration.
pub(super) async fn change(AdminVisit(visit): AdminVisit, Form(fields): Form) -> Response {
    let (registration_open, done) = match fields.get("registration") {
        Some("open") => (true, Done::Opened),
        Some("closed") => (false, Done::Closed),
        _ => return visit.fail(ErrorCode::Invalid).await,
    };
    let change = SettingsChange { registration_open: Some(registration_open) };
    match visit.state.admin.set_settings(&visit.viewer, change).await {
        Ok(_) => lead(HERE, done),
        Err(refusal) => visit.show_refused(page(&visit).await, ONLY_FORM, refusal).await,
    }
}

async fn page(visit: &Visit) -> Result<DeskPage, Rejection> {
    let fixed = visit.state.config.registration == Registration::Closed;
    Ok(DeskPage::Server { settings: visit.state.admin.settings().await?, fixed })
}
