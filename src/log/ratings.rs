//! The tables of ratings, and of the games that they come from.

use async_trait::async_trait;

use super::LogError;
use crate::id::{PlayerId, RoomCode, RoomKey, Seq};
use crate::rating::Standing;
use crate::rating::score::Entry;
use crate::time::Timestamp;

/// A game that has ended and is not yet in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unscored {
    pub room: RoomKey,
    pub code: RoomCode,
    pub game: String,
    /// The event that ended it, …
    pub seq: Seq,
    pub at: Timestamp,
    /// … as the room wrote it.
    pub body: String,
}

/// A line of the book, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    pub code: RoomCode,
    pub game: String,
    pub at: Timestamp,
    pub result: crate::rating::Result,
    pub kind: Option<String>,
    pub points: Option<u32>,
    /// Gone when they deleted themselves, or were a bot's.
    pub opponent: Option<(PlayerId, String)>,
    pub counts: bool,
    pub rating: (f64, f64),
}

/// A place on a leaderboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    pub player: PlayerId,
    pub nickname: String,
    pub guest: bool,
    pub standing: Standing,
}

#[async_trait]
pub trait Ratings: Send + Sync + 'static {
    /// Games to be entered, at most `limit`.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], here and below.
    async fn unscored(&self, limit: u32) -> Result<Vec<Unscored>, LogError>;

    /// The standing of a player in one game; that of a newcomer when there is none.
    async fn standing(&self, player: PlayerId, game: &str) -> Result<Standing, LogError>;

    /// Enters a game into the book, all of it or nothing. `false` when it is there already, or a standing has changed since it was read.
    async fn enter(&self, ending: Unscored, entries: Vec<Entry>) -> Result<bool, LogError>;

    /// All standings of a player, by the name of the game.
    async fn standings(&self, player: PlayerId) -> Result<Vec<(String, Standing)>, LogError>;

    /// The newest games of a player, newest first; of one game or of all.
    async fn book(&self, player: PlayerId, game: Option<&str>, limit: u32) -> Result<Vec<Played>, LogError>;

    /// Those who have played at least `games` games, best first, and how many they are in all.
    async fn leaderboard(&self, game: &str, games: u32, skip: u32, limit: u32) -> Result<(Vec<Ranked>, u32), LogError>;
}
