//! The site as files on disk, for `cargo leptos watch`, which writes them anew while the server runs.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::files::{media_type, site_files};

/// Serves the files that are in `folder` now, with the content they have when they are asked for.
pub(super) fn router<S>(folder: &Path) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let files = site_files(folder).unwrap_or_else(|error| {
        tracing::warn!(site.folder = %folder.display(), %error, "the site cannot be read; pages come without scripts and styles");
        Vec::new()
    });
    files.into_iter().fold(Router::new(), |router, file| {
        let path = format!("/{}", file.to_string_lossy());
        let file = folder.join(file);
        router.route(&path, get(move || respond(file.clone())))
    })
}

async fn respond(file: PathBuf) -> Response {
    let media_type = media_type(&file).unwrap_or("application/octet-stream");
    match tokio::fs::read(&file).await {
        Ok(bytes) => ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")], bytes).into_response(),
        Err(error) => {
            tracing::warn!(site.file = %file.display(), %error, "a file of the site cannot be read");
            StatusCode::NOT_FOUND.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn get_text(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn files_are_served_as_they_are_now_and_by_products_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("pkg")).expect("a folder");
        let script = folder.path().join("pkg/push-system.js");
        fs::write(&script, "first").expect("a file");
        fs::write(folder.path().join("pkg/push-system.d.ts"), "types").expect("a file");
        let router: Router = router(folder.path());

        assert_eq!(get_text(&router, "/pkg/push-system.js").await, (StatusCode::OK, "first".to_owned()));
        fs::write(&script, "second").expect("a file");
        assert_eq!(get_text(&router, "/pkg/push-system.js").await, (StatusCode::OK, "second".to_owned()));
        assert_eq!(get_text(&router, "/pkg/push-system.d.ts").await.0, StatusCode::NOT_FOUND);
    }
}
