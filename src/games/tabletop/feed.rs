//! What was said, done and rolled at the table, as far back as the state remembers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::people::{Audience, Person, PersonShown};
use super::rolls::{RollShown, Rolled};
use crate::game::{Seats, Viewer};
use crate::id::{Seat, Seq};
use crate::time::Timestamp;

/// Entries of all kinds and audiences together.
const ENTRIES_MAX: usize = 1_500;
/// Arrays and objects within each other, as a client may write them. Readers commonly take 128; a state stands around it.
const DEPTH_MAX: usize = 64;

/// JSON as a client wrote it: a tree would not keep its numbers exactly.
#[derive(Clone, Debug)]
pub struct Json(Box<RawValue>);

impl Json {
    pub fn len(&self) -> usize {
        self.0.get().len()
    }

    /// Whether everybody can read it: JSON's grammar also has numbers that no double holds, halves of characters, and any depth.
    pub fn is_readable(&self) -> bool {
        serde_json::from_str(self.0.get()).is_ok_and(|value| depth(&value) <= DEPTH_MAX)
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

/// One thing that was said, done or rolled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub seq: Seq,
    pub at: Timestamp,
    pub by: Person,
    pub audience: Audience,
    /// Who sees of a roll only that it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Seat>,
    pub item: Item,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<(String, Seats)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    Chat { message: String },
    Narration { narration: String },
    Action { action_type: String, details: Option<Json> },
    Whisper { to: Person, message: String, dm_reads: bool },
    Image { image_id: Uuid, caption: Option<String>, to: Option<Vec<Seat>> },
    Roll(Rolled),
}

impl Item {
    /// How many of a kind are remembered for each audience.
    fn kept(&self) -> usize {
        match self {
            Self::Chat { .. } | Self::Roll(_) => 50,
            Self::Narration { .. } | Self::Action { .. } | Self::Image { .. } => 30,
            Self::Whisper { .. } => 20,
        }
    }
}

/// An entry in the words of the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EntryShown {
    Chat { player: PersonShown, message: String },
    Narration { player: PersonShown, narration: String },
    Action { player: PersonShown, action_type: String, details: Option<Json> },
    Whisper { player: PersonShown, to: PersonShown, message: String, dm_reads: bool },
    Image { player: PersonShown, image_id: Uuid, caption: Option<String>, to: Option<Vec<Seat>> },
    Roll(RollShown),
}

/// An entry in the state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remembered {
    pub seq: Seq,
    pub timestamp: Timestamp,
    #[serde(flatten)]
    pub entry: EntryShown,
    pub reactions: BTreeMap<String, Vec<Seat>>,
}

impl Entry {
    /// As `viewer` may know it; `None` when not at all.
    pub fn shown(&self, viewer: Viewer) -> Option<EntryShown> {
        let admitted = self.audience.admits(viewer);
        if !admitted && !self.is_blind_for(viewer) {
            return None;
        }
        let player = PersonShown::from(self.by.clone());
        Some(match self.item.clone() {
            Item::Chat { message } => EntryShown::Chat { player, message },
            Item::Narration { narration } => EntryShown::Narration { player, narration },
            Item::Action { action_type, details } => EntryShown::Action { player, action_type, details },
            Item::Whisper { to, message, dm_reads } => EntryShown::Whisper { player, to: to.into(), message, dm_reads },
            Item::Image { image_id, caption, to } => EntryShown::Image { player, image_id, caption, to },
            Item::Roll(rolled) => EntryShown::Roll(rolled.shown(player, admitted)),
        })
    }

    fn is_blind_for(&self, viewer: Viewer) -> bool {
        matches!(viewer, Viewer::Seat(seat) if self.blind == Some(seat))
    }

    pub fn is_seen_by(&self, viewer: Viewer) -> bool {
        self.audience.admits(viewer) || self.is_blind_for(viewer)
    }

    /// Whether the two are of one kind and for the same eyes. What is forgotten must not depend on what one does not see.
    fn stands_with(&self, other: &Entry) -> bool {
        std::mem::discriminant(&self.item) == std::mem::discriminant(&other.item)
            && (self.audience, self.blind) == (other.audience, other.blind)
    }
}

/// What is remembered. Entries are shared: tables are copied for every trial of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feed {
    entries: VecDeque<Arc<Entry>>,
}

impl Serialize for Feed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Feed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        Ok(Self { entries: entries.into_iter().map(Arc::new).collect() })
    }
}

impl Feed {
    pub fn push(&mut self, mut entry: Entry) {
        if let Item::Roll(rolled) = &mut entry.item {
            rolled.trim();
        }
        let alike = self.entries.iter().filter(|old| old.stands_with(&entry)).count();
        if alike >= entry.item.kept()
            && let Some(at) = self.entries.iter().position(|old| old.stands_with(&entry))
        {
            self.entries.remove(at);
        }
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Arc::new(entry));
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().map(AsRef::as_ref)
    }

    /// The newest entry that `is` so.
    pub fn last_mut(&mut self, is: impl Fn(&Entry) -> bool) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|entry| is(entry)).map(Arc::make_mut)
    }

    /// The entry of event `seq`, if `viewer` may know of it.
    pub fn find(&self, seq: Seq, viewer: Viewer) -> Option<&Entry> {
        self.iter().find(|entry| entry.seq == seq && entry.is_seen_by(viewer))
    }

    pub fn react(&mut self, to: Seq, seat: Seat, emoji: &str, on: bool) {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.seq == to).map(Arc::make_mut) else { return };
        let seats = entry.reactions.iter_mut().find(|(known, _)| known == emoji);
        match (seats, on) {
            (Some((_, seats)), true) => *seats = seats.with(seat),
            (Some((_, seats)), false) => *seats = seats.without(seat),
            (None, true) => entry.reactions.push((emoji.to_owned(), Seats::one(seat))),
            (None, false) => {}
        }
        entry.reactions.retain(|(_, seats)| *seats != Seats::NONE);
    }

    /// The last `count` entries of the kind that `is` names, of those that `viewer` may see.
    pub fn last(&self, viewer: Viewer, count: usize, is: fn(&Item) -> bool) -> Vec<Remembered> {
        let shown = |entry: &Entry| {
            let reactions = entry.reactions.iter().map(|(emoji, seats)| (emoji.clone(), seats.iter().collect()));
            Some(Remembered { seq: entry.seq, timestamp: entry.at, entry: entry.shown(viewer)?, reactions: reactions.collect() })
        };
        let mut last: Vec<_> = self.iter().rev().filter(|entry| is(&entry.item)).filter_map(shown).take(count).collect();
        last.reverse();
        last
    }
}
