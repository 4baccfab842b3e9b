//! Who keeps the time of a ticking room: a lease with an epoch.
//!
//! One node at a time owns such a room. It renews its lease while it lives; when it has not for a while, another takes the room over
//! with the next epoch. What the old owner still appends with its own epoch is refused, in the transaction that would have written it.

use async_trait::async_trait;

use super::LogError;
pub use crate::id::NodeId;
use crate::id::{RoomCode, RoomKey};
use crate::time::Timestamp;

/// Counts a room's owners, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub i64);

/// The leases of ticking rooms.
#[async_trait]
pub trait Owners: Send + Sync {
    /// Takes the room for `node` until `until`: when nobody has it, when its owner's lease has run out, or again when it is the node's
    /// own. `None` when it is another's.
    ///
    /// # Errors
    /// [`LogError::Unavailable`]; the room is as it was then.
    async fn claim(&self, room: RoomKey, node: NodeId, now: Timestamp, until: Timestamp) -> Result<Option<Epoch>, LogError>;

    /// Renews all leases of `node`; the rooms that it still has.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn renew(&self, node: NodeId, until: Timestamp) -> Result<Vec<RoomKey>, LogError>;

    /// Gives a room back; nothing happens when it is another's by now.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn release(&self, room: RoomKey, node: NodeId) -> Result<(), LogError>;

    /// Gives all rooms of `node` back: it stops.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn release_all(&self, node: NodeId, now: Timestamp) -> Result<(), LogError>;

    /// Rooms whose owner's lease has run out.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn orphans(&self, now: Timestamp, limit: u32) -> Result<Vec<RoomCode>, LogError>;
}
