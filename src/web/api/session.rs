//! Who one is: a guest's token, and what a token says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::asker::Asker;
use super::body::Object;
use crate::account::Identity;
use crate::app::App;
use crate::id::PlayerId;
use crate::time::Timestamp;
use crate::web::error::ApiResult;

#[derive(Deserialize)]
struct GuestIn {
    nickname: Option<String>,
}

#[derive(Serialize)]
struct SessionOut {
    player_id: PlayerId,
    nickname: String,
    guest: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    expires_at: Timestamp,
}

impl SessionOut {
    fn new(identity: Identity, token: Option<String>) -> Self {
        let Identity { player_id, nickname, guest, expires_at } = identity;
        Self { player_id, nickname, guest, token, expires_at }
    }
}

/// `POST /auth/guest`: always somebody new, whoever asks.
pub async fn guest(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Response> {
    let ask: GuestIn = body.read()?;
    // Limits by player would mean little if one could become another at any rate.
    app.room_limit.check(asker.address)?;
    let (identity, token) = app.tokens.guest(ask.nickname.as_deref(), app.clock.now())?;
    Ok((StatusCode::CREATED, Json(SessionOut::new(identity, Some(token)))).into_response())
}

/// `GET /auth/verify`: who the token or the cookie says one is.
pub async fn verify(asker: Asker) -> ApiResult<Response> {
    Ok(Json(SessionOut::new(asker.known()?.clone(), None)).into_response())
}
