//! What lies on the table: all that everybody sees of a game, and the facts that change it.

use serde::{Deserialize, Serialize};

use super::board::{BAR, Board, OFF, Side};
use super::clock::Timer;
use super::ids::{self, MatchState, Stage};
use super::options::Setup;
use super::plays::{Dice, Move};

/// What is asked of the player whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the start.
    Waiting,
    /// To roll, or to offer a double.
    Rolling,
    /// To move, and to end the turn.
    Moving,
    /// The other side has to answer a double.
    Doubled,
    /// The room's last game is over.
    Over,
}

/// What a game is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Single = 1,
    Gammon = 2,
    Backgammon = 3,
}

impl Kind {
    /// What a win of `winner` in this position is.
    pub fn of(board: &Board, winner: Side) -> Self {
        match board.worth(winner) {
            3 => Kind::Backgammon,
            2 => Kind::Gammon,
            _ => Kind::Single,
        }
    }
}

/// How a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All checkers were borne off.
    BorneOff,
    DoubleDeclined,
    Resigned,
    /// Lost on time: the whole match.
    Timeout,
    /// The opponent did not come back, and the win was claimed: the whole match.
    Claimed,
}

/// One game's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameResult {
    /// 1 for the match's first game.
    pub game_number: u16,
    pub winner: Side,
    pub kind: Kind,
    pub ended_by: Ending,
    /// The cube's value at the end.
    pub cube: u16,
    pub points: u16,
    /// White's and black's points after it.
    pub score: [u16; 2],
}

/// One checker's move as the wire numbers it: by white's points, 25 and 0 for white's bar and off, 0 and 25 for black's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    pub from_point: u8,
    pub to_point: u8,
}

impl Step {
    /// From a side's own numbers.
    pub fn of(side: Side, step: Move) -> Self {
        Self { from_point: side.wire(step.from), to_point: side.wire(step.to) }
    }

    /// In a side's own numbers.
    pub fn own(self, side: Side) -> Move {
        // A number that no point has stays one: black's mirror must not make a point of 30.
        let own = |point: u8| if point > BAR { point } else { side.wire(point) };
        Move { from: own(self.from_point), to: own(self.to_point) }
    }
}

/// A move that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    #[serde(flatten)]
    pub step: Step,
    pub die: u8,
    pub is_hit: bool,
    pub is_bear_off: bool,
}

/// All that everybody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub board: Board,
    /// The position at the beginning of the turn.
    #[serde(with = "ids::as_id")]
    pub start: Board,
    pub phase: Phase,
    /// Whose turn it is. Who has offered a double is still in turn.
    pub turn: Side,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dice: Option<Dice>,
    /// The moves made with them so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
    pub cube: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cube_owner: Option<Side>,
    /// Who offers to resign, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resigning: Option<(Side, Kind)>,
    /// The most that each side's opponent declined in this turn.
    pub resign_declined: [Option<Kind>; 2],
    /// Who asks to take back the whole turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_asked: Option<Side>,
    /// 1 in the match's first game; 0 before the start.
    pub game_number: u16,
    pub score: [u16; 2],
    pub crawford: bool,
    pub crawford_played: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timer>,
    /// Who has left or not come back in time.
    pub absent: [bool; 2],
    /// How the game before this one ended, or the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<GameResult>,
    /// Points that win the match; 1 is a single game.
    pub match_length: u16,
    pub jacoby: bool,
    /// Whether the cube is used at all.
    pub with_cube: bool,
}

impl Table {
    /// The table before the start.
    pub fn new(setup: &Setup) -> Self {
        Self {
            board: Board::opening(),
            start: Board::opening(),
            phase: Phase::Waiting,
            turn: Side::White,
            dice: None,
            made: vec![],
            cube: 1,
            cube_owner: None,
            resigning: None,
            resign_declined: [None; 2],
            undo_asked: None,
            game_number: 0,
            score: [0; 2],
            crawford: false,
            crawford_played: false,
            clock: None,
            absent: [false; 2],
            result: None,
            match_length: setup.match_length,
            jacoby: setup.jacoby,
            with_cube: setup.cube,
        }
    }

    /// Whether it is a match and no single game.
    pub fn is_match(&self) -> bool {
        self.match_length > 1
    }

    /// Whether a game is being played.
    pub fn running(&self) -> bool {
        !matches!(self.phase, Phase::Waiting | Phase::Over)
    }

    /// Whose decision is waited for.
    pub fn to_decide(&self) -> Option<Side> {
        match (self.phase, self.resigning) {
            (Phase::Waiting | Phase::Over, _) => None,
            (_, Some((side, _))) => Some(side.other()),
            (Phase::Doubled, None) => Some(self.turn.other()),
            (Phase::Rolling | Phase::Moving, None) => Some(self.turn),
        }
    }

    /// The dice that are not used yet.
    pub fn left(&self) -> Vec<u8> {
        let Some(dice) = self.dice else { return vec![] };
        let mut left = super::plays::pips_of(dice);
        for made in &self.made {
            if let Some(at) = left.iter().position(|&die| die == made.die) {
                left.remove(at);
            }
        }
        left
    }

