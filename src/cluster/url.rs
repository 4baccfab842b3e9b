//! Where Redis is, and who we are there.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// Addresses of one Redis Cluster that are tried in turn; more of its nodes than this need not be named.
const ADDRESSES_MAX: usize = 16;

/// `redis://USER:PASSWORD@HOST:PORT`, or `rediss://` with TLS; checked. Several, separated by commas, are nodes of one Redis Cluster. They
/// are never shown whole: they may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Vec<String>);

fn info(url: &str) -> redis::RedisResult<ConnectionInfo> {
    let info = url.into_connection_info()?;
    // Messages of channels and answers of commands come over one connection only with the newer protocol (Redis 6).
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    // What is told does not wait until what was told before is acknowledged.
    Ok(info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true)))
}

/// The addresses, and the one that is used now.
///
/// Each node of a Redis Cluster passes what is published to all others, so any of them will do. When it goes away, the next is used.
pub struct Addresses {
    url: Url,
    used: AtomicUsize,
}

impl Addresses {
    pub fn new(url: Url) -> Self {
        Self { url, used: AtomicUsize::new(0) }
    }

    /// All of them, for whoever prepares for each.
    pub fn infos(&self) -> impl Iterator<Item = redis::RedisResult<ConnectionInfo>> {
        self.url.0.iter().map(|url| info(url))
    }

    /// Which one is used now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }

    pub fn client(&self, at: usize) -> redis::RedisResult<Client> {
        Client::open(info(&self.url.0[at % self.url.0.len()])?)
    }

    /// The one in use does not answer: whether there is another, which is used from now on.
    pub fn turn_away(&self, from: usize) -> bool {
        let next = (from + 1) % self.url.0.len();
        next != from && self.used.compare_exchange(from, next, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

impl FromStr for Url {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let urls: Vec<String> = text.split(',').map(|url| url.trim().to_owned()).collect();
        // The library's own words may repeat what it could not read, and that may be a password.
        if urls.len() <= ADDRESSES_MAX && urls.iter().all(|url| url.starts_with("redis") && info(url).is_ok()) {
            Ok(Self(urls))
        } else {
            Err("should be redis://HOST:PORT, redis://USER:PASSWORD@HOST:PORT, or rediss:// with TLS; \
                 several nodes of one Redis Cluster are separated by commas")
        }
    }
}

/// Hosts and ports.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redis at ")?;
        for (n, url) in self.0.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            match info(url) {
                Ok(info) => write!(f, "{comma}{}", info.addr())?,
                Err(_) => write!(f, "{comma}?")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (text, shown) in [
            ("redis://db.example", "redis at db.example:6379"),
            ("redis://ada:secret@db.example:7000", "redis at db.example:7000"),
            ("rediss://:secret@db.example:7000/2", "redis at db.example:7000"),
            ("redis://:secret@a:1, redis://:secret@b:2", "redis at a:1, b:2"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"));
        }
        let nonsense = ["db.example:6379", "http://db.example", "redis://", "redis://h:secret", "redis://h/notanumber"];
        for text in nonsense.into_iter().chain(["", ",", "redis://h,", "redis://h,x:secret"]) {
            let wrong = text.parse::<Url>().unwrap_err();
            assert!(!wrong.contains("secret"), "{text}");
        }
        assert!(vec!["redis://h"; ADDRESSES_MAX + 1].join(",").parse::<Url>().is_err());
    }

    #[test]
    fn nothing_waits_for_what_was_sent_before() {
        let addresses = Addresses::new("redis://a,redis://b".parse().unwrap());
        assert_eq!(addresses.infos().map(|info| info.unwrap().tcp_settings().nodelay()).collect::<Vec<_>>(), [true, true]);
        assert!(addresses.client(0).unwrap().get_connection_info().tcp_settings().nodelay());
    }

    #[test]
    fn when_an_address_does_not_answer_the_next_is_used() {
        let addresses = Addresses::new("redis://a,redis://b".parse().unwrap());
        assert!(addresses.turn_away(0) && addresses.used() == 1);
        assert!(!addresses.turn_away(0), "somebody else has turned away from it before");
        assert!(addresses.turn_away(1) && addresses.used() == 0);
        assert!(!Addresses::new("redis://a".parse().unwrap()).turn_away(0));
    }
}
