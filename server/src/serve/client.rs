//! Who the client is: the one answer that caps, limits, logs and sessions go by.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use axum::http::HeaderMap;

use super::forwarded;
use crate::config::TrustedProxies;

/// The address a request comes from, as far as it can be believed.
///
/// It is the peer's own unless the peer is one of the [`TrustedProxies`]. Then it is the last address in
/// `X-Forwarded-For`, or in `Forwarded` (RFC 7239), that is not a trusted proxy's: each proxy appends whom it heard, so
/// that what a client wrote itself stands before that, and is never reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The peer itself. A listener on all addresses sees IPv4 in IPv6's clothes.
    pub fn direct(peer: IpAddr) -> Self {
        Self(peer.to_canonical())
    }

    /// Whoever the peer speaks for in this request, if it is to be believed.
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut client = Self::direct(peer);
        if !trusted.include(client.0) {
            return client;
        }
        for hop in forwarded::hops(headers).iter().rev() {
            // What is no address was written by the client, or by a proxy that hides it: whoever passed it on counts.
            let Some(ip) = hop else { break };
            client = Self::direct(*ip);
            if !trusted.include(client.0) {
                break;
            }
        }
        client
    }

    /// The whole address, for logs and for people.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What is counted as one: an IPv4 address, or the network of 64 bits that an IPv6 host has to itself (RFC 6177) and
    /// could take a new address from for every request.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXIES: &str = "10.0.0.0/8, 192.0.2.1 fd00::/8";

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        ClientAddress::of(peer.parse().unwrap(), &headers, &TrustedProxies::parse(PROXIES).unwrap()).to_string()
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_speaks_for_itself_alone() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        for lines in [&lines[..1], &lines[1..], &lines[..]] {
            assert_eq!(client("198.51.100.7", lines), "198.51.100.7");
        }
        assert_eq!(client("::ffff:198.51.100.7", &[]), "198.51.100.7");
    }

    #[test]
    fn the_last_one_that_is_no_proxy_of_ours_is_the_client() {
        for (written, believed) in [
            ("203.0.113.9", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9, 10.2.3.4", "203.0.113.9"),
            ("203.0.113.9:5123", "203.0.113.9"),
            ("[2001:db8::9]:5123", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            // Nobody but proxies: the one furthest from us.
            ("10.9.9.9, 10.2.3.4", "10.9.9.9"),
        ] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", written)]), believed, "{written}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("::ffff:10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_ends_the_list_at_whoever_passed_it_on() {
        for nonsense in ["", "unknown", "localhost", "203.0.113.9, _hidden", "203.0.113.9, 1.2.3.4.5", ","] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", nonsense)]), "10.0.0.1", "{nonsense}");
        }
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "203.0.113.9, junk, 10.0.0.2")]), "10.0.0.2");
    }

    #[test]
    fn the_standard_header_is_read_as_well() {
        for (written, believed) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("proto=https;For=203.0.113.9;by=10.0.0.1", "203.0.113.9"),
            (r#"for=1.1.1.1, for="[2001:db8::9]:4711"; proto=http"#, "2001:db8::9"),
            (r#"for="203.0.113.9:99", for=10.2.2.2"#, "203.0.113.9"),
            (r#"for="1.1.1.1, for=203.0.113.9""#, "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=1.1.1.1;for=203.0.113.9", "10.0.0.1"),
            (r#"for="203\.0.113.9""#, "203.0.113.9"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", written)]), believed, "{written}");
        }
    }

    /// It appends to what the client sent, whatever that is.
    #[test]
    fn nothing_a_client_writes_takes_away_from_what_its_proxy_appends() {
        for junk in ["\"", "\"1.1.1.1", "\\\"", "a\"b,c\"d", "\",\"", ";", "[", "unknown", "\\"] {
            for lines in [&[format!("{junk}, 203.0.113.9")][..], &[junk.to_owned(), "203.0.113.9".to_owned()]] {
                let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", line.as_str())).collect();
                assert_eq!(client("10.0.0.1", &lines), "203.0.113.9", "{lines:?}");
            }
            for named in ["for=203.0.113.9", r#"for="203.0.113.9:4711";proto=https"#] {
                for lines in [&[format!("for={junk}, {named}")][..], &[format!("for={junk}"), named.to_owned()]] {
                    let lines: Vec<_> = lines.iter().map(|line| ("forwarded", line.as_str())).collect();
                    assert_eq!(client("10.0.0.1", &lines), "203.0.113.9", "{lines:?}");
                }
            }
        }
    }

    #[test]
    fn two_headers_that_do_not_agree_are_both_not_believed() {
        // A proxy writes one of them and lets the client's own through in the other: nobody can tell which.
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=1.1.1.1")];
        assert_eq!(client("10.0.0.1", &lines), "10.0.0.1");
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        assert_eq!(client("10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn all_addresses_of_a_network_of_64_bits_are_one() {
        let network = |ip: &str| ClientAddress::direct(ip.parse().unwrap()).network();
        assert_eq!(network("2001:db8:0:1:2:3:4:5"), network("2001:db8:0:1:ffff::"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("203.0.113.9"), network("203.0.113.8"));
        assert_eq!(network("::ffff:203.0.113.9"), network("203.0.113.9"));
    }
}
