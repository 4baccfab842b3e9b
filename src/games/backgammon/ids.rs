//! GNU Backgammon's names for positions and matches: 14 and 12 characters that other programs read.
//!
//! A position ID lists, for the player who is *not* on roll and then for the one who is, each own point from 1 to 24 and then the bar: as
//! many ones as there are checkers, and a zero. These 80 bits, the lowest of each byte first, are written in base 64. What is borne off is
//! what is missing. A match ID packs everything else: cube, score, dice and whose decision it is.

use serde::{Deserialize, Deserializer, Serializer};

use super::board::{Board, CHECKERS, Checkers, Side};
use super::plays::Dice;

/// Why a text is no ID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    #[error("a position ID has 14 characters of base 64, and a match ID 12")]
    Characters,
    #[error("this position ID does not hold 15 checkers or fewer a side, or has both sides on one point")]
    Position,
    #[error("this match ID holds a {0} that no match has")]
    Match(&'static str),
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base 64 without padding.
fn write64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 1);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (n, &byte)| word | u32::from(byte) << (16 - 8 * n));
        for n in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(word >> (18 - 6 * n)) as usize & 63]));
        }
    }
    text
}

/// `N` bytes from base 64, padded with `=` or not.
fn read64<const N: usize>(text: &str) -> Result<[u8; N], BadId> {
    let text = text.trim_end_matches('=');
    let mut bytes = [0u8; N];
    if text.len() != (N * 8).div_ceil(6) {
        return Err(BadId::Characters);
    }
    for (n, c) in text.bytes().enumerate() {
        let value = ALPHABET.iter().position(|&known| known == c).ok_or(BadId::Characters)?;
        for bit in (0..6).filter(|bit| value >> (5 - bit) & 1 == 1) {
            let at = 6 * n + bit;
            let byte = bytes.get_mut(at / 8).ok_or(BadId::Characters)?;
            *byte |= 0x80 >> (at % 8);
        }
    }
    Ok(bytes)
}

/// The position as `on_roll` sees it.
pub fn position_id(board: &Board, on_roll: Side) -> String {
    let mut key = [0u8; 10];
    let mut bit = 0usize;
    for side in [on_roll.other(), on_roll] {
        for &count in &board.of(side)[1..] {
            for _ in 0..count {
                if let Some(byte) = key.get_mut(bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
                bit += 1;
            }
            bit += 1;
        }
    }
    write64(&key)
}

/// The position that `id` names, with `on_roll` as the player on roll.
///
/// # Errors
/// When it names none.
pub fn position(id: &str, on_roll: Side) -> Result<Board, BadId> {
    let key: [u8; 10] = read64(id)?;
    let mut bits = (0..80).map(|bit| key[bit / 8] >> (bit % 8) & 1 == 1);
    let mut sides = [[0u8; 26]; 2];
    for mine in &mut sides {
        for count in &mut mine[1..] {
            while bits.next().ok_or(BadId::Position)? {
                *count += 1;
            }
        }
        let there: u8 = mine[1..].iter().sum();
        mine[0] = CHECKERS.checked_sub(there).ok_or(BadId::Position)?;
    }
    if bits.any(|bit| bit) {
        return Err(BadId::Position);
    }
    let [waiting, rolling]: [Checkers; 2] = sides;
    let (white, black) = match on_roll {
        Side::White => (rolling, waiting),
        Side::Black => (waiting, rolling),
    };
    Board::new(white, black).map_err(|_| BadId::Position)
}

/// What a match ID says. White is GNU Backgammon's player 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchState {
    /// The cube's value: a power of two, up to 32,768.
    pub cube: u16,
    pub cube_owner: Option<Side>,
    /// The player on roll, whose position the position ID shows.
    pub on_roll: Side,
    pub crawford: bool,
    pub stage: Stage,
    /// Whose decision it is.
    pub turn: Side,
    pub doubled: bool,
    /// 0, or what was offered: 1 for a single game, 2 for a gammon, 3 for a backgammon.
    pub resigned: u8,
    /// `None` before the roll.
    pub dice: Option<Dice>,
    /// 0 in money play.
    pub length: u16,
    /// White's and black's.
    pub score: [u16; 2],
    pub jacoby: bool,
}

/// How far a game is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    None = 0,
    Playing = 1,
    Over = 2,
    Resigned = 3,
    Dropped = 4,
}

