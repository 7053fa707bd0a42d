//! Pages rendered from their context alone, without a server.

use std::sync::Arc;

use app::{
    context::{PageContext, ServerContext},
    desk::Desk,
};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use leptos::{config::LeptosOptions, context::provide_context};
use push_system::{
    accounts::Person,
    api::{HistoryPage, HistoryQuery, Presence},
    catalogue::{Catalogue, Sentence},
    error::{ErrorCode, Rejection},
    ids::UserId,
    inbox::Snapshot,
    ports::Backend,
};

/// The page reads nothing: everything is in its context.
struct Nothing;

#[async_trait]
impl Backend for Nothing {
    async fn snapshot(&self, _: UserId) -> Result<Snapshot, Rejection> {
        Err(Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable))
    }

    async fn history(&self, _: UserId, _: HistoryQuery) -> Result<HistoryPage, Rejection> {
        Err(Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable))
    }

    async fn people(&self, _: &str) -> Result<Vec<Person>, Rejection> {
        Err(Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable))
    }

    async fn presence(&self) -> Presence {
        Presence::default()
    }
}

/// The document as it is sent, with the data that the browser reads back.
pub async fn rendered(context: PageContext, desk: Option<Desk>, words: &'static Catalogue) -> String {
    let options = LeptosOptions::builder().output_name("push-system").site_pkg_dir("pkg").build();
    let server = ServerContext { backend: Arc::new(Nothing), set_status: Arc::new(|_| {}), package_dir: "pkg" };
    let provide = move || {
        provide_context(context.clone());
        provide_context(server.clone());
        provide_context(words);
        if let Some(desk) = desk.clone() {
            provide_context(desk);
        }
    };
    let render = leptos_axum::render_app_async_with_context(provide, move || app::shell(options.clone()));
    let response = render(axum::http::Request::new(Body::empty())).await;
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}
