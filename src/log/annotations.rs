//! What people remark on the moves of finished games, and finding it again by its words.

use async_trait::async_trait;

use super::LogError;
use crate::id::{PlayerId, RoomCode, RoomKey, Seq};
use crate::time::Timestamp;

/// Words of one search; more do not make it more exact.
const WORDS_MAX: usize = 8;
/// Characters of one word that count.
const WORD_MAX: usize = 40;

/// A remark about to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnnotation {
    pub room: RoomKey,
    /// The event that it is about.
    pub seq: Seq,
    pub player: PlayerId,
    pub nickname: String,
    /// 1 to 1,000 characters.
    pub text: String,
    pub now: Timestamp,
    /// The most that this player may have in this room, and the most that the room takes.
    pub most: (u32, u32),
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Grows with time, and is never given twice.
    pub id: i64,
    pub room: RoomCode,
    pub game: String,
    pub seq: Seq,
    pub player: PlayerId,
    pub nickname: String,
    pub text: String,
    pub created_at: Timestamp,
}

/// What came of handing one in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Annotated {
    Kept(i64),
    /// The player or the room has as many as there may be.
    Full,
}

/// The words of a search: all must occur, the last one at least as a beginning. They are letters and digits only, so no store's query
/// syntax can hide in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of `text`; `None` when there is none.
    pub fn of(text: &str) -> Option<Self> {
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(WORDS_MAX)
            .map(|word| word.chars().take(WORD_MAX).collect())
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Each of them, in lower case or not, as they were typed.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The remarks, whatever store holds them.
///
/// Every method's error is [`LogError::Unavailable`], or [`LogError::Conflict`] when the room is gone.
#[async_trait]
pub trait Annotations: Send + Sync + 'static {
    /// Keeps a remark.
    async fn annotate(&self, new: NewAnnotation) -> Result<Annotated, LogError>;

    /// A room's, by age, those after `after`; only about the event `seq` if one is named.
    async fn annotations(&self, room: RoomKey, seq: Option<Seq>, after: i64, limit: u32) -> Result<Vec<Annotation>, LogError>;

    /// One of a room's.
    async fn annotation(&self, room: RoomKey, id: i64) -> Result<Option<Annotation>, LogError>;

    /// Whether there was one to delete.
    async fn remove_annotation(&self, room: RoomKey, id: i64) -> Result<bool, LogError>;

    /// Those with all `words`, newest first, those before `before`: in public rooms, and in rooms that `asker` made or had a seat in.
    async fn find_annotations(
        &self,
        words: &Words,
        asker: Option<PlayerId>,
        before: i64,
        limit: u32,
    ) -> Result<Vec<Annotation>, LogError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_whatever_is_typed() {
        for (text, words) in [
            ("blitz", Some(&["blitz"][..])),
            ("  a  nice  prime ", Some(&["a", "nice", "prime"])),
            ("body:x OR NEAR(a b, 2) ^c* \"d\" -e", Some(&["body", "x", "OR", "NEAR", "a", "b", "2", "c"])),
            ("Rückschlag 6-1!", Some(&["Rückschlag", "6", "1"])),
            ("'; DROP TABLE annotations; --", Some(&["DROP", "TABLE", "annotations"])),
            ("\"\" * ( ) : ^ - +", None),
            ("\0", None),
            ("", None),
        ] {
            let found = Words::of(text);
            assert_eq!(found.as_ref().map(|found| found.iter().collect::<Vec<_>>()).as_deref(), words, "{text:?}");
        }
        let long = Words::of(&"ä".repeat(5_000)).unwrap();
        assert_eq!(long.iter().next().unwrap().chars().count(), WORD_MAX);
    }
}
