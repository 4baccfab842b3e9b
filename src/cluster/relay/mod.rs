//! No sticky sessions: a request of Socket.IO that belongs to another node's session is passed to that node.
//!
//! Over HTTP, a session of Engine.IO is many requests, and it lives in the memory of one node. A proxy need not know: each request says
//! whose it is, because the session's id does.
//!
//! - `ticket`: the ids. `pass`: how nodes prove to each other that they pass something on. `forward`: the way there and back.
//! - here: what stands before Socket.IO and decides.
//!
//! Invariants: only requests to Socket.IO's own path are passed on, only with an id that a node gave out, and only once. Whoever cannot be
//! reached has no sessions any more: the client is told so at once, as Engine.IO says it, and begins anew.

mod forward;
mod pass;
#[cfg(test)]
mod tests;
mod ticket;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use tower::{Service, ServiceExt};

use super::registry::Registry;
use crate::id::NodeId;
use crate::socket::PATH;
use forward::{Failed, Forwarder};
use pass::Passes;
use ticket::Tickets;

/// A packet that opens a session is smaller.
const OPEN_MAX: usize = 4_096;

/// What passes requests on.
pub struct Relay {
    node: NodeId,
    tickets: Tickets,
    passes: Passes,
    forwarder: Forwarder,
    registry: Arc<Registry>,
}

impl Relay {
    /// `secrets` are what all nodes share, the current one first; `patience` is how long another node's answer may take.
    pub fn new(node: NodeId, secrets: &[&str], patience: Duration, registry: Arc<Registry>) -> Self {
        Self {
            node,
            tickets: Tickets::new(node, secrets.iter().copied()),
            passes: Passes::new(secrets.iter().copied()),
            forwarder: Forwarder::new(patience),
            registry,
        }
    }
}

/// Socket.IO with the relay before it.
#[derive(Clone)]
pub struct Relayed<S> {
    inner: S,
    relay: Arc<Relay>,
}

impl<S> Relayed<S> {
    pub fn new(inner: S, relay: Arc<Relay>) -> Self {
        Self { inner, relay }
    }
}

impl<S> Service<Request<Body>> for Relayed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (inner, relay) = (self.inner.clone(), Arc::clone(&self.relay));
        Box::pin(async move { relay.handle(inner, request).await })
    }
}

impl Relay {
    async fn handle<S>(&self, inner: S, mut request: Request<Body>) -> Result<Response<Body>, Infallible>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let passed = match request.headers_mut().remove(pass::HEADER) {
            None => false,
            Some(header) => match self.passes.read(request.method(), request.uri(), &header) {
                Some(peer) => {
                    // As if the client had come here by itself.
                    request.extensions_mut().insert(ConnectInfo(peer));
                    true
                }
                None => {
                    count("forged");
                    return Ok(refusal(StatusCode::FORBIDDEN, r#"{"code":4,"message":"Forbidden"}"#));
                }
            },
        };
        if !matches!(request.uri().path().strip_prefix(PATH), Some("" | "/")) {
            return inner.oneshot(request).await;
        }
        let Some(ticket) = field(request.uri(), "sid=") else {
            let opens = request.method() == Method::GET && field(request.uri(), "transport=") == Some("polling");
            let response = inner.oneshot(request).await?;
            return Ok(if opens && response.status() == StatusCode::OK { self.stamp(response).await } else { response });
        };
        match self.tickets.read(ticket) {
            Some((node, bare)) if node == self.node => {
                let Some(uri) = with_sid(request.uri(), bare) else { return Ok(unknown()) };
                *request.uri_mut() = uri;
                inner.oneshot(request).await
            }
            Some((node, _)) if !passed => Ok(self.pass_on(node, request).await),
            Some(_) => {
                count("astray");
                Ok(unknown())
            }
            None => {
                count("unknown_session");
                Ok(unknown())
            }
        }
    }

    async fn pass_on(&self, node: NodeId, request: Request<Body>) -> Response<Body> {
        let Some(to) = self.registry.find(node).await else {
            count("unknown_node");
            return unknown();
        };
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let peer = peer.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into());
        let Some(pass) = self.passes.write(request.method(), request.uri(), peer) else { return unknown() };
        match self.forwarder.forward(&to, request, (pass::HEADER, pass)).await {
            Ok(response) => {
                count(if response.status() == StatusCode::SWITCHING_PROTOCOLS { "upgraded" } else { "passed" });
                response
            }
            Err(failed) => {
                tracing::debug!(%to, ?failed, "a request could not be passed to the node of its session");
                if failed == Failed::Unreachable {
                    self.registry.unreachable(node);
                    count("unreachable");
                } else {
                    count("broken");
                }
                unknown()
            }
        }
    }

    /// Puts the id that the client gets into the answer that opens a session.
    async fn stamp(&self, response: Response<Body>) -> Response<Body> {
        let (mut parts, body) = response.into_parts();
        let Ok(open) = to_bytes(body, OPEN_MAX).await else { return unknown() };
        let stamped = str::from_utf8(&open).ok().and_then(|open| self.tickets.stamp(open));
        let Some(stamped) = stamped else { return Response::from_parts(parts, Body::from(open)) };
        parts.headers.insert(CONTENT_LENGTH, stamped.len().into());
        Response::from_parts(parts, Body::from(stamped))
    }
}

/// The value of the first field of that name, as Engine.IO reads it.
fn field<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name))
}

/// The same with another session id.
fn with_sid(uri: &Uri, sid: &str) -> Option<Uri> {
    let mut replaced = false;
    let pairs = uri.query()?.split('&').map(|pair| match pair.starts_with("sid=") && !std::mem::replace(&mut replaced, true) {
        true => format!("sid={sid}"),
        false => pair.to_owned(),
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    Uri::try_from(format!("{}?{query}", uri.path())).ok()
}

/// What Engine.IO says of a session that it does not have.
fn unknown() -> Response<Body> {
    refusal(StatusCode::BAD_REQUEST, r#"{"code":1,"message":"Session ID unknown"}"#)
}

fn refusal(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn count(outcome: &'static str) {
    metrics::counter!("parlor_relay_total", "outcome" => outcome).increment(1);
}
