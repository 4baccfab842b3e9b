//! Who fights: combatants in the order of their initiative, whose turn it is, and what is shown of it.

use serde::{Deserialize, Serialize};

use super::Tabletop;
use super::effects::{Effect, EffectShown};
use super::people::Eye;
use crate::id::{Seat, Seq};

/// What stands where nobody is to be seen.
const NOBODY_SEEN: &str = "…";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combatant {
    pub id: Seq,
    pub name: String,
    pub owner: Option<Seat>,
    pub token: Option<Seq>,
    pub initiative: Option<i32>,
    pub bonus: i32,
    pub hp: Option<i32>,
    pub hp_max: Option<i32>,
    pub hp_public: bool,
    pub hidden: bool,
    pub effects: Vec<Effect>,
}

/// How somebody looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Unhurt,
    Hurt,
    Bloodied,
    Down,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub combatant_id: Option<Seq>,
    pub current_character_name: String,
    pub round: u32,
    pub owner: Option<Seat>,
}

/// Whose turn it is, and whose it seems to those who do not see everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turns {
    pub turn: Option<Turn>,
    pub seen: Option<Turn>,
}

impl Turns {
    pub fn shown(&self, eye: Eye) -> Option<Turn> {
        if eye.dm { self.turn.clone() } else { self.seen.clone() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combat {
    pub active: bool,
    pub name: Option<String>,
    /// In their order.
    pub combatants: Vec<Combatant>,
    pub turns: Turns,
}

/// A combatant with what decides how others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CombatantNow {
    pub combatant: Combatant,
    /// Whether others see its token.
    pub token_seen: bool,
    /// Its effects that come from hidden ones.
    pub veiled: Vec<Seq>,
}

/// A combatant in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CombatantShown {
    pub combatant_id: Seq,
    pub name: String,
    pub owner: Option<Seat>,
    pub token_id: Option<Seq>,
    pub initiative: Option<i32>,
    pub bonus: i32,
    pub hp: Option<i32>,
    pub hp_max: Option<i32>,
    pub hp_public: bool,
    pub hidden: bool,
    pub state: Option<Health>,
    pub effects: Vec<EffectShown>,
}

/// Combat in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CombatShown {
    pub active: bool,
    pub name: Option<String>,
    pub round: u32,
    pub combatants: Vec<CombatantShown>,
}

/// A place in the order in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceShown {
    pub combatant_id: Seq,
    pub name: String,
    pub initiative: Option<i32>,
    pub current: bool,
}

impl Combatant {
    pub fn health(&self) -> Option<Health> {
        let hp = self.hp?;
        if hp <= 0 {
            return Some(Health::Down);
        }
        let max = self.hp_max?;
        Some(match hp {
            hp if hp >= max => Health::Unhurt,
            hp if i64::from(hp) * 2 <= i64::from(max) => Health::Bloodied,
            _ => Health::Hurt,
        })
    }

    pub fn shows_hp(&self, eye: Eye) -> bool {
        self.hp_public || eye.dm || eye.is(self.owner)
    }
}

impl CombatantNow {
    pub fn is_seen(&self, eye: Eye) -> bool {
        eye.dm || !self.combatant.hidden
    }

    pub fn shown(&self, eye: Eye) -> CombatantShown {
        let combatant = self.combatant.clone();
        let (state, hp) = (combatant.health(), combatant.shows_hp(eye));
        CombatantShown {
            combatant_id: combatant.id,
            name: combatant.name,
            owner: combatant.owner,
            token_id: combatant.token.filter(|_| eye.dm || self.token_seen),
            initiative: combatant.initiative,
            bonus: combatant.bonus,
            hp: combatant.hp.filter(|_| hp),
            hp_max: combatant.hp_max.filter(|_| hp),
            hp_public: combatant.hp_public,
            hidden: combatant.hidden,
            state,
            effects: combatant.effects.into_iter().map(|e| e.shown(self.veiled.contains(&e.id) && !eye.dm)).collect(),
        }
    }
}

impl Combat {
    pub fn find(&self, id: Seq) -> Option<&Combatant> {
        self.combatants.iter().find(|combatant| combatant.id == id)
    }

    pub fn find_mut(&mut self, id: Seq) -> Option<&mut Combatant> {
        self.combatants.iter_mut().find(|combatant| combatant.id == id)
    }

    /// Adds a combatant, or puts it in the place of its former self.
    pub fn put(&mut self, combatant: &Combatant) {
        match self.find_mut(combatant.id) {
            Some(old) => *old = combatant.clone(),
            None => self.combatants.push(combatant.clone()),
        }
        self.combatants.sort_by_key(|c| (std::cmp::Reverse((c.initiative, c.bonus)), c.id));
    }

