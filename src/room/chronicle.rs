//! A whole room written down, as somebody may see it: as JSON for programs, as Markdown for people.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::game::Viewer;
use crate::game::record::Format;
use crate::id::{PlayerId, RoomCode};
use crate::refusal::{Code, Refusal};
use crate::room::Rooms;
use crate::room::actor::{EventShown, Look};
use crate::room::export::Exported;
use crate::room::summary::Summary;

/// Goes up when a reader of the document would have to know.
const FORMAT: &str = "parlor-session/1";
/// What every game is written down in.
pub const FORMATS: [Format; 2] =
    [Format { name: "json", media_type: "application/json" }, Format { name: "md", media_type: "text/markdown; charset=utf-8" }];

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    /// `all` when nothing is hidden, `seat` for a player, else `spectator`.
    seen_by: &'static str,
    room: &'a Summary,
    state: &'a RawValue,
    /// As they were told, in order.
    events: &'a [EventShown],
}

/// What an event is to people: who, and what they said or rolled.
pub type Said = fn(event: &str, data: &Value) -> Option<String>;

impl Rooms {
    /// Everything that `player` was told of a room, in one of [`FORMATS`]. For people it is what `said` makes of each event.
    ///
    /// # Errors
    /// As [`look`](Rooms::look), `FORBIDDEN` for games without spectators, `INTERNAL_ERROR` when the log does not hold together.
    pub async fn chronicle(
        &self,
        code: RoomCode,
        player: Option<PlayerId>,
        format: Format,
        said: Said,
    ) -> Result<Exported, Refusal> {
        let look = self.look(code, player).await?;
        look.may_watch()?;
        let (_, mut rows) = self.whole_log(code).await?;
        // What the state does not know of yet is left out.
        rows.retain(|row| row.seq <= look.seq);
        let told = rows.iter().map(|row| Ok(EventShown::new(row.seq, row.at, look.game.tell(row, look.viewer)?)));
        let broken = |error: crate::room::state::BadLog| Refusal::new(Code::InternalError, error.to_string());
        let events = told.collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let text = if format.name == "md" {
            readable(look.game.card().title, &look.summary, &events, said)
        } else {
            document(&look, &events)?
        };
        Ok(Exported { format, text })
    }
}

fn document(look: &Look, events: &[EventShown]) -> Result<String, Refusal> {
    let seen_by = match look.viewer {
        Viewer::Omniscient => "all",
        Viewer::Seat(_) => "seat",
        Viewer::Spectator => "spectator",
    };
    let document = Document { format: FORMAT, seen_by, room: &look.summary, state: &look.state, events };
    let text = serde_json::to_string_pretty(&document).map_err(|error| Refusal::new(Code::InternalError, error.to_string()))?;
    Ok(text + "\n")
}

/// A room for people to read, as Markdown: the lines that `said` makes of its events, day by day.
pub fn readable(title: &str, room: &Summary, events: &[EventShown], said: Said) -> String {
    let Summary { room_code, created_at, players, .. } = room;
    let mut text = format!("# {}, room {room_code}\n\n", escaped(title));
    let names: Vec<_> = players.iter().map(|player| escaped(&player.nickname)).collect();
    let _ = writeln!(text, "Opened {created_at}. At the table: {}.", names.join(", "));
    let mut day = String::new();
    for event in events {
        let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
        let Some(what) = said(event.event, &data) else { continue };
        let at = event.timestamp.to_string();
        let (date, time) = at.split_once('T').unwrap_or((&at, ""));
        if day != date {
            date.clone_into(&mut day);
            let _ = writeln!(text, "\n## {date}");
        }
        let who = data["player"]["nickname"].as_str().unwrap_or("Somebody");
        let lines = escaped(&what).replace('\n', "  \n  ");
        let _ = writeln!(text, "\n- `{}` **{}**: {lines}", time.get(..5).unwrap_or_default(), escaped(who));
    }
    text
}

/// What people typed, so that it stays text: nothing in it is markup.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '!' | '|' | '~' => {
                plain.push('\\');
                plain.push(c);
            }
            '\n' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_stays_text() {
        assert_eq!(escaped("<script>*a* [x](javascript:y) `c`\u{7}"), "&lt;script&gt;\\*a\\* \\[x\\]\\(javascript:y\\) \\`c\\`");
    }
}
