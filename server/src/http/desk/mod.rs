//! The pages about accounts that only the server renders, and the forms on them: `/settings/sessions` and `/admin…`.
//!
//! A form that was accepted leads to a page (303) that says so, or shows once what it made: loading that anew makes nothing
//! again. One that was refused is shown again where it stands, at the address of its page; loading that anew asks whether
//! to send it again, and nothing was done yet.

mod audit;
mod first_unread;
mod invites;
mod message;
mod people;
mod server;
mod sessions;
mod topics;
mod visit;

use tower_http::compression::CompressionLayer;

use self::visit::{AdminVisit, Visit};
use super::table::{Routes, get};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/settings/sessions", get(sessions::show).post(sessions::end))
        .route("/settings/sign-out-everywhere", get(sessions::lead_back).post(sessions::end_all))
        .route("/topics", get(topics::list).post(topics::create))
        .route("/topics/{id}", get(topics::show).post(topics::act))
        .route("/unread/first", get(first_unread::lead))
        .route("/m/{id}", get(message::show).post(message::act))
        .route("/admin", get(people::list))
        .route("/admin/people/{id}", get(people::one).post(people::act))
        .route("/admin/invitations", get(invites::list).post(invites::act))
        .route("/admin/log", get(audit::show))
        .route("/admin/server", get(server::show).post(server::change))
        .wrap(|pages| pages.layer(CompressionLayer::new()))
}
