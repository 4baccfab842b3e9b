//! One line per HTTP request: method, path, status, time. Never the query (it may hold a token or a session id) nor any header.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

/// Middleware; use with `axum::middleware::from_fn(request_log::log)`. Everything said while the request is handled carries its number.
pub async fn log(request: Request, next: Next) -> Response {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", request = NUMBER.fetch_add(1, Ordering::Relaxed));
    let since = Instant::now();
    let respond = async move {
        let response = next.run(request).await;
        let (status, ms) = (response.status().as_u16(), since.elapsed().as_millis());
        if response.status().is_server_error() {
            tracing::warn!(%method, path, status, ms, "answered");
        } else {
            tracing::debug!(%method, path, status, ms, "answered");
        }
        response
    };
    respond.instrument(span).await
}
