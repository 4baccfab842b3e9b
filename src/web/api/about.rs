//! What there is: the games, and the description of this API for programs and for people.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;

use crate::app::App;
use crate::games::Card;
use crate::refusal::{self, Refusal};
use crate::web::assets;
use crate::web::error::ApiResult;

/// The OpenAPI document.
pub const OPENAPI: &str = include_str!("openapi.json");

#[derive(Serialize)]
struct GamesOut<'a> {
    games: Vec<&'a Card>,
}

/// `GET /games`
pub async fn games(State(app): State<Arc<App>>) -> Response {
    Json(GamesOut { games: app.rooms.catalogue().iter().map(|game| game.card()).collect() }).into_response()
}

/// `GET /openapi.json`
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], OPENAPI).into_response()
}

/// The page to try it.
#[derive(Template)]
#[template(path = "api-docs.html")]
struct DocsPage {
    script: String,
    style: String,
}

/// `GET /docs`
pub async fn page() -> ApiResult<Response> {
    let page = DocsPage { script: assets::link("api-docs.js"), style: assets::link("api-docs.css") };
    let html = page.render().map_err(|error| Refusal::new(refusal::Code::InternalError, error.to_string()))?;
    Ok(Html(html).into_response())
}
