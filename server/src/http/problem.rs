//! How a refusal becomes an answer. The one place where codes have statuses.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use push_system::{
    catalogue::{Language, Sentence},
    error::{ErrorCode, Problem, Rejection},
};

use super::language;
use crate::{auth::AuthFailure, store::StoreError};

/// The media type of RFC 9457.
const PROBLEM_JSON: &str = "application/problem+json";
/// Seconds after which a request that could not be served is worth repeating.
const RETRY_SECONDS: &str = "1";

/// The status of each way to fail.
pub fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as Code;
    match code {
        Code::MalformedJson | Code::BadFrame => StatusCode::BAD_REQUEST,
        Code::BadCredentials | Code::Unauthorized | Code::TokenExpired | Code::Revoked => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::ForeignOrigin | Code::RegistrationClosed | Code::WrongUser => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        Code::Taken | Code::LastAdmin | Code::TooMany | Code::IdempotencyConflict => StatusCode::CONFLICT,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::Invalid
        | Code::Empty
        | Code::Nul
        | Code::TooShort
        | Code::TooLong
        | Code::TooCommon
        | Code::TooLarge
        | Code::UnknownRecipient
        | Code::AmbiguousRecipient
        | Code::MixedAudience
        | Code::TopicArchived => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooManySockets | Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::OutcomeUnknown | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A [`Rejection`] as the error of a handler.
#[derive(Debug)]
pub struct Refusal(pub Rejection);

impl Refusal {
    /// A refusal that blames no field.
    pub fn new(code: ErrorCode, detail: Sentence) -> Self {
        Self(Rejection::new(code, detail))
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl From<AuthFailure> for Refusal {
    fn from(failure: AuthFailure) -> Self {
        Self(failure.into())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(ErrorCode::Unavailable, Sentence::Unavailable)
    }
}

/// A refusal on its way to [`say`].
#[derive(Clone)]
struct Unsaid(Rejection);

/// The answer to a refused request, without a body until [`say`] knows who reads it.
pub fn problem(rejection: Rejection) -> Response {
    let mut response = status(rejection.code).into_response();
    finish(&mut response);
    ask_to_wait(&mut response, rejection.retry_after_s);
    response.extensions_mut().insert(Unsaid(rejection));
    response
}

/// The middleware that puts refusals into the words of whoever asked. Everything that refuses is inside of it.
pub async fn say(request: Request, next: Next) -> Response {
    let language = language::of(request.headers());
    let mut response = next.run(request).await;
    if let Some(Unsaid(rejection)) = response.extensions_mut().remove() {
        let document = serde_json::to_string(&document(rejection, language));
        *response.body_mut() = Body::from(document.unwrap_or_else(|_| unreachable!("a problem has only string keys")));
        // That of the empty body.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        language::mark(&mut response, language);
    }
    response
}

/// The document of a refusal, for who reads that language.
pub fn document(rejection: Rejection, language: Language) -> Problem {
    let status = status(rejection.code);
    Problem {
        kind: format!("urn:push-system:problem:{}", rejection.code.as_str()),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        detail: language.catalogue().say(&rejection.detail),
        code: rejection.code,
        field: rejection.field.map(Into::into),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        problem(self.0)
    }
}

/// Names the media type of an answer that holds a problem, and adds what its status wants beside it.
pub fn finish(response: &mut Response) {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    add_hints(response);
}

/// What some statuses want beside them (RFC 9110, 11.6.1, 10.2.3 and 15.5.22; RFC 6455, 4.4).
pub fn add_hints(response: &mut Response) {
    let hints: &[(HeaderName, &'static str)] = match response.status() {
        StatusCode::UNAUTHORIZED => &[(header::WWW_AUTHENTICATE, "Bearer")],
        StatusCode::SERVICE_UNAVAILABLE => &[(header::RETRY_AFTER, RETRY_SECONDS)],
        StatusCode::UPGRADE_REQUIRED => {
            &[(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade"), (header::SEC_WEBSOCKET_VERSION, "13")]
        }
        _ => &[],
    };
    for (name, value) in hints {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

/// Says after how many seconds to come back, where the refusal knows.
pub fn ask_to_wait(response: &mut Response, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_error_and_its_document_says_so() {
        for code in ErrorCode::ALL {
            let document = document(Rejection::new(*code, Sentence::Internal), Language::En);
            assert!((400..600).contains(&document.status), "{code:?}");
            assert!(!document.title.is_empty(), "{code:?}");
            assert!(document.kind.ends_with(code.as_str()), "{code:?}");
        }
    }

    #[test]
    fn a_refused_login_says_how_to_log_in_and_a_busy_server_when_to_come_back() {
        let response = Refusal::new(ErrorCode::Unauthorized, Sentence::Unauthorized).into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let response = Refusal::new(ErrorCode::Unavailable, Sentence::Unavailable).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
