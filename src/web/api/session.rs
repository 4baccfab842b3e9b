//! Who one is: guests, signing in and out, and what a token says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::asker::{Address, Asker};
use super::body::Object;
use crate::account::Identity;
use crate::account::desk::{Chosen, Granted};
use crate::app::App;
use crate::id::PlayerId;
use crate::log::accounts::Account;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::web::cookie;
use crate::web::error::{ApiError, ApiResult};

#[derive(Deserialize)]
struct GuestIn {
    nickname: Option<String>,
}

/// Who somebody is, with the tokens that prove it when they are new.
#[derive(Serialize)]
pub struct SessionOut {
    player_id: PlayerId,
    nickname: String,
    guest: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    expires_at: Timestamp,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    refresh: Option<RefreshOut>,
}

/// `access` and `refresh` are what clients of Simple JWT call the two tokens.
#[derive(Serialize)]
struct RefreshOut {
    access: String,
    refresh: String,
    refresh_token: String,
    refresh_expires_at: Timestamp,
}

impl SessionOut {
    pub fn new(identity: Identity, token: Option<String>) -> Self {
        let Identity { player_id, nickname, guest, expires_at, .. } = identity;
        Self { player_id, nickname, guest, token, expires_at, refresh: None }
    }
}

impl From<Granted> for SessionOut {
    fn from(granted: Granted) -> Self {
        let Granted { identity, token, refresh } = granted;
        let refresh = refresh.map(|(refresh, refresh_expires_at)| RefreshOut {
            access: token.clone(),
            refresh: refresh.clone(),
            refresh_token: refresh,
            refresh_expires_at,
        });
        Self { refresh, ..Self::new(identity, Some(token)) }
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

/// What somebody chooses who makes an account. An `email`, which some clients send, is not kept: nothing is ever sent to it.
#[derive(Deserialize)]
struct RegisterIn {
    username: String,
    password: String,
    nickname: Option<String>,
}

impl RegisterIn {
    fn chosen(&self) -> Chosen<'_> {
        Chosen { username: &self.username, password: &self.password, nickname: self.nickname.as_deref() }
    }
}

/// `POST /auth/register`: always somebody new, whoever asks.
pub async fn register(State(app): State<Arc<App>>, Address(address): Address, body: Object) -> ApiResult<Response> {
    let ask: RegisterIn = body.read()?;
    let made = app.desk.register(ask.chosen(), None, address).await;
    granted(&app, made, StatusCode::CREATED).await
}

/// `POST /auth/convert`: the guest who asks has an account from now on, and stays the same player.
pub async fn convert(State(app): State<Arc<App>>, asker: Asker, body: Object) -> ApiResult<Response> {
    let ask: RegisterIn = body.read()?;
    let guest = asker.known()?;
    let made = app.desk.register(ask.chosen(), Some(guest), asker.address).await;
    granted(&app, made, StatusCode::OK).await
}

/// A name that is taken is a conflict, though its code is that of any field that cannot be used.
async fn granted(app: &App, made: Result<Account, Refusal>, status: StatusCode) -> ApiResult<Response> {
    match made {
        Ok(account) => Ok((status, Json(SessionOut::from(app.desk.grant(&account).await?))).into_response()),
        Err(refusal) if refusal.details.as_ref().is_some_and(|details| details["taken"] == true) => {
            Ok(super::refused(StatusCode::CONFLICT, refusal))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

#[derive(Deserialize)]
struct LogInIn {
    username: String,
    password: String,
}

/// `POST /auth/login`, also as `POST /auth/token`.
pub async fn log_in(State(app): State<Arc<App>>, Address(address): Address, body: Object) -> ApiResult<Json<SessionOut>> {
    let ask: LogInIn = body.read()?;
    let account = app.desk.log_in(&ask.username, &ask.password, address).await?;
    Ok(Json(app.desk.grant(&account).await?.into()))
}

#[derive(Deserialize)]
struct RefreshIn {
    #[serde(alias = "refresh")]
    refresh_token: Option<String>,
}

/// `POST /auth/refresh`, also as `POST /auth/token/refresh`: with a refresh token, or as a guest, whose own token is enough.
pub async fn refresh(State(app): State<Arc<App>>, asker: Result<Asker, ApiError>, body: Object) -> ApiResult<Json<SessionOut>> {
    let ask: RefreshIn = body.read()?;
    let granted = match ask.refresh_token {
        // Whatever else the client shows: its session token has mostly expired.
        Some(token) => app.desk.refresh(&token).await?,
        None => app.desk.renew_guest(asker?.known()?).await?,
    };
    Ok(Json(granted.into()))
}

/// `GET /auth/verify`: who the token or the cookie says one is.
pub async fn verify(asker: Asker) -> ApiResult<Response> {
    Ok(Json(SessionOut::new(asker.known()?.clone(), None)).into_response())
}

#[derive(Deserialize)]
struct VerifyIn {
    token: String,
}

/// `POST /auth/verify`, also as `POST /auth/token/verify`: who a token says somebody is.
pub async fn verify_token(State(app): State<Arc<App>>, body: Object) -> ApiResult<Response> {
    let ask: VerifyIn = body.read()?;
    let identity = app.tokens.verify(&ask.token, app.clock.now())?;
    Ok(Json(SessionOut::new(identity, None)).into_response())
}

/// `POST /auth/logout`: the session of the token, and that of the refresh token.
pub async fn log_out(
    State(app): State<Arc<App>>,
    Address(address): Address,
    asker: Result<Asker, ApiError>,
    body: Object,
) -> ApiResult<Response> {
    let ask: RefreshIn = body.read()?;
    let identity = match (asker, &ask.refresh_token) {
        (Ok(asker), None) => Some(asker.known()?.clone()),
        (Ok(asker), Some(_)) => asker.identity,
        // A token that has expired needs no signing out; the refresh token may.
        (Err(_), Some(_)) => None,
        (Err(error), None) => return Err(error),
    };
    app.desk.may_change(address)?;
    app.desk.log_out(identity.as_ref(), ask.refresh_token.as_deref()).await?;
    Ok(signed_out(&app))
}

/// `POST /auth/logout_everywhere`: every session of the one who asks.
pub async fn log_out_everywhere(State(app): State<Arc<App>>, asker: Asker) -> ApiResult<Response> {
    let player = asker.known()?.player_id;
    app.desk.may_change(asker.address)?;
    app.desk.log_out_everywhere(player).await?;
    Ok(signed_out(&app))
}

/// `{ ok: true }`, and a browser forgets its cookie.
pub fn signed_out(app: &App) -> Response {
    let mut response = Json(json!({ "ok": true })).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::forget(app.config.is_secure()));
    response
}
