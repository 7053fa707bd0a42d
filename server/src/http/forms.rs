//! Forms sent without script. What is refused is shown again, with its status, its sentence and what was typed.

use app::context::{Density, Form as FormName, FormRefusal, FormState, Theme};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use push_system::{
    catalogue::{Language, Sentence},
    error::{ErrorCode, Rejection},
    message::{ClientId, Draft, OneOrMany, PublishRequest},
};

use super::{
    body::Form,
    cookies,
    credentials::{self, Caller},
    fields::Fields,
    identity::Visitor,
    language, next_page,
    pages::{address_with_next, fail, turn_away},
    problem::{self, Refusal},
};
use crate::{
    auth::{AuthFailure, Credentials, Identity, Login, Registration, Typed},
    serve::ClientAddress,
    state::AppState,
    ui::{self, Instead, Page},
};

/// Fields that are never shown again.
const SECRETS: &[&str] = &["password", "current"];

/// `POST /login`
pub(super) async fn log_in(
    State(state): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    Form(fields): Form,
) -> Response {
    let next = next(&fields, &uri);
    let typed = Credentials { username: fields.text("username"), password: Typed(fields.text("password")) };
    match credentials::log_in(&state, caller, typed).await {
        Ok(login) => enter(&state, &login, &next),
        Err(refusal) => {
            let again =
                Again { form: FormName::Login, address: uri_of(&address_with_next("/login", &next)), viewer: None };
            again.show(&state, &headers, &fields, Some(refusal)).await
        }
    }
}

/// `POST /register`
pub(super) async fn register(
    State(state): State<AppState>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    Form(fields): Form,
) -> Response {
    let next = next(&fields, &uri);
    let typed = Registration {
        username: fields.text("username"),
        password: Typed(fields.text("password")),
        email: fields.text("email"),
        invite: fields.text("invite"),
    };
    match credentials::register(&state, caller, typed).await {
        Ok(login) => enter(&state, &login, &next),
        Err(refusal) => {
            let again = Again {
                form: FormName::Register,
                address: uri_of(&address_with_next("/register", &next)),
                viewer: None,
            };
            again.show(&state, &headers, &fields, Some(refusal)).await
        }
    }
}

/// `POST /`
pub(super) async fn compose(
    State(state): State<AppState>,
    Visitor(visitor): Visitor,
    uri: Uri,
    headers: HeaderMap,
    Form(fields): Form,
) -> Response {
    let identity = match visitor {
        Ok(identity) => identity,
        Err(failure) => return turn_away(&state, failure, &uri, &headers).await,
    };
    match publish(&state, &identity, &fields).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(refusal) => {
            let again = Again { form: FormName::Compose, address: Uri::from_static("/"), viewer: Some(&identity) };
            again.show(&state, &headers, &fields, Some(refusal)).await
        }
    }
}

async fn publish(state: &AppState, identity: &Identity, fields: &Fields) -> Result<(), Rejection> {
    let key = fields.get("idempotency_key").map(|key| ClientId::parse(key, "idempotency_key")).transpose()?;
    let draft = Draft::parse(request(fields)?)?;
    state.limits.publish(identity.person.id).await?;
    state.push.publish(&identity.person, key, draft).await.map(drop)
}

fn request(fields: &Fields) -> Result<PublishRequest, Rejection> {
    let no_number = |_| Rejection::at(ErrorCode::Invalid, "priority", Sentence::PriorityRange);
    Ok(PublishRequest {
        // A form writes each line's end as CRLF (HTML, "constructing the entry list"); scripts and programs send LF.
        message: fields.text("message").replace("\r\n", "\n"),
        title: fields.get("title").map(str::to_owned),
        priority: fields.get("priority").map(|text| text.parse().map_err(no_number)).transpose()?,
        // An empty field means not given.
        to: Some(fields.all("to")).filter(|to| to.iter().any(|one| !one.trim().is_empty())).map(OneOrMany::Many),
        ..PublishRequest::default()
    })
}

/// `POST /logout`
pub(super) async fn log_out(State(state): State<AppState>, Visitor(visitor): Visitor, headers: HeaderMap) -> Response {
    let ended = match visitor {
        Ok(identity) => state.auth.log_out(&identity).await,
        Err(AuthFailure::Unavailable) => Err(AuthFailure::Unavailable.into()),
        // There is nothing to end, and the cookies go.
        Err(_) => Ok(()),
    };
    leave(&state, &headers, ended).await
}

