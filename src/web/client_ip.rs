//! Whom a request is from, when proxies stand between.
//!
//! `X-Forwarded-For` and `Forwarded` are lists to which each proxy adds whom it heard from; their left part is whatever the client
//! wrote. So they are read from the right, and only as far as the proxies are ours. When both headers are there and disagree, one of
//! them is the client's invention, and neither counts.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};

use crate::config::Networks;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl Networks {
    /// Whether the address is in one of the networks.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|net| net.contains(&ip))
    }
}

/// The right-most hop that is not one of our proxies; `peer` is who opened the connection.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    if trusted.0.is_empty() || !trusted.contains(peer) {
        return peer;
    }
    let of_x = furthest(peer, elements(headers, &X_FORWARDED_FOR).map(read_address), trusted);
    let of_standard =
        furthest(peer, elements(headers, &header::FORWARDED).map(|element| read_address(parameter(element, "for")?)), trusted);
    match (of_x, of_standard) {
        (Some(ip), None) | (None, Some(ip)) => ip,
        (Some(a), Some(b)) if a == b => a,
        _ => peer,
    }
}

/// Whether the client spoke https to the proxy that spoke to us.
pub fn is_https(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> bool {
    if trusted.0.is_empty() || !trusted.contains(peer) {
        return false;
    }
    let scheme = elements(headers, &X_FORWARDED_PROTO).next();
    let scheme = scheme.or_else(|| elements(headers, &header::FORWARDED).next().and_then(|element| parameter(element, "proto")));
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}

/// Walks away from us while the hops are ours. `None` without any hop.
fn furthest(peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>, trusted: &Networks) -> Option<IpAddr> {
    let mut hops = hops.peekable();
    hops.peek()?;
    let mut last = peer;
    for hop in hops {
        // What cannot be read was hidden or invented: the last that could be is as far as we know.
        let Some(ip) = hop else { break };
        last = ip;
        if !trusted.contains(ip) {
            break;
        }
    }
    Some(last)
}

/// The elements of a list header, from the right; several headers of that name are one list.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    lines.into_iter().rev().flat_map(|line| line.rsplit(',').map(str::trim)).filter(|element| !element.is_empty())
}

/// A parameter of a `Forwarded` element such as `for="[2001:db8::1]:47"; proto=https`.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// An address, with or without a port.
fn read_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|addr| addr.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_right_most_hop_that_is_not_ours_is_the_client() {
        let proxies: Networks = "10.0.0.0/8, 127.0.0.1, fd00::/8".parse().unwrap();
        let x = "x-forwarded-for";
        for (peer, lines, client) in [
            ("10.0.0.1", &[(x, "203.0.113.7")][..], "203.0.113.7"),
            ("10.0.0.1", &[(x, "1.1.1.1, 203.0.113.7")], "203.0.113.7"),
            ("10.0.0.1", &[(x, "1.1.1.1, 203.0.113.7, 10.9.9.9")], "203.0.113.7"),
            ("10.0.0.1", &[(x, "1.1.1.1"), (x, "203.0.113.7")], "203.0.113.7"),
            ("10.0.0.1", &[(x, "203.0.113.7:4711")], "203.0.113.7"),
            ("10.0.0.1", &[(x, "[2001:db8::1]:4711")], "2001:db8::1"),
            ("10.0.0.1", &[(x, "10.1.1.1")], "10.1.1.1"),
            ("10.0.0.1", &[(x, "203.0.113.7, unknown")], "10.0.0.1"),
            ("10.0.0.1", &[(x, "")], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("::ffff:10.0.0.1", &[(x, "::ffff:203.0.113.7")], "203.0.113.7"),
            ("fd00::1", &[("forwarded", "for=1.1.1.1, For=\"[2001:db8::2]:80\";proto=https")], "2001:db8::2"),
            ("10.0.0.1", &[("forwarded", "for=_hidden")], "10.0.0.1"),
            ("10.0.0.1", &[(x, "203.0.113.7"), ("forwarded", "for=203.0.113.7")], "203.0.113.7"),
            ("10.0.0.1", &[(x, "203.0.113.7"), ("forwarded", "for=6.6.6.6")], "10.0.0.1"),
            ("203.0.113.9", &[(x, "1.1.1.1")], "203.0.113.9"),
            ("203.0.113.9", &[("forwarded", "for=1.1.1.1")], "203.0.113.9"),
        ] {
            let found = client_ip(peer.parse().unwrap(), &headers(lines), &proxies);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }

    #[test]
    fn nobody_is_believed_unless_settings_say_so() {
        let spoofed = headers(&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https")]);
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(client_ip(peer, &spoofed, &Networks::default()), peer);
        assert!(!is_https(peer, &spoofed, &Networks::default()));
        let ours: Networks = "127.0.0.1".parse().unwrap();
        assert!(is_https(peer, &spoofed, &ours));
        assert!(is_https(peer, &headers(&[("forwarded", "for=1.1.1.1;proto=HTTPS")]), &ours));
        assert!(!is_https(peer, &headers(&[("x-forwarded-proto", "https, http")]), &ours));
    }
}
