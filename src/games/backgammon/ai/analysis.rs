//! What was best, and what was lost by playing something else.

use serde::Serialize;

use super::super::board::{BAR, Board, OFF, Side};
use super::super::plays::{Dice, Move};
use super::cube::{self, Choices, Cube};
use super::net::{Nets, Odds};
use super::search::{self, Depth, Ranked};
use super::stakes::{Stakes, Worth};

/// Plays shown of a position: beyond these they are all bad.
pub const PLAYS_SHOWN: usize = 10;
/// Turns judged of one log: the longest match has about a thousand; at 3 ms each that is three seconds.
pub const TURNS_MAX: usize = 1_000;

/// A position to be analysed, and what is played for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    pub board: Board,
    pub side: Side,
    pub dice: Option<Dice>,
    /// Seen by `side`.
    pub cube: Cube,
    pub stakes: Stakes,
}

impl Question {
    fn worth(&self) -> Worth {
        Worth::of(self.stakes, self.cube.value, self.cube.mine.is_none())
    }
}

/// A play and what it is worth to the side that makes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlayShown {
    /// As players write it, by the mover's own numbers: `13/8 6/5*`.
    pub notation: String,
    #[serde(skip)]
    pub moves: Vec<Move>,
    #[serde(skip)]
    pub result: Board,
    /// In points of money play, or so scaled that winning the game is 1 and losing it -1 in a match.
    pub equity: f32,
    /// What it gives away against the best.
    pub loss: f32,
    pub odds: OddsShown,
    /// How many rolls were looked ahead.
    pub plies: u8,
}

/// Chances from 0 to 1, of the side that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OddsShown {
    pub win: f32,
    pub win_gammon: f32,
    pub win_backgammon: f32,
    pub lose_gammon: f32,
    pub lose_backgammon: f32,
}

impl From<Odds> for OddsShown {
    fn from(odds: Odds) -> Self {
        let Odds { win, win_gammon, win_backgammon, lose_gammon, lose_backgammon } = odds;
        let [win, win_gammon, win_backgammon, lose_gammon, lose_backgammon] =
            [win, win_gammon, win_backgammon, lose_gammon, lose_backgammon].map(rounded);
        Self { win, win_gammon, win_backgammon, lose_gammon, lose_backgammon }
    }
}

/// What doubling would be worth, to the side on roll before it rolls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CubeShown {
    pub no_double: f32,
    pub double_take: f32,
    pub double_pass: f32,
    pub should_double: bool,
    pub should_take: bool,
}

/// All of a position.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub odds: OddsShown,
    pub equity: f32,
    /// Only before the roll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cube: Option<CubeShown>,
    /// The best first; only when there are dice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plays: Vec<PlayShown>,
    /// How many plays there were.
    pub play_count: usize,
}

/// What is to be said of a position.
pub fn report(question: &Question) -> Report {
    let nets = Nets::shipped();
    let worth = question.worth();
    let Some(dice) = question.dice else {
        let odds = search::odds(nets, &question.board, question.side, &worth, 1);
        let Choices { no_double, double_take, double_pass, double, take } = cube::choices(odds, question.cube, question.stakes);
        let cube = CubeShown {
            no_double: rounded(no_double),
            double_take: rounded(double_take),
            double_pass: rounded(double_pass),
            should_double: double,
            should_take: take,
        };
        return Report { odds: odds.into(), equity: rounded(worth.value(odds)), cube: Some(cube), plays: vec![], play_count: 0 };
    };
    let ranked = search::rank(nets, &question.board, question.side, dice, &worth, Depth::FULL);
    let best = ranked.first().map_or(0.0, |best| best.value);
    let odds = ranked.first().map_or_else(Odds::default, |best| best.odds);
    let plays = ranked.iter().take(PLAYS_SHOWN).map(|next| shown(&question.board, question.side, next, best)).collect();
    Report { odds: odds.into(), equity: rounded(best), cube: None, plays, play_count: ranked.len() }
}

fn shown(board: &Board, side: Side, ranked: &Ranked, best: f32) -> PlayShown {
    PlayShown {
        notation: notation(board, side, &ranked.play.moves),
        moves: ranked.play.moves.to_vec(),
        result: ranked.play.result,
        equity: rounded(ranked.value),
        // A play that was looked at less far may seem better than one that was looked at further.
        loss: rounded((best - ranked.value).max(0.0)),
        odds: ranked.odds.into(),
        plies: ranked.plies,
    }
}

/// A turn that was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// The position before it, and the dice.
    pub question: Question,
    pub result: Board,
}

/// How good a turn was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// What it gave away, in points; 0 for the best play.
    pub loss: f32,
    pub mark: Mark,
    /// What would have been best.
    pub best: PlayShown,
    /// Whether there was nothing to decide.
    pub forced: bool,
}

/// A loss in a word, at the limits that players use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Good,
    /// From 0.03.
    Doubtful,
    /// From 0.06.
    Error,
    /// From 0.12.
    Blunder,
}

impl Mark {
    fn of(loss: f32) -> Self {
        match loss {
            loss if loss < 0.03 => Mark::Good,
            loss if loss < 0.06 => Mark::Doubtful,
            loss if loss < 0.12 => Mark::Error,
            _ => Mark::Blunder,
        }
    }
}

/// How good a turn was. `None` when it was no legal play.
pub fn judge(turn: &Turn) -> Option<Verdict> {
    let question = &turn.question;
    let ranked = search::rank(Nets::shipped(), &question.board, question.side, question.dice?, &question.worth(), Depth::QUICK);
    let best = ranked.first()?;
    let played = ranked.iter().find(|next| next.play.result == turn.result)?;
    // Compared at the same depth: what was looked at further is what came out best.
    let loss = if played.plies == best.plies {
        best.value - played.value
    } else {
        let worth = question.worth();
        let again = search::odds(Nets::shipped(), &played.play.result, question.side.other(), &worth.flipped(), best.plies);
        best.value - worth.value(again.flipped())
    };
    let loss = rounded(loss.max(0.0));
    let best = shown(&question.board, question.side, best, best.value);
    Some(Verdict { loss, mark: Mark::of(loss), best, forced: ranked.len() == 1 })
}

/// A play as players write it: `bar/20 13/11*`, with `(2)` for two alike.
pub fn notation(board: &Board, side: Side, moves: &[Move]) -> String {
    if moves.is_empty() {
        return String::from("no play");
    }
    let mut board = *board;
    let name = |point: u8| match point {
        BAR => String::from("bar"),
        OFF => String::from("off"),
        point => point.to_string(),
    };
    let mut parts: Vec<(String, u8)> = Vec::with_capacity(moves.len());
    for step in moves {
        let hit = board.step(side, step.from, step.to);
        let text = format!("{}/{}{}", name(step.from), name(step.to), if hit { "*" } else { "" });
        match parts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => parts.push((text, 1)),
        }
    }
    let parts: Vec<String> =
        parts.into_iter().map(|(text, count)| if count > 1 { format!("{text}({count})") } else { text }).collect();
    parts.join(" ")
}

/// To a thousandth: more is noise. Never -0.
fn rounded(value: f32) -> f32 {
    (value * 1_000.0).round() / 1_000.0 + 0.0
}
