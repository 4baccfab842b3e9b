//! What nodes tell each other: what was appended.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{NodeId, PlayerId, RoomCode, Seq};
use crate::log::{CommandKey, Row};
use crate::time::Timestamp;

/// A commit larger than this is only named, and read from the store: it would hold up everything behind it.
const LARGE: usize = 256 * 1024;

/// One commit.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Who appended: a node does not listen to itself.
    node: Uuid,
    /// None: something may have been appended anywhere.
    room: Option<RoomCode>,
    /// None: look into the log.
    rows: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
struct Event {
    seq: Seq,
    /// Milliseconds, as in the store.
    at: i64,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<(PlayerId, String)>,
}

/// What another node said.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Appended(RoomCode, Vec<Row>),
    Anything,
}

/// A commit as it is sent.
pub fn say(node: NodeId, room: Option<RoomCode>, rows: &[Row]) -> String {
    let large = rows.iter().map(|row| row.body.len()).sum::<usize>() > LARGE;
    let event = |row: &Row| Event {
        seq: row.seq,
        at: row.at.0,
        body: row.body.clone(),
        by: row.command.as_ref().map(|command| (command.player, command.id.clone())),
    };
    let rows = if large { Vec::new() } else { rows.iter().map(event).collect() };
    // Strings and numbers: this cannot fail, and a note that nobody can read would do no harm.
    serde_json::to_string(&Note { node: node.0, room, rows }).unwrap_or_default()
}

/// What was received, if it is from another node and makes sense.
pub fn hear(node: NodeId, text: &[u8]) -> Option<Heard> {
    let note: Note = match serde_json::from_slice(text) {
        Ok(note) => note,
        Err(error) => {
            // A node of another version, perhaps: nothing is lost by reading the store.
            tracing::warn!(%error, "what another node said cannot be read");
            return Some(Heard::Anything);
        }
    };
    if note.node == node.0 {
        return None;
    }
    let Some(room) = note.room else { return Some(Heard::Anything) };
    let row = |event: Event| Row {
        seq: event.seq,
        at: Timestamp(event.at),
        body: event.body,
        command: event.by.map(|(player, id)| CommandKey { player, id }),
    };
    Some(Heard::Appended(room, note.rows.into_iter().map(row).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_by_others_only() {
        let (here, there) = (NodeId::random(), NodeId::random());
        let room = RoomCode::random();
        let command = Some(CommandKey { player: PlayerId::random(), id: "ä".into() });
        let body = r#"{"text":"\u0000 🎲"}"#.to_owned();
        let rows = vec![
            Row { seq: Seq(7), at: Timestamp(-1), body: body.clone(), command: None },
            Row { seq: Seq(8), at: Timestamp(i64::MAX), body, command },
        ];
        let said = say(here, Some(room), &rows);
        assert_eq!(hear(there, said.as_bytes()), Some(Heard::Appended(room, rows)));
        assert_eq!(hear(here, said.as_bytes()), None);
        assert_eq!(hear(there, say(here, None, &[]).as_bytes()), Some(Heard::Anything));
        assert_eq!(hear(there, b"{}"), Some(Heard::Anything));
        let large = Row { seq: Seq(1), at: Timestamp(0), body: "x".repeat(LARGE + 1), command: None };
        assert_eq!(hear(there, say(here, Some(room), &[large]).as_bytes()), Some(Heard::Appended(room, vec![])));
    }
}
