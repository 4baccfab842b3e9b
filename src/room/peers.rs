//! The other nodes on which the same rooms are played, as rooms see them.

use std::collections::HashSet;

use async_trait::async_trait;

use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::log::{LogError, Row};

/// None on a server that runs alone.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Tells the others what was appended to a room; without rows, that something may have been. Never waits: what does not get
    /// through they find in the store.
    fn appended(&self, room: RoomCode, rows: &[Row]);

    /// Notes who came to a room here and who went, and says who is connected to it elsewhere.
    ///
    /// # Errors
    /// When the store does not answer; nothing is noted then.
    async fn attend(&self, room: RoomKey, came: &[PlayerId], went: &[PlayerId]) -> Result<HashSet<PlayerId>, LogError>;

    /// Grows when the others have given this node up: what it had noted is gone.
    fn life(&self) -> u64;
}
