//! Conditions, spells and concentration: what lies on combatants, and when it ends.

use serde::{Deserialize, Serialize};

use super::Tabletop;
use super::combat::{Combat, Combatant};
use super::people::{Eye, Person};
use super::refusal::{Refusal, at_most, number, text};
use super::rules::Event;
use crate::game::Draft;
use crate::id::{Seat, Seq};

const NAME_MAX: usize = 60;
const ROUNDS_MAX: i64 = 1_000;
const EFFECTS_MAX: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub id: Seq,
    pub name: String,
    /// From whom it comes.
    pub by: Option<Seq>,
    pub concentration: bool,
    /// For ever when there is no number.
    pub rounds_left: Option<u32>,
}

/// An effect in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectShown {
    pub effect_id: Seq,
    pub name: String,
    pub by: Option<Seq>,
    pub concentration: bool,
    pub rounds_left: Option<u32>,
}

impl Effect {
    /// `veiled`: to one who does not know from whom it comes.
    pub fn shown(&self, veiled: bool) -> EffectShown {
        EffectShown {
            effect_id: self.id,
            name: self.name.clone(),
            by: self.by.filter(|_| !veiled),
            concentration: self.concentration,
            rounds_left: self.rounds_left.filter(|_| !veiled),
        }
    }
}

/// What happened to the time of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub combatant_id: Seq,
    pub effect_id: Seq,
    pub name: String,
    /// With 0 it has ended.
    pub rounds_left: u32,
    /// Whether it lies on a hidden combatant.
    pub hidden: bool,
    /// Whether it comes from one.
    pub veiled: bool,
}

/// An effect whose time passes, or that ended, in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TickShown {
    pub combatant_id: Seq,
    pub effect_id: Seq,
    pub name: String,
    pub rounds_left: u32,
}

impl Tick {
    /// Of an effect that comes from a hidden one, others learn only when it ends.
    pub fn is_seen(&self, eye: Eye) -> bool {
        eye.dm || !self.hidden && (!self.veiled || self.rounds_left == 0)
    }
}

pub fn shown(ticks: &[Tick], eye: Eye) -> Vec<TickShown> {
    let shown = |tick: &Tick| TickShown {
        combatant_id: tick.combatant_id,
        effect_id: tick.effect_id,
        name: tick.name.clone(),
        rounds_left: tick.rounds_left,
    };
    ticks.iter().filter(|tick| tick.is_seen(eye)).map(shown).collect()
}

impl Combat {
    fn tick(&self, on: &Combatant, effect: &Effect, rounds_left: u32) -> Tick {
        Tick {
            combatant_id: on.id,
            effect_id: effect.id,
            name: effect.name.clone(),
            rounds_left,
            hidden: on.hidden,
            veiled: effect.by.and_then(|by| self.find(by)).is_some_and(|source| source.hidden),
        }
    }

    fn effects(&self) -> impl Iterator<Item = (&Combatant, &Effect)> {
        self.combatants.iter().flat_map(|on| on.effects.iter().map(move |effect| (on, effect)))
    }

    /// What passes when the turn of `id` begins.
    pub fn ticks(&self, id: Seq) -> Vec<Tick> {
        let counts = |(on, effect): (&Combatant, &Effect)| {
            let clock = effect.by.filter(|by| self.find(*by).is_some()).unwrap_or(on.id);
            let left = effect.rounds_left.filter(|_| clock == id)?;
            Some(self.tick(on, effect, left.saturating_sub(1)))
        };
        self.effects().filter_map(counts).collect()
    }

    /// What ends when `id` no longer concentrates.
    pub fn concentration_of(&self, id: Seq) -> Vec<Tick> {
        let its = |effect: &Effect| effect.concentration && effect.by == Some(id);
        self.effects().filter(|(_, effect)| its(effect)).map(|(on, effect)| self.tick(on, effect, 0)).collect()
    }

    /// What ends with the combat: all that counts rounds.
    pub fn timed(&self) -> Vec<Tick> {
        self.effects().filter(|(_, e)| e.rounds_left.is_some()).map(|(on, effect)| self.tick(on, effect, 0)).collect()
    }

    pub fn apply(&mut self, ticks: &[Tick]) {
        for tick in ticks {
            let Some(on) = self.find_mut(tick.combatant_id) else { continue };
            if tick.rounds_left == 0 {
                on.effects.retain(|effect| effect.id != tick.effect_id);
            }
            for effect in on.effects.iter_mut().filter(|effect| effect.id == tick.effect_id) {
                effect.rounds_left = Some(tick.rounds_left);
            }
        }
    }
}

/// A wish for an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub combatant_id: Seq,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Seq>,
    #[serde(default)]
    pub concentration: bool,
}

/// Whether `seat` may do something to an effect on `on` from `by`.
fn may(table: &Tabletop, seat: Seat, on: &Combatant, by: Option<Seq>) -> Result<(), Refusal> {
    let source = by.and_then(|by| table.combat.find(by)).filter(|source| !source.hidden || table.is_dm(seat));
    if source.is_some_and(|source| source.owner == Some(seat)) {
        return Ok(());
    }
    table.owner_only(seat, on.owner, "combatant")
}

pub(super) fn add(draft: &mut Draft<'_, Tabletop>, seat: Seat, player: Person, ask: &Ask) -> Result<(), Refusal> {
    let on = draft.combatant(seat, ask.combatant_id)?;
    let source = ask.by.map(|by| draft.combatant(seat, by)).transpose()?;
    may(draft, seat, on, ask.by)?;
    if ask.concentration && ask.by.is_none() {
        return Err(Refusal::Invalid("`by` says who concentrates"));
    }
    ask.rounds.iter().try_for_each(|rounds| number("rounds", *rounds, 1, ROUNDS_MAX).map(drop))?;
    let name = text("name", &ask.name, 1, NAME_MAX)?;
    at_most("effects on a combatant", on.effects.len() + 1, EFFECTS_MAX)?;
    let (hidden, veiled) = (on.hidden, source.is_some_and(|source| source.hidden));
    let ended = match ask.by {
        Some(by) if ask.concentration => draft.combat.concentration_of(by),
        _ => vec![],
    };
    let effect = Effect { id: draft.seq(), name, by: ask.by, concentration: ask.concentration, rounds_left: ask.rounds };
    let (combatant_id, dms) = (ask.combatant_id, draft.dms());
    draft.record(Event::EffectAdded { player, combatant_id, effect, hidden, veiled, ended, dms });
    Ok(())
}

pub(super) fn remove(
    draft: &mut Draft<'_, Tabletop>,
    seat: Seat,
    player: Person,
    combatant_id: Seq,
    effect_id: Seq,
) -> Result<(), Refusal> {
    let on = draft.combatant(seat, combatant_id)?;
    let effect = on.effects.iter().find(|effect| effect.id == effect_id).ok_or(Refusal::Unknown("effect"))?;
    may(draft, seat, on, effect.by)?;
    let (hidden, dms) = (on.hidden, draft.dms());
    draft.record(Event::EffectRemoved { player, combatant_id, effect_id, hidden, dms });
    Ok(())
}
