//! What proxies say of whom they heard.
//!
//! A proxy appends to what it was sent, so everything is read from its end: nothing that a client wrote itself, however
//! broken, takes away from what stands behind it.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

use axum::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The hops in the order they were appended; what is no address is none.
///
/// A proxy writes one of the two headers and may let the client's own through in the other. Where both come and tell two
/// stories, neither is told.
pub(super) fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let plain = lines(headers, &X_FORWARDED_FOR).map(|line| line.split(',').map(address).collect());
    let standard = lines(headers, &header::FORWARDED).map(|line| elements(&line).into_iter().map(named).collect());
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

/// The elements of `Forwarded`, which are separated by commas that do not stand between quotes (RFC 7239, 4). Quotes are
/// paired from the end: one that a client left open pairs with none of a proxy's.
fn elements(line: &str) -> Vec<&str> {
    let (mut elements, mut end, mut quoted) = (Vec::new(), line.len(), false);
    for (place, sign) in line.char_indices().rev() {
        match sign {
            '"' if !is_escaped(&line[..place]) => quoted = !quoted,
            ',' if !quoted => {
                elements.push(&line[place + 1..end]);
                end = place;
            }
            _ => {}
        }
    }
    elements.push(&line[..end]);
    elements.reverse();
    elements
}

/// Whether what stands behind this text does so as a sign like any other (RFC 9110, 5.6.4).
fn is_escaped(before: &str) -> bool {
    before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The `for` of one element. One that comes twice is none.
fn named(element: &str) -> Option<IpAddr> {
    let pairs = parameters(element);
    let mut named = pairs.iter().filter_map(|pair| pair.split_once('=')).filter(|(name, _)| is_for(name));
    let (_, value) = named.next()?;
    if named.next().is_some() { None } else { address(&unquoted(value.trim())) }
}

fn is_for(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("for")
}

/// Splits an element at the semicolons that do not stand between quotes.
fn parameters(element: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    element
        .split(move |sign| {
            let is_quote = sign == '"' && !escaped;
            escaped = quoted && sign == '\\' && !escaped;
            quoted ^= is_quote;
            !quoted && sign == ';'
        })
        .collect()
}

/// What a quoted string says; anything else as it is.
fn unquoted(value: &str) -> Cow<'_, str> {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.into() };
    let mut escaped = false;
    inner
        .chars()
        .filter(|sign| {
            escaped = *sign == '\\' && !escaped;
            !escaped
        })
        .collect()
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}
