//! `/admin/log`

use app::desk::DeskPage;
use axum::response::Response;
use push_system::error::Rejection;

use super::{AdminVisit, Visit};
use crate::http::fields::{Fields, Query};

/// Records on one page.
const SHOWN: u32 = 50;

pub(super) async fn show(AdminVisit(visit): AdminVisit, Query(fields): Query) -> Response {
    visit.show(page(&visit, &fields).await).await
}

async fn page(visit: &Visit, fields: &Fields) -> Result<DeskPage, Rejection> {
    let before = fields.number("before")?;
    let page = visit.state.admin.audit(before, SHOWN).await?;
    Ok(DeskPage::Audit { page, later: before.is_some() })
}
