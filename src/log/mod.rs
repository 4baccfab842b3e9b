//! The event log and the other tables. Only this module knows SQL.
//!
//! What is in the log happened; what is not did not. Everything else here (heads, listings, presence, snapshots) can be told from
//! the log or thrown away.
//!
//! # Two stores, one text
//!
//! [`sqlite`] and [`postgres`] hold the same tables, under the same migration numbers. What differs is in these folders: how one connects,
//! how a batch is written, how a broken constraint is told. What is the same stands once in `src/log/both`: each of the two folders
//! compiles it as a module of its own (`#[path = "../both/mod.rs"] mod both;`), with its own `Db` and `Pool`. So the queries there are
//! ordinary sqlx on concrete types, and a trait implemented there is implemented for both logs. To add a table:
//!
//! 1. a migration in `migrations/sqlite` and in `migrations/postgres`, with the same number, names and constraints;
//! 2. a trait here in `log`, and its implementation `impl … for Log` in a file of `src/log/both`, `Log` being `SqliteLog` in one
//!    compilation and `PostgresLog` in the other, and added to [`Tables`]; what it writes goes through `Log::write`, a transaction by a
//!    connection that writes;
//! 3. SQL that both understand: `$1`, `RETURNING`, `ON CONFLICT`; whole numbers and times in milliseconds as `i64` (`INTEGER` there,
//!    `BIGINT` here), truth as 0 and 1, ids as their 16 bytes (`BLOB`, `BYTEA`), text without NUL; sums cast (`CAST(sum(x) AS BIGINT)`);
//!    `LIMIT CAST($1 AS BIGINT)`, because SQLite plans a text anew whenever a parameter that is its bare limit is bound;
//!    a constraint is known by its name in Postgres and by its columns in SQLite: ask `breaks` (in each folder), or `failure` for batches.

pub mod accounts;
pub mod annotations;
pub mod anonymous;
pub mod images;
pub mod nodes;
pub mod noting;
pub mod owners;
pub mod postgres;
pub mod queue;
pub mod ratings;
pub mod sqlite;
pub mod store;
pub mod writer;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::id::{PlayerId, RoomCode, RoomKey, Seq};
use crate::time::Timestamp;

/// Where a room is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// In the lobby, seats are missing.
    Waiting,
    /// In the lobby, all needed seats are taken.
    Ready,
    InProgress,
    Completed,
    Abandoned,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// In the lobby: not started yet.
    pub fn is_lobby(self) -> bool {
        matches!(self, Status::Waiting | Status::Ready)
    }

    pub fn is_over(self) -> bool {
        matches!(self, Status::Completed | Status::Abandoned)
    }
}

/// Who finds a room without its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Visibility {
    #[default]
    Private,
    Public,
}

/// A command's name, given by the client that sent it: unique per room and player.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandKey {
    pub player: PlayerId,
    /// 1–64 characters.
    pub id: String,
}

/// One event of a room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub seq: Seq,
    pub at: Timestamp,
    /// The event as JSON, as the room wrote it.
    pub body: String,
    /// On the last event of a command that carried an id.
    pub command: Option<CommandKey>,
}

/// A room that is in nobody's memory: what it is made of again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asleep {
    pub room: StoredRoom,
    /// The newest that is wanted.
    pub snapshot: Option<Snapshot>,
    /// What followed the snapshot, in order.
    pub rows: Vec<Row>,
}

/// What is kept of a room beside its log, so that it can be found without reading that. Written with every commit that changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub status: Status,
    /// When the room wants to be woken: the earliest of its deadlines.
    pub wake_at: Option<Timestamp>,
    /// When it was completed or abandoned.
    pub ended_at: Option<Timestamp>,
    /// What lists show of it, as JSON.
    pub listing: String,
}

/// A change of who is in a room. A player stays present through the grace period, so that a restart can begin it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    Here { player: PlayerId, nickname: String, guest: bool },
    Gone(PlayerId),
}

/// What one step of one room writes, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub room: RoomKey,
    /// In order, without gaps; the first one's seq is the lock: taken means that somebody else was faster.
    pub rows: Vec<Row>,
    pub head: Option<Head>,
    pub presence: Vec<Presence>,
    /// Of the owner that appends, when it does so as the room's owner. An older one than the room's is refused.
    pub epoch: Option<owners::Epoch>,
}

