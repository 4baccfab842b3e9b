//! How somebody plays who knows the rules and a few proverbs: hit, make points, leave no blots, run.

use super::super::board::{Board, Side};

/// How good `board` looks to `side` after its play, in no unit.
pub fn looks(board: &Board, side: Side) -> i32 {
    let (mine, theirs) = (board.of(side), board.of(side.other()));
    let rear = usize::from(board.rearmost(side.other()));
    let mut score = i32::from(mine[0]) * 6 + i32::from(theirs[25]) * 14;
    score += pips(board, side.other()) - pips(board, side);
    for (point, &count) in mine.iter().enumerate().skip(1).take(24) {
        // A checker is in danger while one of theirs is still behind it.
        let exposed = rear > 25 - point;
        score += match count {
            1 if exposed && point >= 19 => -3,
            1 if exposed => -8,
            2.. if (4..=8).contains(&point) => 7,
            2.. if point <= 12 => 3,
            2.. => 2,
            _ => 0,
        };
        // Stacks are of no use.
        score -= i32::from(count.saturating_sub(3));
    }
    score
}

fn pips(board: &Board, side: Side) -> i32 {
    i32::try_from(board.pips(side)).unwrap_or(i32::MAX)
}
