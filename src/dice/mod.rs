//! Dice: from `4d6dl1 + 2` to what was rolled, with every die. Pure: luck comes from outside, so that every roll can be proved.
//!
//! The grammar is in `docs/dice.md`. A [`Formula`] that was read cannot fail any more: what could overflow, divide by nothing or go on for
//! ever is refused while reading, with the place. Rolling it takes `luck(sides)`, uniform in `0..sides`, and gives a [`Roll`].

mod error;
mod formula;
mod parse;
mod range;
mod roll;
#[cfg(test)]
mod tests;

pub use error::{DiceError, Problem};
pub use formula::{Compare, Formula, Pick};
pub use roll::{Die, Origin, Pool, Roll};

/// The longest formula, in characters: more than anybody reads.
pub const LENGTH_MAX: usize = 200;
/// Dice in a whole formula, before rerolls and explosions: a list that still fits a message.
pub const DICE_MAX: u32 = 1_000;
/// Explosions in a whole formula. With six sides the chance that one die passes it is below 10⁻⁷⁷.
pub const EXPLOSIONS_MAX: u32 = 100;
/// Rerolls in a whole formula: as many as dice.
pub const REROLLS_MAX: u32 = 1_000;
/// The most sides of a die, and the largest number in a formula.
pub const NUMBER_MAX: u32 = 1_000_000;
/// No part of a formula may be able to come to more than this, above or below zero. Far inside what JavaScript's numbers hold exactly.
pub const RESULT_MAX: i64 = 1_000_000_000_000;
