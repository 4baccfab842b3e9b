//! The door before the Socket.IO server, for clients that do not speak quite as it does, on the same path as all others and unannounced.
//!
//! A Socket.IO server has one parser; ours reads and writes text. The [`Door`] stands before it, notices which parser a client uses by the
//! first packet it sends, and translates for those that use `socket.io-msgpack-parser`. Others pass: their WebSockets byte by byte, their
//! polls unopened. For clients of Engine.IO 3, which say so in each request, it changes the two packets that the server knows otherwise.
//!
//! - `value`, `packet`: one packet, msgpack ↔ text. Pure.
//! - `wire`: a WebSocket's messages, by way of its `frame`s. Pure.
//! - `polling`: the records of a long-polling payload, and the sessions known to need translating.
//! - `legacy`: all of that for Engine.IO 3. Pure.
//! - `stream`: a `Wire` around an upgraded connection. `kept`: what stays of a handshake.
//!
//! Invariants: what is not well-formed is handed on as it came, so that refusing it stays the server's business; what the server would
//! have refused for its size is refused for its size here, in both forms; no packet overtakes another.
//! A packet of msgpack thus has to fit the limits as text, too.

mod frame;
mod kept;
mod legacy;
#[cfg(test)]
mod legacy_tests;
mod packet;
mod polling;
mod stream;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream as streams};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::upgrade::OnUpgrade;
use socketioxide::socket::Sid;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower::{Service, ServiceExt};

pub use packet::{from_text, to_text};
pub use stream::WireStream;
pub use value::{BINARY, Malformed};

use legacy::LegacyWire;
use polling::{Look, Sessions};
use stream::{Between, Former};
use wire::Wire;

/// What the door has to know of the server behind it. Use the same numbers as for the server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Where the server answers; `/socket.io`.
    pub path: &'static str,
    /// The largest long-polling payload, in bytes.
    pub max_payload: usize,
    /// The largest WebSocket message, in bytes.
    pub max_message: usize,
    /// After what time of silence a polling session is forgotten; several heartbeats.
    pub idle: Duration,
}

/// A Socket.IO service that also serves clients of the msgpack parser, and those of 2.x as Node's does.
#[derive(Clone)]
pub struct Door<S> {
    inner: S,
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    sessions: Sessions,
}

impl<S> Door<S> {
    /// Puts the door before `inner`, a `SocketIoService` with the common parser.
    pub fn new(inner: S, limits: Limits) -> Self {
        let sessions = Sessions::new(limits.idle);
        Door { inner, shared: Arc::new(Shared { limits, sessions }) }
    }

    /// How many polling sessions use msgpack, of those that were heard of lately.
    pub fn polling_sessions(&self) -> usize {
        self.shared.sessions.len()
    }
}

/// The version of Engine.IO.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Eio {
    /// What `socket.io-client` 2.x speaks.
    V3,
    V4,
}

/// What a request to Engine.IO asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Poll(Eio, Sid),
    Post(Eio, Sid),
    Upgrade(Eio, Option<Sid>),
    /// Anything that the server handles alone, errors included.
    Other,
}

impl Asks {
    /// Reads the query as engineioxide does: the first parameter of a name counts.
    fn of<B>(request: &Request<B>, path: &str) -> Asks {
        let rest = request.uri().path().strip_prefix(path);
        let (Some("" | "/"), Some(query)) = (rest, request.uri().query()) else { return Asks::Other };
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
        let sid = match field("sid=").map(str::parse) {
            None => None,
            Some(Ok(sid)) => Some(sid),
            Some(Err(_)) => return Asks::Other,
        };
        let eio = match field("EIO=") {
            Some("3") => Eio::V3,
            Some("4") => Eio::V4,
            _ => return Asks::Other,
        };
        match (field("transport="), request.method(), sid) {
            (Some("polling"), &Method::GET, Some(sid)) => Asks::Poll(eio, sid),
            (Some("polling"), &Method::POST, Some(sid)) => Asks::Post(eio, sid),
            (Some("websocket"), &Method::GET, sid) => {
                let upgrades =
                    request.headers().contains_key(SEC_WEBSOCKET_KEY) && request.extensions().get::<OnUpgrade>().is_some();
                if upgrades { Asks::Upgrade(eio, sid) } else { Asks::Other }
            }
            _ => Asks::Other,
        }
    }
}

