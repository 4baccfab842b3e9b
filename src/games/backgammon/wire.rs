//! The words of the game on the wire: what is asked, told and shown.

use serde::{Deserialize, Deserializer, Serialize};
use strum::IntoStaticStr;

use super::board::Side;
use super::clock::Timer;
use super::options::Setup;
use super::plays::{self, Dice};
use super::table::{Event, GameResult, Kind, Made, Phase, Step, Table, What};
use crate::time::Timestamp;

/// What a player may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    RollDice,
    /// One checker: `{ from_point, to_point }`; or all that is left of the turn, which ends it: `{ moves: [{ from_point, to_point }, …] }`.
    Move(Moving),
    EndTurn,
    /// The last move of one's turn, or its end while the other side has not rolled; in casual games also a turn that the other side has
    /// rolled after, if they agree.
    Undo,
    AcceptUndo,
    DeclineUndo,
    OfferDouble,
    AcceptDouble,
    DeclineDouble,
    Resign {
        #[serde(default)]
        kind: Kind,
    },
    AcceptResign,
    DeclineResign,
    /// The opponent has left or not come back in time.
    ClaimWin,
}

/// What to move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Moving {
    One(Step),
    /// Sorted: which of them are made does not depend on the order in which they are named.
    All {
        moves: Vec<Step>,
    },
}

impl Moving {
    /// All of these, in any order.
    pub fn all(moves: impl IntoIterator<Item = Step>) -> Self {
        let mut moves: Vec<_> = moves.into_iter().collect();
        moves.sort_unstable();
        Self::All { moves }
    }
}

impl<'de> Deserialize<'de> for Moving {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Asked {
            from_point: Option<u8>,
            to_point: Option<u8>,
            moves: Option<Vec<Step>>,
        }
        let asked = Asked::deserialize(deserializer)?;
        match (asked.from_point, asked.to_point, asked.moves) {
            (Some(from_point), Some(to_point), None) => Ok(Moving::One(Step { from_point, to_point })),
            (None, None, Some(moves)) if moves.len() > 4 => Err(serde::de::Error::custom("no turn has more than 4 moves")),
            (None, None, Some(moves)) => Ok(Moving::all(moves)),
            _ => Err(serde::de::Error::custom("either from_point and to_point, or moves")),
        }
    }
}

/// White's and black's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Both<T> {
    pub white: T,
    pub black: T,
}

impl<T> Both<T> {
    fn of(of: impl Fn(Side) -> T) -> Self {
        Self { white: of(Side::White), black: of(Side::Black) }
    }
}

/// One of the 24 points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PointView {
    pub count: u8,
    pub color: Option<Side>,
}

/// The board as everybody sees it. The first of the points is white's 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoardView {
    pub points: Vec<PointView>,
    pub bar: Both<u8>,
    pub borne_off: Both<u8>,
    /// Two, or none before the roll.
    pub dice: Vec<u8>,
    /// Per die; four of a double.
    pub dice_used: Vec<bool>,
    pub doubling_cube: u16,
    pub cube_owner: Option<Side>,
}

/// A single move that may be made now, and the die it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StepView {
    #[serde(flatten)]
    pub step: Step,
    pub die: u8,
}

/// What is offered, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OfferView {
    pub by: Side,
    pub kind: Kind,
}

/// The clock as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimerView {
    /// What was left in the banks at `since`, in milliseconds.
    pub white_ms: u64,
    pub black_ms: u64,
    pub delay_ms: u64,
    pub running: Side,
    pub since: Timestamp,
    /// When the running side loses.
    pub deadline: Timestamp,
}

