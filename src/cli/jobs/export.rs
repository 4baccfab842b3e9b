//! `parlor export`: a room as one JSON document, what was said in it to be read, or its game in the format of another program. Of a room that is not over it holds what a
//! spectator may see.

use anyhow::Context;
use serde::Serialize;
use serde_json::value::RawValue;

use super::reading::{Reading, Round};
use crate::game::Viewer;
use crate::log::Visibility;
use crate::room::actor::EventShown;
use crate::room::chronicle::readable;
use crate::room::export::known_format;
use crate::room::summary::Summary;
use crate::time::Timestamp;
use crate::web::view::tabletop;

/// Goes up when a reader of the document would have to know.
const FORMAT: &str = "parlor-room/1";

#[derive(Serialize)]
struct Document {
    format: &'static str,
    /// `all` when the room is over, else `spectator`.
    seen_by: &'static str,
    room: Summary,
    visibility: Visibility,
    ended_at: Option<Timestamp>,
    options: Box<RawValue>,
    rounds: Vec<Round>,
    /// How the last round ended, with `results` and `reason` when it did.
    state: Box<RawValue>,
    /// As they were told, in order.
    events: Vec<EventShown>,
}

/// # Errors
/// When the log does not hold together, or the game has no such format.
pub fn export(reading: &Reading, format: &str) -> anyhow::Result<String> {
    if format == "json" {
        return document(reading);
    }
    if format == "md" {
        let room = reading.game.load(None, &reading.rows)?;
        return Ok(readable(reading.game.card().title, &room.summary(), &told(reading, room.viewer(None))?, tabletop::what));
    }
    let format = known_format(&*reading.game, format)?;
    let text = reading.game.export(&reading.rows, format.name)?;
    text.context("a game with secrets is exported when it is over")
}

/// Everything that `viewer` was told, in order.
fn told(reading: &Reading, viewer: Viewer) -> anyhow::Result<Vec<EventShown>> {
    reading.rows.iter().map(|row| Ok(EventShown::new(row.seq, row.at, reading.game.tell(row, viewer)?))).collect()
}

fn document(reading: &Reading) -> anyhow::Result<String> {
    let room = reading.game.load(None, &reading.rows)?;
    let viewer = room.viewer(None);
    let document = Document {
        format: FORMAT,
        seen_by: if viewer == Viewer::Omniscient { "all" } else { "spectator" },
        room: room.summary(),
        visibility: reading.stored.visibility,
        ended_at: reading.stored.head.ended_at,
        options: room.rematch_spec().options,
        rounds: reading.rounds()?,
        state: room.state(viewer),
        events: told(reading, viewer)?,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
