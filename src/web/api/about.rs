//! What there is to play, who one is, and the description of it all.

use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Body;
use super::caller::Caller;
use crate::web::error::ApiResult;

const OPENAPI: &str = include_str!("openapi.json");
const DOCS: &str = include_str!("docs.html");

pub async fn games(caller: Caller) -> Json<Value> {
    let cards: Vec<_> = caller.app.rooms.catalogue().iter().map(|game| game.card().clone()).collect();
    Json(json!({ "games": cards }))
}

#[derive(Deserialize)]
pub struct GuestIn {
    nickname: Option<String>,
}

pub async fn guest(caller: Caller, Body(ask): Body<GuestIn>) -> ApiResult<Json<Value>> {
    caller.app.room_limit.check(caller.ip())?;
    let (identity, token) = caller.app.tokens.guest(ask.nickname.as_deref(), caller.app.clock.now())?;
    Ok(Json(json!({
        "token": token, "player_id": identity.player_id, "nickname": identity.nickname, "guest": true,
        "expires_at": identity.expires_at,
    })))
}

pub async fn whoami(caller: Caller) -> ApiResult<Json<Value>> {
    let identity = caller.identity()?;
    Ok(Json(json!({
        "player_id": identity.player_id, "nickname": identity.nickname, "guest": identity.guest,
        "expires_at": identity.expires_at,
    })))
}

pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

pub async fn docs() -> Html<&'static str> {
    Html(DOCS)
}
