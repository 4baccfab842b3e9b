//! Dice at the table: who rolls, what came of it, and who may see it.

use serde::{Deserialize, Serialize};

use super::Tabletop;
use super::feed::{Entry, Item};
use super::people::{Audience, Person, PersonShown};
use super::refusal::{Refusal, at_most, number, optional, text};
use super::rules::Event;
use crate::chance::Draw;
use crate::dice::{Formula, Pool, RESULT_MAX, Roll};
use crate::game::{Draft, Seats};
use crate::id::Seat;

/// Dice of a roll that the state remembers one by one.
const DICE_REMEMBERED: usize = 60;
const LABEL_MAX: usize = 80;
const FORMULA_MAX: usize = 200;
const ROLLS_MAX: usize = 1_000;

/// Who sees a roll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Public,
    /// Who rolls, and the DMs.
    Gm,
    /// The DMs; who rolls knows only that they did.
    Blind,
    /// Who rolls.
    #[serde(rename = "self")]
    Own,
}

/// A wish for a roll, or the report of one made elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub formula: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls: Option<Vec<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifier: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A roll that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rolled {
    pub formula: String,
    pub result: i64,
    /// The dice that count.
    pub rolls: Vec<i64>,
    pub modifier: Option<i64>,
    pub mode: Mode,
    pub label: Option<String>,
    /// Every die, when it was rolled here.
    pub roll: Option<Roll>,
    /// Whether it was rolled here.
    pub verified: bool,
}

/// A roll in the words of the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RollShown {
    pub player: PersonShown,
    pub formula: String,
    pub result: Option<i64>,
    pub rolls: Vec<i64>,
    pub modifier: Option<i64>,
    pub mode: Mode,
    pub label: Option<String>,
    pub verified: bool,
    pub dice: Vec<Pool>,
    pub text: Option<String>,
}

impl Rolled {
    /// A roll of `formula`, made here.
    pub fn here(formula: &str, roll: Roll, mode: Mode, label: Option<String>) -> Self {
        let dice = roll.pools.iter().flat_map(|pool| &pool.dice);
        let rolls: Vec<i64> = dice.filter(|die| die.counts()).map(|die| i64::from(die.value)).collect();
        let modifier = Some(roll.total - rolls.iter().sum::<i64>());
        let formula = formula.trim().to_owned();
        Self { formula, result: roll.total, rolls, modifier, mode, label, roll: Some(roll), verified: true }
    }

    /// As it is shown to one who sees the result, or to one who does not.
    pub fn shown(self, player: PersonShown, result: bool) -> RollShown {
        let Self { formula, mode, label, verified, .. } = self;
        let blind = RollShown {
            player,
            formula,
            mode,
            label,
            verified,
            result: None,
            rolls: vec![],
            modifier: None,
            dice: vec![],
            text: None,
        };
        if !result {
            return blind;
        }
        let (dice, text) = self.roll.map_or((vec![], None), |roll| (roll.pools, Some(roll.text)));
        RollShown { result: Some(self.result), rolls: self.rolls, modifier: self.modifier, dice, text, ..blind }
    }

    /// Forgets the single dice of a large roll.
    pub fn trim(&mut self) {
        if let Some(roll) = &mut self.roll
            && roll.pools.iter().map(|pool| pool.dice.len()).sum::<usize>() > DICE_REMEMBERED
        {
            roll.pools.clear();
            roll.text = format!("{} = {}", roll.formula, roll.total);
            self.rolls.truncate(DICE_REMEMBERED);
        }
    }

    /// How many dice of 20 sides that count show `face`.
    pub fn twenties(&self, face: u32) -> u32 {
        let pools = self.roll.iter().flat_map(|roll| &roll.pools).filter(|pool| pool.sides == 20);
        let dice = pools.flat_map(|pool| &pool.dice).filter(|die| die.counts() && die.value == face);
        u32::try_from(dice.count()).unwrap_or(u32::MAX)
    }
}

/// The draws that a roll claims.
pub fn draws(roll: &Roll) -> Vec<Draw> {
    roll.draws().map(|(sides, value)| Draw { sides, value }).collect()
}

/// Rolls with the luck of the room.
pub(super) fn throw(draft: &mut Draft<'_, Tabletop>, formula: &Formula) -> Roll {
    formula.roll(&mut |sides| draft.draw(sides))
}

pub(super) fn roll(draft: &mut Draft<'_, Tabletop>, seat: Seat, by: Person, ask: &Ask) -> Result<(), Refusal> {
    let mode = ask.mode.unwrap_or_default();
    let label = optional("label", ask.label.as_ref(), LABEL_MAX)?;
    let rolled = match ask.result {
        Some(result) => elsewhere(ask, result, mode, label)?,
        None => {
            let formula = Formula::parse(&ask.formula)?;
            let roll = throw(draft, &formula);
            Rolled::here(&ask.formula, roll, mode, label)
        }
    };
    let audience = match mode {
        Mode::Public => Audience::All,
        Mode::Gm => Audience::Only(draft.dms().with(seat)),
        Mode::Blind => Audience::Only(draft.dms()),
        Mode::Own => Audience::Only(Seats::one(seat)),
    };
    let blind = Some(seat).filter(|_| mode == Mode::Blind);
    let (seq, at) = (draft.seq(), draft.now());
    let entry = Entry { seq, at, by, audience, blind, item: Item::Roll(rolled), reactions: vec![] };
    draft.record(Event::Told { entry: Box::new(entry) });
    Ok(())
}

/// A roll that the client says it made.
fn elsewhere(ask: &Ask, result: i64, mode: Mode, label: Option<String>) -> Result<Rolled, Refusal> {
    let rolls = ask.rolls.clone().unwrap_or_default();
    at_most("rolls", rolls.len(), ROLLS_MAX)?;
    number("result", result, -RESULT_MAX, RESULT_MAX)?;
    rolls.iter().try_for_each(|roll| number("rolls", *roll, -RESULT_MAX, RESULT_MAX).map(drop))?;
    ask.modifier.iter().try_for_each(|modifier| number("modifier", *modifier, -RESULT_MAX, RESULT_MAX).map(drop))?;
    let formula = text("formula", &ask.formula, 1, FORMULA_MAX)?;
    Ok(Rolled { formula, result, rolls, modifier: ask.modifier, mode, label, roll: None, verified: false })
}
