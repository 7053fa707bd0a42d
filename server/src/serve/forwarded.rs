//! What proxies say of whom they heard.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The hops in the order they were appended; what is no address is none.
///
/// A proxy writes one of the two headers and may let the client's own through in the other. Where both come and tell two
/// stories, neither is told.
pub(super) fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let plain =
        lines(headers, &X_FORWARDED_FOR).map(|line| split(&line, b',').iter().map(|hop| address(hop)).collect());
    let standard =
        lines(headers, &header::FORWARDED).map(|line| split(&line, b',').iter().map(|hop| named(hop)).collect());
    match (plain, standard) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) if one == other => one,
        _ => Vec::new(),
    }
}

/// All lines of a header as one list (RFC 9110, 5.3).
fn lines(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// The `for` of one element of `Forwarded` (RFC 7239, 4). One that comes twice is none.
fn named(element: &str) -> Option<IpAddr> {
    let pairs = split(element, b';');
    let mut named = pairs.iter().filter_map(|pair| pair.split_once('=')).filter(|(name, _)| is_for(name));
    let (_, value) = named.next()?;
    let value = value.trim();
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if named.next().is_some() { None } else { address(quoted.unwrap_or(value)) }
}

fn is_for(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("for")
}

/// Splits at a sign that does not stand between quotes.
fn split(text: &str, at: u8) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |sign: char| {
        quoted ^= sign == '"';
        !quoted && sign == char::from(at)
    })
    .collect()
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}
