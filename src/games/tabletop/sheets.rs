//! Character sheets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Tabletop;
use super::people::{Eye, Person};
use super::refusal::{Refusal, at_most, number, optional, text};
use super::rules::Event;
use crate::game::Draft;
use crate::id::Seat;

const NAME_MAX: usize = 60;
const KEY_MAX: usize = 40;
const NOTES_MAX: usize = 4_000;
const STATS_MAX: usize = 60;
const THINGS_MAX: usize = 100;
const NUMBER_MAX: i64 = 1_000_000;

/// A character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub name: Option<String>,
    pub stats: BTreeMap<String, i64>,
    pub inventory: BTreeMap<String, u32>,
    pub notes: String,
}

/// What changes on a sheet: what is left out stays, a stat of null and a count of 0 go away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stats: BTreeMap<String, Option<i64>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inventory: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What a player asks to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<BTreeMap<String, Option<i64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<BTreeMap<String, u32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// A sheet in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetShown {
    pub seat: Seat,
    pub name: Option<String>,
    pub stats: Option<BTreeMap<String, i64>>,
    pub inventory: Option<BTreeMap<String, u32>>,
    pub notes: Option<String>,
}

impl Sheet {
    pub fn apply(&mut self, change: &Change) {
        if let Some(name) = &change.name {
            self.name = Some(name.clone()).filter(|name| !name.is_empty());
        }
        for (stat, value) in &change.stats {
            match value {
                Some(value) => drop(self.stats.insert(stat.clone(), *value)),
                None => drop(self.stats.remove(stat)),
            }
        }
        for (thing, count) in &change.inventory {
            match count {
                0 => drop(self.inventory.remove(thing)),
                count => drop(self.inventory.insert(thing.clone(), *count)),
            }
        }
        if let Some(notes) = &change.notes {
            self.notes.clone_from(notes);
        }
    }

    pub fn shown(&self, seat: Seat, eye: Eye, private: bool) -> SheetShown {
        let open = is_open(seat, eye, private);
        SheetShown {
            seat,
            name: self.name.clone(),
            stats: open.then(|| self.stats.clone()),
            inventory: open.then(|| self.inventory.clone()),
            notes: open.then(|| self.notes.clone()),
        }
    }
}

/// Whether the sheet of `seat` lies open to `eye`.
pub fn is_open(seat: Seat, eye: Eye, private: bool) -> bool {
    !private || !eye.after && (eye.dm || eye.is(Some(seat)))
}

pub(super) fn update(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, ask: &Ask) -> Result<(), Refusal> {
    let of = ask.seat.unwrap_or(seat);
    draft.other(of)?;
    draft.owner_only(seat, Some(of), "sheet")?;
    let mut change = Change {
        name: ask.name.as_ref().map(|name| text("name", name, 0, NAME_MAX)).transpose()?,
        notes: ask.notes.as_ref().map(|notes| text("notes", notes, 0, NOTES_MAX)).transpose()?,
        ..Change::default()
    };
    let (stats, things) = (ask.stats.iter().flatten(), ask.inventory.iter().flatten());
    for (stat, value) in stats {
        value.iter().try_for_each(|value| number("a stat", *value, -NUMBER_MAX, NUMBER_MAX).map(drop))?;
        change.stats.insert(text("the name of a stat", stat, 1, KEY_MAX)?, *value);
    }
    for (thing, count) in things {
        number("a count", *count, 0, NUMBER_MAX)?;
        change.inventory.insert(text("the name of a thing", thing, 1, KEY_MAX)?, *count);
    }
    at_most("stats at a time", change.stats.len(), 2 * STATS_MAX)?;
    at_most("things at a time", change.inventory.len(), 2 * THINGS_MAX)?;
    if change == Change::default() {
        return Err(Refusal::Invalid("there is nothing to change"));
    }
    let mut after = draft.sheets.get(&of).cloned().unwrap_or_default();
    after.apply(&change);
    at_most("stats", after.stats.len(), STATS_MAX)?;
    at_most("things", after.inventory.len(), THINGS_MAX)?;
    let (private, dms) = (draft.settings.private_sheets, draft.dms());
    draft.record(Event::SheetChanged { by, seat: of, change, private, dms });
    Ok(())
}

/// Names are cut as everywhere; kept here for combatants that take them from sheets.
pub(super) fn name_of(table: &Tabletop, person: &Person) -> String {
    let named = person.seat.and_then(|seat| table.sheets.get(&seat)).and_then(|sheet| sheet.name.clone());
    let named = named.or_else(|| optional("name", Some(&person.nickname), NAME_MAX).ok().flatten());
    named.unwrap_or_else(|| "Somebody".to_owned())
}
