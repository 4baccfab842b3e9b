//! Questions about games over plain HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::asker::Asker;
use super::body::Object;
use crate::app::App;
use crate::room::consult::Asking;
use crate::web::error::ApiResult;

#[derive(Serialize)]
struct Answered {
    ok: bool,
    #[serde(flatten)]
    answer: serde_json::Value,
}

/// `POST /{game}/analyze`: as the event `analyze`.
pub async fn analyze(State(app): State<Arc<App>>, Path(game): Path<String>, asker: Asker, body: Object) -> ApiResult<Response> {
    match asker.id() {
        Some(player) => app.question_limit.check_player(player)?,
        None => app.question_limit.check(asker.address)?,
    }
    let payload: Box<RawValue> = body.read()?;
    let asking = Asking { game, question: String::from("analyze"), payload, player: asker.id(), room: None };
    let answer = app.rooms.consult(asking).await?;
    Ok(Json(Answered { ok: true, answer }).into_response())
}
