//! Why a formula cannot be read, and where.

use super::{DICE_MAX, LENGTH_MAX, NUMBER_MAX, RESULT_MAX};

/// A formula that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {problem}")]
pub struct DiceError {
    /// The character at which reading stopped, counted from 1; one past the last when something is missing at the end.
    pub at: usize,
    pub problem: Problem,
}

/// What is wrong with a formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("there is nothing to roll")]
    Empty,
    #[error("a formula has at most {LENGTH_MAX} characters")]
    TooLong,
    #[error("expected a number, dice such as 2d6, or a bracket, found {0}")]
    ExpectedValue(String),
    #[error("expected + - * / or the end, found {0}")]
    ExpectedOperator(String),
    #[error("expected the number of sides, or %, found {0}")]
    ExpectedSides(String),
    #[error("expected a number, found {0}")]
    ExpectedNumber(String),
    #[error("this bracket is never closed")]
    Unclosed,
    #[error("numbers go up to {NUMBER_MAX}")]
    NumberTooLarge,
    #[error("a die has at least 1 side")]
    NoSides,
    #[error("roll at least 1 die")]
    NoDice,
    #[error("a formula has at most {DICE_MAX} dice")]
    TooManyDice,
    #[error("keep at least 1 die")]
    KeepsNone,
    #[error("keep is kh (highest) or kl (lowest)")]
    HalfKeep,
    #[error("these dice have {0} already")]
    Twice(&'static str),
    #[error("every face would explode")]
    AlwaysExplodes,
    #[error("every face would be rolled again; ro rolls once more only")]
    AlwaysRerolls,
    #[error("adv and dis need exactly one single die, such as d20")]
    WayNeedsOneDie,
    #[error("the divisor could be 0")]
    DividesByZero,
    #[error("this could come to more than {RESULT_MAX}")]
    TooLarge,
}