/// The server behind the door: it answers requests, and takes upgraded connections.
pub trait Server:
    Service<Request<Body>, Response: IntoResponse, Error = Infallible, Future: Send>
    + Service<(WireStream, Request<()>), Response = (), Error: Send, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Server for S where
    S: Service<Request<Body>, Response: IntoResponse, Error = Infallible, Future: Send>
        + Service<(WireStream, Request<()>), Response = (), Error: Send, Future: Send>
        + Clone
        + Send
        + 'static
{
}

impl<S: Server> Service<Request<Body>> for Door<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match Asks::of(&request, self.shared.limits.path) {
            Asks::Upgrade(eio, sid) => {
                let response = upgrade(self.inner.clone(), &self.shared, eio, sid, request);
                Box::pin(std::future::ready(Ok(response)))
            }
            Asks::Post(eio, sid) => Box::pin(post(self.inner.clone(), self.shared.clone(), eio, sid, request)),
            Asks::Poll(eio, sid) => {
                let shared = self.shared.clone();
                let answer = Service::<Request<Body>>::call(&mut self.inner, request);
                Box::pin(async move {
                    let response = answer.await?.into_response();
                    Ok(match eio {
                        Eio::V3 => poll_legacy(response).await,
                        Eio::V4 => poll(&shared, sid, response).await,
                    })
                })
            }
            Asks::Other => {
                let (mut parts, body) = request.into_parts();
                kept::detach(&mut parts);
                let answer = Service::<Request<Body>>::call(&mut self.inner, Request::from_parts(parts, body));
                Box::pin(async move { Ok(answer.await?.into_response()) })
            }
        }
    }
}

async fn send<S: Server>(server: S, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(ServiceExt::<Request<Body>>::oneshot(server, request).await?.into_response())
}

