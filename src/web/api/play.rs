//! A whole game over plain HTTP: commands in, events out.

use std::time::Duration;

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::body::{Body, query};
use super::caller::{Caller, code, player};
use crate::game::Viewer;
use crate::id::Seq;
use crate::log::CommandKey;
use crate::refusal::{Code, Refusal};
use crate::room::actor::{EventShown, Message, Request};
use crate::room::directory::no_options;
use crate::socket::envelope::{Envelope, check_command_id};
use crate::web::error::ApiResult;

/// The longest wait for an event; proxies cut requests off after 60 s, some after 30.
const WAIT_MAX: u64 = 25;

#[derive(Deserialize)]
pub struct CommandIn {
    event: String,
    data: Option<Box<RawValue>>,
    command_id: Option<String>,
    expected_version: Option<Seq>,
    game_version: Option<Seq>,
}

/// What only makes sense for a socket, or has its own route.
const ELSEWHERE: [&str; 4] = ["create_room", "join_room", "join_game_room", "refresh_token"];

pub async fn command(caller: Caller, Path(typed): Path<String>, Body(ask): Body<CommandIn>) -> ApiResult<Response> {
    let code = code(&typed)?;
    let identity = caller.identity()?;
    if ELSEWHERE.contains(&ask.event.as_str()) {
        return Err(Refusal::invalid("this is not sent to a room; see /api/docs").into());
    }
    let payload = ask.data.filter(|data| data.get() != "null").unwrap_or_else(no_options);
    let envelope = Envelope::read(&payload)?;
    if let Some(id) = &ask.command_id {
        check_command_id(id)?;
    }
    let look = caller.app.rooms.look(code, Some(identity.player_id)).await?;
    if look.seat.is_none() && !matches!(ask.event.as_str(), "chat_message" | "ping" | "request_sync" | "request_presence") {
        return Err(Refusal::new(Code::NotInGame, "you have no seat in this room").into());
    }
    let command = ask.command_id.or(envelope.command_id).map(|id| CommandKey { player: identity.player_id, id });
    let expected = ask.expected_version.or(ask.game_version).or(envelope.expected);
    let answer = caller.ask(code, |reply| {
        let (player, event) = (player(&identity), ask.event);
        Message::Request(Box::new(Request { conn: None, player, event, payload, command, expected, acknowledged: true, reply }))
    });
    Ok(Json(answer.await?).into_response())
}

#[derive(Deserialize)]
struct EventsIn {
    #[serde(default)]
    after: u32,
    #[serde(default)]
    wait: u64,
}

#[derive(Serialize)]
struct EventsOut {
    events: Vec<EventShown>,
    seq: Seq,
}

pub async fn events(caller: Caller, Path(typed): Path<String>) -> ApiResult<Response> {
    let (code, eyes) = (code(&typed)?, caller.eyes()?);
    let ask: EventsIn = query(&caller.uri)?;
    let wait = Duration::from_secs(ask.wait.min(WAIT_MAX));
    let found = caller.app.rooms.events(code, eyes, Seq(ask.after), wait).await?;
    Ok(Json(EventsOut { events: found.events, seq: found.seq }).into_response())
}

#[derive(Deserialize)]
struct StateIn {
    at: Option<u32>,
}

pub async fn state(caller: Caller, Path(typed): Path<String>) -> ApiResult<Response> {
    let (code, eyes) = (code(&typed)?, caller.eyes()?);
    let ask: StateIn = query(&caller.uri)?;
    let look = caller.app.rooms.look(code, eyes).await?;
    let (state, seq) = match ask.at {
        Some(at) => (caller.app.rooms.state_at(code, eyes, Seq(at)).await?, Seq(at)),
        None => (look.state, look.seq),
    };
    let shown = json!({
        "state": state, "seq": seq, "version": look.summary.version, "status": look.summary.status,
        "player_role": look.role, "seat": look.seat,
        "omniscient": look.viewer == Viewer::Omniscient,
    });
    Ok(Json(shown).into_response())
}

pub async fn verify(caller: Caller, Path(typed): Path<String>) -> ApiResult<Json<Value>> {
    let draws = caller.app.rooms.verify(code(&typed)?).await?;
    let matches = draws.iter().all(|draw| draw.claimed == draw.computed);
    Ok(Json(json!({ "matches": matches, "draws": draws })))
}
