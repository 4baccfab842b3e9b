//! Tests of the rules, mostly data.

mod ai;
mod analysis;
mod ids;
mod laws;
mod plays;
mod rules;

use super::board::{Board, Checkers, Side};

/// `24:2 13:5` for a side, as it sees the board: point and checkers; 25 is the bar, and who is missing is borne off.
pub fn at(text: &str) -> Checkers {
    let mut mine: Checkers = [0; 26];
    for part in text.split_whitespace() {
        let (point, count) = part.split_once(':').unwrap();
        mine[point.parse::<usize>().unwrap()] = count.parse().unwrap();
    }
    mine[0] = 15 - mine[1..].iter().sum::<u8>();
    mine
}

/// A small generator of even numbers in `0..n`, the same for the same seed.
pub fn luck(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |n| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(((state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) * u64::from(n)) >> 32).unwrap()
    }
}

/// A position from a game played at random, and whose turn it is.
pub fn some_position(luck: &mut impl FnMut(u32) -> u32) -> (Board, Side) {
    let (mut board, mut side) = (Board::opening(), Side::White);
    for _ in 0..luck(120) {
        let dice = (u8::try_from(luck(6)).unwrap() + 1, u8::try_from(luck(6)).unwrap() + 1);
        let plays = super::plays::plays(&board, side, dice);
        let next = plays[luck(u32::try_from(plays.len()).unwrap()) as usize].result;
        if next.winner().is_some() {
            break;
        }
        (board, side) = (next, side.other());
    }
    (board, side)
}
