//! Talents: what a class is good at, and what a choice takes.

use serde::{Deserialize, Serialize};

/// What a choice takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Talent {
    /// Strength and nerve.
    Might,
    /// Knowing and noticing.
    Wits,
    /// Speaking and listening.
    Heart,
    /// Not being seen.
    Shadow,
}

/// How good somebody is at each, from 0 to [`TALENT_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Talents {
    pub might: u8,
    pub wits: u8,
    pub heart: u8,
    pub shadow: u8,
}

/// The most of a talent.
pub const TALENT_MAX: u8 = 3;

impl Talents {
    pub fn of(self, talent: Talent) -> u8 {
        match talent {
            Talent::Might => self.might,
            Talent::Wits => self.wits,
            Talent::Heart => self.heart,
            Talent::Shadow => self.shadow,
        }
    }

    pub fn all(self) -> [u8; 4] {
        [self.might, self.wits, self.heart, self.shadow]
    }
}
