//! How a refusal becomes an answer. The one place where codes have statuses.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use push_system::{
    catalogue::EN,
    error::{ErrorCode, Problem, Rejection},
};

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
        Code::Taken | Code::LastAdmin | Code::IdempotencyConflict => StatusCode::CONFLICT,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::Invalid
        | Code::Empty
        | Code::Nul
        | Code::TooShort
        | Code::TooLong
        | Code::TooCommon
        | Code::TooLarge
        | Code::UnknownRecipient => StatusCode::UNPROCESSABLE_ENTITY,
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
    pub fn new(code: ErrorCode, detail: &str) -> Self {
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
        Self::new(ErrorCode::Unavailable, EN.unavailable)
    }
}

/// The answer to a refused request.
pub fn problem(rejection: Rejection) -> Response {
    let (status, wait) = (status(rejection.code), rejection.retry_after_s);
    let mut response = (status, Json(document(rejection))).into_response();
    finish(&mut response);
    ask_to_wait(&mut response, wait);
    response
}

/// The document of a refusal.
pub fn document(rejection: Rejection) -> Problem {
    let status = status(rejection.code);
    Problem {
        kind: format!("urn:push-system:problem:{}", rejection.code.as_str()),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        detail: rejection.detail,
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
            let document = document(Rejection::new(*code, "why"));
            assert!((400..600).contains(&document.status), "{code:?}");
            assert!(!document.title.is_empty(), "{code:?}");
            assert!(document.kind.ends_with(code.as_str()), "{code:?}");
        }
    }

    #[test]
    fn a_refused_login_says_how_to_log_in_and_a_busy_server_when_to_come_back() {
        let response = Refusal::new(ErrorCode::Unauthorized, "why").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let response = Refusal::new(ErrorCode::Unavailable, "why").into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