/// `POST /settings/password`
pub(super) async fn change_password(
    State(state): State<AppState>,
    client: ClientAddress,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
    Form(fields): Form,
) -> Response {
    let identity = match visitor {
        Ok(identity) => identity,
        Err(failure) => return turn_away(&state, failure, &settings(), &headers).await,
    };
    let (current, new) = (Typed(fields.text("current")), Typed(fields.text("password")));
    let refusal = credentials::change_password(&state, client, &identity, current, new).await.err();
    let again = Again { form: FormName::Password, address: settings(), viewer: Some(&identity) };
    again.show(&state, &headers, &fields, refusal).await
}

/// `POST /settings/theme`. A year, and readable by scripts: they change it as well.
pub(super) async fn choose_theme(State(state): State<AppState>, Form(fields): Form) -> Result<Response, Refusal> {
    let theme = fields.get("theme").and_then(Theme::parse);
    let theme = theme.ok_or_else(|| Rejection::at(ErrorCode::Invalid, "theme", Sentence::ThemeUnknown))?;
    Ok(remember(&state, &fields, Theme::COOKIE, theme.as_str(), ""))
}

/// `POST /settings/density`
pub(super) async fn choose_density(State(state): State<AppState>, Form(fields): Form) -> Result<Response, Refusal> {
    let density = fields.get("density").and_then(Density::parse);
    let density = density.ok_or_else(|| Rejection::at(ErrorCode::Invalid, "density", Sentence::DensityUnknown))?;
    Ok(remember(&state, &fields, Density::COOKIE, density.as_str(), ""))
}

/// `POST /settings/language`. A year; only the server reads it.
pub(super) async fn choose_language(State(state): State<AppState>, Form(fields): Form) -> Result<Response, Refusal> {
    let language = fields.get("language").and_then(Language::parse);
    let language = language.ok_or_else(|| Rejection::at(ErrorCode::Invalid, "language", Sentence::LanguageUnknown))?;
    Ok(remember(&state, &fields, Language::COOKIE, language.tag(), "; HttpOnly"))
}

/// Keeps a choice in a cookie and leads back to where it was made.
fn remember(state: &AppState, fields: &Fields, cookie: &str, choice: &str, more: &str) -> Response {
    let secure = if state.config.base_url().is_https() { "; Secure" } else { "" };
    let line = format!("{cookie}={choice}; Path=/; SameSite=Lax; Max-Age=31536000{more}{secure}");
    let mut response = Redirect::to(&next_page(fields.get("next").or(Some("/settings")))).into_response();
    cookies::add(&mut response, HeaderValue::from_str(&line));
    response
}

/// Where to go after the login: the form says, or the address it was sent to.
fn next(fields: &Fields, uri: &Uri) -> String {
    let query = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    next_page(fields.get("next").or(query.get("next")))
}

fn enter(state: &AppState, login: &Login, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    cookies::add(&mut response, cookies::of_login(login, &state.config, state.clock.now()));
    response
}

async fn leave(state: &AppState, headers: &HeaderMap, ended: Result<(), Rejection>) -> Response {
    match ended {
        Ok(()) => to_the_login(state),
        Err(refusal) => fail(state, &settings(), headers, None, refusal.code).await,
    }
}

/// After the login of this browser has ended.
pub(super) fn to_the_login(state: &AppState) -> Response {
    let mut response = Redirect::to("/login").into_response();
    cookies::add(&mut response, cookies::of_logout(&state.config));
    response
}

fn settings() -> Uri {
    Uri::from_static("/settings")
}

/// The address as a page's router sees it.
fn uri_of(address: &str) -> Uri {
    address.parse().unwrap_or_else(|_| Uri::from_static("/login"))
}

/// The page a form stands on, to be shown again.
struct Again<'a> {
    form: FormName,
    address: Uri,
    viewer: Option<&'a Identity>,
}

impl Again<'_> {
    async fn show(
        self,
        state: &AppState,
        headers: &HeaderMap,
        fields: &Fields,
        refusal: Option<Rejection>,
    ) -> Response {
        let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| problem::status(refusal.code));
        let wait = refusal.as_ref().and_then(|refusal| refusal.retry_after_s);
        let words = language::of(headers).catalogue();
        let refusal = refusal.map(|refusal| FormRefusal::new(refusal, words));
        let form = FormState { form: self.form, values: fields.shown_again(SECRETS), refusal };
        let (address, viewer) = (&self.address, self.viewer);
        let page = Page { address, status, instead: Instead::Nothing, headers, viewer, form: Some(form), desk: None };
        let mut response = ui::render(state, page).await;
        problem::ask_to_wait(&mut response, wait);
        response
    }
}
