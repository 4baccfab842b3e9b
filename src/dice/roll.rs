//! Rolling, and what came of it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::formula::{Formula, Node, Pick, Spec};
use super::{EXPLOSIONS_MAX, REROLLS_MAX, range};

/// What a formula came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    /// The formula in its plainest form.
    pub formula: String,
    pub total: i64,
    /// Every pool of dice, from left to right.
    pub pools: Vec<Pool>,
    /// The formula with its dice, for people: `4d6kh3 [6, 5, 4, (1)] + 2 = 17`. In round brackets what does not count.
    pub text: String,
    /// Whether a limit on explosions or rerolls was reached: the dice after it stayed as they fell.
    #[serde(default, skip_serializing_if = "is_false")]
    pub limited: bool,
}

/// Dice that were rolled together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub notation: String,
    pub sides: u32,
    /// Each die, followed by what replaced it and by what it exploded into.
    pub dice: Vec<Die>,
    /// The sum of the dice that count.
    pub subtotal: i64,
}

/// One die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Die {
    /// From 1 to the number of sides.
    pub value: u32,
    #[serde(default, skip_serializing_if = "Origin::is_rolled")]
    pub origin: Origin,
    /// Rolled again: does not count, the next die does.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rerolled: bool,
    /// Brought the next die along.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exploded: bool,
    /// Not kept: does not count.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dropped: bool,
}

/// Why a die was rolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The formula asks for it.
    #[default]
    Rolled,
    /// Instead of the one before it.
    Reroll,
    /// The one before it exploded.
    Explosion,
}

impl Origin {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_rolled(&self) -> bool {
        *self == Self::Rolled
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Die {
    /// Whether it is a part of the sum.
    pub fn counts(&self) -> bool {
        !self.rerolled && !self.dropped
    }
}

impl Roll {
    /// The draws that were made, as `(sides, value from 0)`, in the order in which they were made.
    pub fn draws(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.pools.iter().flat_map(|pool| {
            let of = |origin| pool.dice.iter().filter(move |die| die.origin == origin);
            let all = of(Origin::Rolled).chain(of(Origin::Reroll)).chain(of(Origin::Explosion));
            all.map(|die| (pool.sides, die.value.saturating_sub(1)))
        })
    }
}

/// The luck of a roll and how much of its allowance is left.
struct Cup<'a> {
    luck: &'a mut dyn FnMut(u32) -> u32,
    explosions: u32,
    rerolls: u32,
    limited: bool,
}

impl Formula {
    /// Rolls. `luck(sides)` is uniform in `0..sides`.
    ///
    /// Pools are rolled from left to right; in each, first all dice the formula asks for, then rerolls die by die, then explosions die by die.
    pub fn roll(&self, luck: &mut dyn FnMut(u32) -> u32) -> Roll {
        let mut cup = Cup { luck, explosions: EXPLOSIONS_MAX, rerolls: REROLLS_MAX, limited: false };
        let pools: Vec<Pool> = self.pools.iter().map(|spec| cup.roll(spec)).collect();
        let total = total(&self.root, &pools);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&self.root, &mut text, &|n, text: &mut String| pools.get(n).map_or(Ok(()), |pool| pool.tell(text)));
        let _ = write!(text, " = {total}");
        Roll { formula: self.to_string(), total, pools, text, limited: cup.limited }
    }
}

fn total(node: &Node, pools: &[Pool]) -> i64 {
    match node {
        Node::Number(number) => *number,
        Node::Dice(n) => pools.get(*n).map_or(0, |pool| pool.subtotal),
        Node::Negative(inner) => -total(inner, pools),
        Node::Bracket(inner) => total(inner, pools),
        Node::Both { op, left, right, .. } => range::apply(*op, total(left, pools), total(right, pools)),
    }
}

