//! What was said and done in a room, page by page, newest first: read from the log backwards, as far as a page needs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::id::Seq;
use crate::log::Row;
use crate::refusal::Refusal;
use crate::room::Rooms;
use crate::room::actor::{EventShown, Look, store_failed};

/// The event that asks for it, in every game.
pub const QUESTION: &str = "history";
/// What is a part of it in every game.
const ALWAYS: &str = "chat_message";
const LIMIT: usize = 50;
const LIMIT_MAX: usize = 200;
const SEARCH_MAX: usize = 100;
/// Rows that are read at a time, and for one page: beyond these the next page goes on.
const CHUNK: u32 = 500;
const SCANNED_MAX: u32 = 5_000;
/// Names of fields in which a search does not look: what they hold is for machines.
const NOT_SEARCHED: [&str; 7] = ["timestamp", "player_id", "user_id", "image_id", "player_role", "mode", "origin"];

/// Which page.
#[derive(Debug, Default, Deserialize)]
pub struct Page {
    /// Names of events; all that the game keeps when left out.
    pub kinds: Option<Vec<String>>,
    /// Only what is older than this event.
    pub before: Option<Seq>,
    pub limit: Option<usize>,
    /// Only what has this in one of its texts.
    pub search: Option<String>,
}

/// A page.
#[derive(Serialize)]
pub struct Entries {
    pub entries: Vec<EventShown>,
    /// The `before` of the next page.
    pub next: Option<Seq>,
}

/// What is said, and what is rolled, for those who do not want to name events.
const ROLLS: [&str; 1] = ["dice_roll"];

/// A part of a game's `history`, as its card names it: `chat`, `rolls` or `all`.
///
/// # Errors
/// `VALIDATION_ERROR` when there is no such part.
pub fn part(name: &str, history: &[&str]) -> Result<Option<Vec<String>>, Refusal> {
    let kept = |rolls: bool| {
        let kept = [ALWAYS].into_iter().chain(history.iter().copied()).filter(|kind| ROLLS.contains(kind) == rolls);
        Some(kept.map(str::to_owned).collect())
    };
    match name {
        "chat" => Ok(kept(false)),
        "rolls" => Ok(kept(true)),
        "all" => Ok(None),
        _ => Err(Refusal::invalid("`kind` should be chat, rolls or all")),
    }
}

impl Page {
    /// # Errors
    /// `VALIDATION_ERROR` when the payload is no page.
    pub fn read(payload: &RawValue) -> Result<Self, Refusal> {
        serde_json::from_str(payload.get()).map_err(|error| {
            let text = error.to_string();
            Refusal::invalid(format!("{QUESTION}: {}", text.split(" at line ").next().unwrap_or_default()))
        })
    }
}

impl Rooms {
    /// A page of a room's history, as the one who looks may see it.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` when there is no such page, `UNAVAILABLE`.
    pub async fn history(&self, look: &Look, page: &Page) -> Result<Entries, Refusal> {
        let known: Vec<&str> = [ALWAYS].into_iter().chain(look.game.card().history.iter().copied()).collect();
        let kinds = page.kinds.as_ref().map_or_else(|| known.clone(), |kinds| kinds.iter().map(String::as_str).collect());
        if kinds.iter().any(|kind| !known.contains(kind)) {
            return Err(Refusal::invalid(format!("kinds are of {}", known.join(", "))));
        }
        let limit = page.limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Refusal::invalid(format!("limit is 1 to {LIMIT_MAX}")));
        }
        let search = page.search.as_deref().map(str::to_lowercase).filter(|search| !search.is_empty());
        if search.as_ref().is_some_and(|search| search.chars().count() > SEARCH_MAX) {
            return Err(Refusal::invalid(format!("search has at most {SEARCH_MAX} characters")));
        }
        let mut before = page.before.unwrap_or(look.seq.next()).min(look.seq.next());
        let floor = Seq(before.0.saturating_sub(SCANNED_MAX + 1));
        let mut entries = vec![];
        while before.0 > 1 && before > floor {
            let after = Seq(before.0.saturating_sub(CHUNK + 1));
            let wanted = before.0 - 1 - after.0;
            let rows = self.kernel.log.rows(look.key, after, wanted).await.map_err(|error| store_failed(&error))?;
            for row in rows.iter().rev() {
                before = row.seq;
                entries.extend(shown(look, row, &kinds, search.as_deref())?);
                if entries.len() == limit {
                    return Ok(Entries { entries, next: Some(before).filter(|seq| seq.0 > 1) });
                }
            }
            before = Seq(after.0 + 1);
        }
        Ok(Entries { entries, next: Some(before).filter(|seq| seq.0 > 1) })
    }
}

/// A row as the one who looks may see it, if it is one of those looked for.
fn shown(look: &Look, row: &Row, kinds: &[&str], search: Option<&str>) -> Result<Option<EventShown>, Refusal> {
    let told = look.game.tell(row, look.viewer).map_err(|error| {
        tracing::error!(%error, "an event of the log cannot be told");
        Refusal::new(crate::refusal::Code::InternalError, "this room cannot be read")
    })?;
    if !kinds.contains(&told.event) || !search.is_none_or(|search| has(told.payload.get(), search)) {
        return Ok(None);
    }
    Ok(Some(EventShown::new(row.seq, row.at, told)))
}

/// Whether one of the texts in a payload has `search` in it, whatever its case.
fn has(payload: &str, search: &str) -> bool {
    fn look(value: &Value, search: &str) -> bool {
        match value {
            Value::String(text) => text.to_lowercase().contains(search),
            Value::Array(list) => list.iter().any(|value| look(value, search)),
            Value::Object(map) => map.iter().any(|(key, value)| !NOT_SEARCHED.contains(&key.as_str()) && look(value, search)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    serde_json::from_str(payload).is_ok_and(|payload| look(&payload, search))
}

#[cfg(test)]
mod tests {
    use super::has;

    #[test]
    fn a_part_is_what_is_said_or_what_is_rolled() {
        let history = ["dice_roll", "whisper"];
        let of = |name: &str| super::part(name, &history).unwrap();
        assert_eq!(of("chat"), Some(vec!["chat_message".to_owned(), "whisper".to_owned()]));
        assert_eq!((of("rolls"), of("all")), (Some(vec!["dice_roll".to_owned()]), None));
        assert_eq!(super::part("rolls", &[]).unwrap(), Some(vec![]));
        assert!(super::part("everything", &history).is_err());
    }

    #[test]
    fn a_search_looks_into_texts_and_not_into_what_is_for_machines() {
        let payload = r#"{"message":"The ÄLF lies","player":{"nickname":"Ava","player_id":"beef"},"list":["deep"],"n":7}"#;
        for (search, found) in [("älf", true), ("ava", true), ("deep", true), ("beef", false), ("7", false), ("message", false)] {
            assert_eq!(has(payload, search), found, "{search}");
        }
    }
}
