use app::{
    context::FormRefusal,
    desk::{Desk, DeskPage, Done, Refused},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use push_system::{
    accounts::Role,
    error::{ErrorCode, Rejection},
};

use crate::{
    auth::Identity,
    http::{cookies, fields::Fields, identity::Visitor, language, pages, problem},
    state::AppState,
    ui::{self, Instead, Page},
};

/// A person who is logged in and looks at one of these pages, or sends a form of one. Whoever is not is led to the login.
pub(super) struct Visit {
    pub state: AppState,
    pub viewer: Identity,
    uri: Uri,
    headers: HeaderMap,
}

/// The same by an admin. Anybody else is shown that it is not allowed.
pub(super) struct AdminVisit(pub Visit);

impl FromRequestParts<AppState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let Ok(Visitor(visitor)) = Visitor::from_request_parts(parts, state).await;
        match visitor {
            Ok(viewer) => {
                let (uri, headers) = (parts.uri.clone(), parts.headers.clone());
                Ok(Self { state: state.clone(), viewer, uri, headers })
            }
            Err(failure) => Err(pages::turn_away(state, failure, &parts.uri, &parts.headers).await),
        }
    }
}

impl FromRequestParts<AppState> for AdminVisit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await?;
        if visit.viewer.role == Role::Admin { Ok(Self(visit)) } else { Err(visit.fail(ErrorCode::Forbidden).await) }
    }
}

impl Visit {
    /// The same on another page.
    pub fn led_to(self, address: &'static str) -> Self {
        Self { uri: Uri::from_static(address), ..self }
    }

    /// A page that was asked for, with what a form has just done, if the address says so.
    pub async fn show(&self, page: Result<DeskPage, Rejection>) -> Response {
        match page {
            Ok(page) => {
                let fields = Fields::parse(self.uri.query().unwrap_or_default().as_bytes());
                let done = fields.get("done").and_then(Done::parse).filter(|done| done.is_of(&page));
                self.render(StatusCode::OK, Desk { page, done, refused: None }).await
            }
            Err(rejection) => self.fail(rejection.code).await,
        }
    }

    /// What a form made for the page at `path` just now, to be shown this once.
    pub fn brought(&self, path: &str) -> Option<String> {
        cookies::secret_for(path, &self.headers, &self.state.config)
    }

    /// To the page at `path`, which shows `secret` this once. Loading it anew makes no other one.
    pub fn lead_with(&self, path: &str, secret: &str) -> Response {
        let mut response = Redirect::to(path).into_response();
        cookies::add(&mut response, [cookies::of_secret(path, secret, &self.state.config)]);
        response
    }

    /// A page whose form was refused.
    pub async fn show_refused(&self, page: Result<DeskPage, Rejection>, form: &str, why: Rejection) -> Response {
        match page {
            Ok(page) => {
                let (status, wait) = (problem::status(why.code), why.retry_after_s);
                let words = language::of(&self.headers).catalogue();
                let refused = Some(Refused { form: form.to_owned(), refusal: FormRefusal::new(why, words) });
                let mut response = self.render(status, Desk { page, done: None, refused }).await;
                problem::ask_to_wait(&mut response, wait);
                response
            }
            Err(rejection) => self.fail(rejection.code).await,
        }
    }

    /// The error page.
    pub async fn fail(&self, code: ErrorCode) -> Response {
        pages::fail(&self.state, &self.uri, &self.headers, Some(&self.viewer), code).await
    }

    async fn render(&self, status: StatusCode, desk: Desk) -> Response {
        let (address, headers, viewer) = (&self.uri, &self.headers, Some(&self.viewer));
        let desk = Some(desk);
        let page = Page { address, status, instead: Instead::Nothing, headers, viewer, form: None, desk };
        let mut response = ui::render(&self.state, page).await;
        cookies::add(&mut response, cookies::without_secret(&self.headers, &self.state.config));
        response
    }
}

/// To a page that says what was done.
pub(super) fn lead(path: &str, done: Done) -> Response {
    Redirect::to(&format!("{path}?done={}", done.as_str())).into_response()
}
