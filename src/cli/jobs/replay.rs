//! `parlor replay`: a log as people may read it.

use std::fmt::Write;

use anyhow::bail;
use serde_json::{Map, Value};

use super::reading::Reading;
use crate::game::Viewer;
use crate::id::Seq;

/// Characters of a payload that fit beside the rest of the line; `export` prints all of it.
const PAYLOAD_SHOWN: usize = 200;

/// The whole log, one line per event: number, time, name, payload. Or, with `at`, the state after that event as JSON.
///
/// Of a room that is over all is shown, of others what a spectator may see.
pub fn replay(reading: &Reading, at: Option<Seq>) -> anyhow::Result<String> {
    let viewer = reading.game.load(None, &reading.rows)?.viewer(None);
    match at {
        Some(at) => state(reading, viewer, at),
        None => events(reading, viewer),
    }
}

fn state(reading: &Reading, viewer: Viewer, at: Seq) -> anyhow::Result<String> {
    let until = reading.rows.partition_point(|row| row.seq <= at);
    match reading.rows.last() {
        Some(last) if at > last.seq => bail!("--at {at}: the log of {} ends with event {}", reading.stored.code, last.seq),
        _ => {}
    }
    let room = reading.game.load(None, &reading.rows[..until])?;
    let state: Value = serde_json::from_str(room.state(viewer).get())?;
    Ok(format!("{state:#}\n"))
}

fn events(reading: &Reading, viewer: Viewer) -> anyhow::Result<String> {
    let mut text = String::new();
    for row in &reading.rows {
        let (event, payload) = reading.told(row, viewer)?;
        writeln!(text, "{:>5}  {}  {event:<19}  {}", row.seq.0, row.at, short(payload))?;
    }
    Ok(text)
}

/// A payload without what stands on the line already, for a terminal: one line, no control characters.
fn short(mut payload: Map<String, Value>) -> String {
    payload.remove("seq");
    payload.remove("timestamp");
    let text = Value::Object(payload).to_string();
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == PAYLOAD_SHOWN {
            shown.push('…');
            break;
        }
        // What JSON lets pass but a terminal obeys: C1 controls and marks that turn text around.
        if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: Value, expected: &str) {
        let Value::Object(payload) = payload else { panic!("an object") };
        assert_eq!(short(payload), expected);
    }

    #[test]
    fn payloads_are_short_and_do_not_talk_to_the_terminal() {
        check(serde_json::json!({ "seq": 4, "timestamp": "x", "a": 1 }), r#"{"a":1}"#);
        check(serde_json::json!({ "m": "a\u{9b}31m\n\u{202e}b" }), r#"{"m":"a\u009b31m\n\u202eb"}"#);
        let long = serde_json::json!({ "m": "ä".repeat(500) });
        let Value::Object(long) = long else { panic!("an object") };
        assert_eq!(short(long).chars().count(), PAYLOAD_SHOWN + 1);
    }
}
