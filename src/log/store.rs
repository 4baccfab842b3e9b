//! What the writer asks of a store: transactions, one at a time.

use super::owners::{Epoch, NodeId};
use super::{Head, LogError, NewRoom, Row, Snapshot};
use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::time::Timestamp;

/// Snapshots kept per room: the newest, and two before it in case the rules of a release cannot read that.
pub const SNAPSHOTS: i64 = 3;

/// Why a transaction was not written.
#[derive(Clone, Debug)]
pub enum Failure {
    /// A seq is taken, or the room is gone.
    Conflict,
    /// A command's id is in that room's log.
    Duplicate,
    /// Another node has become the room's owner.
    Superseded,
    /// A new room's code is another's.
    CodeTaken,
    /// A new room's command made a room before.
    MadeBefore,
    /// Something in it breaks a rule of the tables. Whoever handed it over should have known: told as unavailable, and logged.
    Unfit(String),
    /// The store itself: a full disk, a file that cannot be written, no connection. Nothing was written.
    Unavailable(String),
    /// The store was lost while it wrote and did not come back in time to be asked: all of it was written, or nothing.
    Unknown(String),
}

impl From<Failure> for LogError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict | Failure::CodeTaken => LogError::Conflict,
            Failure::Duplicate | Failure::MadeBefore => LogError::Duplicate,
            Failure::Superseded => LogError::Superseded,
            Failure::Unfit(why) | Failure::Unavailable(why) => LogError::Unavailable(why),
            Failure::Unknown(why) => LogError::Unknown(why),
        }
    }
}

/// What one transaction writes, table by table.
#[derive(Default)]
pub struct Batch<'a> {
    pub rooms: Vec<(RoomKey, &'a NewRoom)>,
    /// At most one per room: the last.
    pub heads: Vec<(RoomKey, &'a Head)>,
    pub rows: Vec<(RoomKey, &'a Row)>,
    /// No player is both here and gone in one room.
    pub here: Vec<(RoomKey, PlayerId)>,
    pub gone: Vec<(RoomKey, PlayerId)>,
    /// Rooms that are appended to by their owner, with its epoch.
    pub epochs: Vec<(RoomKey, Epoch)>,
}

/// What is done with the leases of ticking rooms.
#[derive(Clone, Copy, Debug)]
pub enum Lease {
    Claim { room: RoomKey, node: NodeId, now: Timestamp, until: Timestamp },
    Renew { node: NodeId, until: Timestamp },
    Release { room: RoomKey, node: NodeId },
    ReleaseAll { node: NodeId, now: Timestamp },
}

/// A store that the writer drives, one transaction at a time. After a failure nothing of the transaction is written, and the store
/// restores itself before the next.
pub trait Store: Send + 'static {
    /// Keys for rooms about to exist, never given before.
    fn keys(&mut self, count: usize) -> impl Future<Output = Result<Vec<RoomKey>, Failure>> + Send;
    /// Writes a batch in one transaction that survives a crash.
    fn write(&mut self, batch: &Batch<'_>) -> impl Future<Output = Result<(), Failure>> + Send;
    /// The rooms of a batch, refused for a conflict, in which a seq of its is taken. Where nobody else writes, whoever asks finds it by
    /// writing parts.
    fn taken(&mut self, _batch: &Batch<'_>) -> impl Future<Output = Result<Vec<RoomKey>, Failure>> + Send {
        std::future::ready(Ok(vec![]))
    }
    /// The room that a command made.
    fn made_by(&mut self, player: PlayerId, command: &str) -> impl Future<Output = Result<Option<RoomCode>, Failure>> + Send;
    /// Writes all of them or none.
    fn save_snapshots(&mut self, snapshots: &[(RoomKey, Snapshot)]) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Deletes a room that ended before `ended_before`; whether it did.
    fn delete(&mut self, room: RoomKey, ended_before: Timestamp) -> impl Future<Output = Result<bool, Failure>> + Send;
    /// Changes leases; the rooms that are the node's then, with their epochs.
    fn lease(&mut self, lease: Lease) -> impl Future<Output = Result<Vec<(RoomKey, Epoch)>, Failure>> + Send;
    /// Writes something that does not matter.
    fn probe(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}
