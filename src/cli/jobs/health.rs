//! `parlor health`: one question to a running server, for containers that have no other program to ask it with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use http::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Answer;

/// Longer than `/readyz` takes to give up on what it asks.
const TIME_LIMIT: Duration = Duration::from_secs(4);
/// As much of an answer as is read: more than what the server has to say.
const ANSWER_MAX: u64 = 16_384;
/// Not well, or not there.
const UNWELL: u8 = 1;

/// # Errors
/// When `url` is not one that can be asked.
pub async fn health(url: Option<Uri>, listen: SocketAddr) -> anyhow::Result<Answer> {
    let (address, host, path) = match url {
        None => (near(listen).to_string(), near(listen).to_string(), "/healthz".to_owned()),
        Some(url) => parts(&url)?,
    };
    let shown = format!("http://{host}{path}");
    let (text, code) = match timeout(TIME_LIMIT, ask(&address, &host, &path)).await {
        Ok(Ok((200, said))) => (format!("{shown}: {said}\n"), 0),
        Ok(Ok((status, said))) => (format!("{shown}: {status} {said}\n"), UNWELL),
        Ok(Err(error)) => (format!("{shown}: {error:#}\n"), UNWELL),
        Err(_) => (format!("{shown}: no answer within {} s\n", TIME_LIMIT.as_secs()), UNWELL),
    };
    Ok(Answer { text, code })
}

/// Where to connect to, whom to ask for, and what.
fn parts(url: &Uri) -> anyhow::Result<(String, String, String)> {
    let authority = url.authority().with_context(|| format!("{url} should be like http://127.0.0.1:3000/readyz"))?;
    if url.scheme_str() != Some("http") {
        bail!("{url} cannot be asked: only http:// can");
    }
    let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    Ok((address, authority.to_string(), if path == "/" { "/healthz".to_owned() } else { path.to_owned() }))
}

/// Who listens everywhere is found nearby.
fn near(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The status and the body.
async fn ask(address: &str, host: &str, path: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.context("nothing listens there")?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("what answers is not HTTP")?;
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).context("what answers is not HTTP")?;
    Ok((status, body.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_follows_from_the_url() {
        for (url, address, path) in [
            ("http://127.0.0.1:3000/readyz", "127.0.0.1:3000", "/readyz"),
            ("http://127.0.0.1:3000", "127.0.0.1:3000", "/healthz"),
            ("http://[::1]:3000/", "[::1]:3000", "/healthz"),
            ("http://parlor.example/healthz?x=1", "parlor.example:80", "/healthz?x=1"),
        ] {
            let found = parts(&url.parse().unwrap()).unwrap();
            assert_eq!((found.0.as_str(), found.2.as_str()), (address, path), "{url}");
        }
        for url in ["https://parlor.example/", "/readyz", "parlor.example:3000", "ftp://parlor.example/x"] {
            assert!(parts(&url.parse().unwrap()).is_err(), "{url}");
        }
    }

    #[test]
    fn a_server_that_listens_everywhere_is_asked_nearby() {
        for (listen, asked) in [("0.0.0.0:3000", "127.0.0.1:3000"), ("[::]:3000", "[::1]:3000"), ("10.0.0.7:80", "10.0.0.7:80")] {
            assert_eq!(near(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
