//! The game itself: commands, and what came of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::asker::{Asker, player};
use super::body::Object;
use super::query::{Code, Fields};
use crate::app::App;
use crate::id::{RoomCode, Seq};
use crate::log::CommandKey;
use crate::outcome::OF_REQUESTS;
use crate::refusal::{self, Refusal};
use crate::room::actor::{EventShown, Message, Request, json_answer};
use crate::room::directory::{busy, no_options};
use crate::room::outlet::{Answer, Reply};
use crate::socket::envelope::{Envelope, plain};
use crate::socket::wire::PingIn;
use crate::time::Timestamp;
use crate::web::error::ApiResult;

/// Longest wait for events: some proxies cut off what takes half a minute.
pub const WAIT_MAX: Duration = Duration::from_secs(25);

#[derive(Deserialize)]
struct CommandIn {
    event: String,
    data: Option<Box<RawValue>>,
}

/// `POST /rooms/{code}/commands`: answers as an acknowledgement does.
pub async fn command(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, body: Object) -> ApiResult<Json<Answer>> {
    let answer = commanded(&app, code, &asker, &body).await;
    OF_REQUESTS.count(&answer);
    Ok(Json(answer?))
}

async fn commanded(app: &App, code: RoomCode, asker: &Asker, body: &Object) -> Result<Answer, Refusal> {
    let identity = asker.known()?;
    app.command_limit.check_player(identity.player_id)?;
    let (outer, CommandIn { event, data }) = (body.envelope()?, body.read()?);
    if let Some(advice) = elsewhere(&event) {
        return Err(Refusal::invalid(format!("{event}: {advice}")));
    }
    let payload = data.filter(|data| data.get() != "null").unwrap_or_else(no_options);
    let inner = Envelope::read(&payload).map_err(|refusal| Refusal::invalid(format!("{event}: {}", refusal.message)))?;
    let player = player(identity);
    let command = outer.command_id.or(inner.command_id).map(|id| CommandKey { player: player.id, id });
    let expected = outer.expected.or(inner.expected);
    let ping = (event == "ping").then(|| payload.clone());
    let request = |reply| Request { conn: None, player, event, payload, command, expected, acknowledged: true, reply };
    let answer = answered(app, code, |reply| Message::Request(Box::new(request(reply)))).await?;
    match ping {
        Some(payload) => pong(&payload, app.clock.now()),
        None => Ok(answer),
    }
}

/// What a socket does by an event, and HTTP by another address.
fn elsewhere(event: &str) -> Option<&'static str> {
    match event {
        "create_room" => Some("over HTTP rooms are made by POST /api/rooms"),
        "join_room" | "join_game_room" => Some("over HTTP rooms are joined by POST /api/rooms/{code}/join"),
        "refresh_token" => Some("over HTTP a token is sent with every request: send the new one"),
        _ => None,
    }
}

#[derive(Serialize)]
struct PongOut<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a RawValue>,
    server_time: Timestamp,
}

fn pong(payload: &RawValue, server_time: Timestamp) -> Result<Answer, Refusal> {
    let ask: PingIn = serde_json::from_str(payload.get()).map_err(|error| Refusal::invalid(format!("ping: {}", plain(&error))))?;
    Ok(json_answer(&PongOut { ok: true, timestamp: ask.timestamp.as_deref(), server_time }))
}

#[derive(Serialize)]
struct EventsOut {
    events: Vec<EventShown>,
    seq: Seq,
}

/// `GET /rooms/{code}/events`: what is newer than `after`; with nothing there, waits for it.
pub async fn events(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, fields: Fields) -> ApiResult<Response> {
    let after = Seq(fields.number("after")?.unwrap_or(0));
    let wait = Duration::from_secs(fields.number("wait")?.unwrap_or(0).into()).min(WAIT_MAX);
    let found = app.rooms.events(code, asker.id(), after, wait).await?;
    Ok(Json(EventsOut { events: found.events, seq: found.seq }).into_response())
}

/// Puts a message into a room's mailbox and waits for the answer. A client that hangs up takes nothing back.
pub async fn answered(app: &App, code: RoomCode, message: impl FnOnce(Reply) -> Message) -> Result<Answer, Refusal> {
    let (done, answer) = oneshot::channel();
    let reply: Reply = Box::new(move |answer| drop(done.send(answer)));
    app.rooms.send(code, message(reply)).map_err(|_| busy())?;
    answer.await.map_err(|_| Refusal::new(refusal::Code::InternalError, "the room did not answer"))?
}
