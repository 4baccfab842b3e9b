//! Passing a request to another node and its answer back, both as they come; also a connection that becomes a WebSocket.

use std::time::Duration;

use axum::body::Body;
use http::header::{self, HeaderName};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::copy_bidirectional_with_sizes;
use tokio::time::timeout;

/// How long a node may take to accept a connection. On one network it takes a millisecond, and a client that is refused tries again.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a connection is kept for the next request: shorter than a node waits for one.
const IDLE: Duration = Duration::from_secs(5);
/// What the other node's system does not acknowledge for so long means that it is gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);
/// Bytes held per direction of a WebSocket that is passed on; packets are small.
const BUFFER: usize = 4_096;

/// Headers that are about one connection, and not about the request.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The way to other nodes.
pub struct Forwarder {
    client: Client<HttpConnector, Body>,
    patience: Duration,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Failed {
    /// The node accepts no connections.
    Unreachable,
    /// It did, and then did not answer.
    Broken,
}

impl Forwarder {
    /// `patience` is how long an answer may take; a poll waits for the next heartbeat at most.
    pub fn new(patience: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        #[cfg(target_os = "linux")]
        connector.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector);
        Self { client, patience }
    }

    /// Passes `request` to the node at `to`, with `pass` to prove that a node does so.
    pub async fn forward(
        &self,
        to: &Authority,
        mut request: Request<Body>,
        pass: (HeaderName, HeaderValue),
    ) -> Result<Response<Body>, Failed> {
        let upgrade = upgrades(&request).then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let uri = Uri::builder().scheme("http").authority(to.clone()).path_and_query(target).build();
        let mut passed = Request::new(body);
        *passed.uri_mut() = uri.map_err(|_| Failed::Broken)?;
        *passed.method_mut() = parts.method;
        *passed.headers_mut() = end_to_end(parts.headers);
        // We have begun to read the body, so the client does not wait any more for being told to send it.
        passed.headers_mut().remove(header::EXPECT);
        passed.headers_mut().insert(pass.0, pass.1);
        if upgrade.is_some() {
            upgrading(passed.headers_mut());
        }
        let answer = timeout(self.patience, self.client.request(passed)).await;
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_connect() => return Err(Failed::Unreachable),
            _ => return Err(Failed::Broken),
        };
        let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if switches {
            let Some(client) = upgrade else { return Err(Failed::Broken) };
            tokio::spawn(tunnel(client, hyper::upgrade::on(&mut response)));
        }
        let (parts, body) = response.into_parts();
        let mut response = Response::new(Body::new(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = end_to_end(parts.headers);
        // Whoever asked is answered by this node's own rules about origins.
        for own in [header::VARY, header::ACCESS_CONTROL_ALLOW_ORIGIN, header::DATE] {
            response.headers_mut().remove(own);
        }
        if switches {
            upgrading(response.headers_mut());
        }
        Ok(response)
    }
}

/// Carries bytes both ways until either side has ended.
async fn tunnel(client: OnUpgrade, node: OnUpgrade) {
    let (Ok(client), Ok(node)) = tokio::join!(client, node) else { return };
    let open = metrics::gauge!("parlor_relay_tunnels");
    open.increment(1.0);
    let ended = copy_bidirectional_with_sizes(&mut TokioIo::new(client), &mut TokioIo::new(node), BUFFER, BUFFER).await;
    open.decrement(1.0);
    if let Err(error) = ended {
        tracing::trace!(%error, "a WebSocket that was passed on ended");
    }
}

/// Whether it wants to become a WebSocket, and can.
fn upgrades(request: &Request<Body>) -> bool {
    let wanted = request.headers().get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    wanted && request.extensions().get::<OnUpgrade>().is_some()
}

fn upgrading(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// What is meant for whoever is at the other end: not for the connection, nor named by `Connection`.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_stay_on_it() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("cookie", "a=b"),
            ("x-forwarded-for", "203.0.113.7"),
            ("host", "play.example"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut left: Vec<_> = end_to_end(headers).keys().map(ToString::to_string).collect();
        left.sort();
        assert_eq!(left, ["cookie", "host", "x-forwarded-for"]);
    }
}