/// Translates the answer to a poll, if its session uses msgpack.
async fn poll(shared: &Shared, sid: Sid, response: Response<Body>) -> Response<Body> {
    if !shared.sessions.contains(sid, Instant::now()) {
        return response;
    }
    if response.status() != StatusCode::OK {
        shared.sessions.remove(sid);
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The server has this in memory already; there is nothing to limit and no way to fail.
    let Ok(payload) = body.collect().await.map(|body| polling::from_text(&body.to_bytes())) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    parts.headers.insert(CONTENT_LENGTH, payload.len().into());
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    Response::from_parts(parts, Body::from(payload))
}

/// Changes the refusals in the answer to a poll of Engine.IO 3.
async fn poll_legacy(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let Ok(payload) = body.collect().await.map(|body| body.to_bytes()) else { return status(StatusCode::INTERNAL_SERVER_ERROR) };
    match legacy::REFUSALS.payload(&payload, usize::MAX) {
        Some(bodies) => {
            let payload = bodies.concat();
            parts.headers.insert(CONTENT_LENGTH, payload.len().into());
            Response::from_parts(parts, Body::from(payload))
        }
        None => Response::from_parts(parts, Body::from(payload)),
    }
}

/// Hands a client's payload on, translated if it is msgpack or of Engine.IO 3.
async fn post<S: Server>(
    server: S,
    shared: Arc<Shared>,
    eio: Eio,
    sid: Sid,
    request: Request<Body>,
) -> Result<Response<Body>, Infallible> {
    let limit = shared.limits.max_payload;
    let (mut parts, mut body) = request.into_parts();
    let Ok(read) = gather(&mut body, limit, eio).await else { return Ok(status(StatusCode::BAD_REQUEST)) };
    // A payload has at least one packet; engineioxide asserts it.
    if read.is_empty() {
        return Ok(status(StatusCode::BAD_REQUEST));
    }
    let bodies = match eio {
        _ if read.len() > limit => None,
        Eio::V3 => legacy::CONNECTS.payload(&read, limit),
        Eio::V4 if polling::look(&read) == Look::Binary => polling::to_text(&read, limit),
        Eio::V4 => None,
    };
    let Some(bodies) = bodies else {
        let whole = body.is_end_stream();
        let rest = streams::iter([Ok(read.clone())]).chain(body.into_data_stream());
        let body = if whole { Body::from(read) } else { Body::from_stream(rest) };
        return send(server, Request::from_parts(parts, body)).await;
    };

    // Before the server sees the packet: its answer may leave by a poll that is waiting already.
    if eio == Eio::V4 {
        shared.sessions.insert(sid, Instant::now());
    }
    let mut answer = status(StatusCode::BAD_REQUEST);
    for body in bodies {
        parts.headers.insert(CONTENT_LENGTH, body.len().into());
        answer = send(server.clone(), Request::from_parts(parts.clone(), Body::from(body))).await?;
        if answer.status() != StatusCode::OK {
            shared.sessions.remove(sid);
            break;
        }
    }
    Ok(answer)
}

/// Reads a payload until it shows that it may pass, ends, or exceeds `limit`. Usually one piece is all, and is not copied.
async fn gather(body: &mut Body, limit: usize, eio: Eio) -> Result<Bytes, axum::Error> {
    let first = piece(body).await?.unwrap_or_default();
    if body.is_end_stream() || (eio == Eio::V4 && polling::look(&first) == Look::Common) {
        return Ok(first);
    }
    // Not judged again at each piece: a payload sent byte by byte would cost the square of its length.
    let mut read = BytesMut::from(first);
    while read.len() <= limit {
        match piece(body).await? {
            Some(piece) => read.extend_from_slice(&piece),
            None => break,
        }
    }
    Ok(read.freeze())
}

async fn piece(body: &mut Body) -> Result<Option<Bytes>, axum::Error> {
    match body.frame().await {
        None => Ok(None),
        Some(frame) => Ok(Some(frame?.into_data().unwrap_or_default())),
    }
}

/// Accepts a WebSocket and hands it to the server with a [`Wire`] in between.
fn upgrade<S: Server>(server: S, shared: &Arc<Shared>, eio: Eio, sid: Option<Sid>, mut request: Request<Body>) -> Response<Body> {
    let accept = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let Some(Ok(accept)) = accept.map(HeaderValue::try_from) else { return status(StatusCode::BAD_REQUEST) };
    let upgraded = hyper::upgrade::on(&mut request);
    let (mut parts, _) = request.into_parts();
    kept::detach(&mut parts);
    let max_message = shared.limits.max_message;
    let wire = match eio {
        Eio::V3 => Between::Legacy(LegacyWire::new(max_message)),
        Eio::V4 => Between::Wire(Wire::new(max_message)),
    };
    let former = sid.filter(|_| eio == Eio::V4).map(|sid| -> Box<dyn Former> {
        let path = parts.uri.path().to_owned();
        Box::new(Polled { server: server.clone(), shared: shared.clone(), sid, path })
    });
    tokio::spawn(async move {
        let Ok(io) = upgraded.await else { return };
        let stream = WireStream::new(io, wire, former);
        let accepted = ServiceExt::<(WireStream, Request<()>)>::oneshot(server, (stream, Request::from_parts(parts, ()))).await;
        if accepted.is_err() {
            tracing::debug!("the server refused a WebSocket after its upgrade");
        }
    });
    let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// A session that began with polling, seen from the WebSocket to which it moves.
struct Polled<S> {
    server: S,
    shared: Arc<Shared>,
    sid: Sid,
    /// The path of the upgrade.
    path: String,
}

impl<S: Server> Former for Polled<S> {
    fn uses_msgpack(&self) -> bool {
        self.shared.sessions.contains(self.sid, Instant::now())
    }

    /// When the client gave up before the session had moved, the server would leave it in between, answering every poll at once with
    /// nothing until its heartbeat fails. A close packet by way of polling ends it, so that the client starts anew.
    fn ended(&mut self, moved: bool) {
        self.shared.sessions.remove(self.sid);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let uri = Uri::try_from(format!("{}?EIO=4&transport=polling&sid={}", self.path, self.sid));
        if let (false, Ok(uri)) = (moved, uri) {
            let mut request = Request::new(Body::from("1"));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = uri;
            runtime.spawn(send(self.server.clone(), request));
        }
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
