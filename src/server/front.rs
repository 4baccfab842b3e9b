//! The front of the server: what is Socket.IO's goes straight to it, everything else to the routes.
//!
//! Long-polling is two requests for each event. Among the routes each of them would be boxed and cloned by one layer after another, which
//! costs more than what Engine.IO does with it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use hyper::body::Incoming;
use tower::ServiceExt;
use tower_http::catch_panic::{DefaultResponseForPanic, ResponseForPanic};
use tower_http::timeout::TimeoutBody;

use crate::cluster::relay::Relayed;
use crate::socket::{self, SocketDoor};
use crate::web::origin::OriginPolicy;
use crate::web::{assets, cors};

/// How long a client may take for the next piece of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What answers at Socket.IO's path.
pub enum Sockets {
    /// On a node that is alone.
    Here(SocketDoor),
    /// Where sessions may be other nodes'.
    Relayed(Relayed<SocketDoor>),
}

/// What every connection speaks to.
pub struct Front {
    sockets: Sockets,
    origins: Arc<OriginPolicy>,
    routes: Router,
}

impl Front {
    pub fn new(sockets: Sockets, origins: Arc<OriginPolicy>, routes: Router) -> Self {
        Self { sockets, origins, routes }
    }

    /// Answers a request of `peer`.
    ///
    /// # Errors
    /// None: what goes wrong is a response, too.
    pub async fn answer(self: Arc<Self>, peer: SocketAddr, request: http::Request<Incoming>) -> Result<Response, Infallible> {
        let mut request = request.map(body);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answered = AssertUnwindSafe(self.route(request)).catch_unwind().await;
        // It is logged; the connection goes on.
        Ok(answered.unwrap_or_else(|panic| DefaultResponseForPanic::default().response_for_panic(panic).into_response()))
    }

    async fn route(&self, request: Request) -> Response {
        if is_for_sockets(request.uri().path()) {
            return cors::guard(&self.origins, request, |request| self.ask_sockets(request)).await;
        }
        let Ok(response) = self.routes.clone().oneshot(request).await;
        response
    }

    async fn ask_sockets(&self, request: Request) -> Response {
        // The official client lies beside Socket.IO's own path, as on Node's server, and has to be found before it.
        if let Some(name) = assets::client_file_name(request.uri().path()) {
            return assets::client_file(name, request.headers()).await;
        }
        let Ok(response) = match &self.sockets {
            Sockets::Here(door) => door.clone().oneshot(request).await,
            Sockets::Relayed(relayed) => relayed.clone().oneshot(request).await,
        };
        response
    }
}

fn is_for_sockets(path: &str) -> bool {
    path.strip_prefix(socket::PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A body that has to come in time, if there is one.
fn body(incoming: Incoming) -> Body {
    match incoming.is_end_stream() {
        true => Body::empty(),
        false => Body::new(TimeoutBody::new(BODY_TIMEOUT, incoming)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_itself_and_what_is_below_it_is_socket_io_s() {
        for path in ["/socket.io", "/socket.io/", "/socket.io/socket.io.js"] {
            assert!(is_for_sockets(path), "{path}");
        }
        for path in ["/", "/socket.iox", "/socket.io.js", "/SOCKET.IO/", "//socket.io/", "/games/socket.io/"] {
            assert!(!is_for_sockets(path), "{path}");
        }
    }
}
