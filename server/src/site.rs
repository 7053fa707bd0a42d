//! What the browser loads beside the pages: scripts, styles, icons.
//!
//! A release binary carries all of it, compressed by the build script. Scripts and styles live in a folder that is
//! named after their content, so browsers keep them for ever; the rest is asked for again and answered with 304.
//! A debug build carries nothing; under `cargo leptos watch` it reads from disk.

use axum::Router;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::coding::{Accepted, Coding};

mod coding;
#[cfg(debug_assertions)]
mod disk;
#[cfg(debug_assertions)]
mod files;

include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// A year is as long as RFC 9111's caches are asked to keep anything.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// One file of the site.
struct Asset {
    /// Where it is served, from the first slash.
    path: &'static str,
    media_type: &'static str,
    /// Of the plain content.
    hash: &'static str,
    /// Whether `path` changes with the content.
    immutable: bool,
    plain: &'static [u8],
    /// Present where it is smaller than `plain`.
    brotli: Option<&'static [u8]>,
    /// Present where it is smaller than `plain`.
    gzip: Option<&'static [u8]>,
}

/// The folder of scripts and styles, without slashes at its ends: what `LeptosOptions::site_pkg_dir` wants.
pub fn package_dir() -> &'static str {
    PACKAGE_DIR
}

/// Answers GET and HEAD for each file of the site and nothing else, to be merged into the server's router.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    #[cfg(debug_assertions)]
    if let Some(folder) = std::env::var_os("LEPTOS_SITE_ROOT") {
        return disk::router(folder.as_ref());
    }
    routes(ASSETS)
}

fn routes<S>(assets: &'static [Asset]) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    assets.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get(move |headers: HeaderMap| async move { asset.respond(&headers) }))
    })
}

impl Asset {
    fn respond(&self, request: &HeaderMap) -> Response {
        let (coding, bytes) = self.choose(&Accepted::of(request.get_all(ACCEPT_ENCODING)));
        let etag = self.etag(coding);
        let known = knows(request, &etag);
        let caching = if self.immutable { FOR_EVER } else { ASK_AGAIN };

        let headers = [(ETAG, etag.as_str()), (CACHE_CONTROL, caching), (VARY, "accept-encoding")];
        if known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let mut response = (headers, [(CONTENT_TYPE, self.media_type)], bytes).into_response();
        if let Some(name) = coding.name() {
            response.headers_mut().insert(CONTENT_ENCODING, name);
        }
        response
    }

    fn choose(&self, accepted: &Accepted) -> (Coding, &'static [u8]) {
        let compressed = [(Coding::Brotli, self.brotli), (Coding::Gzip, self.gzip)]
            .into_iter()
            .filter_map(|(coding, bytes)| Some((coding, bytes?)));
        accepted.best(compressed).unwrap_or((Coding::Identity, self.plain))
    }

    /// Each coding is a representation of its own, so a strong tag must differ.
    fn etag(&self, coding: Coding) -> String {
        match coding {
            Coding::Brotli => format!("\"{}-br\"", self.hash),
            Coding::Gzip => format!("\"{}-gz\"", self.hash),
            Coding::Identity => format!("\"{}\"", self.hash),
        }
    }
}

/// Whether the browser's copy is the one that `etag` names (RFC 9110, 13.1.2: the weak comparison).
fn knows(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::http::header::{CONTENT_LENGTH, HeaderName};
    use tower::ServiceExt as _;

    use super::*;

    static SITE: &[Asset] = &[
        Asset {
            path: "/pkg/0123456789abcdef/push-system.wasm",
            media_type: "application/wasm",
            hash: "aa",
            immutable: true,
            plain: b"the plain module",
            brotli: Some(b"brotli"),
            gzip: Some(b"gzipped"),
        },
        Asset {
            path: "/favicon.ico",
            media_type: "image/x-icon",
            hash: "bb",
            immutable: false,
            plain: b"icon",
            brotli: None,
            gzip: None,
        },
    ];
    const MODULE: &str = "/pkg/0123456789abcdef/push-system.wasm";

    async fn ask(method: &str, path: &str, headers: &[(HeaderName, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = headers
            .iter()
            .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(name, *value))
            .body(Body::empty())
            .expect("a request");
        let response = routes::<()>(SITE).oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        (parts.status, parts.headers, body)
    }

    #[tokio::test]
    async fn a_packaged_file_is_kept_for_ever_and_served_in_the_best_coding() {
        let (status, headers, body) = ask("GET", MODULE, &[(ACCEPT_ENCODING, "gzip, deflate, br, zstd")]).await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, b"brotli".as_slice()));
        assert_eq!(headers[CONTENT_ENCODING], "br");
        assert_eq!(headers[CONTENT_TYPE], "application/wasm");
        assert_eq!(headers[CACHE_CONTROL], FOR_EVER);
        assert_eq!(headers[VARY], "accept-encoding");
    }

    #[tokio::test]
    async fn a_client_that_names_no_coding_gets_the_plain_bytes() {
        let (_, headers, body) = ask("GET", MODULE, &[]).await;
        assert_eq!(body, b"the plain module");
        assert!(!headers.contains_key(CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn head_tells_the_length_and_sends_no_body() {
        let (status, headers, body) = ask("HEAD", MODULE, &[(ACCEPT_ENCODING, "gzip")]).await;
        assert_eq!((status, body.len()), (StatusCode::OK, 0));
        assert_eq!(headers[CONTENT_LENGTH], "7");
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
    }

    #[tokio::test]
    async fn a_root_file_is_asked_for_again_and_not_sent_twice() {
        let (_, headers, body) = ask("GET", "/favicon.ico", &[(ACCEPT_ENCODING, "br")]).await;
        assert_eq!(body, b"icon");
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        let etag = headers[ETAG].to_str().expect("an ASCII tag").to_owned();

        for tags in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let (status, headers, body) = ask("GET", "/favicon.ico", &[(IF_NONE_MATCH, &tags)]).await;
            assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{tags}");
            assert_eq!(headers[ETAG], etag.as_str());
        }
        let (status, ..) = ask("GET", "/favicon.ico", &[(IF_NONE_MATCH, "\"other\"")]).await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_tag_of_one_coding_is_not_the_tag_of_another() {
        let (_, headers, _) = ask("GET", MODULE, &[(ACCEPT_ENCODING, "br")]).await;
        let brotli = headers[ETAG].to_str().expect("an ASCII tag").to_owned();
        let (status, ..) = ask("GET", MODULE, &[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, &brotli)]).await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn other_paths_and_methods_are_not_the_sites() {
        for path in ["/pkg/ffffffffffffffff/push-system.wasm", "/pkg/0123456789abcdef/", "/favicon.ico/", "/"] {
            let (status, ..) = ask("GET", path, &[]).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
        let (status, ..) = ask("POST", "/favicon.ico", &[]).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    }
}
