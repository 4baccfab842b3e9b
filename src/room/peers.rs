//! The other nodes on which the same rooms are played, as rooms see them.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::log::{LogError, Row};
use crate::room::Rooms;
use crate::room::directory::Kernel;

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

impl Rooms {
    /// From now on these rooms are played on other nodes, too. Said once, before any room is awake.
    pub fn join(&self, peers: Arc<dyn Peers>) {
        // A second set of peers would be a mistake in the wiring; the first stays.
        let _ = self.kernel.peers.set(peers);
    }

    /// What another node appended to a room, if that is awake here.
    pub fn news(&self, code: RoomCode, rows: Vec<Row>) {
        let cell = self.kernel.cells.read().get(&code).cloned();
        if let Some(cell) = cell {
            cell.news(rows);
        }
    }

    /// Lets every room that is awake look into the log for what other nodes appended.
    pub fn look_for_news(&self) {
        let cells: Vec<_> = self.kernel.cells.read().values().cloned().collect();
        cells.iter().for_each(|cell| cell.news(Vec::new()));
    }

    /// Lets every room that is awake look who is here.
    pub fn tick_all(&self) {
        let codes: Vec<_> = self.kernel.cells.read().keys().copied().collect();
        codes.into_iter().for_each(|code| self.tick(code));
    }
}

impl Kernel {
    pub fn peers(&self) -> Option<&dyn Peers> {
        self.peers.get().map(Arc::as_ref)
    }
}
