//! Long-polling: one connection that waits, and one that sends.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::wire;

type Answered = Pin<Box<dyn Future<Output = Result<(Asker, Bytes)>> + Send>>;

/// One HTTP connection, kept open.
struct Asker {
    host: String,
    send: SendRequest<Full<Bytes>>,
}

impl Asker {
    async fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("{host} cannot be reached"))?;
        stream.set_nodelay(true)?;
        let (send, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // How it ended is told by the request that fails.
            let _ = connection.await;
        });
        Ok(Self { host: host.to_owned(), send })
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> Result<Bytes> {
        self.send.ready().await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("content-type", "text/plain;charset=UTF-8")
            .body(Full::new(body))?;
        let response = self.send.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "a poll was answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    async fn wait(mut self, path: String) -> Result<(Self, Bytes)> {
        let body = self.ask(Method::GET, &path, Bytes::new()).await?;
        Ok((self, body))
    }
}

/// An open connection by long-polling.
pub struct Polling {
    path: String,
    sender: Asker,
    /// The connection that waits, while nobody waits on it.
    rested: Option<Asker>,
    waiting: Option<Answered>,
    unread: VecDeque<Bytes>,
}

impl Polling {
    /// Opens a session at `path`, which has the query.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn open(host: &str, path: &str) -> Result<(Self, String)> {
        let mut asker = Asker::open(host).await?;
        let opened = asker.ask(Method::GET, path, Bytes::new()).await?;
        let sid = sid(&opened).context("the server opened no session")?;
        let path = format!("{path}&sid={sid}");
        Ok((Self { path, sender: Asker::open(host).await?, rested: Some(asker), waiting: None, unread: VecDeque::new() }, sid))
    }

    /// The next packet. May be dropped and called again without losing anything.
    ///
    /// # Errors
    /// When the session ends.
    pub async fn next(&mut self) -> Result<Bytes> {
        loop {
            if let Some(packet) = self.unread.pop_front() {
                return Ok(packet);
            }
            if let Some(asker) = self.rested.take() {
                self.waiting = Some(Box::pin(asker.wait(self.path.clone())));
            }
            let waiting = self.waiting.as_mut().context("the session has ended")?;
            let answered = waiting.await;
            self.waiting = None;
            let (asker, body) = answered?;
            self.rested = Some(asker);
            self.unread.extend(wire::split(&body));
        }
    }

    /// Sends one packet.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        self.sender.ask(Method::POST, &self.path, Bytes::copy_from_slice(text.as_bytes())).await?;
        Ok(())
    }
}

fn sid(opened: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Opened {
        sid: String,
    }
    let [b'0', json @ ..] = opened else { return None };
    serde_json::from_slice::<Opened>(json).ok().map(|opened| opened.sid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_read_from_the_first_packet() {
        assert_eq!(sid(br#"0{"sid":"abc","pingInterval":5}"#).as_deref(), Some("abc"));
        for bad in [&b""[..], b"1", b"0{}", b"0[", b"40{\"sid\":\"a\"}"] {
            assert_eq!(sid(bad), None);
        }
    }
}
