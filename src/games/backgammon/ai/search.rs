//! Looking ahead: what each play is worth when the replies to it are looked at, too.
//!
//! Plies are counted as players of the game do: at 0 the position after the play is evaluated; at 1 every roll of the opponent with its
//! best reply; at 2 every own roll after that as well. How far a search goes is bounded in evaluations, not in time, so that the same
//! question always has the same answer.

use super::super::board::{Board, Side};
use super::super::plays::{Dice, Play, plays};
use super::net::{Nets, Odds};
use super::stakes::Worth;

/// A play and what it is worth to the side that makes it.
#[derive(Clone, Copy, Debug)]
pub struct Ranked {
    pub play: Play,
    pub odds: Odds,
    /// By the [`Worth`] asked for.
    pub value: f32,
    /// How far was looked.
    pub plies: u8,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// The most plies; 2 at most.
    pub plies: u8,
    /// No further ply is begun for a play when this many positions were evaluated.
    pub evaluations: u32,
}

impl Depth {
    /// The plays themselves.
    pub const STATIC: Depth = Depth { plies: 0, evaluations: 0 };
    /// One ply for the few best: tens of milliseconds also in an unoptimised build.
    pub const QUICK: Depth = Depth { plies: 1, evaluations: 2_500 };
    /// Two plies: about 40 ms on one core, and not above 300. An unoptimised build is 30 times slower, and does not look ahead.
    pub const FULL: Depth = if cfg!(debug_assertions) { Depth::STATIC } else { Depth { plies: 2, evaluations: 90_000 } };
}

/// How many plays are looked at with one ply and with two, and how far behind the best they may seem to be before.
const WIDTH: [(usize, f32); 2] = [(12, 0.32), (5, 0.12)];

/// Every roll with its weight out of 36.
pub const ROLLS: [(Dice, u8); 21] = {
    let mut rolls = [((1, 1), 1); 21];
    let (mut n, mut a) = (0, 1);
    while a <= 6 {
        let mut b = 1;
        while b <= a {
            rolls[n] = ((a, b), if a == b { 1 } else { 2 });
            n += 1;
            b += 1;
        }
        a += 1;
    }
    rolls
};

/// All plays of a roll, the best first.
pub fn rank(nets: &Nets, board: &Board, side: Side, dice: Dice, worth: &Worth, depth: Depth) -> Vec<Ranked> {
    let mut search = Search { nets, used: 0 };
    let mut ranked: Vec<Ranked> = plays(board, side, dice)
        .into_iter()
        .map(|play| {
            let odds = search.before_roll(&play.result, side.other(), 0, &worth.flipped()).flipped();
            Ranked { play, odds, value: worth.value(odds), plies: 0 }
        })
        .collect();
    sort(&mut ranked);
    for (ply, (most, behind)) in (1..=depth.plies).zip(WIDTH) {
        let Some(best) = ranked.first().map(|best| best.value) else { break };
        let few = ranked.iter().take(most).take_while(|next| next.plies + 1 == ply && next.value > best - behind).count();
        if few < 2 {
            break;
        }
        for next in &mut ranked[..few] {
            if search.used >= depth.evaluations {
                break;
            }
            next.odds = search.before_roll(&next.play.result, side.other(), ply, &worth.flipped()).flipped();
            next.value = worth.value(next.odds);
            next.plies = ply;
        }
        sort(&mut ranked);
    }
    ranked
}

/// What was looked at further comes first: its value is not comparable with a value at fewer plies.
fn sort(ranked: &mut [Ranked]) {
    ranked.sort_by(|a, b| b.plies.cmp(&a.plies).then(b.value.total_cmp(&a.value)));
}

/// The chances of the side on roll, before it rolls.
pub fn odds(nets: &Nets, board: &Board, on_roll: Side, worth: &Worth, plies: u8) -> Odds {
    Search { nets, used: 0 }.before_roll(board, on_roll, plies.min(2), worth)
}

struct Search<'a> {
    nets: &'a Nets,
    used: u32,
}

impl Search<'_> {
    fn before_roll(&mut self, board: &Board, on_roll: Side, plies: u8, worth: &Worth) -> Odds {
        if plies == 0 || board.winner().is_some() {
            self.used += 1;
            return self.nets.evaluate(board, on_roll);
        }
        let mut sum = [0.0; 5];
        for (dice, weight) in ROLLS {
            let after = self.best_reply(board, on_roll, dice, worth);
            let odds = match after {
                (_, odds) if plies == 1 => odds,
                (next, _) => self.before_roll(&next, on_roll.other(), plies - 1, &worth.flipped()).flipped(),
            };
            for (sum, part) in sum.iter_mut().zip(odds.to_array()) {
                *sum += part * f32::from(weight) / 36.0;
            }
        }
        Odds::from_array(sum)
    }

    /// Where the play leads that seems best without looking further, and the chances there.
    fn best_reply(&mut self, board: &Board, side: Side, dice: Dice, worth: &Worth) -> (Board, Odds) {
        let mut best: Option<(Board, Odds, f32)> = None;
        for play in plays(board, side, dice) {
            self.used += 1;
            let odds = self.nets.evaluate(&play.result, side.other()).flipped();
            let value = worth.value(odds);
            if best.is_none_or(|(_, _, most)| value > most) {
                best = Some((play.result, odds, value));
            }
        }
        // There is always a play, if only the one without moves.
        best.map_or((*board, Odds::default()), |(board, odds, _)| (board, odds))
    }
}
