//! Why something was refused, and what texts and lists may hold.

use crate::dice::DiceError;
use crate::refusal::{Code, Refused};

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the session has not begun")]
    NotBegun,
    #[error("the session is over")]
    Over,
    #[error("you have no seat at this table")]
    NotAtTable,
    /// Of things that one must not know, as of things that are not there.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    #[error("Only DM can {0}")]
    DmOnly(&'static str),
    #[error("only the DM in person can {0}")]
    HeadOnly(&'static str),
    #[error("this {0} is not yours")]
    NotYours(&'static str),
    #[error("{field} has {min} to {max} characters")]
    Text { field: &'static str, min: usize, max: usize },
    #[error("{field} is {min} to {max}")]
    Number { field: &'static str, min: i64, max: i64 },
    #[error("at most {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error("{0}")]
    Invalid(&'static str),
    #[error("{0}")]
    Dice(#[from] DiceError),
    #[error("{0}")]
    Illegal(&'static str),
    #[error("this token can go {left} further in this turn, and that is {distance}")]
    TooFar { left: u32, distance: u32 },
    #[error("it is not your turn")]
    NotYourTurn,
}

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NotBegun => Code::NotReady,
            Self::Over => Code::RoomUnavailable,
            Self::NotAtTable | Self::DmOnly(_) | Self::HeadOnly(_) | Self::NotYours(_) => Code::Forbidden,
            Self::Illegal(_) | Self::TooFar { .. } => Code::IllegalMove,
            Self::NotYourTurn => Code::NotYourTurn,
            Self::Unknown(_)
            | Self::Text { .. }
            | Self::Number { .. }
            | Self::TooMany { .. }
            | Self::Invalid(_)
            | Self::Dice(_) => Code::ValidationError,
        }
    }
}

/// A text without control characters and without spaces around it, of `min` to `max` characters.
pub(super) fn text(field: &'static str, text: &str, min: usize, max: usize) -> Result<String, Refusal> {
    // Control characters would let it look like something else; line breaks and tabs are text.
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = text.trim();
    if (min..=max).contains(&text.chars().count()) { Ok(text.to_owned()) } else { Err(Refusal::Text { field, min, max }) }
}

/// The same of one that may be left out; an empty one counts as left out.
pub(super) fn optional(field: &'static str, given: Option<&String>, max: usize) -> Result<Option<String>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let text = text(field, given, 0, max)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

pub(super) fn number<N: Copy + Into<i64>>(field: &'static str, number: N, min: i64, max: i64) -> Result<N, Refusal> {
    if (min..=max).contains(&number.into()) { Ok(number) } else { Err(Refusal::Number { field, min, max }) }
}

pub(super) fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), Refusal> {
    if count <= max { Ok(()) } else { Err(Refusal::TooMany { what, max }) }
}
