//! Every legal play of a roll: both dice where possible, the larger where only one can be played.
//!
//! Plays are told apart by where they lead. Of several ways to the same position one is kept, the one that moves the larger die first.

use std::ops::Deref;

use super::board::{BAR, Board, Checkers, Side, rearmost};

/// Two dice.
pub type Dice = (u8, u8);

/// One checker's way with one die, as its side numbers the points: 25 is the bar, 0 is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Move {
    pub from: u8,
    pub to: u8,
}

/// Up to four moves, in the order in which they are made. Reads as a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Moves {
    list: [Move; 4],
    len: u8,
}

impl Moves {
    /// These, and one more. A fifth is dropped: no roll has one.
    #[must_use]
    pub fn with(mut self, step: Move) -> Self {
        if let Some(place) = self.list.get_mut(usize::from(self.len)) {
            *place = step;
            self.len += 1;
        }
        self
    }
}

impl Deref for Moves {
    type Target = [Move];
    fn deref(&self) -> &[Move] {
        &self.list[..usize::from(self.len).min(4)]
    }
}

impl FromIterator<Move> for Moves {
    fn from_iter<I: IntoIterator<Item = Move>>(moves: I) -> Self {
        moves.into_iter().fold(Self::default(), Self::with)
    }
}

/// All that one roll allows in one way: the moves, and the position they lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Play {
    pub moves: Moves,
    pub result: Board,
}

/// The pips that a roll gives, the larger first: two, or four of a double.
pub fn pips_of((a, b): Dice) -> Vec<u8> {
    if a == b { vec![a; 4] } else { vec![a.max(b), a.min(b)] }
}

/// Every legal play, one per resulting position. Never empty: where nothing can be moved it is the one play without moves.
pub fn plays(board: &Board, side: Side, dice: Dice) -> Vec<Play> {
    if dice.0 == dice.1 { rest(board, side, &[dice.0; 4]) } else { rest(board, side, &[dice.0, dice.1]) }
}

/// What can still be played with the dice that are `left` of a roll (one to four of a double, one or two of others): [`plays`] from the middle
/// of a turn.
pub fn rest(board: &Board, side: Side, left: &[u8]) -> Vec<Play> {
    search(board, side, left, true)
}

/// As [`rest`], with every set of moves that leads to the same position: 13/11/5 and 13/7/5 are two.
pub fn routes(board: &Board, side: Side, left: &[u8]) -> Vec<Play> {
    let mut routes = search(board, side, left, false);
    let mut seen = std::collections::HashSet::new();
    routes.retain(|play| seen.insert(sorted(&play.moves)));
    routes
}

/// The moves in an order that does not depend on the order in which they are made.
pub fn sorted(moves: &[Move]) -> Vec<Move> {
    let mut moves = moves.to_vec();
    moves.sort_unstable();
    moves
}

fn search(board: &Board, side: Side, left: &[u8], once: bool) -> Vec<Play> {
    let start = Play { moves: Moves::default(), result: *board };
    let two = match *left {
        [a, b] if a != b => Some((a.max(b), a.min(b))),
        _ => None,
    };
    let mut found = Found::new(if once && two.is_some() { TABLE } else { 0 });
    if let Some((large, small)) = two {
        in_order(&start, side, &[large, small], &mut found);
        let large_moves = found.longest > 0;
        in_order(&start, side, &[small, large], &mut found);
        if found.longest == 1 && large_moves {
            // Only one die can be played, and the larger one can: the plays of the smaller do not count.
            found.plays.retain(|play| play.moves.first().is_some_and(|step| is_by(board.of(side), *step, large)));
        }
    } else {
        let die = left.first().copied().unwrap_or(0);
        doubles(&start, side, die, u8::try_from(left.len()).unwrap_or(0), BAR, &mut found);
    }
    debug_assert!(found.plays.iter().all(|play| play.result.check().is_ok()));
    found.plays
}

/// Every first move of a legal play with the die it takes, given the dice that are left: how a turn is checked move by move.
pub fn steps(board: &Board, side: Side, left: &[u8]) -> Vec<(Move, u8)> {
    let longest = longest(board, side, left);
    let mut found = vec![];
    if longest == 0 {
        return found;
    }
    for (n, &die) in left.iter().enumerate() {
        if left[..n].contains(&die) {
            continue;
        }
        let rest: Vec<u8> = left.iter().enumerate().filter(|&(other, _)| other != n).map(|(_, &die)| die).collect();
        movable(board.of(side), die, BAR, |from| {
            if let Some(next) = moved(board, side, from, die)
                && 1 + self::longest(&next, side, &rest) == longest
            {
                found.push((Move { from, to: from.saturating_sub(die) }, die));
            }
        });
    }
    if longest == 1 && left.len() == 2 {
        let large = found.iter().map(|&(_, die)| die).max();
        found.retain(|&(_, die)| Some(die) == large);
    }
    found
}

