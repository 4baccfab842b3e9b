//! Rooms: opening, finding and entering them.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::body::{Body, query};
use super::caller::{Caller, code, player};
use crate::account::Identity;
use crate::id::Seq;
use crate::log::{CommandKey, Status, Visibility};
use crate::refusal::Refusal;
use crate::room::actor::{Enter, Message, Purpose};
use crate::room::directory::{CreateRoom, no_options};
use crate::socket::envelope::check_command_id;
use crate::socket::wire::PurposeIn;
use crate::web::error::ApiResult;
use crate::web::qr::Qr;

/// Rooms in one list.
const LISTED_MAX: u32 = 100;

#[derive(Deserialize)]
pub struct CreateIn {
    game: String,
    nickname: Option<String>,
    options: Option<Map<String, Value>>,
    #[serde(default)]
    visibility: Visibility,
    seats: Option<u8>,
    client_seed: Option<String>,
    command_id: Option<String>,
    /// Options beside the others, as the first clients of /draft send them.
    template_id: Option<Value>,
    anime_pool_ids: Option<Value>,
}

pub async fn create(caller: Caller, Body(ask): Body<CreateIn>) -> ApiResult<Response> {
    if let Some(id) = &ask.command_id {
        check_command_id(id)?;
    }
    caller.app.room_limit.check(caller.ip())?;
    let (identity, token) = caller.identity_or_guest(ask.nickname.as_deref())?;
    let mut options = ask.options.unwrap_or_default();
    let beside = [("template_id", ask.template_id), ("anime_pool_ids", ask.anime_pool_ids)];
    options.extend(beside.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let wish = CreateRoom {
        game: ask.game,
        host: player(&identity),
        options: raw(&Value::Object(options)),
        visibility: ask.visibility,
        seats: ask.seats,
        client_seed: ask.client_seed,
        command_id: ask.command_id,
    };
    let (code, before) = caller.app.rooms.create_once(wish).await?;
    let mut extra = credentials(&identity, token);
    let url = caller.join_url(code);
    extra.insert("qr_code".into(), Qr::new(&url).map(|qr| qr.data_url()).unwrap_or_default().into());
    extra.insert("join_url".into(), url.into());
    if before {
        extra.insert("duplicate".into(), true.into());
    }
    let entered = enter(&caller, code, &identity, Purpose::Play, JoinIn::default(), extra).await?;
    Ok((StatusCode::CREATED, entered).into_response())
}

#[derive(Default, Deserialize)]
pub struct JoinIn {
    nickname: Option<String>,
    #[serde(default, rename = "as")]
    purpose: PurposeIn,
    last_seq: Option<Seq>,
    client_seed: Option<String>,
    command_id: Option<String>,
}

pub async fn join(caller: Caller, Path(typed): Path<String>, Body(ask): Body<JoinIn>) -> ApiResult<Response> {
    let code = code(&typed)?;
    if let Some(id) = &ask.command_id {
        check_command_id(id)?;
    }
    let (identity, token) = caller.identity_or_guest(ask.nickname.as_deref())?;
    let mut extra = credentials(&identity, token);
    extra.insert("join_url".into(), caller.join_url(code).into());
    let purpose = match ask.purpose {
        PurposeIn::Player => Purpose::Play,
        PurposeIn::Spectator => Purpose::Watch,
    };
    enter(&caller, code, &identity, purpose, ask, extra).await
}

async fn enter(
    caller: &Caller,
    code: crate::id::RoomCode,
    identity: &Identity,
    purpose: Purpose,
    ask: JoinIn,
    extra: Map<String, Value>,
) -> ApiResult<Response> {
    let answer = caller.ask(code, |reply| {
        Message::Enter(Box::new(Enter {
            conn: None,
            game: None,
            player: player(identity),
            purpose,
            client_seed: ask.client_seed,
            last_seq: ask.last_seq,
            command: ask.command_id.map(|id| CommandKey { player: identity.player_id, id }),
            extra,
            reply,
        }))
    });
    Ok(Json(answer.await?).into_response())
}

fn credentials(identity: &Identity, token: String) -> Map<String, Value> {
    let mut extra = Map::new();
    extra.insert("token".into(), token.into());
    extra.insert("player_id".into(), json!(identity.player_id));
    extra.insert("nickname".into(), identity.nickname.clone().into());
    extra.insert("guest".into(), identity.guest.into());
    extra.insert("expires_at".into(), json!(identity.expires_at));
    extra
}

pub async fn status(caller: Caller, Path(typed): Path<String>) -> ApiResult<Json<Value>> {
    let code = code(&typed)?;
    let summary = caller.app.rooms.look(code, None).await?.summary;
    let mut shown = json!(summary);
    shown["join_url"] = caller.join_url(code).into();
    Ok(Json(shown))
}

#[derive(Deserialize)]
struct ListIn {
    game: Option<String>,
    status: Option<Status>,
    limit: Option<u32>,
}

pub async fn list(caller: Caller) -> ApiResult<Json<Value>> {
    let ask: ListIn = query(&caller.uri)?;
    let limit = ask.limit.unwrap_or(50).clamp(1, LISTED_MAX);
    let found = caller.app.rooms.listed(ask.game.as_deref(), ask.status, limit).await?;
    let rooms: Vec<Value> = found
        .into_iter()
        .filter_map(|room| {
            let mut shown: Value = serde_json::from_str(&room.head.listing).ok()?;
            shown["join_url"] = caller.join_url(room.code).into();
            Some(shown)
        })
        .collect();
    Ok(Json(json!({ "rooms": rooms })))
}

pub async fn qr_svg(caller: Caller, Path(typed): Path<String>) -> ApiResult<Response> {
    Ok(picture("image/svg+xml", qr(&caller, &typed).await?.svg().into_bytes()))
}

pub async fn qr_png(caller: Caller, Path(typed): Path<String>) -> ApiResult<Response> {
    Ok(picture("image/png", qr(&caller, &typed).await?.png()))
}

async fn qr(caller: &Caller, typed: &str) -> Result<Qr, Refusal> {
    let code = code(typed)?;
    caller.app.rooms.stored(code).await?;
    Qr::new(&caller.join_url(code)).map_err(|error| Refusal::invalid(error.to_string()))
}

fn picture(kind: &'static str, bytes: Vec<u8>) -> Response {
    // The same for as long as the room lives, for everybody who reaches us by the same address.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=3600"), (header::VARY, "host")];
    (headers, bytes).into_response()
}

pub fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| no_options())
}
