//! What the networks see of a position: per side, 100 units for the points and the bar, 3 for the checkers borne off, and 9 figures that a
//! player would count.
//!
//! Always from the view of the side on roll, its own inputs first, so that whose turn it is needs no input of its own. Most inputs are
//! zero, so only the others are listed.

use std::sync::LazyLock;

use super::super::board::{BAR, Board, Checkers, Side, rearmost};

/// Inputs per side: four units for each of 24 points and the bar, three for the checkers borne off, nine figures.
pub const PER_SIDE: usize = 25 * 4 + 3 + FIGURES;
/// Inputs in all.
pub const INPUTS: usize = 2 * PER_SIDE;
const FIGURES: usize = 9;
/// Never reached: 15 checkers are two inputs each at most, and 3 + 9 others, for either side.
const MOST: usize = 96;

/// The inputs that are not zero.
#[derive(Clone, Debug)]
pub struct Inputs {
    list: [(u16, f32); MOST],
    len: usize,
}

impl Inputs {
    /// What a network sees of `board` when it is `on_roll`'s turn.
    pub fn of(board: &Board, on_roll: Side) -> Self {
        let mut inputs = Self { list: [(0, 0.0); MOST], len: 0 };
        let (mine, theirs) = (board.of(on_roll), board.of(on_roll.other()));
        inputs.side(0, mine, theirs);
        inputs.side(PER_SIDE, theirs, mine);
        inputs
    }

    /// Index and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.list[..self.len].iter().map(|&(index, value)| (usize::from(index), value))
    }

    fn put(&mut self, index: usize, value: f32) {
        if value != 0.0
            && let (Some(place), Ok(index)) = (self.list.get_mut(self.len), u16::try_from(index))
        {
            *place = (index, value);
            self.len += 1;
        }
    }

    fn side(&mut self, base: usize, mine: &Checkers, theirs: &Checkers) {
        for (n, &count) in mine[1..].iter().enumerate().filter(|&(_, &count)| count > 0) {
            let unit = base + 4 * n;
            match count {
                1 => self.put(unit, 1.0),
                2 => self.put(unit + 1, 1.0),
                _ => {
                    self.put(unit + 2, 1.0);
                    self.put(unit + 3, f32::from(count - 3) / 2.0);
                }
            }
        }
        let off = base + 100;
        for (n, from) in [0u8, 5, 10].into_iter().enumerate() {
            self.put(off + n, f32::from(mine[0].saturating_sub(from).min(5)) / 5.0);
        }
        for (n, figure) in figures(mine, theirs).into_iter().enumerate() {
            self.put(off + 3 + n, figure);
        }
    }
}

/// What a player would count for the owner of `mine`, each scaled to about 1.
fn figures(mine: &Checkers, theirs: &Checkers) -> [f32; FIGURES] {
    let pips: u32 = (0u32..).zip(mine).map(|(point, &count)| point * u32::from(count)).sum();
    // What is beyond their rearmost checker can no longer be hit.
    let line = u32::from(25 - rearmost(theirs));
    let contact: u32 = (0u32..).zip(mine).map(|(point, &count)| point.saturating_sub(line) * u32::from(count)).sum();
    let made = mask(mine, |count| count >= 2);
    let home = (made & 0b111_1110).count_ones();
    let Shots { rolls, loss } = shots(mine, theirs);
    let blocks = mask(theirs, |count| count >= 2).reverse_bits() >> 6;
    let escape = if contact == 0 { 36 } else { escapes(blocks, rearmost(mine)) };
    // What my points mean to a checker of theirs, wherever it might stand behind them.
    let my_blocks = made.reverse_bits() >> 6;
    let blockade = (13..=24u8).map(|from| escapes(my_blocks, from)).min().unwrap_or(36);
    let bar = f32::from(mine[usize::from(BAR)]);
    let open = 6.0 - (blocks >> 19 & 0b11_1111).count_ones() as f32;
    [
        pips as f32 / 100.0,
        contact as f32 / 100.0,
        rolls as f32 / 36.0,
        loss as f32 / (36.0 * 12.0),
        f32::from(escape) / 36.0,
        f32::from(36 - blockade) / 36.0,
        home as f32 / 6.0,
        longest_run(made) as f32 / 6.0,
        bar * (1.0 - open * open / 36.0),
    ]
}

