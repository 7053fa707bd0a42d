//! Which pages may speak to this server.

use axum::http::{HeaderMap, header};

use crate::config::Config;

/// Where a request's page comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginCheck {
    /// From this system.
    Own,
    /// From somewhere else, or from nowhere a browser would name (`null`).
    Foreign,
    /// The request names no origin: no browser, or none that has a page open.
    None,
}

/// Looks at `Origin`. More than one is nothing a browser sends.
pub fn is_allowed(headers: &HeaderMap, config: &Config) -> OriginCheck {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => OriginCheck::None,
        (Some(origin), None) if own(config).iter().any(|own| own.as_bytes() == origin.as_bytes()) => OriginCheck::Own,
        _ => OriginCheck::Foreign,
    }
}

/// The origins of this system: the base URL's, and on a loopback listener every name of the machine's own.
pub fn own(config: &Config) -> Vec<String> {
    let mut origins = vec![config.base_url().origin()];
    if config.listen.ip().is_loopback() {
        let port = config.listen.port();
        let suffix = if port == 80 { String::new() } else { format!(":{port}") };
        origins.extend(["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}{suffix}")));
    }
    origins.sort_unstable();
    origins.dedup();
    origins
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Flags, load};

    fn check(listen: &str, base_url: Option<&str>, origin: Option<&str>) -> OriginCheck {
        let flags = Flags { listen: Some(listen.into()), base_url: base_url.map(Into::into), ..Flags::default() };
        let config = load(&flags, [], Path::new("nowhere")).unwrap().config;
        let headers = origin.map(|origin| (header::ORIGIN, origin.parse().unwrap())).into_iter().collect();
        is_allowed(&headers, &config)
    }

    #[test]
    fn a_loopback_listener_has_several_names() {
        for own in ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"] {
            assert_eq!(check("127.0.0.1:8000", None, Some(own)), OriginCheck::Own, "{own}");
        }
        assert_eq!(check("127.0.0.1:80", None, Some("http://localhost")), OriginCheck::Own);
    }

    #[test]
    fn behind_a_proxy_the_base_url_counts() {
        let base = Some("https://push.example");
        assert_eq!(check("0.0.0.0:8000", base, Some("https://push.example")), OriginCheck::Own);
        assert_eq!(check("0.0.0.0:8000", base, Some("http://localhost:8000")), OriginCheck::Foreign);
    }

    #[test]
    fn others_are_foreign_and_none_is_none() {
        for foreign in ["null", "http://localhost:8001", "https://localhost:8000", "http://evil.example", ""] {
            assert_eq!(check("127.0.0.1:8000", None, Some(foreign)), OriginCheck::Foreign, "{foreign}");
        }
        assert_eq!(check("127.0.0.1:8000", None, None), OriginCheck::None);
    }
}