    /// Where the one whose turn it is stands in the order.
    fn current(&self) -> Option<usize> {
        let id = self.turns.turn.as_ref()?.combatant_id?;
        self.combatants.iter().position(|combatant| combatant.id == id)
    }

    /// The turn of the combatant at `at`.
    pub fn turn_of(&self, at: usize, round: u32) -> Option<Turn> {
        let combatant = self.combatants.get(at)?;
        Some(Turn {
            combatant_id: Some(combatant.id),
            current_character_name: combatant.name.clone(),
            round,
            owner: combatant.owner,
        })
    }

    /// The turn after this one, or before it.
    pub fn step(&self, forward: bool) -> Option<Turn> {
        let round = self.turns.turn.as_ref().map_or(1, |turn| turn.round.max(1));
        let last = self.combatants.len().checked_sub(1)?;
        match (self.current(), forward) {
            (None, _) => self.turn_of(0, round),
            (Some(at), true) if at >= last => self.turn_of(0, round.saturating_add(1)),
            (Some(at), true) => self.turn_of(at + 1, round),
            (Some(0), false) if round > 1 => self.turn_of(last, round - 1),
            (Some(at), false) => self.turn_of(at.saturating_sub(1), round),
        }
    }

    /// What the turns become when `turn` is the turn.
    pub fn turns_with(&self, turn: Option<Turn>) -> Turns {
        let Some(turn) = turn else { return Turns::default() };
        let visible = |id: Option<Seq>| id.is_none_or(|id| self.find(id).is_some_and(|combatant| !combatant.hidden));
        if visible(turn.combatant_id) {
            return Turns { turn: Some(turn.clone()), seen: Some(turn) };
        }
        // Others still see the turn before, as far as they still see who had it.
        let before = self.turns.seen.clone().filter(|seen| seen.combatant_id.is_some() && visible(seen.combatant_id));
        let before = before.map(|mut seen| {
            if let Some(combatant) = seen.combatant_id.and_then(|id| self.find(id)) {
                (seen.current_character_name, seen.owner) = (combatant.name.clone(), combatant.owner);
            }
            seen
        });
        let round = self.turns.seen.as_ref().map_or(1, |seen| seen.round);
        let nobody = || Turn { combatant_id: None, current_character_name: NOBODY_SEEN.to_owned(), round, owner: None };
        Turns { turn: Some(turn), seen: Some(before.unwrap_or_else(nobody)) }
    }

    /// The turns after combatants were changed: names and owners are as they are now.
    pub fn turns_refreshed(&self) -> Turns {
        let turn = self.turns.turn.clone().map(|mut turn| {
            if let Some(combatant) = turn.combatant_id.and_then(|id| self.find(id)) {
                (turn.current_character_name, turn.owner) = (combatant.name.clone(), combatant.owner);
            }
            turn
        });
        self.turns_with(turn)
    }

    /// The turns after `id` is gone: if it was its turn, it is the next one's.
    pub fn turns_without(&self, id: Seq) -> Turns {
        let its = self.turns.turn.as_ref().is_some_and(|turn| turn.combatant_id == Some(id));
        let next = if its { self.step(true).filter(|turn| turn.combatant_id != Some(id)) } else { self.turns.turn.clone() };
        let mut after = self.clone();
        after.combatants.retain(|combatant| combatant.id != id);
        after.turns_with(next)
    }
}

impl Tabletop {
    /// A combatant, and what decides how others see it now.
    pub(super) fn combatant_now(&self, combatant: &Combatant) -> CombatantNow {
        let hidden = |id: Seq| self.combat.find(id).is_some_and(|source| source.hidden);
        let veiled = combatant.effects.iter().filter(|effect| effect.by.is_some_and(hidden)).map(|effect| effect.id).collect();
        let token_seen = combatant.token.and_then(|id| self.token(id)).is_some_and(|token| self.is_seen(token));
        CombatantNow { combatant: combatant.clone(), token_seen, veiled }
    }

    pub(super) fn combatants_now(&self) -> Vec<CombatantNow> {
        self.combat.combatants.iter().map(|combatant| self.combatant_now(combatant)).collect()
    }
}

/// Combat as `eye` may see it.
pub fn shown(active: bool, name: Option<&String>, combatants: &[CombatantNow], turns: &Turns, eye: Eye) -> CombatShown {
    CombatShown {
        active,
        name: name.cloned(),
        round: turns.shown(eye).map_or(0, |turn| turn.round),
        combatants: combatants.iter().filter(|now| now.is_seen(eye)).map(|now| now.shown(eye)).collect(),
    }
}
