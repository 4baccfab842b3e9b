//! What was said and rolled, in pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::asker::Asker;
use super::query::{Code, Fields};
use crate::app::App;
use crate::id::Seq;
use crate::refusal::Refusal;
use crate::room::actor::EventShown;
use crate::room::talk::{Asked, Kind};
use crate::web::error::ApiResult;

/// Entries of a page, when it is not said how many, and at most.
const LISTED: u32 = 50;
const LISTED_MAX: u32 = 200;
/// The longest text that is looked for.
const SEARCH_MAX: usize = 100;

#[derive(Serialize)]
struct HistoryOut {
    /// The newest first.
    entries: Vec<EventShown>,
    /// The `before` of the next page; `null` on the last.
    next: Option<Seq>,
}

/// `GET /rooms/{code}/history?kind=chat&before=SEQ&limit=50&q=goblin`
pub async fn history(State(app): State<Arc<App>>, Code(code): Code, asker: Asker, fields: Fields) -> ApiResult<Response> {
    match asker.id() {
        Some(player) => app.command_limit.check_player(player)?,
        None => app.question_limit.check(asker.address)?,
    }
    let kind: Option<String> = fields.get("kind", "chat, rolls or all")?;
    let limit = fields.number("limit")?.unwrap_or(LISTED).clamp(1, LISTED_MAX);
    let asked = Asked {
        kind: read_kind(kind.as_deref())?,
        before: Seq(fields.number("before")?.unwrap_or(u32::MAX)),
        limit: usize::try_from(limit).unwrap_or(1),
        search: read_search(fields.get("q", "a text to look for")?)?,
    };
    let (_, page) = app.rooms.talk(code, asker.id(), &asked).await?;
    Ok(Json(HistoryOut { entries: page.entries, next: page.next }).into_response())
}

/// Which part of it; all when nothing is said.
///
/// # Errors
/// `VALIDATION_ERROR` when there is no such part.
pub fn read_kind(text: Option<&str>) -> Result<Kind, Refusal> {
    text.map_or(Ok(Kind::default()), |text| text.parse().map_err(|()| Refusal::invalid("`kind` should be chat, rolls or all")))
}

/// A text to look for, without the space around it; none when there is nothing else.
///
/// # Errors
/// `VALIDATION_ERROR` when it is too long.
pub fn read_search(text: Option<String>) -> Result<Option<String>, Refusal> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > SEARCH_MAX) {
        return Err(Refusal::invalid(format!("`q` has at most {SEARCH_MAX} characters")));
    }
    Ok(text)
}
