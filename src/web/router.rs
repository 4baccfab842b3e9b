//! Every route of the server, in one list.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::{api, assets, cors, headers, health, metrics, pages, request_log};
use crate::app::App;

/// How long a client may take for the next piece of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What answers at Socket.IO's path.
pub type Sockets = BoxCloneSyncService<Request, Response, Infallible>;

/// The whole server as one service.
pub fn router(app: &Arc<App>, sockets: Sockets, prometheus: PrometheusHandle) -> Router {
    let sockets = Router::new()
        .fallback(move |request: Request| {
            let sockets = sockets.clone();
            async move { sockets.oneshot(request).await.into_response() }
        })
        .layer(from_fn(client_files))
        .layer(from_fn_with_state(Arc::clone(&app.origins), cors::gate));
    let api = api::router().layer(from_fn_with_state(Arc::clone(&app.origins), cors::gate));
    let mut dependencies: Vec<Arc<dyn health::Dependency>> = vec![Arc::new(Store(Arc::clone(app)))];
    if app.cluster.is_some() {
        dependencies.push(Arc::new(Redis(Arc::clone(app))));
    }
    Router::new()
        .merge(health::router(dependencies))
        .merge(metrics::router(prometheus))
        .merge(assets::router())
        .merge(api)
        .merge(pages::router())
        .layer(from_fn(headers::secure))
        .layer(from_fn(request_log::log))
        .layer(DefaultBodyLimit::max(app.config.max_body_bytes))
        .route_service("/socket.io", sockets.clone())
        .route_service("/socket.io/", sockets.clone())
        .route_service("/socket.io/{*file}", sockets)
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::clone(app))
}

/// The official client lies beside Socket.IO's own path, as on Node's server, and has to be found before it.
async fn client_files(request: Request, next: Next) -> Response {
    match assets::client_file_name(request.uri().path()) {
        Some(name) => assets::client_file(name, request.headers()).await,
        None => next.run(request).await,
    }
}

struct Store(Arc<App>);

#[async_trait::async_trait]
impl health::Dependency for Store {
    fn name(&self) -> &'static str {
        "store"
    }

    async fn check(&self) -> Result<(), String> {
        self.0.rooms.health().await.map_err(|error| error.to_string())
    }
}

/// What connects the nodes. While it is away, each goes on, and asks the store for what others do.
struct Redis(Arc<App>);

#[async_trait::async_trait]
impl health::Dependency for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn is_needed(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<(), String> {
        match &self.0.cluster {
            Some(cluster) => cluster.check().await,
            None => Ok(()),
        }
    }
}
