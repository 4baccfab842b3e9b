//! The JSON API: rooms, and the whole game over plain HTTP for networks where nothing else passes.

mod about;
mod body;
mod caller;
mod play;
mod rooms;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::error::ApiError;
use crate::app::App;
use crate::refusal::{Code, Refusal};

/// Every route under `/api`. `openapi.json` describes them; a test holds the two together.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/games", get(about::games))
        .route("/api/openapi.json", get(about::openapi))
        .route("/api/docs", get(about::docs))
        .route("/api/auth/guest", post(about::guest))
        .route("/api/auth/verify", get(about::whoami))
        .route("/api/rooms", get(rooms::list).post(rooms::create))
        .route("/api/rooms/{code}", get(rooms::status))
        .route("/api/rooms/{code}/join", post(rooms::join))
        .route("/api/rooms/{code}/qr.svg", get(rooms::qr_svg))
        .route("/api/rooms/{code}/qr.png", get(rooms::qr_png))
        .route("/api/rooms/{code}/commands", post(play::command))
        .route("/api/rooms/{code}/events", get(play::events))
        .route("/api/rooms/{code}/state", get(play::state))
        .route("/api/rooms/{code}/verify", get(play::verify))
        .route("/api/{*rest}", axum::routing::any(nothing))
        .method_not_allowed_fallback(not_allowed)
}

async fn nothing() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, ApiError(Refusal::new(Code::ValidationError, "there is nothing here; see /api/docs")).body())
}

async fn not_allowed() -> impl IntoResponse {
    (StatusCode::METHOD_NOT_ALLOWED, ApiError(Refusal::new(Code::ValidationError, "this method does nothing here")).body())
}
