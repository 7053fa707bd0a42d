//! The pages about accounts that only the server renders, and the forms on them: `/settings/sessions` and `/admin…`.
//!
//! A form that was accepted leads to a page (303) that says so; one that was refused is shown again where it stands.
//! What is shown once is the answer itself. Forms are sent to the address of their page, so that loading it anew asks
//! for the page and sends nothing again.

mod audit;
mod invites;
mod people;
mod search;
mod server;
mod sessions;
mod visit;

use tower_http::compression::CompressionLayer;

use self::visit::{AdminVisit, Visit};
use super::table::{Routes, get, post};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/settings/sessions", get(sessions::show).post(sessions::end))
        .route("/admin", get(people::list))
        .route("/admin/people/{id}", get(people::one).post(people::act))
        .route("/admin/invitations", get(invites::list).post(invites::make))
        .route("/admin/invitations/{id}", post(invites::delete))
        .route("/admin/log", get(audit::show))
        .route("/admin/server", get(server::show).post(server::change))
        .wrap(|pages| pages.layer(CompressionLayer::new()))
}