/// The table as everybody sees it. Nothing is hidden in this game.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    pub board_state: BoardView,
    /// Whose turn it is; nobody's before the start.
    pub current_player: Option<Side>,
    pub phase: Phase,
    /// Whose decision is waited for: not the player in turn while a double or a resignation is to be answered.
    pub to_decide: Option<Side>,
    pub position_id: String,
    pub match_id: String,
    /// What can still be played with the dice, each resulting position once; empty when nothing can, or nothing is left.
    pub legal_moves: Vec<Vec<Step>>,
    /// The single moves with which one of them, or another way to the same position, begins.
    pub legal_steps: Vec<StepView>,
    /// The moves of this turn so far.
    pub turn_moves: Vec<Made>,
    pub pips: Both<u32>,
    /// Whether the player in turn may offer a double now.
    pub can_double: bool,
    pub double_offered_by: Option<Side>,
    pub resign_offer: Option<OfferView>,
    pub undo_requested_by: Option<Side>,
    pub game_number: u16,
    pub match_length: u16,
    pub score: Both<u16>,
    pub crawford: bool,
    pub jacoby: bool,
    pub clock: Option<TimerView>,
    /// Against whom the win may be claimed.
    pub absent: Both<bool>,
    /// How the last game ended.
    pub last_result: Option<GameResult>,
    /// What is played; only in a whole state, not in events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Setup>,
    /// The games of the match so far; only in a whole state, not in events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub games: Option<Vec<GameResult>>,
    /// The same as rules use it, for bots.
    #[serde(skip)]
    pub table: Table,
}

impl View {
    /// Shows a table.
    pub fn of(table: &Table) -> Self {
        let moving = table.phase == Phase::Moving;
        let left = if moving { table.left() } else { vec![] };
        let step = |step: &plays::Move| Step::of(table.turn, *step);
        let rest = if moving { plays::rest(&table.board, table.turn, &left) } else { vec![] };
        let steps = if moving { plays::steps(&table.board, table.turn, &left) } else { vec![] };
        Self {
            board_state: BoardView::of(table),
            current_player: table.running().then_some(table.turn),
            phase: table.phase,
            to_decide: table.to_decide(),
            position_id: table.position_id(),
            match_id: table.match_id(),
            legal_moves: rest
                .iter()
                .filter(|play| !play.moves.is_empty())
                .map(|play| play.moves.iter().map(step).collect())
                .collect(),
            legal_steps: steps.iter().map(|(moved, die)| StepView { step: step(moved), die: *die }).collect(),
            turn_moves: table.made.clone(),
            pips: Both::of(|side| table.board.pips(side)),
            can_double: table.phase == Phase::Rolling && table.resigning.is_none() && table.may_double(table.turn).is_ok(),
            double_offered_by: (table.phase == Phase::Doubled).then_some(table.turn),
            resign_offer: table.resigning.map(|(by, kind)| OfferView { by, kind }),
            undo_requested_by: table.undo_asked,
            game_number: table.game_number,
            match_length: table.match_length,
            score: Both { white: table.score[0], black: table.score[1] },
            crawford: table.crawford,
            jacoby: table.jacoby,
            clock: table.clock.as_ref().map(TimerView::of),
            absent: Both::of(|side| table.absent[side.index()]),
            last_result: table.result.clone(),
            rules: None,
            games: None,
            table: table.clone(),
        }
    }
}

impl TimerView {
    fn of(clock: &Timer) -> Self {
        let [white_ms, black_ms] = clock.left_ms;
        let (running, since, deadline) = (clock.running, clock.since, clock.deadline());
        Self { white_ms, black_ms, delay_ms: clock.delay_ms, running, since, deadline }
    }
}

impl BoardView {
    fn of(table: &Table) -> Self {
        let board = &table.board;
        let point = |n: u8| match (board.on(Side::White, n), board.on(Side::Black, 25 - n)) {
            (0, 0) => PointView { count: 0, color: None },
            (0, count) => PointView { count, color: Some(Side::Black) },
            (count, _) => PointView { count, color: Some(Side::White) },
        };
        Self {
            points: (1..=24).map(point).collect(),
            bar: Both::of(|side| board.bar(side)),
            borne_off: Both::of(|side| board.borne_off(side)),
            dice: table.dice.map_or_else(Vec::new, |(a, b)| vec![a, b]),
            dice_used: table.dice_used(),
            doubling_cube: table.cube,
            cube_owner: table.cube_owner,
        }
    }
}