/// The most dice of `left` that can be played.
fn longest(board: &Board, side: Side, left: &[u8]) -> usize {
    let mut best = 0;
    for (n, &die) in left.iter().enumerate() {
        if left[..n].contains(&die) {
            continue;
        }
        let rest: Vec<u8> = left.iter().enumerate().filter(|&(other, _)| other != n).map(|(_, &die)| die).collect();
        movable(board.of(side), die, BAR, |from| {
            if best < left.len()
                && let Some(next) = moved(board, side, from, die)
            {
                best = best.max(1 + longest(&next, side, &rest));
            }
        });
    }
    best
}

/// Whether `die` may have been what made `step` the first move.
fn is_by(mine: &Checkers, step: Move, die: u8) -> bool {
    step.from == step.to + die || (step.to == 0 && step.from < die && rearmost(mine) == step.from)
}

/// Calls `each` with the points at or below `top` from which a checker may try to move by `die`: the bar before all else, off only when all
/// are home, and with a larger die than needed only from the rearmost point. Whether the landing point is free is [`moved`]'s to say.
fn movable(mine: &Checkers, die: u8, top: u8, mut each: impl FnMut(u8)) {
    if mine[usize::from(BAR)] > 0 {
        if top == BAR {
            each(BAR);
        }
        return;
    }
    let back = rearmost(mine);
    for from in (1..=back.min(top)).rev() {
        if mine[usize::from(from)] > 0 && (from > die || (back <= 6 && (from == die || from == back))) {
            each(from);
        }
    }
}

/// The position after one checker moved by `die`, unless a point of the opponent's is in the way.
fn moved(board: &Board, side: Side, from: u8, die: u8) -> Option<Board> {
    let to = from.saturating_sub(die);
    if to > 0 && board.of(side.other())[usize::from(25 - to)] > 1 {
        return None;
    }
    let mut next = *board;
    next.step(side, from, to);
    Some(next)
}

/// Plays the dice in this order.
fn in_order(so_far: &Play, side: Side, dice: &[u8], found: &mut Found) {
    let mut stuck = true;
    if let [die, rest @ ..] = dice {
        movable(so_far.result.of(side), *die, BAR, |from| {
            if let Some(result) = moved(&so_far.result, side, from, *die) {
                stuck = false;
                let moves = so_far.moves.with(Move { from, to: from.saturating_sub(*die) });
                in_order(&Play { moves, result }, side, rest, found);
            }
        });
    }
    if stuck {
        found.add(*so_far);
    }
}

/// Plays `left` times the same die, from the rear to the front: every set of moves can be made in that order, and different sets lead to
/// different positions, so nothing is found twice.
fn doubles(so_far: &Play, side: Side, die: u8, left: u8, top: u8, found: &mut Found) {
    let mut stuck = true;
    if left > 0 {
        movable(so_far.result.of(side), die, top, |from| {
            if let Some(result) = moved(&so_far.result, side, from, die) {
                stuck = false;
                let moves = so_far.moves.with(Move { from, to: from.saturating_sub(die) });
                doubles(&Play { moves, result }, side, die, left - 1, from, found);
            }
        });
    }
    if stuck {
        found.add(*so_far);
    }
}

/// Places in the table of positions: two dice lead to a few hundred at most (16 starting points for each), so it stays sparse.
const TABLE: usize = 1024;

/// The longest plays so far, each position once.
struct Found {
    plays: Vec<Play>,
    longest: usize,
    /// Open addressing: 0 is empty, else one more than an index into `plays`. Empty when nothing can be found twice.
    table: Vec<u16>,
}

impl Found {
    fn new(places: usize) -> Self {
        Self { plays: Vec::with_capacity(32), longest: 0, table: vec![0; places] }
    }

    fn add(&mut self, play: Play) {
        let len = play.moves.len();
        if len < self.longest {
            return;
        }
        if len > self.longest {
            self.longest = len;
            self.plays.clear();
            self.table.fill(0);
        }
        if !self.table.is_empty() && self.seen(&play) {
            return;
        }
        self.plays.push(play);
    }

    /// Whether a play leads to the same position already; else it has a place in the table now.
    fn seen(&mut self, play: &Play) -> bool {
        let mut place = hash(&play.moves) % self.table.len();
        loop {
            match self.table[place] {
                0 => {
                    self.table[place] = u16::try_from(self.plays.len() + 1).unwrap_or(u16::MAX);
                    return false;
                }
                n if self.plays.get(usize::from(n) - 1).is_some_and(|known| known.result == play.result) => return true,
                _ => place = (place + 1) % self.table.len(),
            }
        }
    }
}

/// Of where the checkers went: the same for two orders of moves with the same effect on one's own checkers.
fn hash(moves: &[Move]) -> usize {
    let spread =
        |point: u8| if point == 0 { 0 } else { (usize::from(point) + 1).wrapping_mul(0x9E37_79B9).rotate_left(u32::from(point)) };
    let sum = moves.iter().fold(0usize, |sum, step| sum.wrapping_add(spread(step.to)).wrapping_sub(spread(step.from)));
    sum ^ (sum >> 15)
}
