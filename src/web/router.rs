//! Every route of the server but Socket.IO's, in one list.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use metrics_exporter_prometheus::PrometheusHandle;

use super::{api, assets, cors, headers, health, metrics, pages, request_log};
use crate::app::App;

/// All that is not Socket.IO's, as one service.
pub fn router(app: &Arc<App>, prometheus: PrometheusHandle) -> Router {
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
        .with_state(Arc::clone(app))
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