/// Where each number of a match ID begins, and how many bits it has.
mod bits {
    pub const CUBE: (usize, usize) = (0, 4);
    pub const OWNER: (usize, usize) = (4, 2);
    pub const ON_ROLL: (usize, usize) = (6, 1);
    pub const CRAWFORD: (usize, usize) = (7, 1);
    pub const STAGE: (usize, usize) = (8, 3);
    pub const TURN: (usize, usize) = (11, 1);
    pub const DOUBLED: (usize, usize) = (12, 1);
    pub const RESIGNED: (usize, usize) = (13, 2);
    pub const DICE: [(usize, usize); 2] = [(15, 3), (18, 3)];
    pub const LENGTH: (usize, usize) = (21, 15);
    pub const SCORE: [(usize, usize); 2] = [(36, 15), (51, 15)];
    /// Set when Jacoby's rule is *not* played.
    pub const NO_JACOBY: (usize, usize) = (66, 1);
}

/// The match in 12 characters.
pub fn match_id(state: &MatchState) -> String {
    let mut key = [0u8; 9];
    let mut set = |(at, len): (usize, usize), value: u16| {
        for bit in (0..len).filter(|bit| value >> bit & 1 == 1) {
            key[(at + bit) / 8] |= 1 << ((at + bit) % 8);
        }
    };
    let (first, second) = state.dice.unwrap_or((0, 0));
    set(bits::CUBE, u16::try_from(state.cube.max(1).ilog2()).unwrap_or(0));
    set(bits::OWNER, state.cube_owner.map_or(3, number));
    set(bits::ON_ROLL, number(state.on_roll));
    set(bits::CRAWFORD, u16::from(state.crawford));
    set(bits::STAGE, state.stage as u16);
    set(bits::TURN, number(state.turn));
    set(bits::DOUBLED, u16::from(state.doubled));
    set(bits::RESIGNED, u16::from(state.resigned));
    set(bits::DICE[0], u16::from(first));
    set(bits::DICE[1], u16::from(second));
    set(bits::LENGTH, state.length);
    set(bits::SCORE[0], state.score[0]);
    set(bits::SCORE[1], state.score[1]);
    set(bits::NO_JACOBY, u16::from(!state.jacoby));
    write64(&key)
}

/// What `id` says.
///
/// # Errors
/// When it is no match ID, or says what cannot be.
pub fn match_state(id: &str) -> Result<MatchState, BadId> {
    let key: [u8; 9] = read64(id)?;
    let get = |(at, len): (usize, usize)| {
        (0..len).fold(0u16, |value, bit| value | u16::from(key[(at + bit) / 8] >> ((at + bit) % 8) & 1) << bit)
    };
    let side = |place| if get(place) == 0 { Side::White } else { Side::Black };
    let cube_owner = match get(bits::OWNER) {
        0 => Some(Side::White),
        1 => Some(Side::Black),
        3 => None,
        _ => return Err(BadId::Match("cube owner")),
    };
    let stage = match get(bits::STAGE) {
        0 => Stage::None,
        1 => Stage::Playing,
        2 => Stage::Over,
        3 => Stage::Resigned,
        4 => Stage::Dropped,
        _ => return Err(BadId::Match("state of the game")),
    };
    let die = |place| u8::try_from(get(place)).unwrap_or(u8::MAX);
    let dice = match bits::DICE.map(die) {
        [0, 0] => None,
        [a @ 1..=6, b @ 1..=6] => Some((a, b)),
        _ => return Err(BadId::Match("roll")),
    };
    Ok(MatchState {
        cube: 1 << get(bits::CUBE),
        cube_owner,
        on_roll: side(bits::ON_ROLL),
        crawford: get(bits::CRAWFORD) == 1,
        stage,
        turn: side(bits::TURN),
        doubled: get(bits::DOUBLED) == 1,
        resigned: u8::try_from(get(bits::RESIGNED)).unwrap_or(0),
        dice,
        length: get(bits::LENGTH),
        score: bits::SCORE.map(get),
        jacoby: get(bits::NO_JACOBY) == 0,
    })
}

fn number(side: Side) -> u16 {
    match side {
        Side::White => 0,
        Side::Black => 1,
    }
}

/// For fields that are kept as a position ID, with white on roll.
pub mod as_id {
    use super::{Board, Deserialize, Deserializer, Serializer, Side, position, position_id};

    /// Writes the ID.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(board: &Board, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&position_id(board, Side::White))
    }

    /// Reads the ID.
    ///
    /// # Errors
    /// When it is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Board, D::Error> {
        let id = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        position(&id, Side::White).map_err(serde::de::Error::custom)
    }
}
