//! By which names this server answers.
//!
//! A page elsewhere can let its own name lead to this machine for a while. The browser then takes both for one site, sends
//! what it marks as the page's own, and lets it read the answers, also where nobody else can reach the server (DNS
//! rebinding). The name in `Host` is what gives it away: it is the page's.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use push_system::{catalogue::Sentence, error::ErrorCode};

use super::{
    origin::{self, OriginCheck},
    problem::Refusal,
};
use crate::{config::Config, state::AppState};

/// What machines ask that know this one by its number or by a name of their own. There is nothing of anybody's in it.
const FOR_MACHINES: [&str; 3] = ["/healthz", "/readyz", "/version"];

/// The middleware: refuses what comes by a name of somebody else's, before anything else looks at it.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (config, headers) = (&state.config, request.headers());
    let passes = FOR_MACHINES.contains(&request.uri().path())
        || (comes_by_our_name(headers, config) && comes_from_our_page(request.method(), headers, config));
    if passes {
        return next.run(request).await;
    }
    Refusal::new(ErrorCode::ForeignOrigin, Sentence::ForeignOrigin).into_response()
}

/// No browser leaves the name out, or gives two.
fn comes_by_our_name(headers: &HeaderMap, config: &Config) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => true,
        (Some(host), None) => {
            let authority = Authority::try_from(host.as_bytes()).ok();
            let plain = authority.filter(|authority| !authority.as_str().contains('@'));
            plain.is_some_and(|authority| is_ours(authority.host(), config))
        }
        _ => false,
    }
}

/// Whether no page elsewhere could make a browser come by this name. Ports do not matter: a page cannot choose another's,
/// and one that is forwarded here has any number.
fn is_ours(host: &str, config: &Config) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let number = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host);
    let (v4, v6) = (number.parse::<Ipv4Addr>(), number.parse::<Ipv6Addr>());
    if host == config.base_url().host() {
        return true;
    }
    if config.listen.ip().is_loopback() {
        return host == "localhost" || v4.is_ok_and(|ip| ip.is_loopback()) || v6.is_ok_and(|ip| ip.is_loopback());
    }
    // A number is no name. A name without a dot, or under `local` (RFC 6762), is given by the network the server is in;
    // where people were told another one, that one counts for them.
    let is_local = host.rsplit_once('.').is_some_and(|(_, last)| last == "local");
    let is_of_this_network = !host.contains('.') || is_local && config.base_url.is_none();
    v4.is_ok() || v6.is_ok() || is_of_this_network
}

/// Where an address is configured, browsers change something from its pages alone. Otherwise, as there is none to hold
/// them to, the layer behind this one compares `Origin` with the `Host` that was just believed.
fn comes_from_our_page(method: &Method, headers: &HeaderMap, config: &Config) -> bool {
    method.is_safe() || config.base_url.is_none() || origin::is_allowed(headers, config) != OriginCheck::Foreign
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Flags, load};

    fn config(listen: &str, base_url: Option<&str>) -> Config {
        let flags = Flags { listen: Some(listen.into()), base_url: base_url.map(Into::into), ..Flags::default() };
        load(&flags, [], Path::new("nowhere")).unwrap().config
    }

    fn by(host: &str, config: &Config) -> bool {
        let headers = [(header::HOST, host.parse().unwrap())].into_iter().collect();
        comes_by_our_name(&headers, config)
    }

    #[test]
    fn a_loopback_listener_answers_by_the_names_of_its_machine_and_by_its_address() {
        for base_url in [None, Some("https://push.example")] {
            let config = config("127.0.0.1:8000", base_url);
            for ours in ["localhost:8000", "LOCALHOST", "localhost.:9000", "127.0.0.1:8000", "127.8.8.8", "[::1]:8000"]
            {
                assert!(by(ours, &config), "{ours}");
            }
            assert_eq!(by("push.example", &config), base_url.is_some());
            for foreign in ["evil.example:8000", "localhost.evil.example", "192.0.2.7:8000", "[2001:db8::1]", "nas", ""]
            {
                assert!(!by(foreign, &config), "{foreign}");
            }
        }
    }

    #[test]
    fn elsewhere_it_answers_by_its_address_by_numbers_and_by_names_of_its_own_network() {
        for base_url in [None, Some("https://push.example")] {
            let config = config("0.0.0.0:8000", base_url);
            for ours in ["192.168.1.5:8000", "[2001:db8::1]:8000", "push-system:8000", "localhost:8000"] {
                assert!(by(ours, &config), "{ours}");
            }
            assert_eq!(
                (by("PUSH.example", &config), by("nas.local", &config)),
                (base_url.is_some(), base_url.is_none())
            );
            for foreign in ["evil.example:8000", "1.2.3.4.evil.example", "push.example.evil.example", "a@nas"] {
                assert!(!by(foreign, &config), "{foreign}");
            }
        }
    }

    #[test]
    fn two_names_are_none_and_no_name_is_no_browser() {
        let config = config("127.0.0.1:8000", None);
        let headers = |hosts: &[&str]| hosts.iter().map(|host| (header::HOST, host.parse().unwrap())).collect();
        let several: HeaderMap = {
            let mut lines = HeaderMap::new();
            lines.append(header::HOST, "localhost".parse().unwrap());
            lines.append(header::HOST, "localhost".parse().unwrap());
            lines
        };
        assert!(!comes_by_our_name(&several, &config));
        assert!(comes_by_our_name(&headers(&[]), &config));
    }
}
