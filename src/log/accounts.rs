//! The tables of players, their accounts, and what ends their tokens.

use async_trait::async_trait;

use super::{LogError, StoredRoom};
use crate::id::{PlayerId, RoomKey, SessionId};
use crate::time::Timestamp;

/// An account about to exist, for a new player or for one who was a guest so far.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub player_id: PlayerId,
    pub nickname: String,
    pub username: String,
    /// A PHC string.
    pub password: String,
    pub now: Timestamp,
}

/// An account as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub player_id: PlayerId,
    pub nickname: String,
    pub username: String,
    /// A PHC string.
    pub password: String,
    pub created_at: Timestamp,
}

/// A player as the store knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPlayer {
    pub player_id: PlayerId,
    pub nickname: String,
    pub guest: bool,
    pub created_at: Timestamp,
    /// Games played to their end.
    pub games: u32,
}

/// A chain of refresh tokens about to begin; its first token has the number 1.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub player_id: PlayerId,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// What came of using a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The next one has this number.
    Next { account: Account, generation: u32 },
    /// It was used before: somebody has a copy. The session is revoked.
    Reused,
    /// There is no such session, or it has run out.
    Gone,
}

/// Whose tokens no longer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Player(PlayerId),
    Session(SessionId),
}

/// Every token of a player that was issued at `at` or before no longer counts, or every token of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    pub subject: Subject,
    pub at: Timestamp,
}

/// Somebody has taken a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seating {
    pub player_id: PlayerId,
    pub nickname: String,
    pub guest: bool,
    pub room: RoomKey,
    pub at: Timestamp,
}

/// What is noted of rooms for their players, some time after it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub seatings: Vec<Seating>,
    /// Rooms in which a game was played to its end, and when.
    pub endings: Vec<(RoomKey, Timestamp)>,
}

/// Why an account was not made or changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("another account has this name")]
    NameTaken,
    #[error("this player has an account already")]
    HasAccount,
    #[error(transparent)]
    Store(#[from] LogError),
}

/// Players and their accounts, whatever store holds them. Each method is one transaction; without an error it survives a crash.
///
/// Every method's error besides [`AccountError`]'s own is [`LogError::Unavailable`].
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Makes an account.
    ///
    /// # Errors
    /// All of [`AccountError`].
    async fn create_account(&self, new: NewAccount) -> Result<(), AccountError>;

    /// The account that signs in with this name, whatever its capitals.
    async fn account_named(&self, username: &str) -> Result<Option<Account>, LogError>;

    async fn account_of(&self, player: PlayerId) -> Result<Option<Account>, LogError>;

    async fn player(&self, player: PlayerId) -> Result<Option<StoredPlayer>, LogError>;

    /// Whether there was one to change.
    async fn set_password(&self, player: PlayerId, password: &str) -> Result<bool, LogError>;

    /// Whether there was a player to rename.
    async fn set_nickname(&self, player: PlayerId, nickname: &str) -> Result<bool, LogError>;

    /// Begins a chain of refresh tokens. Of a player's chains the newest `most` are kept.
    async fn open_session(&self, new: NewSession, most: u32) -> Result<(), LogError>;

    /// Uses the refresh token with the number `generation` of a session: the next one counts instead. A number that was used before
    /// revokes the session.
    async fn rotate(&self, session: SessionId, generation: u32, now: Timestamp, expires_at: Timestamp)
    -> Result<Rotated, LogError>;

    /// Writes down what no longer counts, and ends the sessions that it names.
    async fn revoke(&self, revoked: Revoked) -> Result<(), LogError>;

    /// What was revoked after `after`.
    async fn revocations(&self, after: Timestamp) -> Result<Vec<Revoked>, LogError>;

    /// Deletes a player with their account, sessions and seatings, and revokes their tokens. Their name goes from the logs of rooms:
    /// events, listings and snapshots. Returns those rooms.
    async fn delete_player(&self, player: PlayerId, now: Timestamp, name_instead: &str) -> Result<Vec<StoredRoom>, LogError>;

    /// Notes who has sat where, and what was played to its end. Noted twice, it counts once. A guest's name becomes the latest one.
    async fn note(&self, notes: &Notes) -> Result<(), LogError>;

    /// The rooms in which a player has had a seat, the latest first.
    async fn rooms_of(&self, player: PlayerId, limit: u32) -> Result<Vec<StoredRoom>, LogError>;

    /// Deletes guests who were last seen before `seen_before`, played fewer than `fewer_than` games, and sit in no room that lives; at
    /// most `limit` at a time; how many there were.
    async fn forget_guests(&self, seen_before: Timestamp, fewer_than: u32, limit: u32) -> Result<u32, LogError>;

    /// Deletes sessions that ran out before `now`, and revocations from before `revoked_before`.
    async fn forget_sessions(&self, now: Timestamp, revoked_before: Timestamp) -> Result<(), LogError>;
}
