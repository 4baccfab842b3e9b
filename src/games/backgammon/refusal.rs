//! Why a request is refused, one name per reason.

use crate::refusal::{Code, Refused};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("match_length must be from 1 to 25")]
    MatchLength,
    #[error("bank_s must be from 1 to 86400, delay_s from 0 to 600")]
    Time,
    #[error("bank_s and delay_s need a time_control")]
    TimeWithoutControl,
    #[error("position_id must name a position in GNU Backgammon's format, with the game not over")]
    BadPosition,
    #[error("a given position is played as a single casual game")]
    PositionInMatch,
    #[error("the game has begun already")]
    AlreadyBegun,
    #[error("the game has not begun")]
    NotBegun,
    #[error("the game is over")]
    Over,
    #[error("this seat does not play")]
    NoSuchSeat,
    #[error("it is the other player's turn")]
    NotYourTurn,
    #[error("time is up")]
    TimeIsUp,
    #[error("the dice are rolled already")]
    Rolled,
    #[error("roll the dice first")]
    NotRolled,
    #[error("answer the double first")]
    AnswerDouble,
    #[error("the double waits for an answer")]
    DoublePending,
    #[error("answer the resignation first")]
    AnswerResignation,
    #[error("the resignation waits for an answer")]
    ResignationPending,
    #[error("there is no point {0}; points are 1 to 24, and 0 and 25 for the bar and off")]
    NoSuchPoint(u8),
    #[error("no checker of yours is on {0}")]
    NoChecker(u8),
    #[error("a checker on the bar has to enter first")]
    BarFirst,
    #[error("no legal play of these dice goes from {from} to {to}")]
    Illegal { from: u8, to: u8 },
    #[error("these moves are not all that the dice allow, or not in reach of them")]
    IllegalTurn,
    #[error("there are moves left that have to be made")]
    MovesLeft,
    #[error("nothing can be moved; end the turn")]
    NothingToMove,
    #[error("there is nothing to undo")]
    NothingToUndo,
    #[error("a turn that was answered by a roll is taken back only in casual games")]
    NotCasual,
    #[error("you have asked already")]
    AlreadyAsked,
    #[error("nobody asks to take back a turn")]
    NoUndoAsked,
    #[error("this game is played without the cube")]
    NoCube,
    #[error("the other side owns the cube")]
    NotYourCube,
    #[error("nobody doubles in the Crawford game")]
    Crawford,
    #[error("the cube is worth enough already")]
    CubeLimit,
    #[error("a double is offered before rolling")]
    TooLateToDouble,
    #[error("no double is offered")]
    NoDouble,
    #[error("this was declined in this turn already")]
    ResignDeclined,
    #[error("nobody offers to resign")]
    NoResignation,
    #[error("the other player has not left")]
    NotAbsent,
}

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::MatchLength | Self::Time | Self::TimeWithoutControl | Self::BadPosition | Self::PositionInMatch => {
                Code::ValidationError
            }
            Self::AlreadyBegun | Self::Over => Code::RoomUnavailable,
            Self::NotBegun => Code::NotReady,
            Self::NoSuchSeat => Code::NotInGame,
            Self::NotYourTurn => Code::NotYourTurn,
            _ => Code::IllegalMove,
        }
    }
}
