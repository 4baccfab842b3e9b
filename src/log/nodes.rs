//! Which nodes are alive, and who is connected to which: what several nodes on one store need.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;

use super::LogError;
use crate::id::{NodeId, PlayerId, RoomCode, RoomKey};

/// What a node finds when it says that it is alive.
pub struct Beat {
    /// The store did not know it: at its start, or because it was given up in the meantime, and with it what it had noted.
    pub entered: bool,
    /// Those that were not given up until then.
    pub alive: HashSet<NodeId>,
}

/// Kept by stores that several nodes can share. Time is the store's, so that clocks of nodes may differ.
#[async_trait]
pub trait Nodes: Send + Sync + 'static {
    /// Says that `node` is alive, and where others reach it.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn beat(&self, node: NodeId, address: Option<&str>) -> Result<Beat, LogError>;

    /// Where a node that is alive is reached.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn address(&self, node: NodeId) -> Result<Option<String>, LogError>;

    /// Gives up nodes that were silent for so long. The rooms in which somebody was connected to them; each is told to one asker only.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    async fn give_up(&self, silent: Duration) -> Result<Vec<RoomCode>, LogError>;

    /// Notes who came to a room on `node` and who went, and says who is connected to it on other nodes.
    ///
    /// # Errors
    /// [`LogError::Unavailable`]; also when the room is gone, or the node was given up.
    async fn attend(
        &self,
        node: NodeId,
        room: RoomKey,
        came: &[PlayerId],
        went: &[PlayerId],
    ) -> Result<HashSet<PlayerId>, LogError>;
}
