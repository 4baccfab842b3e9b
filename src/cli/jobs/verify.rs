//! `parlor verify`: every draw of a room, computed again.

use std::fmt::Write;

use super::reading::Reading;
use super::{Answer, DIFFERS, NOT_OVER};
use crate::room::erased::Checked;
use crate::room::state::BadLog;

/// Holds a room's log against the seeds it promised: whether it is whole, the seeds shown are the promised ones, each draw is what they
/// give, and each game ended as its moves say.
pub fn verify(reading: &Reading) -> Answer {
    let code = reading.stored.code;
    match look(reading) {
        Ok(None) => Answer { text: format!("{code}: the game is not over; its seed is shown when it is\n"), code: NOT_OVER },
        Ok(Some(Findings { mut text, draws, wrong })) => {
            let verdict = match (wrong.len(), draws) {
                (0, 0) => format!("{code}: there were no draws, and nothing contradicts the log"),
                (0, _) => format!("{code}: all {draws} draws match"),
                _ => format!("{code}: THIS LOG DOES NOT MATCH: {}", wrong.join("; ")),
            };
            text.push_str(&verdict);
            text.push('\n');
            Answer { text, code: if wrong.is_empty() { 0 } else { DIFFERS } }
        }
        Err(broken) => Answer { text: format!("{code}: THIS LOG IS NOT WHOLE: {broken}\n"), code: DIFFERS },
    }
}

/// What was found in a room that is over.
struct Findings {
    text: String,
    draws: usize,
    /// What contradicts what, in words.
    wrong: Vec<String>,
}

fn look(reading: &Reading) -> Result<Option<Findings>, BadLog> {
    let room = reading.game.load(None, &reading.rows)?;
    let recorded = &reading.stored.head;
    let mut wrong = Vec::new();
    if room.status() != recorded.status {
        let (log, list) = (room.status().as_str(), recorded.status.as_str());
        wrong.push(format!("the log leads to {log}, but the room is recorded as {list}"));
    }
    let (last, known) = (room.seq(), last_known(&recorded.listing));
    if u64::from(last.0) < known {
        wrong.push(format!("the log ends with event {last}, but there were {known}"));
    }
    if room.summary().room_code != reading.stored.code {
        wrong.push(format!("the log is that of room {}", room.summary().room_code));
    }
    if !room.status().is_over() && wrong.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    let checked = match reading.game.verify(&reading.rows) {
        // A whole log that contradicts itself: there is more to say of it.
        Err(error @ (BadLog::OtherSeed { .. } | BadLog::OtherEnding { .. })) => {
            wrong.push(error.to_string());
            vec![]
        }
        checked => checked?,
    };
    for (round, at) in reading.rounds()?.iter().zip(1..) {
        let kept = match round.is_kept() {
            Some(true) => "the seed shown at the end is that one",
            Some(false) => {
                wrong.push(format!("the seed of round {at} is not the promised one"));
                "THE SEED SHOWN AT THE END IS ANOTHER ONE"
            }
            None => "no seed was shown, because the game did not end",
        };
        let _ = writeln!(text, "round {at} promised {}; {kept}", round.seed_hash);
    }
    if !checked.is_empty() {
        let _ = writeln!(text, "event  draw     of  claimed  computed");
    }
    for draw in &checked {
        let _ = writeln!(text, "{}", line(draw));
    }
    let differing: Vec<_> = checked.iter().filter(|draw| draw.claimed != draw.computed).map(|draw| draw.seq.to_string()).collect();
    if !differing.is_empty() {
        wrong.push(format!("{} of {} draws, in events {}", differing.len(), checked.len(), differing.join(", ")));
    }
    Ok(Some(Findings { text, draws: checked.len(), wrong }))
}

fn line(draw: &Checked) -> String {
    let Checked { seq, number, sides, claimed, computed } = draw;
    // A claim that no draw can have says that what is in the log could not have been drawn at all.
    let claim = if claimed < sides { claimed.to_string() } else { "none".to_owned() };
    let sign = if claimed == computed { "" } else { "  DIFFERS" };
    format!("{:>5}  {number:>4}  {sides:>5}  {claim:>7}  {computed:>8}{sign}", seq.0)
}

/// The event that the room's entry in lists was written with: the log had at least that many.
fn last_known(listing: &str) -> u64 {
    let listing: serde_json::Value = serde_json::from_str(listing).unwrap_or_default();
    listing.get("seq").and_then(serde_json::Value::as_u64).unwrap_or(0)
}