    /// Whether each die is used, in the order of the roll: two of them, or four of a double.
    pub fn dice_used(&self) -> Vec<bool> {
        let Some((a, b)) = self.dice else { return vec![] };
        if a == b {
            (0..4).map(|n| n < self.made.len()).collect()
        } else {
            [a, b].map(|die| self.made.iter().any(|made| made.die == die)).to_vec()
        }
    }

    /// Moves a checker with `die`.
    pub fn make(&mut self, step: Move, die: u8) -> Made {
        let is_hit = self.board.step(self.turn, step.from, step.to);
        let made = Made { step: Step::of(self.turn, step), die, is_hit, is_bear_off: step.to == OFF };
        self.made.push(made);
        made
    }

    /// Takes back the last move of the turn.
    pub fn unmake(&mut self) -> Option<Made> {
        let last = self.made.pop()?;
        self.board = self.start;
        for made in &self.made {
            let Move { from, to } = made.step.own(self.turn);
            self.board.step(self.turn, from, to);
        }
        Some(last)
    }

    /// The other side is to roll.
    pub fn pass_turn(&mut self) {
        self.turn = self.turn.other();
        self.phase = Phase::Rolling;
        self.start = self.board;
        self.dice = None;
        self.made.clear();
        self.resign_declined = [None; 2];
    }

    /// A new game, which begins with `first` and the dice of the opening roll.
    pub fn begin_game(&mut self, first: Side, dice: Dice) {
        self.crawford_played |= self.crawford;
        self.crawford = self.is_match() && !self.crawford_played && self.score.contains(&self.match_length.saturating_sub(1));
        self.game_number = self.game_number.saturating_add(1);
        self.board = Board::opening();
        self.start = self.board;
        self.phase = Phase::Moving;
        self.turn = first;
        self.dice = Some(dice);
        self.made.clear();
        (self.cube, self.cube_owner) = (1, None);
        self.resigning = None;
        self.resign_declined = [None; 2];
    }

    /// A game from a position, with `first` to roll.
    pub fn begin_position(&mut self, first: Side, board: Board) {
        self.begin_game(first, Dice::default());
        self.board = board;
        self.start = board;
        self.phase = Phase::Rolling;
        self.dice = None;
    }

    /// The position ID, as the player in turn sees the board.
    pub fn position_id(&self) -> String {
        ids::position_id(&self.board, self.turn)
    }

    /// The match ID.
    pub fn match_id(&self) -> String {
        let ended_by = self.result.as_ref().map(|result| result.ended_by);
        ids::match_id(&MatchState {
            cube: self.cube,
            cube_owner: self.cube_owner,
            on_roll: self.turn,
            crawford: self.crawford,
            stage: match self.phase {
                Phase::Waiting => Stage::None,
                Phase::Rolling | Phase::Moving | Phase::Doubled => Stage::Playing,
                Phase::Over => match ended_by {
                    Some(Ending::DoubleDeclined) => Stage::Dropped,
                    Some(Ending::BorneOff) => Stage::Over,
                    _ => Stage::Resigned,
                },
            },
            turn: self.to_decide().unwrap_or(self.turn),
            doubled: self.phase == Phase::Doubled,
            resigned: self.resigning.map_or(0, |(_, kind)| kind as u8),
            dice: self.dice,
            length: if self.is_match() { self.match_length } else { 0 },
            score: self.score,
            jacoby: self.jacoby,
        })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A game begins: both throw a die, white's first, again while they are equal. The higher one moves first, with these dice.
    Opened {
        throws: Vec<Dice>,
    },
    /// A game begins from a given position, and `side` is to roll.
    Placed {
        side: Side,
    },
    Rolled {
        side: Side,
        dice: Dice,
    },
    Moved {
        side: Side,
        moved: Made,
    },
    /// The last move of the turn was taken back.
    Undone {
        side: Side,
        moved: Made,
    },
    /// `moves` is the whole turn.
    TurnEnded {
        side: Side,
        dice: Dice,
        moves: Vec<Made>,
    },
    /// The end of the turn was taken back, before the other side rolled.
    Reopened {
        side: Side,
    },
    UndoAsked {
        side: Side,
    },
    UndoDeclined {
        side: Side,
    },
    /// `side`'s turn goes on where it had ended; what the other side rolled since is void.
    TakenBack {
        side: Side,
    },
    Doubled {
        side: Side,
        cube: u16,
    },
    DoubleAccepted {
        side: Side,
        cube: u16,
    },
    DoubleDeclined {
        side: Side,
    },
    ResignOffered {
        side: Side,
        kind: Kind,
    },
    ResignAccepted {
        side: Side,
        kind: Kind,
    },
    ResignDeclined {
        side: Side,
        kind: Kind,
    },
    GameEnded {
        result: GameResult,
    },
    Absent {
        side: Side,
    },
    Returned {
        side: Side,
    },
}

/// A fact, and the table as it is then, so that it can be told by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub what: What,
    pub table: Table,
}
