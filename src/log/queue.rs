//! The tables of matchmaking: who waits for an opponent, and who was given to whom.

use async_trait::async_trait;
use uuid::Uuid;

use super::LogError;
use crate::id::{PlayerId, RoomCode};
use crate::time::Timestamp;

/// Most players who wait at once. Each of them is read about once a second, and a longer queue would be a server too small anyway.
pub const QUEUE_MAX: u32 = 10_000;

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub player_id: PlayerId,
    pub game: String,
    pub nickname: String,
    pub guest: bool,
    /// In this game, when they came.
    pub rating: i64,
    /// Who came earlier has a smaller one.
    pub ticket: i64,
    pub joined_at: Timestamp,
    /// Until when they count, unless they show themselves again.
    pub expires_at: Timestamp,
    /// Nobody is connected just now: not to be paired.
    pub away: bool,
}

/// A wish for an opponent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enqueue {
    pub player_id: PlayerId,
    pub game: String,
    pub nickname: String,
    pub guest: bool,
    pub rating: i64,
    pub now: Timestamp,
    pub expires_at: Timestamp,
    /// Matches without a room are being opened if they were made after this, and given up before.
    pub opening_since: Timestamp,
    /// Whose room was opened after this, and who did not leave since, meant the same wish: a double click.
    pub opened_since: Timestamp,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// In the queue, now or since before.
    Waiting,
    /// Paired already; the room is being opened, or was a moment ago.
    Paired,
    /// In the running game of this room.
    Playing(RoomCode),
    /// Too many wait.
    Full,
}

/// Two who were given to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Also the name of the command that opens the room.
    pub id: Uuid,
    pub game: String,
    pub made_at: Timestamp,
    pub room: Option<RoomCode>,
    /// The host first.
    pub players: Vec<Paired>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paired {
    pub player_id: PlayerId,
    pub nickname: String,
    pub guest: bool,
    /// The level, when it is a bot.
    pub bot: Option<String>,
    /// In milliseconds.
    pub waited: i64,
    /// Asked for something else since.
    pub done: bool,
}

/// Who is to be paired, of those who wait: looks at them inside the transaction that claims them.
pub type Policy = Box<dyn FnOnce(Vec<Waiting>) -> Vec<Match> + Send>;

/// Matchmaking, whatever store holds it. Each method is one transaction; those that write come one after another, on all nodes.
///
/// The error of each is [`LogError::Unavailable`].
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Lets a player wait. Who waits for the same game already keeps their place; who waits for another one gives that up.
    async fn enqueue(&self, wish: Enqueue) -> Result<Enqueued, LogError>;

    /// Takes a player out, and has them told of no earlier match any more; whether they waited.
    async fn dequeue(&self, player: PlayerId) -> Result<bool, LogError>;

    /// Everybody who waits, in the order in which they came.
    async fn queued(&self) -> Result<Vec<Waiting>, LogError>;

    async fn queued_one(&self, player: PlayerId) -> Result<Option<Waiting>, LogError>;

    /// How many have waited for `game` up to and including `ticket`, and how many in all.
    async fn place(&self, game: &str, ticket: i64) -> Result<(u32, u32), LogError>;

    /// These are here, and count until `until`; with `at_least`, until later if that was said before.
    async fn attend_queue(&self, players: &[PlayerId], until: Timestamp, at_least: bool) -> Result<(), LogError>;

    /// This one is not, and counts until `until` at most.
    async fn absent_from_queue(&self, player: PlayerId, until: Timestamp) -> Result<(), LogError>;

    /// After a start: whoever waited has until `until` to show themselves, and is away until then. Where other nodes may be running, only
    /// those are away whose time has run out by `now`.
    async fn revive_queue(&self, now: Timestamp, until: Timestamp) -> Result<(), LogError>;

    /// Pairs those who wait for `game` and are here, as `policy` says. Whoever it names who is gone by then makes their match void.
    async fn pair(&self, game: &str, now: Timestamp, policy: Policy) -> Result<Vec<Match>, LogError>;

    /// Matches without a room, and those whose room was opened after `after`; the earliest first.
    async fn matches(&self, after: Timestamp) -> Result<Vec<Match>, LogError>;

    /// The latest match made after `after` of which this player is still to be told.
    async fn match_of(&self, player: PlayerId, after: Timestamp) -> Result<Option<Match>, LogError>;

    /// A match has its room. The first one counts.
    async fn match_opened(&self, id: Uuid, room: RoomCode, now: Timestamp) -> Result<(), LogError>;

    /// How long the last few waited who were paired for `game` after `after`, on average, in milliseconds.
    async fn usual_wait(&self, game: &str, after: Timestamp) -> Result<Option<i64>, LogError>;

    /// Forgets whoever counted until before `now`, and matches made before `made_before`; how many players.
    async fn forget_queue(&self, now: Timestamp, made_before: Timestamp) -> Result<u32, LogError>;
}
