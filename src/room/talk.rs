//! What was said and rolled in a room, from its log: in pages, newest first, and searched. Everybody reads it as they were told it.

use std::str::FromStr;

use serde_json::Value;

use crate::id::{PlayerId, RoomCode, Seq};
use crate::refusal::Refusal;
use crate::room::Rooms;
use crate::room::actor::{EventShown, Look, store_failed};

/// What people said, showed or did in words.
const CHAT: [&str; 5] = ["chat_message", "whisper", "dm_narration", "player_action", "image_shared"];
/// What they rolled.
const ROLLS: [&str; 2] = ["dice_roll", "initiative_rolled"];
/// Events read from the log at once.
const WINDOW: u32 = 1_000;
/// Events that one page may look through: an evening has a few thousand. A search goes on from there.
const LOOKED_AT: u32 = 20_000;
/// The fields of payloads in which people are named and say something.
const SAID: [&str; 12] = [
    "message",
    "narration",
    "details",
    "action_type",
    "caption",
    "label",
    "formula",
    "text",
    "nickname",
    "character_name",
    "player",
    "to",
];

/// Which part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    Chat,
    Rolls,
    #[default]
    All,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Rolls => "rolls",
            Kind::All => "all",
        }
    }

    fn has(self, event: &str) -> bool {
        self != Kind::Rolls && CHAT.contains(&event) || self != Kind::Chat && ROLLS.contains(&event)
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Kind::Chat, Kind::Rolls, Kind::All].into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// A page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub kind: Kind,
    /// Only what came before this event.
    pub before: Seq,
    pub limit: usize,
    /// Only with this text in it, whatever its case.
    pub search: Option<String>,
}

/// A page, newest first.
pub struct Page {
    pub entries: Vec<EventShown>,
    /// The `before` of the next page; none when this is the last.
    pub next: Option<Seq>,
}

impl Rooms {
    /// What was said and rolled in a room, as `player` was told it; with the room as they may see it.
    ///
    /// # Errors
    /// `INVALID_GAME`, `FORBIDDEN` for games without spectators, `BUSY`, `UNAVAILABLE`.
    pub async fn talk(&self, code: RoomCode, player: Option<PlayerId>, asked: &Asked) -> Result<(Look, Page), Refusal> {
        let look = self.look(code, player).await?;
        look.may_watch()?;
        let search = asked.search.as_ref().map(|text| text.to_lowercase());
        let (mut entries, mut below) = (vec![], asked.before.0.min(look.seq.0.saturating_add(1)));
        let stop = below.saturating_sub(LOOKED_AT);
        while below > 1 && below > stop {
            // The log is read forwards only: a window of it, and that backwards.
            let after = below.saturating_sub(1).saturating_sub(WINDOW);
            let rows = self.kernel.log.rows(look.key, Seq(after), below - 1 - after).await.map_err(|error| store_failed(&error))?;
            for row in rows.iter().rev().filter(|row| row.seq.0 < below) {
                let told = match look.game.tell(row, look.viewer) {
                    Ok(told) => told,
                    Err(error) => {
                        tracing::error!(%error, "unreadable event");
                        continue;
                    }
                };
                if !asked.kind.has(told.event) || search.as_ref().is_some_and(|text| !mentions(told.payload.get(), text)) {
                    continue;
                }
                if entries.len() == asked.limit {
                    // There is one more, so there is a next page; it begins with this one.
                    return Ok((look, Page { entries, next: Some(row.seq.next()) }));
                }
                entries.push(EventShown::new(row.seq, row.at, told));
            }
            below = after + 1;
        }
        Ok((look, Page { entries, next: (below > 1).then_some(Seq(below)) }))
    }
}

/// Whether somebody says `text`, in lower case, or is called so.
fn mentions(payload: &str, text: &str) -> bool {
    fn within(value: &Value, text: &str) -> bool {
        match value {
            Value::String(said) => said.to_lowercase().contains(text),
            Value::Array(values) => values.iter().any(|value| within(value, text)),
            Value::Object(fields) => fields.values().any(|value| within(value, text)),
            _ => false,
        }
    }
    let Ok(Value::Object(payload)) = serde_json::from_str(payload) else { return false };
    SAID.iter().filter_map(|field| Some((*field, payload.get(*field)?))).any(|(field, value)| match (field, value) {
        // Of people only what they are called: their ids are nothing that anybody said.
        ("player" | "to", who) => ["nickname", "character_name"].iter().any(|name| within(&who[*name], text)),
        (_, value) => within(value, text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_into_what_was_said_and_by_whom() {
        let payload = r#"{"seq":5,"player":{"nickname":"Ädä","player_id":"abc"},"message":"The Goblin runs","mode":"public","details":{"target":["Ogre"]}}"#;
        for (text, found) in
            [("goblin", true), ("ädä", true), ("ogre", true), ("public", false), ("abc", false), ("target", false), ("5", false)]
        {
            assert_eq!(mentions(payload, text), found, "{text}");
        }
        assert!(!mentions("[]", "a") && !mentions("nonsense", "a"));
    }

    #[test]
    fn each_event_is_of_one_kind() {
        assert!(Kind::Chat.has("whisper") && !Kind::Chat.has("dice_roll") && Kind::Rolls.has("dice_roll"));
        assert!(!Kind::Rolls.has("chat_message") && !Kind::All.has("player_joined") && !Kind::All.has("hidden"));
        assert_eq!("rolls".parse(), Ok(Kind::Rolls));
        assert_eq!("".parse::<Kind>(), Err(()));
    }
}
