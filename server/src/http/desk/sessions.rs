//! `/settings/sessions`

use app::desk::{DeskPage, Done, OTHERS};
use axum::response::{Redirect, Response};
use push_system::error::Rejection;

use super::{Visit, visit::lead};
use crate::{
    auth::Typed,
    http::{body::Form, credentials, forms::to_the_login},
    serve::ClientAddress,
};

const HERE: &str = "/settings/sessions";

pub(super) async fn show(visit: Visit) -> Response {
    visit.show(page(&visit).await).await
}

/// Ends one session, or all others, for whoever knows the password.
pub(super) async fn end(visit: Visit, client: ClientAddress, Form(fields): Form) -> Response {
    let (which, password) = (fields.text("session"), Typed(fields.text("password")));
    let Visit { state, viewer, .. } = &visit;
    let (ended, done) = if which == OTHERS {
        (credentials::end_other_sessions(state, client, viewer, password).await, Done::OthersEnded)
    } else {
        (credentials::end_session(state, client, viewer, which.clone(), password).await, Done::SessionEnded)
    };
    match ended {
        Ok(()) => lead(HERE, done),
        Err(refusal) => visit.show_refused(page(&visit).await, &which, refusal).await,
    }
}

/// A form's address; whoever loads it, or comes back to it from the login, is led to the page.
pub(super) async fn lead_back() -> Redirect {
    Redirect::to(HERE)
}

/// Ends all sessions, this one too. Whoever is logged in elsewhere as well, and gave no password, is asked for it on the page
/// of these.
pub(super) async fn end_all(visit: Visit, client: ClientAddress, Form(fields): Form) -> Response {
    let password = Typed(fields.text("password"));
    match credentials::log_out_everywhere(&visit.state, client, &visit.viewer, password).await {
        Ok(()) => to_the_login(&visit.state),
        Err(refusal) => {
            let visit = visit.led_to(HERE);
            visit.show_refused(page(&visit).await, OTHERS, refusal).await
        }
    }
}

async fn page(visit: &Visit) -> Result<DeskPage, Rejection> {
    Ok(DeskPage::Sessions(visit.state.auth.own_sessions(&visit.viewer).await?.sessions))
}
