//! What a formula can come to at most and at least, so that rolling it cannot overflow or divide by 0.

use super::formula::{Node, Op, Pick, Spec};
use super::{DiceError, EXPLOSIONS_MAX, Problem, RESULT_MAX};

type Range = (i64, i64);

/// The range of `node`.
///
/// # Errors
/// When it, or a part of it, could pass [`RESULT_MAX`] or divide by 0.
pub(super) fn of(node: &Node, pools: &[Spec]) -> Result<Range, DiceError> {
    match node {
        Node::Number(number) => Ok((*number, *number)),
        Node::Dice(n) => Ok(pools.get(*n).map_or((0, 0), of_dice)),
        Node::Negative(inner) => of(inner, pools).map(|(low, high)| (-high, -low)),
        Node::Bracket(inner) => of(inner, pools),
        Node::Both { op, at, left, right } => {
            let (left, right) = (of(left, pools)?, of(right, pools)?);
            let wrong = |problem| DiceError { at: *at, problem };
            if *op == Op::Divide && right.0 <= 0 && right.1 >= 0 {
                return Err(wrong(Problem::DividesByZero));
            }
            let corners = [(left.0, right.0), (left.0, right.1), (left.1, right.0), (left.1, right.1)];
            let mut range = (i64::MAX, i64::MIN);
            for (a, b) in corners {
                let corner = apply(*op, a, b);
                range = (range.0.min(corner), range.1.max(corner));
            }
            let fits = range.0 >= -RESULT_MAX && range.1 <= RESULT_MAX;
            if fits { Ok(range) } else { Err(wrong(Problem::TooLarge)) }
        }
    }
}

fn of_dice(pool: &Spec) -> Range {
    let least = i64::from(pool.count);
    let most = least + i64::from(if pool.explode.is_some() { EXPLOSIONS_MAX } else { 0 });
    let (low, high) = match pool.pick {
        None => (least, most),
        Some(Pick::KeepHighest(n) | Pick::KeepLowest(n)) => (least.min(n.into()), most.min(n.into())),
        Some(Pick::DropHighest(n) | Pick::DropLowest(n)) => ((least - i64::from(n)).max(0), (most - i64::from(n)).max(0)),
    };
    (low, high * i64::from(pool.sides))
}

/// One step of arithmetic. Saturating, for [`of`] asks before it knows that all fits; division rounds down.
pub(super) fn apply(op: Op, left: i64, right: i64) -> i64 {
    match op {
        Op::Add => left.saturating_add(right),
        Op::Subtract => left.saturating_sub(right),
        Op::Multiply => left.saturating_mul(right),
        Op::Divide => {
            let (Some(quotient), Some(rest)) = (left.checked_div(right), left.checked_rem(right)) else { return 0 };
            if rest != 0 && (rest < 0) != (right < 0) { quotient - 1 } else { quotient }
        }
    }
}