/// What happened, as everybody is told it; `game_state` is the table as it is then.
#[derive(Clone, Debug, Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    /// A game begins. `throws` are white's die and black's, again while they are equal.
    OpeningRoll {
        player: Side,
        dice: Dice,
        throws: Vec<Dice>,
        game_number: u16,
        game_state: View,
    },
    /// A game begins from a given position; `player` is to roll.
    PositionSet {
        player: Side,
        game_number: u16,
        game_state: View,
    },
    DiceRolled {
        player: Side,
        dice: Dice,
        game_state: View,
    },
    MoveMade {
        player: Side,
        #[serde(rename = "move")]
        moved: Made,
        game_state: View,
    },
    MoveUndone {
        player: Side,
        #[serde(rename = "move")]
        moved: Made,
        game_state: View,
    },
    TurnEnded {
        player: Side,
        dice: Dice,
        moves: Vec<Made>,
        game_state: View,
    },
    TurnReopened {
        player: Side,
        game_state: View,
    },
    UndoRequested {
        player: Side,
        game_state: View,
    },
    UndoDeclined {
        player: Side,
        game_state: View,
    },
    /// `player`'s turn goes on where it had ended.
    TurnTakenBack {
        player: Side,
        game_state: View,
    },
    DoubleOffered {
        player: Side,
        new_stake: u16,
        game_state: View,
    },
    DoubleAccepted {
        player: Side,
        new_stake: u16,
        game_state: View,
    },
    DoubleDeclined {
        player: Side,
        game_state: View,
    },
    ResignOffered {
        player: Side,
        kind: Kind,
        game_state: View,
    },
    ResignAccepted {
        player: Side,
        kind: Kind,
        game_state: View,
    },
    ResignDeclined {
        player: Side,
        kind: Kind,
        game_state: View,
    },
    /// One game of the match is over.
    GameOver {
        result: GameResult,
        game_state: View,
    },
    /// The other side may claim the win, or wait.
    WinClaimable {
        absent: Side,
        game_state: View,
    },
    PlayerBack {
        player: Side,
        game_state: View,
    },
}

impl Notice {
    /// Tells an event.
    pub fn of(event: &Event) -> Self {
        let game_state = View::of(&event.table);
        match &event.what {
            What::Opened { throws } => Notice::OpeningRoll {
                player: event.table.turn,
                dice: throws.last().copied().unwrap_or_default(),
                throws: throws.clone(),
                game_number: event.table.game_number,
                game_state,
            },
            &What::Placed { side: player } => Notice::PositionSet { player, game_number: event.table.game_number, game_state },
            &What::Rolled { side: player, dice } => Notice::DiceRolled { player, dice, game_state },
            &What::Moved { side: player, moved } => Notice::MoveMade { player, moved, game_state },
            &What::Undone { side: player, moved } => Notice::MoveUndone { player, moved, game_state },
            What::TurnEnded { side, dice, moves } => {
                Notice::TurnEnded { player: *side, dice: *dice, moves: moves.clone(), game_state }
            }
            &What::Reopened { side: player } => Notice::TurnReopened { player, game_state },
            &What::UndoAsked { side: player } => Notice::UndoRequested { player, game_state },
            &What::UndoDeclined { side: player } => Notice::UndoDeclined { player, game_state },
            &What::TakenBack { side: player } => Notice::TurnTakenBack { player, game_state },
            &What::Doubled { side: player, cube: new_stake } => Notice::DoubleOffered { player, new_stake, game_state },
            &What::DoubleAccepted { side: player, cube: new_stake } => Notice::DoubleAccepted { player, new_stake, game_state },
            &What::DoubleDeclined { side: player } => Notice::DoubleDeclined { player, game_state },
            &What::ResignOffered { side: player, kind } => Notice::ResignOffered { player, kind, game_state },
            &What::ResignAccepted { side: player, kind } => Notice::ResignAccepted { player, kind, game_state },
            &What::ResignDeclined { side: player, kind } => Notice::ResignDeclined { player, kind, game_state },
            What::GameEnded { result } => Notice::GameOver { result: result.clone(), game_state },
            &What::Absent { side: absent } => Notice::WinClaimable { absent, game_state },
            &What::Returned { side: player } => Notice::PlayerBack { player, game_state },
        }
    }
}
