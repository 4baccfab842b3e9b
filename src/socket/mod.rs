//! Socket.IO: one generic wiring for every namespace.
//!
//! - [`gate`]: who connects, and what they are told first.
//! - [`lane`]: the order of one socket's events.
//! - [`matchmaking`]: the queue's words.
//! - [`consult`]: questions about a game, which are answered beside its events.
//! - [`envelope`], [`wire`]: what clients send.
//! - [`answer`], [`voice`]: how they are answered, in order. [`outlet`]: a room's way to them.
//! - [`expiry`]: tokens that run out while their socket is open.
//! - [`door`]: stands before the server, for clients with another parser or an older protocol.

pub mod answer;
pub mod consult;
pub mod door;
pub mod envelope;
pub mod expiry;
pub mod gate;
pub mod lane;
pub mod matchmaking;
pub mod outlet;
pub mod voice;
pub mod wire;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use socketioxide::SocketIo;
use socketioxide::service::SocketIoService;
use tower::service_fn;
use tower::util::ServiceFn;

use crate::app::App;
use expiry::Expiries;
use gate::Gate;

/// Where Socket.IO answers.
pub const PATH: &str = "/socket.io";
/// Packets in a connection's buffer; what does not fit waits in its [`voice`]. Room for a heartbeat has to be left in any burst.
const BUFFERED_PACKETS: usize = 4_096;
/// How long a client may hold a connection without entering a namespace.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Saves 3 kB per socket over the default of 128 kB grown on demand; packets are small.
const READ_BUFFER: usize = 512;

/// Socket.IO, for all its clients.
pub type SocketDoor = door::Door<SocketIoService<ServiceFn<fn(Request<Body>) -> NotFound>>>;

/// The answer to what is not Socket.IO's, of which nothing comes here.
type NotFound = Ready<Result<Response<Body>, Infallible>>;

fn not_found(_: Request<Body>) -> NotFound {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    ready(Ok(response))
}

/// The Socket.IO service with all namespaces, and the handle to close it.
pub fn service(app: &Arc<App>) -> (SocketDoor, SocketIo, Arc<Expiries>) {
    let config = &app.config;
    let max = config.max_packet_bytes;
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .ping_interval(config.ping_interval)
        .ping_timeout(config.ping_timeout)
        .max_payload(u64::try_from(max).unwrap_or(u64::MAX))
        .ws_max_message_size(max)
        .ws_max_frame_size(max)
        .ws_read_buffer_size(READ_BUFFER)
        .max_buffer_size(BUFFERED_PACKETS)
        .connect_timeout(CONNECT_TIMEOUT)
        .build_with_inner_svc(service_fn(not_found as fn(_) -> _));
    let expiries = Arc::new(Expiries::default());
    // The lobby namespace: for whoever has no game yet, and for clients of protocol 4, who always enter it.
    io.ns("/", Gate::new(Arc::clone(app), Arc::clone(&expiries), None));
    for game in app.rooms.catalogue().iter() {
        io.ns(game.card().namespace.clone(), Gate::new(Arc::clone(app), Arc::clone(&expiries), Some(Arc::clone(game))));
    }
    let idle = (config.ping_interval + config.ping_timeout) * 4;
    let limits = door::Limits { path: PATH, max_payload: max, max_message: max, idle };
    (door::Door::new(service, limits), io, expiries)
}
