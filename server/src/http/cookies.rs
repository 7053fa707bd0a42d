//! The cookies a browser keeps a login in. Scripts cannot read them.

use app::context::OFFSET_COOKIE;
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use push_system::timestamp::Timestamp;

use crate::{
    auth::{CookieNames, Login},
    config::Config,
};

/// East and west of this there is no time zone.
const OFFSET_LIMIT_MINUTES: i32 = 14 * 60;

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

/// How long a browser may keep what is shown once, if it never asks for the page.
const ONCE_SECONDS: i64 = 60;

/// The `Set-Cookie` line that brings a secret to the page `at`, which is asked for next and shows it this once.
pub fn of_secret(at: &str, secret: &str, config: &Config) -> HeaderValue {
    let value = utf8_percent_encode(&format!("{at} {secret}"), NON_ALPHANUMERIC).to_string();
    line(once(config), value, ONCE_SECONDS, config)
}

/// The `Set-Cookie` line that takes it away again; nothing where the request brought none.
pub fn without_secret(headers: &HeaderMap, config: &Config) -> Option<HeaderValue> {
    CookieJar::from_headers(headers).get(once(config)).map(|_| line(once(config), String::new(), 0, config))
}

/// What a form made for the page `at` just now.
pub fn secret_for(at: &str, headers: &HeaderMap, config: &Config) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    let value = percent_decode_str(jar.get(once(config))?.value()).decode_utf8().ok()?.into_owned();
    let (page, secret) = value.split_once(' ')?;
    (page == at).then(|| secret.to_owned())
}

/// Its name; prefixed for the reason that [`CookieNames::of`] gives.
fn once(config: &Config) -> &'static str {
    if config.base_url().is_https() { "__Host-push_once" } else { "push_once" }
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

/// How many minutes east of UTC a browser says that it is; 0 for who says nothing, as programs do.
pub fn offset_minutes(headers: &HeaderMap) -> i32 {
    let jar = CookieJar::from_headers(headers);
    let said = jar.get(OFFSET_COOKIE).and_then(|cookie| cookie.value().parse::<i32>().ok()).unwrap_or_default();
    said.clamp(-OFFSET_LIMIT_MINUTES, OFFSET_LIMIT_MINUTES)
}

fn line(name: &'static str, value: String, seconds: i64, config: &Config) -> HeaderValue {
    let cookie = Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax);
    let mut text = cookie.secure(config.base_url().is_https()).build().to_string();
    text.push_str("; Max-Age=");
    text.push_str(&seconds.to_string());
    HeaderValue::from_str(&text).expect("names and tokens of ours are plain ASCII")
}
