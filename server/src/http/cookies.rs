//! The cookies a browser keeps a login in. Scripts cannot read them.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use push_system::timestamp::Timestamp;

use crate::{
    auth::{CookieNames, Login},
    config::Config,
};

/// The `Set-Cookie` lines of a login. Both live as long as the session: the access token inside ends sooner, and its
/// cookie is what tells an expired login from none.
pub fn of_login(login: &Login, config: &Config, now: Timestamp) -> [HeaderValue; 2] {
    let seconds = (login.expires.unix_s() - now.unix_s()).max(0);
    let names = CookieNames::of(config);
    [(names.access, &login.access), (names.refresh, &login.refresh)]
        .map(|(name, value)| line(name, value.clone(), seconds, config))
}

/// The `Set-Cookie` lines that make a browser forget its login.
pub fn of_logout(config: &Config) -> [HeaderValue; 2] {
    let names = CookieNames::of(config);
    [names.access, names.refresh].map(|name| line(name, String::new(), 0, config))
}

/// Adds lines to an answer, keeping those that are there.
pub fn add(response: &mut Response, lines: impl IntoIterator<Item = HeaderValue>) {
    for line in lines {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// Gives the request another access token, or none; its refresh token has done its work.
pub fn replace(headers: &mut HeaderMap, names: CookieNames, access: Option<&str>) {
    let jar = CookieJar::from_headers(headers);
    let others = jar.iter().filter(|cookie| ![names.access, names.refresh].contains(&cookie.name()));
    let access = access.map(|token| format!("{}={token}", names.access));
    let pairs: Vec<_> = others.map(|cookie| format!("{}={}", cookie.name(), cookie.value())).chain(access).collect();
    headers.remove(header::COOKIE);
    if let Ok(value) = HeaderValue::from_str(&pairs.join("; ")) {
        headers.insert(header::COOKIE, value);
    }
}

fn line(name: &'static str, value: String, seconds: i64, config: &Config) -> HeaderValue {
    let cookie = Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax);
    let mut text = cookie.secure(config.base_url().is_https()).build().to_string();
    text.push_str("; Max-Age=");
    text.push_str(&seconds.to_string());
    HeaderValue::from_str(&text).expect("names and tokens of ours are plain ASCII")
}
