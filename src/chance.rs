//! Chance that can be proved fair after the game.
//!
//! When a round opens, the room takes 32 secret bytes (`seed`) and publishes `seed_hash = SHA-256(seed)`. Each seat may add a
//! `client_seed` before the start. Draw number `n` (0, 1, 2, …) of a round is
//!
//! ```text
//! HMAC-SHA256(key = seed, message = client_seeds joined by "|" + "|" + n + "|" + attempt)
//! ```
//!
//! its first 8 bytes read as a big-endian integer, reduced to `0..sides` without bias: a value at or above the largest multiple of
//! `sides` is thrown away and `attempt` (0, 1, …) goes up by one. The seed is shown when the game is over, so that anybody can
//! compute every draw again.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The secret of a round; 64 hexadecimal digits in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// What is published of a [`Seed`] before the game: its SHA-256, 64 hexadecimal digits in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SeedHash([u8; 32]);

impl Seed {
    pub fn random() -> Self {
        Self(crate::id::entropy())
    }

    pub fn hash(&self) -> SeedHash {
        SeedHash(Sha256::digest(self.0).into())
    }
}

/// A secret must not reach a log by accident.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

impl fmt::Debug for SeedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Display for SeedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

/// Shows a seed: for the log and for the reveal after the game.
pub struct Revealed<'a>(pub &'a Seed);

impl fmt::Display for Revealed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0.0, f)
    }
}

impl FromStr for Seed {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read_hex(text).map(Self).ok_or("a seed is 64 hexadecimal digits")
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Revealed(self))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for SeedHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn write_hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Every state shows a hash: formatting it byte by byte would be a sixth of what entering a room costs.
    fmt::Display::fmt(&HEXLOWER.encode_display(bytes), f)
}

fn read_hex(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// One draw: a value in `0..sides`. A die of six is `sides: 6` with a value from 0 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    pub sides: u32,
    pub value: u32,
}

/// The source of all luck in a round: which draw comes next is a number, so luck is a value and not an effect.
#[derive(Clone, Debug)]
pub struct Chance {
    seed: Seed,
    client_seeds: String,
    next: u32,
}

impl Chance {
    /// `next` is the number of draws already made in this round.
    pub fn new<'a>(seed: Seed, client_seeds: impl IntoIterator<Item = &'a str>, next: u32) -> Self {
        let client_seeds = client_seeds.into_iter().collect::<Vec<_>>().join("|");
        Self { seed, client_seeds, next }
    }

    /// The next draw, uniform in `0..sides`; `sides` 0 counts as 1.
    pub fn draw(&mut self, sides: u32) -> Draw {
        let sides = sides.max(1);
        let value = self.value(self.next, sides);
        self.next += 1;
        Draw { sides, value }
    }

    /// How many draws were made in this round.
    pub fn drawn(&self) -> u32 {
        self.next
    }

    fn value(&self, number: u32, sides: u32) -> u32 {
        let sides = u64::from(sides);
        let usable = u64::MAX - u64::MAX % sides;
        for attempt in 0u32.. {
            let word = self.word(number, attempt);
            if word < usable {
                return u32::try_from(word % sides).unwrap_or(0);
            }
        }
        0
    }

    fn word(&self, number: u32, attempt: u32) -> u64 {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.seed.0).expect("HMAC takes a key of any length");
        mac.update(format!("{}|{number}|{attempt}", self.client_seeds).as_bytes());
        let bytes = mac.finalize().into_bytes();
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[..8]);
        u64::from_be_bytes(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed([7; 32]);

    #[test]
    fn the_same_seeds_and_number_give_the_same_draw() {
        let mut all = Chance::new(SEED, ["a", "b"], 0);
        let first: Vec<_> = (0..10).map(|_| all.draw(80)).collect();
        let mut later = Chance::new(SEED, ["a", "b"], 4);
        assert_eq!(later.draw(80), first[4]);
        let mut other = Chance::new(SEED, ["a", "c"], 0);
        assert_ne!((0..10).map(|_| other.draw(80)).collect::<Vec<_>>(), first);
    }

    #[test]
    fn draws_are_even() {
        let mut chance = Chance::new(SEED, [], 0);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[chance.draw(6).value as usize] += 1;
        }
        // Chi-squared with 5 degrees of freedom: 20.5 is passed by 999 fair sources in 1,000, and this source is fixed.
        let chi: f64 = counts.iter().map(|&c| (f64::from(c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 20.5, "{counts:?}");
    }

    #[test]
    fn a_seed_reads_back_from_its_text_and_debug_hides_it() {
        let text = Revealed(&SEED).to_string();
        assert_eq!(text.parse::<Seed>(), Ok(SEED));
        assert!("07".parse::<Seed>().is_err());
        assert!(!format!("{SEED:?}").contains("0707"));
    }
}
