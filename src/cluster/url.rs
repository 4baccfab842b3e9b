//! Where Redis is, and who we are there.

use std::fmt;
use std::str::FromStr;

use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// `redis://USER:PASSWORD@HOST:PORT`, or `rediss://` with TLS; checked. It is never shown whole: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    pub(super) fn info(&self) -> redis::RedisResult<ConnectionInfo> {
        let info = self.0.as_str().into_connection_info()?;
        // Messages of channels and answers of commands come over one connection only with the newer protocol (Redis 6).
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(info.set_redis_settings(settings))
    }

    pub(super) fn client(&self) -> redis::RedisResult<Client> {
        Client::open(self.info()?)
    }
}

impl FromStr for Url {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Self(text.into());
        // The library's own words may repeat what it could not read, and that may be a password.
        match url.info() {
            Ok(_) if text.starts_with("redis") => Ok(url),
            _ => Err("should be redis://HOST:PORT, redis://USER:PASSWORD@HOST:PORT, or rediss:// with TLS"),
        }
    }
}

/// Host and port.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info() {
            Ok(info) => write!(f, "redis at {}", info.addr()),
            Err(_) => f.write_str("redis"),
        }
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
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"));
        }
        for text in ["db.example:6379", "http://db.example", "redis://", "redis://h:secret", "redis://h/notanumber"] {
            let wrong = text.parse::<Url>().unwrap_err();
            assert!(!wrong.contains("secret"), "{text}");
        }
    }
}
