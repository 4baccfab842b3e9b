//! Names of things: room codes, players, seats, sequence numbers. One newtype each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The alphabet of room codes: no vowels, so no words; no look-alikes (no L, no 0 or 1).
pub const CODE_ALPHABET: &[u8; 28] = b"BCDFGHJKMNPQRSTVWXYZ23456789";

/// The code of a room: six characters of [`CODE_ALPHABET`]. 28⁶ ≈ 482 million codes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomCode([u8; 6]);

/// The text is not a room code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a room code is 6 characters of BCDFGHJKMNPQRSTVWXYZ23456789")]
pub struct NotACode;

impl RoomCode {
    /// A code from the OS's randomness.
    pub fn random() -> Self {
        let mut code = [0u8; 6];
        let mut filled = 0;
        while filled < code.len() {
            // 252 = 9 × 28 is the largest multiple that a byte holds: no character is likelier than another.
            let byte = entropy::<1>()[0];
            if byte < 252 {
                code[filled] = CODE_ALPHABET[usize::from(byte % 28)];
                filled += 1;
            }
        }
        Self(code)
    }

    pub fn as_str(&self) -> &str {
        // The bytes come from the ASCII alphabet above; there is no other way to build a code.
        std::str::from_utf8(&self.0).unwrap_or("??????")
    }
}

impl FromStr for RoomCode {
    type Err = NotACode;

    /// Reads a code as people type it: any case, spaces and dashes ignored.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut code = [0u8; 6];
        let mut filled = 0;
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{2013}' | '\u{a0}')) {
            let c = u8::try_from(c.to_ascii_uppercase()).map_err(|_| NotACode)?;
            if filled == code.len() || !CODE_ALPHABET.contains(&c) {
                return Err(NotACode);
            }
            code[filled] = c;
            filled += 1;
        }
        if filled == code.len() { Ok(Self(code)) } else { Err(NotACode) }
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RoomCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RoomCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A person: an account or a guest. Random, so that knowing one says nothing about another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayerId(pub Uuid);

impl PlayerId {
    pub fn random() -> Self {
        Self(Uuid::from_bytes(entropy()))
    }
}

impl fmt::Display for PlayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PlayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PlayerId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A chain of refresh tokens, and the tokens that came with them: one place where somebody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

impl SessionId {
    pub fn random() -> Self {
        Self(Uuid::from_bytes(entropy()))
    }
}

/// A place in a room, counted from 0. Seat 0 is the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seat(pub u8);

impl Seat {
    pub const HOST: Seat = Seat(0);

    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The number of an event in its room's log: 1, 2, 3, … 0 stands before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u32);

impl Seq {
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The key of a room in the store: small, because every row of the log carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(pub i64);

/// One process among several on the same store: random, new at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub Uuid);

impl NodeId {
    pub fn random() -> Self {
        Self(Uuid::from_bytes(entropy()))
    }
}

/// `N` bytes of the OS's randomness.
///
/// Without it nothing here is safe (codes, seeds, tokens), so a system that has none stops the process.
pub fn entropy<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no randomness");
        std::process::abort();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code: RoomCode = "bcd-fgh".parse().unwrap();
        assert_eq!(code.as_str(), "BCDFGH");
        assert_eq!(" b c d f g h ".parse(), Ok(code));
        for bad in ["", "BCDFG", "BCDFGHJ", "BCDFGA", "BCDFG0", "BCDFGé", "../../", "BCDFG\0", "ＢＣＤＦＧＨ"] {
            assert_eq!(bad.parse::<RoomCode>(), Err(NotACode), "{bad:?}");
        }
    }

    #[test]
    fn random_codes_use_the_whole_alphabet_and_differ() {
        let codes: std::collections::HashSet<_> = (0..2_000).map(|_| RoomCode::random()).collect();
        assert!(codes.len() > 1_990);
        let used: std::collections::HashSet<u8> = codes.iter().flat_map(|c| c.0).collect();
        assert_eq!(used.len(), CODE_ALPHABET.len());
    }
}
