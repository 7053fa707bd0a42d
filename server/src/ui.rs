//! Renders the pages of [`app`] on the server, with the data of one request.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU16, Ordering},
};

use app::{
    context::{Density, FormState, PageContext, PageData, ServerContext, Theme},
    desk::Desk,
};
use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, Uri, header},
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use leptos::{config::LeptosOptions, context::provide_context, nonce::use_nonce};
use push_system::api::Me;

use crate::{
    auth::Identity,
    config::Registration,
    http::{cookies, headers, language, problem},
    site,
    state::AppState,
};

/// Where `cargo leptos watch` tells open pages to reload; the same as in the workspace's metadata.
const RELOAD_PORT: u32 = 8001;

/// What rendering needs once per process.
#[derive(Clone)]
pub struct Ui {
    options: LeptosOptions,
}

impl Ui {
    /// Prepares rendering.
    pub fn new() -> Self {
        // Fails when it was done before, which is as good.
        drop(any_spawner::Executor::init_tokio());
        let options = LeptosOptions::builder()
            .output_name("push-system")
            .site_pkg_dir(site::package_dir())
            .reload_port(RELOAD_PORT)
            .build();
        Self { options }
    }
}

impl Default for Ui {
    fn default() -> Self {
        Self::new()
    }
}

/// One page to render.
pub struct Page<'a> {
    /// Path and query, as the page's router sees them.
    pub address: &'a Uri,
    /// The status of the answer. The page may find a worse one.
    pub status: StatusCode,
    /// Whether an error page with that status is shown instead of what lives at the address.
    pub instead: Instead,
    /// The request's headers, for its cookies.
    pub headers: &'a HeaderMap,
    /// Who asks.
    pub viewer: Option<&'a Identity>,
    /// A form that was sent, and what came of it.
    pub form: Option<FormState>,
    /// What is shown instead of what lives there, where that is a page that only the server renders.
    pub desk: Option<Desk>,
}

/// What is shown at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// What lives there.
    Nothing,
    /// The error page of the answer's status.
    ErrorPage,
}

/// Reads what the page shows, renders it whole, then answers: its status is known by then.
pub async fn render(state: &AppState, page: Page<'_>) -> Response {
    let status = Arc::new(AtomicU16::new(page.status.as_u16()));
    let set_status = Arc::clone(&status);
    let server = ServerContext {
        backend: Arc::clone(&state.backend),
        set_status: Arc::new(move |code| set_status.store(code, Ordering::Relaxed)),
        package_dir: site::package_dir(),
    };
    let mut context = context(state, &page);
    context.registration_open = page.viewer.is_none() && registration_is_open(state).await;
    if context.failure.is_none() {
        context.load(&server, page.address.path(), page.address.query().unwrap_or_default()).await;
    }
    let (desk, language) = (page.desk.clone(), context.language);
    let nonce = Arc::new(OnceLock::new());
    let nonce_to_set = Arc::clone(&nonce);
    let provide = move || {
        provide_context(context.clone());
        provide_context(language.catalogue());
        if let Some(desk) = desk.clone() {
            provide_context(desk);
        }
        provide_context(server.clone());
        nonce_to_set.get_or_init(|| use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default());
    };
    let options = state.ui.options.clone();
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = page.address.clone();
    let mut response =
        leptos_axum::render_app_async_with_context(provide, move || app::shell(options.clone()))(request).await;
    *response.status_mut() =
        StatusCode::from_u16(status.load(Ordering::Relaxed)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let policy = headers::page_policy(nonce.get().map_or("", String::as_str), &state.config);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    problem::add_hints(&mut response);
    language::mark(&mut response, language);
    response
}

/// Whether a form to register is worth showing. Where nobody can be asked it is: sending it says what is wrong.
async fn registration_is_open(state: &AppState) -> bool {
    state.auth.is_registration_open().await.unwrap_or(state.config.registration == Registration::Open)
}

fn context(state: &AppState, page: &Page<'_>) -> PageContext {
    let jar = CookieJar::from_headers(page.headers);
    let cookie = |name: &str| jar.get(name).map(Cookie::value);
    PageContext {
        viewer: page.viewer.map(|identity| Me { person: identity.person.clone(), role: identity.role }),
        language: language::of(page.headers),
        theme: cookie(Theme::COOKIE).and_then(Theme::parse).unwrap_or_default(),
        density: cookie(Density::COOKIE).and_then(Density::parse).unwrap_or_default(),
        offset_minutes: cookies::offset_minutes(page.headers),
        now: state.clock.now(),
        base_url: state.config.base_url().to_string(),
        registration_open: false,
        form: page.form.clone(),
        failure: (page.instead == Instead::ErrorPage).then(|| page.status.as_u16()),
        data: PageData::default(),
    }
}
