//! The four levels: how each chooses plays and answers the cube.

use super::super::board::{Board, Side};
use super::super::plays::{Dice, Play, plays};
use super::cube::{self, Cube};
use super::net::{Nets, Odds};
use super::search::{self, Depth};
use super::simple;
use super::stakes::{Stakes, Worth};

/// How well a bot plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// Any legal play.
    Beginner,
    /// A few proverbs.
    Casual,
    /// The networks, without looking ahead, and with a person's uncertainty about what is close.
    Skilled,
    /// The networks, looking ahead.
    Expert,
}

impl Level {
    /// The names, weakest first.
    pub const NAMES: [&'static str; 4] = ["beginner", "casual", "skilled", "expert"];
}

/// How far off a skilled player may be about a play, in thousandths of a point.
const DOUBT: u32 = 120;

/// Everything that a decision may depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    pub board: Board,
    /// Who decides.
    pub side: Side,
    pub cube: Cube,
    pub stakes: Stakes,
}

impl Situation {
    fn worth(&self) -> Worth {
        Worth::of(self.stakes, self.cube.value, self.cube.mine.is_none())
    }
}

/// The play that `level` makes; `luck(n)` is uniform in `0..n`. `None` only when the game is over.
pub fn choose_play(level: Level, at: &Situation, dice: Dice, luck: &mut dyn FnMut(u32) -> u32) -> Option<Play> {
    let (board, side, nets) = (&at.board, at.side, Nets::shipped());
    if board.winner().is_some() {
        return None;
    }
    match level {
        Level::Beginner => {
            let all = plays(board, side, dice);
            all.get(luck(u32::try_from(all.len()).unwrap_or(1)) as usize).copied()
        }
        Level::Casual => {
            let all = plays(board, side, dice);
            // Of those that look the same, any.
            all.into_iter()
                .map(|play| ((simple::looks(&play.result, side), luck(1_000)), play))
                .max_by_key(|(key, _)| *key)
                .map(|(_, play)| play)
        }
        Level::Skilled => {
            let seen = search::rank(nets, board, side, dice, &at.worth(), Depth::STATIC);
            let doubted = seen.into_iter().map(|next| (next.value + doubt(luck), next.play));
            doubted.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, play)| play)
        }
        Level::Expert => search::rank(nets, board, side, dice, &at.worth(), Depth::FULL).first().map(|best| best.play),
    }
}

/// Whether `level` doubles, on roll and allowed to.
pub fn doubles(level: Level, at: &Situation, luck: &mut dyn FnMut(u32) -> u32) -> bool {
    match level {
        Level::Beginner => luck(30) == 0,
        // Ahead by a tenth, as the rule of thumb for races says.
        Level::Casual => {
            let [mine, theirs] = [at.side, at.side.other()].map(|side| at.board.pips(side));
            mine * 11 <= theirs * 10 && at.board.bar(at.side) == 0
        }
        _ => {
            let seen = odds(level, at, at.side, luck);
            cube::choices(seen, at.cube, at.stakes).double
        }
    }
}

/// Whether `level` takes the cube that the other side, on roll, has offered. `at.cube` is the cube before it is turned.
pub fn takes(level: Level, at: &Situation, luck: &mut dyn FnMut(u32) -> u32) -> bool {
    match level {
        Level::Beginner => luck(2) == 0,
        Level::Casual => {
            let [mine, theirs] = [at.side, at.side.other()].map(|side| at.board.pips(side));
            mine * 100 <= theirs * 112
        }
        _ => {
            let seen = odds(level, at, at.side.other(), luck);
            // From the offering side's point of view.
            let cube = Cube { value: at.cube.value, mine: at.cube.mine.map(|mine| !mine) };
            cube::choices(seen, cube, at.stakes.flipped()).take
        }
    }
}

/// Whether `level` accepts that the other side gives up for `times` the cube.
pub fn accepts_resignation(level: Level, at: &Situation, times: u8, on_roll: Side, luck: &mut dyn FnMut(u32) -> u32) -> bool {
    match level {
        Level::Beginner => true,
        _ => {
            let seen = odds(level, at, on_roll, luck);
            cube::enough(if on_roll == at.side { seen } else { seen.flipped() }, times)
        }
    }
}

/// The chances of `on_roll`, as `level` sees them.
fn odds(level: Level, at: &Situation, on_roll: Side, luck: &mut dyn FnMut(u32) -> u32) -> Odds {
    let nets = Nets::shipped();
    if level == Level::Expert {
        let worth = if on_roll == at.side { at.worth() } else { at.worth().flipped() };
        return search::odds(nets, &at.board, on_roll, &worth, 1);
    }
    let seen = nets.evaluate(&at.board, on_roll);
    seen.with_win((seen.win + doubt(luck) / 4.0).clamp(0.0, 1.0))
}

/// Between -[`DOUBT`] and [`DOUBT`] thousandths.
fn doubt(luck: &mut dyn FnMut(u32) -> u32) -> f32 {
    (luck(2 * DOUBT + 1) as f32 - DOUBT as f32) / 1_000.0
}