impl Cup<'_> {
    fn throw(&mut self, sides: u32, origin: Origin) -> Die {
        let value = (self.luck)(sides).min(sides - 1) + 1;
        Die { value, origin, rerolled: false, exploded: false, dropped: false }
    }

    fn roll(&mut self, spec: &Spec) -> Pool {
        // One list per die that the formula asks for: itself, what replaced it, what it exploded into.
        let mut chains: Vec<Vec<Die>> = (0..spec.count).map(|_| vec![self.throw(spec.sides, Origin::Rolled)]).collect();
        if let Some(reroll) = spec.reroll {
            chains.iter_mut().for_each(|chain| self.reroll(chain, spec.sides, reroll));
        }
        if let Some(when) = spec.explode {
            chains.iter_mut().for_each(|chain| {
                self.follow(chain, spec.sides, Origin::Explosion, &mut |die| when.matches(die.value));
            });
        }
        let mut dice = chains.concat();
        if let Some(pick) = spec.pick {
            drop_dice(&mut dice, pick);
        }
        let subtotal = dice.iter().filter(|die| die.counts()).map(|die| i64::from(die.value)).sum();
        Pool { notation: spec.to_string(), sides: spec.sides, dice, subtotal }
    }

    fn reroll(&mut self, chain: &mut Vec<Die>, sides: u32, reroll: super::formula::Reroll) {
        let mut left = if reroll.once { 1 } else { u32::MAX };
        self.follow(chain, sides, Origin::Reroll, &mut |die| {
            let again = left > 0 && reroll.when.matches(die.value);
            left -= u32::from(again);
            again
        });
    }

    /// Rolls one die more for as long as the last one says so.
    fn follow(&mut self, chain: &mut Vec<Die>, sides: u32, origin: Origin, goes_on: &mut dyn FnMut(&Die) -> bool) {
        while let Some(last) = chain.last_mut() {
            if !goes_on(last) {
                return;
            }
            let allowance = if origin == Origin::Reroll { &mut self.rerolls } else { &mut self.explosions };
            if *allowance == 0 {
                self.limited = true;
                return;
            }
            *allowance -= 1;
            match origin {
                Origin::Reroll => last.rerolled = true,
                Origin::Rolled | Origin::Explosion => last.exploded = true,
            }
            let die = self.throw(sides, origin);
            chain.push(die);
        }
    }
}

/// Of equal dice, later ones are dropped first.
fn drop_dice(dice: &mut [Die], pick: Pick) {
    let mut order: Vec<usize> = (0..dice.len()).filter(|&n| !dice[n].rerolled).collect();
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    // The ones to drop come first.
    let dropped = match pick {
        Pick::KeepHighest(_) | Pick::DropLowest(_) => {
            order.sort_by_key(|&n| (dice[n].value, std::cmp::Reverse(n)));
            if let Pick::KeepHighest(kept) = pick { order.len().saturating_sub(size(kept)) } else { pick.count() }
        }
        Pick::KeepLowest(_) | Pick::DropHighest(_) => {
            order.sort_by_key(|&n| std::cmp::Reverse((dice[n].value, n)));
            if let Pick::KeepLowest(kept) = pick { order.len().saturating_sub(size(kept)) } else { pick.count() }
        }
    };
    for n in order.into_iter().take(dropped) {
        dice[n].dropped = true;
    }
}

impl Pick {
    fn count(self) -> usize {
        let (Self::KeepHighest(n) | Self::KeepLowest(n) | Self::DropHighest(n) | Self::DropLowest(n)) = self;
        usize::try_from(n).unwrap_or(usize::MAX)
    }
}

impl Pool {
    fn tell(&self, text: &mut String) -> std::fmt::Result {
        write!(text, "{} [", self.notation)?;
        for (n, die) in self.dice.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            let mark = if die.exploded { "!" } else { "" };
            if die.counts() { write!(text, "{comma}{}{mark}", die.value)? } else { write!(text, "{comma}({}{mark})", die.value)? }
        }
        text.write_char(']')
    }
}
