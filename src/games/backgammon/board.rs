//! A position: who has how many checkers where. Nothing about turns, dice or the cube.
//!
//! Each side's checkers are counted **as that side sees the board**, so that all code is written once, for "mine" and "theirs":
//!
//! | index | what is there |
//! |---|---|
//! | 0 | borne off |
//! | 1 to 24 | the points; every side moves from 24 down to 1, and 1 to 6 are its home |
//! | 25 | the bar |
//!
//! My point `n` is their point `25 - n`. White's numbers are also those of the wire; [`Side::wire`] translates for black.

use serde::{Deserialize, Serialize};

/// Checkers that each side has.
pub const CHECKERS: u8 = 15;
/// The index of the bar.
pub const BAR: u8 = 25;
/// The index of the checkers borne off.
pub const OFF: u8 = 0;

/// One side's checkers, as that side sees the board.
pub type Checkers = [u8; 26];

/// A colour. White is the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    White,
    Black,
}

impl Side {
    /// Both, white first.
    pub const BOTH: [Side; 2] = [Side::White, Side::Black];

    /// The opponent.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Side::White => Side::Black,
            Side::Black => Side::White,
        }
    }

    /// 0 for white, 1 for black.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Between this side's numbers and the wire's (which are white's): its own inverse. The bar is 25 for white and 0 for black.
    pub const fn wire(self, point: u8) -> u8 {
        match self {
            Side::White => point,
            Side::Black => 25u8.saturating_sub(point),
        }
    }
}

/// A position.
///
/// In logs and snapshots it is `{ "white": [26 counts], "black": [26 counts] }`. One without 15 checkers a side cannot be read back, and the
/// database refuses to keep it, because it counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Counted", try_from = "Counted")]
pub struct Board {
    /// White's checkers and black's, each as its owner sees the board.
    sides: [Checkers; 2],
}

/// A [`Board`] as it is kept.
#[derive(Serialize, Deserialize)]
struct Counted {
    white: Checkers,
    black: Checkers,
}

impl From<Board> for Counted {
    fn from(board: Board) -> Self {
        let [white, black] = board.sides;
        Self { white, black }
    }
}

impl TryFrom<Counted> for Board {
    type Error = BadBoard;
    fn try_from(kept: Counted) -> Result<Self, BadBoard> {
        Board::new(kept.white, kept.black)
    }
}

/// What is wrong with a position that somebody made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBoard {
    #[error("{0:?} does not have 15 checkers")]
    Count(Side),
    #[error("both sides have checkers on white's point {0}")]
    Shared(u8),
}

impl Board {
    /// The position in which every game begins.
    pub const fn opening() -> Self {
        let mut mine = [0; 26];
        mine[24] = 2;
        mine[13] = 5;
        mine[8] = 3;
        mine[6] = 5;
        Self { sides: [mine, mine] }
    }

    /// A position from each side's checkers, as that side sees them.
    ///
    /// # Errors
    /// When a side has not 15 checkers, or a point is held by both.
    pub fn new(white: Checkers, black: Checkers) -> Result<Self, BadBoard> {
        let board = Self { sides: [white, black] };
        board.check()?;
        Ok(board)
    }

    /// Whether the position is possible: 15 checkers a side, and no point held by both.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), BadBoard> {
        for side in Side::BOTH {
            if self.sides[side.index()].iter().map(|&count| u32::from(count)).sum::<u32>() != u32::from(CHECKERS) {
                return Err(BadBoard::Count(side));
            }
        }
        let [white, black] = &self.sides;
        match (1..=24u8).find(|&point| white[usize::from(point)] > 0 && black[usize::from(25 - point)] > 0) {
            Some(point) => Err(BadBoard::Shared(point)),
            None => Ok(()),
        }
    }

    /// `side`'s checkers, as `side` sees them.
    pub const fn of(&self, side: Side) -> &Checkers {
        &self.sides[side.index()]
    }

    /// `side`'s checkers on one of its own points, on the bar (25) or borne off (0).
    pub fn on(&self, side: Side, point: u8) -> u8 {
        self.sides[side.index()].get(usize::from(point)).copied().unwrap_or(0)
    }

    /// Checkers of `side` that wait on the bar.
    pub const fn bar(&self, side: Side) -> u8 {
        self.sides[side.index()][BAR as usize]
    }

    /// Checkers of `side` that are home for good.
    pub const fn borne_off(&self, side: Side) -> u8 {
        self.sides[side.index()][OFF as usize]
    }

    /// The pips that `side` has to go: 167 in the beginning.
    pub fn pips(&self, side: Side) -> u32 {
        (0u32..).zip(self.of(side)).map(|(point, &count)| point * u32::from(count)).sum()
    }

    /// The rearmost point of `side` that has a checker: 25 when one is on the bar, 0 when all are borne off.
    pub fn rearmost(&self, side: Side) -> u8 {
        rearmost(self.of(side))
    }

    /// Whether the sides can still hit or block each other; else it is a race.
    pub fn contact(&self) -> bool {
        let [white, black] = Side::BOTH.map(|side| self.rearmost(side));
        white > 0 && black > 0 && white + black > 25
    }

    /// The side that has borne off all its checkers.
    pub fn winner(&self) -> Option<Side> {
        Side::BOTH.into_iter().find(|&side| self.borne_off(side) == CHECKERS)
    }

    /// What a win of `winner` in this position is worth: 1, 2 for a gammon (the loser has borne off nothing), 3 for a backgammon (and still
    /// has a checker on the bar or in the winner's home).
    pub fn worth(&self, winner: Side) -> u8 {
        let loser = winner.other();
        if self.borne_off(loser) > 0 {
            1
        } else if self.rearmost(loser) > 18 {
            3
        } else {
            2
        }
    }

    /// The same position with the colours exchanged.
    #[must_use]
    pub const fn mirrored(&self) -> Self {
        Self { sides: [self.sides[1], self.sides[0]] }
    }

    /// Moves one checker of `side`, and hits what stands alone where it lands; says whether it did. The points are `side`'s own. Nothing
    /// moves when there is no checker to move.
    pub fn step(&mut self, side: Side, from: u8, to: u8) -> bool {
        let [white, black] = &mut self.sides;
        let (mine, theirs) = match side {
            Side::White => (white, black),
            Side::Black => (black, white),
        };
        let (from, to) = (usize::from(from), usize::from(to));
        if from > 25 || to > 24 || mine[from] == 0 {
            return false;
        }
        mine[from] -= 1;
        mine[to] += 1;
        let hit = to > 0 && theirs[25 - to] == 1;
        if hit {
            theirs[25 - to] = 0;
            theirs[25] += 1;
        }
        hit
    }
}

impl Default for Board {
    fn default() -> Self {
        Self::opening()
    }
}

/// The highest index with a checker.
pub(super) fn rearmost(mine: &Checkers) -> u8 {
    (0..=25u8).rev().find(|&point| point == 0 || mine[usize::from(point)] > 0).unwrap_or(0)
}
