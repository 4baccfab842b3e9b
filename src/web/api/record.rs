//! What was: states of any moment, and proofs of the luck.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::asker::Asker;
use super::query::{Code, Fields};
use crate::app::App;
use crate::game::Viewer;
use crate::id::{RoomCode, Seat, Seq};
use crate::log::Status;
use crate::room::chronicle;
use crate::room::erased::Checked;
use crate::room::history::{Page, part as part_of};
use crate::web::error::ApiResult;
use crate::web::view::tabletop;

#[derive(Serialize)]
struct StateOut {
    state: Box<RawValue>,
    /// The last event that the state knows of.
    seq: Seq,
    #[serde(flatten)]
    within: Within,
    /// As whom it is seen.
    player_role: &'static str,
    seat: Option<Seat>,
    /// Whether nothing is hidden from the asker: the game is over.
    omniscient: bool,
}

/// What every state has.
#[derive(Serialize, Deserialize)]
struct Within {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

/// `GET /rooms/{code}/state`: as it is, or after event `at`; as the asker may see it.
pub async fn state(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, fields: Fields) -> ApiResult<Response> {
    let at = fields.number("at")?.map(Seq);
    if let Some(player) = asker.id() {
        app.rooms.seen(code, player);
    }
    let look = app.rooms.look(code, asker.id()).await?;
    look.may_watch()?;
    let (state, seq) = match at {
        Some(at) => (app.rooms.state_at(code, asker.id(), at).await?, at),
        None => (look.state, look.seq),
    };
    let within = serde_json::from_str(state.get()).unwrap_or(Within { version: None, status: None });
    Ok(Json(StateOut {
        state,
        seq,
        within,
        player_role: look.role,
        seat: look.seat,
        omniscient: look.viewer == Viewer::Omniscient,
    })
    .into_response())
}

#[derive(Serialize)]
struct VerdictOut {
    room_code: RoomCode,
    /// Whether every draw is the one that the revealed seed gives.
    matches: bool,
    draws: Vec<DrawOut>,
}

#[derive(Serialize)]
struct DrawOut {
    #[serde(flatten)]
    checked: Checked,
    matches: bool,
}

/// `GET /rooms/{code}/history`: what was said and done, newest first, page by page.
pub async fn history(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, fields: Fields) -> ApiResult<Response> {
    let look = app.rooms.look(code, asker.id()).await?;
    look.may_watch()?;
    let kinds = fields.get::<String>("kinds", "names of events, with commas between")?;
    let kinds = kinds.filter(|kinds| !kinds.is_empty()).map(|kinds| kinds.split(',').map(|kind| kind.trim().to_owned()).collect());
    let part = fields.get::<String>("kind", "chat, rolls or all")?.unwrap_or_else(|| "all".to_owned());
    let page = Page {
        kinds: kinds.or(part_of(&part, look.game.card().history)?),
        before: fields.number("before")?.map(Seq),
        limit: fields.number("limit")?.map(|limit| limit as usize),
        search: fields.get::<String>("search", "a text")?.or(fields.get::<String>("q", "a text")?),
    };
    Ok(Json(app.rooms.history(&look, &page).await?).into_response())
}

/// `GET /rooms/{code}/verify`: every draw computed again, once the seed is shown.
pub async fn verify(State(app): State<Arc<App>>, Code(room_code): Code) -> ApiResult<Response> {
    let checked = app.rooms.verify(room_code).await?;
    let draws: Vec<_> = checked.into_iter().map(|c| DrawOut { matches: c.claimed == c.computed, checked: c }).collect();
    Ok(Json(VerdictOut { room_code, matches: draws.iter().all(|draw| draw.matches), draws }).into_response())
}

/// `GET /rooms/{code}/export?format=md`: all that the asker was told, for programs or for people; or the room's last round in a format of
/// other programs, as far as it is played.
pub async fn export(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, fields: Fields) -> ApiResult<Response> {
    app.rooms.look(code, asker.id()).await?.may_watch()?;
    let format = fields.get::<String>("format", "a format")?.unwrap_or_default();
    let exported = match chronicle::FORMATS.into_iter().find(|known| known.name == format) {
        Some(format) => app.rooms.chronicle(code, asker.id(), format, tabletop::what).await?,
        None => app.rooms.export(code, &format).await?,
    };
    let name = format!("attachment; filename=\"{code}.{}\"", exported.format.name);
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(exported.format.media_type);
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], exported.text).into_response())
}