/// A room about to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    pub code: RoomCode,
    pub game: String,
    pub visibility: Visibility,
    pub created_by: PlayerId,
    pub created_at: Timestamp,
    /// The id of the command that asks for it, unique per player.
    pub command_id: Option<String>,
    pub head: Head,
    pub rows: Vec<Row>,
    pub presence: Vec<Presence>,
}

/// What came of asking for a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    New(RoomKey),
    /// Another room has this code: try with a fresh one.
    CodeTaken,
    /// This command made that room before.
    Before(RoomCode),
}

/// A room as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRoom {
    pub key: RoomKey,
    pub code: RoomCode,
    pub game: String,
    pub visibility: Visibility,
    pub created_by: PlayerId,
    pub created_at: Timestamp,
    pub head: Head,
}

/// A room's folded state at `seq`: a cache that may be thrown away at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub seq: Seq,
    pub body: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Somebody else appended first: read what is newer and decide again. Nothing was written.
    #[error("another writer was faster")]
    Conflict,
    /// This command id is in the log already. Nothing was written.
    #[error("this command was applied before")]
    Duplicate,
    /// Another node has become the room's owner. Nothing was written.
    #[error("another node keeps this room's time")]
    Superseded,
    /// Nothing was written.
    #[error("the store cannot be reached: {0}")]
    Unavailable(String),
    /// The store was lost in the middle of the commit and did not come back in time to be asked: all of it is written, or nothing. What
    /// the log says when it is back is what counts.
    #[error("the store was lost while it wrote: {0}")]
    Unknown(String),
}

/// The tables, whatever store holds them.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Whether other processes may append to it, too: then what a node has in memory may be behind.
    fn is_shared(&self) -> bool;

    /// Writes a room and its first events.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn create(&self, room: NewRoom) -> Result<Created, LogError>;

    /// Appends to a room's log. When this returns `Ok`, the rows survive a crash of the process and of the machine.
    ///
    /// # Errors
    /// All of [`LogError`]; in each case nothing of the commit was written.
    async fn append(&self, commit: Commit) -> Result<(), LogError>;

    async fn room(&self, code: RoomCode) -> Result<Option<StoredRoom>, LogError>;

    /// The events after `after`, in order, at most `limit`.
    async fn rows(&self, room: RoomKey, after: Seq, limit: u32) -> Result<Vec<Row>, LogError>;

    /// The event with which a command was applied, if it was.
    async fn command(&self, room: RoomKey, key: &CommandKey) -> Result<Option<Seq>, LogError>;

    /// All that a room is made of again, in one question: see [`Asleep`]. Nothing past `at_most`, and at most `limit` events.
    async fn asleep(&self, code: RoomCode, at_most: Seq, limit: u32) -> Result<Option<Asleep>, LogError>;

    /// Keeps the newest few of a room.
    async fn save_snapshot(&self, room: RoomKey, snapshot: Snapshot) -> Result<(), LogError>;

    /// Rooms whose deadline has passed, earliest first.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError>;

    /// Public rooms, newest first.
    async fn listed(&self, game: Option<&str>, status: Option<Status>, limit: u32) -> Result<Vec<StoredRoom>, LogError>;

    /// How many rooms that are not over `player` has made.
    async fn live_rooms_of(&self, player: PlayerId) -> Result<u32, LogError>;

    /// Rooms in which players are marked as present.
    async fn inhabited(&self) -> Result<Vec<RoomCode>, LogError>;

    /// Deletes rooms that ended before `ended_before`, with everything that is theirs, at most `limit` at a time; how many there were.
    async fn delete_ended(&self, ended_before: Timestamp, limit: u32) -> Result<u32, LogError>;

    /// The leases of ticking rooms; `None` when only one node can use this store, which then owns all of them.
    fn owners(&self) -> Option<&dyn owners::Owners> {
        None
    }

    /// Whether the store answers and takes writes.
    async fn health(&self) -> Result<(), LogError>;

    /// Waits until everything handed over is written, and closes the files.
    async fn close(&self);
}

/// A store with everything in it, whichever it is. New traits of tables are added here.
pub trait Tables:
    EventLog + accounts::Accounts + annotations::Annotations + images::Images + queue::Queue + ratings::Ratings
{
}

impl<T> Tables for T where
    T: EventLog + accounts::Accounts + annotations::Annotations + images::Images + queue::Queue + ratings::Ratings
{
}
