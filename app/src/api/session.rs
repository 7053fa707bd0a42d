use gloo_net::http::Method;
use push_system::session::client::Login;
use serde_json::json;

use super::http::Ask;

/// `GET /auth/me`: whether there still is a login, renewing it where it is only over.
pub async fn me() -> Login {
    match Ask::get("/auth/me").send().await.map(|response| response.status()) {
        Ok(200) => Login::Valid,
        Ok(401) => refresh().await,
        _ => Login::Unreachable,
    }
}

/// `POST /auth/refresh`: a new access cookie for the refresh cookie.
pub async fn refresh() -> Login {
    match Ask::send_json(Method::POST, "/auth/refresh", &json!({})).send().await.map(|response| response.status()) {
        Ok(200) => Login::Valid,
        Ok(401) => Login::Gone,
        _ => Login::Unreachable,
    }
}
