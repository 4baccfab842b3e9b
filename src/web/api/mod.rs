//! The JSON API: rooms and whole games over plain HTTP, for networks where nothing else passes and for scripts.
//!
//! - [`asker`], [`body`], [`query`]: who asks, and for what; whatever cannot be read is refused with a reason.
//! - [`lobby`], [`invite`]: rooms are made, found and joined.
//! - [`consult`]: questions about a game; [`annotations`]: what people remark on it.
//! - [`play`], [`record`]: commands, waiting for events, states and proofs.
//! - [`images`]: what players show each other.
//! - [`queue`]: strangers wait for each other.
//! - [`session`], [`me`]: who one is, and what one may do about that. [`about`]: what there is.

pub mod about;
pub mod annotations;
pub mod asker;
pub mod body;
pub mod consult;
pub mod figures;
pub mod images;
pub mod invite;
pub mod lobby;
pub mod me;
pub mod play;
pub mod query;
pub mod queue;
pub mod record;
pub mod session;

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, delete, get, post};
use http::{HeaderValue, StatusCode, header};

use super::error::ApiError;
use crate::app::App;
use crate::refusal::Refusal;

/// Where the API is.
pub const ROOT: &str = "/api";

/// Every route, below [`ROOT`]. The document in `openapi.json` describes each; a test compares.
fn routes() -> [(&'static str, MethodRouter<Arc<App>>); 39] {
    [
        ("/games", get(about::games)),
        ("/rooms", get(lobby::list).post(lobby::create)),
        ("/rooms/{code}", get(lobby::show)),
        ("/rooms/{code}/join", post(lobby::join)),
        ("/rooms/{code}/qr.svg", get(invite::svg)),
        ("/rooms/{code}/qr.png", get(invite::png)),
        ("/rooms/{code}/commands", post(play::command)),
        ("/rooms/{code}/events", get(play::events)),
        ("/rooms/{code}/state", get(record::state)),
        ("/rooms/{code}/history", get(record::history)),
        ("/rooms/{code}/verify", get(record::verify)),
        ("/queue/join", post(queue::join)),
        ("/queue/leave", post(queue::leave)),
        ("/queue/status", get(queue::status)),
        ("/rooms/{code}/export", get(record::export)),
        ("/auth/guest", post(session::guest)),
        ("/auth/register", post(session::register)),
        ("/auth/login", post(session::log_in)),
        ("/auth/token", post(session::log_in)),
        ("/auth/refresh", post(session::refresh)),
        ("/auth/token/refresh", post(session::refresh)),
        ("/auth/verify", get(session::verify).post(session::verify_token)),
        ("/auth/token/verify", post(session::verify_token)),
        ("/auth/logout", post(session::log_out)),
        ("/auth/logout_everywhere", post(session::log_out_everywhere)),
        ("/auth/convert", post(session::convert)),
        ("/auth/password", post(me::change_password)),
        ("/auth/me", get(me::show).patch(me::rename).delete(me::delete)),
        ("/players/{id}", get(me::player)),
        ("/players/{id}/stats", get(figures::stats)),
        ("/leaderboard", get(figures::leaderboard)),
        ("/{game}/analyze", post(consult::analyze)),
        ("/rooms/{code}/annotations", get(annotations::of_room).post(annotations::add)),
        ("/rooms/{code}/annotations/{id}", delete(annotations::remove)),
        ("/annotations", get(annotations::find)),
        ("/rooms/{code}/images", post(images::add)),
        ("/rooms/{code}/images/{id}", get(images::show)),
        ("/openapi.json", get(about::document)),
        ("/docs", get(about::page)),
    ]
}

/// The API under [`ROOT`]. What stands in front of it (origins, headers, the limit on bodies, the log) is the caller's.
pub fn router() -> Router<Arc<App>> {
    let api = routes().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let api = api.fallback(nothing_here).method_not_allowed_fallback(wrong_method).layer(map_response(not_kept));
    // A nested router does not see its own root with a slash.
    let game = [("/game/join/", post(queue::join)), ("/game/join", post(queue::join)), ("/game/leave/", post(queue::leave))];
    let game = game.into_iter().chain([("/game/leave", post(queue::leave))]);
    let game = game.fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let game = game.method_not_allowed_fallback(wrong_method).layer(map_response(not_kept));
    Router::new().nest(ROOT, api).merge(game).route("/api/", any(nothing_here))
}

/// Nobody between us and the client keeps an answer, unless it says that one may.
async fn not_kept(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn nothing_here() -> Response {
    refused(StatusCode::NOT_FOUND, Refusal::invalid("there is nothing at this address; /api/docs lists what there is"))
}

async fn wrong_method() -> Response {
    refused(StatusCode::METHOD_NOT_ALLOWED, Refusal::invalid("this address does not take this method; see /api/docs"))
}

/// A refusal whose status says more than its code does.
fn refused(status: StatusCode, refusal: Refusal) -> Response {
    let mut response = ApiError(refusal).into_response();
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_has_exactly_the_routes_of_the_router() {
        let document: serde_json::Value = serde_json::from_str(about::OPENAPI).unwrap();
        let described: BTreeSet<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
        let routed: BTreeSet<_> = routes().iter().map(|(path, _)| format!("{ROOT}{path}")).collect();
        assert_eq!(described, routed);
    }
}
