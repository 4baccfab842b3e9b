//! What join links begin with.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;

use super::origin::OriginPolicy;
use crate::config::value::PublicUrl;
use crate::id::RoomCode;

/// Begins links: the public URL if there is one, else what the asker used if that can be believed, else the listening address.
///
/// A name in `Host` is whatever the asker wrote. IP addresses and local names are believed, since nobody can own them on the open
/// internet; others only when the settings name them.
#[derive(Clone, Debug)]
pub struct Links {
    public: Option<PublicUrl>,
    policy: OriginPolicy,
    fallback: String,
}

impl Links {
    /// `listening` is the address that was bound, with its real port.
    pub fn new(public: Option<PublicUrl>, policy: OriginPolicy, listening: SocketAddr) -> Self {
        Self { public, policy, fallback: format!("http://{}", reachable(listening)) }
    }

    /// The beginning of links for somebody who asked with this `Host`, by https or not; without a slash at the end.
    pub fn base(&self, host: Option<&str>, https: bool) -> String {
        if let Some(public) = &self.public {
            return public.as_str().to_owned();
        }
        match host.filter(|host| self.is_believed(host)) {
            Some(host) => format!("{}://{}", if https { "https" } else { "http" }, host.to_ascii_lowercase()),
            None => self.fallback.clone(),
        }
    }

    /// The link that joins a room.
    pub fn join(&self, code: RoomCode, host: Option<&str>, https: bool) -> String {
        format!("{}/join/{code}", self.base(host, https))
    }

    fn is_believed(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        // Nothing but a name and perhaps a port.
        if authority.host().len() != host.len() && authority.port_u16().is_none() || host.contains('@') {
            return false;
        }
        let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        let local = !name.contains('.')
            || [".local", ".lan", ".localhost", ".internal", ".home.arpa"].iter().any(|end| name.ends_with(end));
        name.parse::<IpAddr>().is_ok() || plain && !name.is_empty() && (local || self.policy.knows_host(host))
    }
}

/// An address that listens everywhere is reached, from here, as the loopback one.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_use_the_address_of_the_asker_if_it_can_be_believed() {
        let config =
            crate::cli::try_parse(vec!["parlor".into(), "--allowed-origins=https://app.example".into()]).unwrap().cli.config;
        let links = Links::new(None, OriginPolicy::new(&config), "0.0.0.0:3000".parse().unwrap());
        let fallback = "http://127.0.0.1:3000";
        for (host, https, base) in [
            (Some("192.168.1.5:3000"), false, "http://192.168.1.5:3000"),
            (Some("192.168.1.5"), true, "https://192.168.1.5"),
            (Some("[fe80::1]:3000"), false, "http://[fe80::1]:3000"),
            (Some("LocalHost:3000"), false, "http://localhost:3000"),
            (Some("games.local"), false, "http://games.local"),
            (Some("app.example"), true, "https://app.example"),
            (Some("evil.example"), false, fallback),
            (Some("evil.example/join"), false, fallback),
            (Some("127.0.0.1:3000@evil.example"), false, fallback),
            (Some("localhost:99999"), false, fallback),
            (Some("localhost:1'x"), false, fallback),
            (Some("local%41host"), false, fallback),
            (Some("a b"), false, fallback),
            (Some("\"><script>"), false, fallback),
            (Some(""), false, fallback),
            (None, false, fallback),
        ] {
            assert_eq!(links.base(host, https), base, "{host:?}");
        }
    }

    #[test]
    fn the_public_url_is_used_whatever_the_asker_says() {
        let public = "https://play.example/".parse().ok();
        let links = Links::new(public, OriginPolicy::default(), "[::]:1".parse().unwrap());
        let code = "BCDFGH".parse().unwrap();
        assert_eq!(links.join(code, Some("10.0.0.1:3000"), false), "https://play.example/join/BCDFGH");
    }
}
