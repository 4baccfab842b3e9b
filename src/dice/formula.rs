//! What a formula is, once it was read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A formula that can be rolled. Reading it is [`Formula::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    pub(super) root: Node,
    pub(super) pools: Vec<Spec>,
    pub(super) range: (i64, i64),
}

/// A part of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Number(i64),
    /// The number of its dice in [`Formula::pools`].
    Dice(usize),
    Negative(Box<Node>),
    Bracket(Box<Node>),
    /// `at`: the operator's character, for errors.
    Both {
        op: Op,
        at: usize,
        left: Box<Node>,
        right: Box<Node>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Dice that are rolled together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    pub count: u32,
    pub sides: u32,
    pub pick: Option<Pick>,
    pub explode: Option<Compare>,
    pub reroll: Option<Reroll>,
    /// Where they stand, counted from 1.
    pub at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reroll {
    pub when: Compare,
    pub once: bool,
}

/// Which dice count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    KeepHighest(u32),
    KeepLowest(u32),
    DropHighest(u32),
    DropLowest(u32),
}

/// Which faces something happens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal(u32),
    Less(u32),
    LessOrEqual(u32),
    Greater(u32),
    GreaterOrEqual(u32),
}

impl Compare {
    pub fn matches(self, face: u32) -> bool {
        match self {
            Self::Equal(than) => face == than,
            Self::Less(than) => face < than,
            Self::LessOrEqual(than) => face <= than,
            Self::Greater(than) => face > than,
            Self::GreaterOrEqual(than) => face >= than,
        }
    }

    /// Whether it holds for every face of a die; true of both ends is true of all between, but for a single face.
    pub(super) fn matches_all(self, sides: u32) -> bool {
        self.matches(1) && self.matches(sides) && (sides == 1 || !matches!(self, Self::Equal(_)))
    }
}

impl Formula {
    /// The least and the most it can come to, or a little beyond: explosions and rerolls are counted at their limits.
    pub fn range(&self) -> (i64, i64) {
        self.range
    }
}

impl Op {
    pub(super) fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(than) => write!(f, "={than}"),
            Self::Less(than) => write!(f, "<{than}"),
            Self::LessOrEqual(than) => write!(f, "<={than}"),
            Self::Greater(than) => write!(f, ">{than}"),
            Self::GreaterOrEqual(than) => write!(f, ">={than}"),
        }
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepHighest(count) => write!(f, "kh{count}"),
            Self::KeepLowest(count) => write!(f, "kl{count}"),
            Self::DropHighest(count) => write!(f, "dh{count}"),
            Self::DropLowest(count) => write!(f, "dl{count}"),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d{}", self.count, self.sides)?;
        if let Some(Reroll { when, once }) = self.reroll {
            write!(f, "{}{when}", if once { "ro" } else { "r" })?;
        }
        if let Some(when) = self.explode {
            write!(f, "!{when}")?;
        }
        self.pick.map_or(Ok(()), |pick| write!(f, "{pick}"))
    }
}

/// The formula in its plainest form: what it reads as, and what reads as the same again.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(&self.root, f, &|n, f| match self.pools.get(n) {
            Some(pool) => write!(f, "{pool}"),
            None => Ok(()),
        })
    }
}

impl Formula {
    /// Writes `node`, and its dice by `dice`.
    pub(super) fn write<W: fmt::Write>(&self, node: &Node, f: &mut W, dice: &dyn Fn(usize, &mut W) -> fmt::Result) -> fmt::Result {
        match node {
            Node::Number(number) => write!(f, "{number}"),
            Node::Dice(n) => dice(*n, f),
            Node::Negative(inner) => {
                f.write_char('-')?;
                self.write(inner, f, dice)
            }
            Node::Bracket(inner) => {
                f.write_char('(')?;
                self.write(inner, f, dice)?;
                f.write_char(')')
            }
            Node::Both { op, left, right, .. } => {
                self.write(left, f, dice)?;
                write!(f, " {} ", op.sign())?;
                self.write(right, f, dice)
            }
        }
    }
}
