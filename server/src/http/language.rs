//! In which language whoever asks is answered.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use push_system::catalogue::Language;

/// What an answer in words depends on beside its address.
const DEPENDS_ON: HeaderValue = HeaderValue::from_static("cookie, accept-language");

/// What the request's person reads.
pub fn of(headers: &HeaderMap) -> Language {
    let jar = CookieJar::from_headers(headers);
    let lines = headers.get_all(header::ACCEPT_LANGUAGE).into_iter().filter_map(|line| line.to_str().ok());
    let accept = lines.collect::<Vec<_>>().join(",");
    Language::of_reader(jar.get(Language::COOKIE).map(Cookie::value), &accept)
}

/// Says which language an answer is in, and what that depends on.
pub fn mark(response: &mut Response, language: Language) {
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response.headers_mut().append(header::VARY, DEPENDS_ON);
}