/// A bit per point (bit 1 is point 1, bit 25 the bar) whose count of checkers is `wanted`.
fn mask(checkers: &Checkers, wanted: impl Fn(u8) -> bool) -> u32 {
    (1..26).filter(|&point| wanted(checkers[point])).fold(0, |mask, point| mask | 1 << point)
}

/// How many points in a row are in `points`.
fn longest_run(mut points: u32) -> u32 {
    points &= !(1 << BAR);
    let mut run = 0;
    while points != 0 {
        points &= points >> 1;
        run += 1;
    }
    run
}

/// How many of the 36 rolls hit something, and the pips that the costliest hit of each takes, summed over the 36.
struct Shots {
    rolls: u32,
    loss: u32,
}

/// How the owner of `mine` could hit, were it to roll now. Combinations are followed for one checker, which is how nearly all hits are made.
fn shots(mine: &Checkers, theirs: &Checkers) -> Shots {
    let mut shots = Shots { rolls: 0, loss: 0 };
    // Their checkers by my numbers: point p of theirs is 25 - p of mine, so bit 31 - p reversed comes 6 too high.
    let blots = (mask(theirs, |count| count == 1) & !(1 << BAR)).reverse_bits() >> 6;
    if blots == 0 {
        return shots;
    }
    let blocked = (mask(theirs, |count| count >= 2) & !(1 << BAR)).reverse_bits() >> 6;
    let all = mask(mine, |count| count > 0);
    let bar = mine[usize::from(BAR)];
    let outside = all & !(1 << BAR);
    let land = |from: u32, die: u32| (from >> die) & !1 & !blocked;
    for large in 1..=6u32 {
        for small in 1..=large {
            let mut hit = 0;
            if large == small {
                let mut from = if bar > 0 { 1 << BAR } else { outside };
                for used in 1..=4u8 {
                    let to = land(from, large);
                    hit |= to;
                    // Once the last one has entered, the others may move, too.
                    from = match (to, bar) {
                        (0, _) => break,
                        (_, bar) if used < bar => from,
                        (to, bar) if used == bar => outside | to,
                        _ => to,
                    };
                }
            } else {
                for (first, second) in [(large, small), (small, large)] {
                    let to = land(if bar > 0 { 1 << BAR } else { outside }, first);
                    hit |= to;
                    if to != 0 || bar == 0 {
                        let from = match bar {
                            0 => to,
                            1 => outside | to,
                            _ => 1 << BAR,
                        };
                        hit |= land(from, second);
                    }
                }
            }
            hit &= blots;
            if hit != 0 {
                let weight = if large == small { 1 } else { 2 };
                shots.rolls += weight;
                shots.loss += weight * (31 - hit.leading_zeros());
            }
        }
    }
    shots
}

/// Of 36 rolls, those with which a checker on `from` gets on by more than a prime's length, past the points in `blocks` (by its own numbers).
fn escapes(blocks: u32, from: u8) -> u8 {
    let ahead = (blocks & !(1 << BAR)) << 12 >> from;
    // Bits 0 to 11: the twelve points ahead, the farthest first.
    ESCAPES[(ahead & 0xfff) as usize]
}

static ESCAPES: LazyLock<[u8; 4096]> = LazyLock::new(|| {
    let mut table = [0; 4096];
    for (ahead, count) in table.iter_mut().enumerate() {
        let free = |pips: usize| pips > 12 || ahead >> (12 - pips) & 1 == 0;
        for a in 1..=6 {
            for b in 1..=6 {
                *count += u8::from(if a == b {
                    let steps = (1..=4).take_while(|&n| free(n * a)).count();
                    steps * a > 6
                } else {
                    a + b > 6 && free(a + b) && (free(a) || free(b))
                });
            }
        }
    }
    table
});
