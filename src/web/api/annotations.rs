//! Remarks on the moves of finished games: made, read, searched and deleted.
//!
//! Only when a game is over: before that, a remark would be advice. Whoever may see the game may remark on it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::asker::Asker;
use super::body::Object;
use super::query::{Code, Fields};
use crate::app::App;
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::LogError;
use crate::log::annotations::{Annotated, Annotation, NewAnnotation, Words};
use crate::refusal::{self, Refusal};
use crate::room::actor::{Look, no_such_room, store_failed};
use crate::time::Timestamp;
use crate::web::error::ApiResult;

/// As long as an answer on a forum.
const TEXT_MAX: usize = 1_000;
/// More than a remark on each move of a long match would be a flood.
const PER_PLAYER: u32 = 300;
const PER_ROOM: u32 = 2_000;
/// Remarks in one answer, when it does not say how many, and at most.
const LISTED: u32 = 50;
const LISTED_MAX: u32 = 200;

#[derive(Deserialize)]
struct AnnotateIn {
    #[serde(alias = "move_number")]
    seq: Seq,
    #[serde(alias = "comment")]
    text: String,
}

#[derive(Serialize)]
struct AnnotationOut {
    id: i64,
    room_code: RoomCode,
    game: String,
    seq: Seq,
    player_id: PlayerId,
    nickname: String,
    text: String,
    timestamp: Timestamp,
    /// Whether the asker may delete it.
    mine: bool,
}

#[derive(Serialize)]
struct AddedOut {
    ok: bool,
    annotation: AnnotationOut,
}

#[derive(Serialize)]
struct ListOut {
    annotations: Vec<AnnotationOut>,
    /// Where the next page begins; `null` on the last.
    next: Option<i64>,
}

#[derive(Serialize)]
struct RemovedOut {
    ok: bool,
}

impl AnnotationOut {
    fn of(annotation: Annotation, asker: Option<PlayerId>) -> Self {
        let Annotation { id, room, game, seq, player, nickname, text, created_at } = annotation;
        let mine = asker == Some(player);
        Self { id, room_code: room, game, seq, player_id: player, nickname, text, timestamp: created_at, mine }
    }
}

fn listed(found: Vec<Annotation>, limit: u32, asker: Option<PlayerId>) -> Response {
    let full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| full).map(|last| last.id);
    let annotations = found.into_iter().map(|annotation| AnnotationOut::of(annotation, asker)).collect();
    Json(ListOut { annotations, next }).into_response()
}

fn failed(error: LogError) -> Refusal {
    match error {
        LogError::Conflict => no_such_room(),
        error => store_failed(&error),
    }
}

/// The room, if the asker may see it.
async fn look(app: &App, code: RoomCode, asker: &Asker) -> Result<Look, Refusal> {
    let look = app.rooms.look(code, asker.id()).await?;
    look.may_watch()?;
    Ok(look)
}

/// What is kept of a text: no space around it, no control characters but line breaks.
fn cleaned(text: &str) -> Result<String, Refusal> {
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_MAX {
        return Err(Refusal::invalid(format!("`text` has 1 to {TEXT_MAX} characters")));
    }
    Ok(text.to_owned())
}

/// `POST /rooms/{code}/annotations`
pub async fn add(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, body: Object) -> ApiResult<Response> {
    let identity = asker.known()?;
    app.command_limit.check_player(identity.player_id)?;
    let AnnotateIn { seq, text } = body.read()?;
    let text = cleaned(&text)?;
    let look = look(&app, code, &asker).await?;
    if !look.summary.status.is_over() {
        return Err(Refusal::new(refusal::Code::NotReady, "a game is annotated when it is over").into());
    }
    if seq.0 == 0 || seq > look.seq {
        return Err(Refusal::invalid(format!("`seq` is from 1 to {}", look.seq)).into());
    }
    let now = app.clock.now();
    let new = NewAnnotation {
        room: look.key,
        seq,
        player: identity.player_id,
        nickname: identity.nickname.clone(),
        text: text.clone(),
        now,
        most: (PER_PLAYER, PER_ROOM),
    };
    match app.annotations.annotate(new).await.map_err(failed)? {
        Annotated::Full => {
            let message = format!("there are enough annotations here: {PER_PLAYER} by one player, {PER_ROOM} in all");
            Err(Refusal::new(refusal::Code::RateLimited, message).into())
        }
        Annotated::Kept(id) => {
            let annotation = AnnotationOut {
                id,
                room_code: code,
                game: look.game.card().name.to_owned(),
                seq,
                player_id: identity.player_id,
                nickname: identity.nickname.clone(),
                text,
                timestamp: now,
                mine: true,
            };
            Ok((StatusCode::CREATED, Json(AddedOut { ok: true, annotation })).into_response())
        }
    }
}

/// `GET /rooms/{code}/annotations`: the oldest first.
pub async fn of_room(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, fields: Fields) -> ApiResult<Response> {
    let after: i64 = fields.get("after", "the id of an annotation")?.unwrap_or(0);
    let (seq, limit) = (fields.number("seq")?.map(Seq), limit(&fields)?);
    let look = look(&app, code, &asker).await?;
    let found = app.annotations.annotations(look.key, seq, after, limit).await.map_err(failed)?;
    Ok(listed(found, limit, asker.id()))
}

/// `DELETE /rooms/{code}/annotations/{id}`: by its author, or by the host of the room.
pub async fn remove(State(app): State<Arc<App>>, Path((code, id)): Path<(String, String)>, asker: Asker) -> ApiResult<Response> {
    let code: RoomCode = code.parse().map_err(|_| no_such_room())?;
    let identity = asker.known()?;
    app.command_limit.check_player(identity.player_id)?;
    let look = look(&app, code, &asker).await?;
    let nothing = || Refusal::new(refusal::Code::InvalidGame, "there is no such annotation in this room");
    let id: i64 = id.parse().map_err(|_| nothing())?;
    let found = app.annotations.annotation(look.key, id).await.map_err(failed)?.ok_or_else(nothing)?;
    if found.player != identity.player_id && look.seat != Some(Seat::HOST) {
        return Err(Refusal::new(refusal::Code::Forbidden, "only its author and the host of the room delete an annotation").into());
    }
    if !app.annotations.remove_annotation(look.key, id).await.map_err(failed)? {
        return Err(nothing().into());
    }
    Ok(Json(RemovedOut { ok: true }).into_response())
}

/// `GET /annotations?q=`: the newest first, of public rooms and of the asker's own.
pub async fn find(State(app): State<Arc<App>>, asker: Asker, fields: Fields) -> ApiResult<Response> {
    match asker.id() {
        Some(player) => app.command_limit.check_player(player)?,
        None => app.question_limit.check(asker.address)?,
    }
    let text: String = fields.get("q", "the words to look for")?.unwrap_or_default();
    let words = Words::of(&text).ok_or_else(|| Refusal::invalid("`q` should have a word to look for"))?;
    let before: i64 = fields.get("before", "the id of an annotation")?.unwrap_or(i64::MAX);
    let limit = limit(&fields)?;
    let found = app.annotations.find_annotations(&words, asker.id(), before, limit).await.map_err(failed)?;
    Ok(listed(found, limit, asker.id()))
}

fn limit(fields: &Fields) -> Result<u32, Refusal> {
    Ok(fields.number("limit")?.unwrap_or(LISTED).clamp(1, LISTED_MAX))
}
