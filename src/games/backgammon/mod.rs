//! Backgammon: the whole game, with cube, matches and clocks.
//!
//! `board` is a position, `plays` all that a roll allows in it.

pub mod ai;
pub mod board;
pub mod plays;
#[cfg(test)]
mod tests;
