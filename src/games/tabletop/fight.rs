//! What may be asked of a combat.

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::Tabletop;
use super::combat::{Combatant, Turn};
use super::people::Person;
use super::refusal::{Refusal, at_most, number, optional, text};
use super::rolls::{Mode, Rolled, throw};
use super::rules::Event;
use super::sheets;
use super::wire::given;
use crate::dice::Formula;
use crate::game::Draft;
use crate::id::{Seat, Seq};

const NAME_MAX: usize = 60;
const COMBAT_NAME_MAX: usize = 80;
const COMBATANTS_MAX: usize = 60;
const HP_MAX: i64 = 100_000;
const INITIATIVE_MAX: i64 = 1_000;
const ROUND_MAX: i64 = 10_000;

/// What a DM asks of the combat as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CombatAsk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub clear: bool,
}

/// Where the turn goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TurnAsk {
    Step(Step),
    To(TurnTo),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Next,
    Previous,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnTo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combatant_id: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_character_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
}

impl<'de> Deserialize<'de> for TurnAsk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = TurnAsk;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"next\", \"previous\" or an object with combatant_id or current_character_name")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<TurnAsk, E> {
                match text {
                    "next" => Ok(TurnAsk::Step(Step::Next)),
                    "previous" => Ok(TurnAsk::Step(Step::Previous)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<TurnAsk, M::Error> {
                TurnTo::deserialize(MapAccessDeserializer::new(map)).map(TurnAsk::To)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A new combatant, or what changes of one: what is left out stays, null takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CombatantAsk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combatant_id: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub owner: Option<Option<Seat>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Option<Seq>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub initiative: Option<Option<i32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bonus: Option<i32>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub hp: Option<Option<i32>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub hp_max: Option<Option<i32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hp_public: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
}

impl CombatantAsk {
    /// Whether it asks for what an owner may change, and nothing else.
    fn is_hp_only(&self) -> bool {
        let Self { combatant_id, hp, hp_max, .. } = self.clone();
        *self == Self { combatant_id, hp, hp_max, ..Self::default() }
    }

    fn apply(&self, table: &Tabletop, combatant: &mut Combatant) -> Result<(), Refusal> {
        if let Some(name) = &self.name {
            combatant.name = text("name", name, 1, NAME_MAX)?;
        }
        if let Some(owner) = self.owner {
            owner.iter().try_for_each(|seat| table.other(*seat).map(drop))?;
            combatant.owner = owner;
        }
        if let Some(token) = self.token_id {
            if token.is_some_and(|id| table.token(id).is_none()) {
                return Err(Refusal::Unknown("token"));
            }
            let taken = |other: &&Combatant| other.id != combatant.id && other.token.is_some() && other.token == token;
            if table.combat.combatants.iter().any(|other| taken(&other)) {
                return Err(Refusal::Invalid("that token belongs to another combatant"));
            }
            combatant.token = token;
        }
        let bounded = |field, given: Option<i32>, min, max| match given {
            Some(given) => number(field, given, min, max).map(Some),
            None => Ok(None),
        };
        if let Some(initiative) = self.initiative {
            combatant.initiative = bounded("initiative", initiative, -INITIATIVE_MAX, INITIATIVE_MAX)?;
        }
        if let Some(bonus) = self.bonus {
            combatant.bonus = number("bonus", bonus, -INITIATIVE_MAX, INITIATIVE_MAX)?;
        }
        if let Some(max) = self.hp_max {
            combatant.hp_max = bounded("hp_max", max, 0, HP_MAX)?;
        }
        if let Some(hp) = self.hp {
            combatant.hp = bounded("hp", hp, 0, HP_MAX)?;
        }
        if let (Some(hp), Some(max)) = (combatant.hp, combatant.hp_max) {
            combatant.hp = Some(hp.min(max));
        }
        combatant.hp_public = self.hp_public.unwrap_or(combatant.hp_public);
        combatant.hidden = self.hidden.unwrap_or(combatant.hidden);
        Ok(())
    }
}

fn blank(id: Seq, name: String, owner: Option<Seat>) -> Combatant {
    Combatant {
        id,
        name,
        owner,
        token: None,
        initiative: None,
        bonus: 0,
        hp: None,
        hp_max: None,
        hp_public: owner.is_some(),
        hidden: false,
        effects: vec![],
    }
}

impl Tabletop {
    /// A combatant that `seat` may know of.
    pub(super) fn combatant(&self, seat: Seat, id: Seq) -> Result<&Combatant, Refusal> {
        let seen = |combatant: &&Combatant| !combatant.hidden || self.is_dm(seat);
        self.combat.find(id).filter(seen).ok_or(Refusal::Unknown("combatant"))
    }
}

pub(super) fn update(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &CombatAsk) -> Result<(), Refusal> {
    draft.dm_only(seat, "update combat")?;
    let mut after = draft.combat.clone();
    if let Some(name) = &ask.name {
        after.name = optional("name", Some(name), COMBAT_NAME_MAX)?;
    }
    if ask.clear {
        after.combatants.clear();
        after.turns = after.turns_with(None);
    }
    match ask.active {
        Some(true) if !after.active => {
            after.active = true;
            after.turns = after.turns_with(after.turn_of(0, 1));
        }
        Some(false) => {
            after.active = false;
            after.apply(&after.timed());
            after.turns = after.turns_with(None);
        }
        Some(true) | None => {}
    }
    let combatants = after.combatants.iter().map(|combatant| draft.combatant_now(combatant)).collect();
    let (active, name, turns, dms) = (after.active, after.name, after.turns, draft.dms());
    draft.record(Event::CombatChanged { player, active, name, combatants, turns, dms });
    Ok(())
}

pub(super) fn turn(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &TurnAsk) -> Result<(), Refusal> {
    draft.dm_only(seat, "change turns")?;
    let combat = &draft.combat;
    let round = combat.turns.turn.as_ref().map_or(1, |turn| turn.round);
    let (turn, forward) = match ask {
        TurnAsk::Step(step) => {
            let forward = *step == Step::Next;
            (combat.step(forward).ok_or(Refusal::Illegal("there is nobody in the order"))?, forward)
        }
        TurnAsk::To(TurnTo { combatant_id: Some(id), .. }) => {
            let at = combat.combatants.iter().position(|combatant| combatant.id == *id);
            let turn = at.and_then(|at| combat.turn_of(at, round));
            (turn.ok_or(Refusal::Unknown("combatant"))?, false)
        }
        TurnAsk::To(TurnTo { current_character_name: Some(name), round: wanted, .. }) => {
            let round = number("round", wanted.unwrap_or(round), 1, ROUND_MAX)?;
            let name = text("current_character_name", name, 1, NAME_MAX)?;
            (Turn { combatant_id: None, current_character_name: name, round, owner: None }, false)
        }
        TurnAsk::To(_) => return Err(Refusal::Invalid("a turn has a combatant_id or a current_character_name")),
    };
    change_turn(draft, player, turn, forward);
    Ok(())
}

pub(super) fn end_turn(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person) -> Result<(), Refusal> {
    // Of a hidden one's turn others know nothing: to them it is still the turn before, and not theirs.
    let Some(turn) = &draft.combat.turns.turn else { return Err(Refusal::NotYourTurn) };
    if !draft.is_dm(seat) && turn.owner != Some(seat) {
        return Err(Refusal::NotYourTurn);
    }
    let next = draft.combat.step(true).ok_or(Refusal::Illegal("there is nobody in the order"))?;
    change_turn(draft, player, next, true);
    Ok(())
}

fn change_turn(draft: &mut Draft<'_, Tabletop>, player: Person, turn: Turn, forward: bool) {
    let effects = turn.combatant_id.filter(|_| forward).map_or_else(Vec::new, |id| draft.combat.ticks(id));
    let turns = draft.combat.turns_with(Some(turn));
    let seen = turns.seen != draft.combat.turns.seen;
    let dms = draft.dms();
    draft.record(Event::TurnChanged { player, turns, effects, seen, dms });
}

pub(super) fn add(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &CombatantAsk) -> Result<(), Refusal> {
    draft.dm_only(seat, "add combatants")?;
    at_most("combatants", draft.combat.combatants.len() + 1, COMBATANTS_MAX)?;
    let name = ask.name.as_ref().ok_or(Refusal::Invalid("a combatant has a name"))?;
    let mut combatant = blank(draft.seq(), name.clone(), ask.owner.flatten());
    ask.apply(draft, &mut combatant)?;
    if combatant.hp.is_none() {
        combatant.hp = combatant.hp_max;
    }
    put(draft, player, combatant, None);
    Ok(())
}

pub(super) fn change(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &CombatantAsk) -> Result<(), Refusal> {
    let id = ask.combatant_id.ok_or(Refusal::Invalid("combatant_id is missing"))?;
    let before = draft.combatant(seat, id)?.clone();
    draft.owner_only(seat, before.owner, "combatant")?;
    if !ask.is_hp_only() {
        draft.dm_only(seat, "change more than hit points")?;
    }
    let mut after = before.clone();
    ask.apply(draft, &mut after)?;
    if after != before {
        put(draft, player, after, Some(before.hidden));
    }
    Ok(())
}

/// `was_hidden` of one that was there before.
fn put(draft: &mut Draft<'_, Tabletop>, player: Person, combatant: Combatant, was_hidden: Option<bool>) {
    let mut after = draft.combat.clone();
    after.put(&combatant);
    let (turns, now, dms) = (after.turns_refreshed(), draft.combatant_now(&combatant), draft.dms());
    draft.record(Event::CombatantPut { player, now, was_hidden, turns, dms });
}

pub(super) fn remove(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, id: Seq) -> Result<(), Refusal> {
    draft.dm_only(seat, "remove combatants")?;
    let hidden = draft.combatant(seat, id)?.hidden;
    let (turns, dms) = (draft.combat.turns_without(id), draft.dms());
    draft.record(Event::CombatantGone { player, combatant_id: id, hidden, turns, dms });
    Ok(())
}

pub(super) fn roll_initiative(
    draft: &mut Draft<'_, Tabletop>,
    seat: Seat,
    player: Person,
    id: Option<Seq>,
    formula: Option<&String>,
) -> Result<(), Refusal> {
    let mine = || draft.combat.combatants.iter().find(|combatant| combatant.owner == Some(seat) && !combatant.hidden);
    let mut combatant = match (id, mine()) {
        (Some(id), _) => {
            let found = draft.combatant(seat, id)?;
            draft.owner_only(seat, found.owner, "combatant")?;
            found.clone()
        }
        (None, Some(mine)) => mine.clone(),
        (None, None) => {
            at_most("combatants", draft.combat.combatants.len() + 1, COMBATANTS_MAX)?;
            blank(draft.seq(), sheets::name_of(draft, &player), Some(seat))
        }
    };
    let bonus = combatant.bonus;
    let usual = || format!("1d20{}{}", if bonus < 0 { '-' } else { '+' }, bonus.abs());
    let formula = formula.cloned().unwrap_or_else(usual);
    let parsed = Formula::parse(&formula)?;
    let roll = throw(draft, &parsed);
    let rolled = Rolled::here(&formula, roll, Mode::Public, None);
    let bound = INITIATIVE_MAX;
    combatant.initiative = i32::try_from(rolled.result.clamp(-bound, bound)).ok();
    let mut after = draft.combat.clone();
    after.put(&combatant);
    let (turns, now, dms) = (after.turns_refreshed(), draft.combatant_now(&combatant), draft.dms());
    draft.record(Event::InitiativeRolled { player, now, rolled, turns, dms });
    Ok(())
}

pub(super) fn change_hp(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, id: Seq, by: i32) -> Result<(), Refusal> {
    let combatant = draft.combatant(seat, id)?;
    draft.owner_only(seat, combatant.owner, "combatant")?;
    number("by", by, -HP_MAX, HP_MAX)?;
    let before = combatant.hp.ok_or(Refusal::Illegal("this combatant has no hit points"))?;
    let top = combatant.hp_max.unwrap_or(i32::try_from(HP_MAX).unwrap_or(i32::MAX));
    let hp = before.saturating_add(by).clamp(0, top.max(before.min(top)));
    let mut after = combatant.clone();
    after.hp = Some(hp);
    let concentrates = draft.combat.concentration_of(id);
    let (ended, concentration_dc) = match by {
        _ if hp == 0 => (concentrates, None),
        by if by < 0 && !concentrates.is_empty() => (vec![], Some((by.unsigned_abs() / 2).max(10))),
        _ => (vec![], None),
    };
    let (now, dms) = (draft.combatant_now(&after), draft.dms());
    draft.record(Event::HpChanged { player, now: Box::new(now), by, concentration_dc, ended, dms });
    Ok(())
}
