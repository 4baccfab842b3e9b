//! The player who asks, and what anybody may know of a player.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::asker::{Asker, Proven};
use super::body::Object;
use super::session::{SessionOut, signed_out};
use crate::app::App;
use crate::id::PlayerId;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::web::error::{ApiError, ApiResult};

#[derive(Serialize)]
struct MeOut {
    player_id: PlayerId,
    nickname: String,
    guest: bool,
    /// What accounts sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    games: u32,
    expires_at: Timestamp,
}

/// `GET /auth/me`
pub async fn show(State(app): State<Arc<App>>, asker: Asker) -> ApiResult<Response> {
    let identity = asker.known()?;
    let account = app.desk.account(identity).await?;
    app.notes.flush().await;
    let stored = app.desk.player(identity.player_id).await?;
    let nickname = account.as_ref().map_or(&identity.nickname, |account| &account.nickname);
    Ok(Json(MeOut {
        player_id: identity.player_id,
        nickname: nickname.clone(),
        guest: identity.guest,
        created_at: account.as_ref().map(|account| account.created_at),
        username: account.map(|account| account.username),
        games: stored.map_or(0, |stored| stored.games),
        expires_at: identity.expires_at,
    })
    .into_response())
}

#[derive(Deserialize)]
struct RenameIn {
    nickname: String,
}

/// `PATCH /auth/me`: another nickname, and a token that says so, valid no longer than the one it was asked with.
pub async fn rename(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Json<SessionOut>> {
    let ask: RenameIn = body.read()?;
    let known = asker.known()?;
    app.desk.may_change(asker.address)?;
    let identity = app.desk.rename(known, &ask.nickname).await?;
    let Proven { identity, token } = Asker { identity: Some(identity), ..asker }.named(&app, None)?;
    Ok(Json(SessionOut::new(identity, Some(token))))
}

#[derive(Deserialize)]
struct DeleteIn {
    password: Option<String>,
}

/// `DELETE /auth/me`: for good. Rooms keep the seat, under another name.
pub async fn delete(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Response> {
    let ask: DeleteIn = body.read()?;
    let known = asker.known()?;
    app.desk.may_change(asker.address)?;
    app.delete_player(known, ask.password.as_deref(), asker.address).await?;
    Ok(signed_out(&app))
}

#[derive(Deserialize)]
struct PasswordIn {
    password: String,
    new_password: String,
}

/// `POST /auth/password`: another password. Every session ends; the answer begins a new one.
pub async fn change_password(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Json<SessionOut>> {
    let ask: PasswordIn = body.read()?;
    let account = app.desk.change_password(asker.known()?, &ask.password, &ask.new_password, asker.address).await?;
    Ok(Json(app.desk.grant(&account).await?.into()))
}

#[derive(Serialize)]
struct PlayerOut {
    player_id: PlayerId,
    nickname: String,
    guest: bool,
    since: Timestamp,
    games: u32,
}

/// `GET /players/{id}`
pub async fn player(
    State(app): State<Arc<App>>,
    id: Result<Path<PlayerId>, axum::extract::rejection::PathRejection>,
) -> ApiResult<Response> {
    let unknown = || ApiError::from(Refusal::invalid("there is no player with this id"));
    let not_found = |error: ApiError| super::refused(http::StatusCode::NOT_FOUND, error.0);
    let Ok(Path(id)) = id else { return Ok(not_found(unknown())) };
    app.notes.flush().await;
    let Some(stored) = app.desk.player(id).await? else { return Ok(not_found(unknown())) };
    let (nickname, guest, since, games) = (stored.nickname, stored.guest, stored.created_at, stored.games);
    Ok(Json(PlayerOut { player_id: id, nickname, guest, since, games }).into_response())
}
