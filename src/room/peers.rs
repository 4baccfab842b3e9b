//! The other nodes on which the same rooms are played, as rooms see them.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::value::RawValue;

use crate::id::{PlayerId, RoomCode, RoomKey};
use crate::log::owners::NodeId;
use crate::log::{LogError, Row};
use crate::room::Rooms;
use crate::room::actor::Cell;
use crate::room::directory::Kernel;
use crate::room::erased::Frame;

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

    /// Tells the others that somebody types. Like all that is not logged: never waits, and is lost when it does not get through.
    fn typing(&self, _room: RoomCode, _note: &RawValue) {}

    /// Sends a frame of a room whose time is kept here to the nodes that show it.
    fn frame(&self, _room: RoomCode, _frame: &Frame, _nodes: &[NodeId]) {}

    /// Says that these rooms are shown here while others keep their time.
    fn shows(&self, _rooms: &[RoomCode]) {}

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
        if let Some(cell) = self.awake_cell(code) {
            cell.news(rows);
        }
    }

    /// Lets every room that is awake look into the log for what other nodes appended.
    pub fn look_for_news(&self) {
        let cells: Vec<_> = self.kernel.cells.read().values().cloned().collect();
        cells.iter().for_each(|cell| cell.news(Vec::new()));
    }

    /// Has every room that is awake read its log again.
    pub fn reread_all(&self) {
        let codes: Vec<_> = self.kernel.cells.read().keys().copied().collect();
        codes.into_iter().for_each(|code| self.reread(code));
    }

    /// Somebody types on another node.
    pub fn typing_elsewhere(&self, code: RoomCode, note: Box<RawValue>) {
        if let Some(cell) = self.awake_cell(code) {
            cell.typing_elsewhere(note);
        }
    }

    /// A frame from the node that keeps a room's time.
    pub fn frame_from_elsewhere(&self, code: RoomCode, frame: &Frame) {
        if let Some(cell) = self.awake_cell(code) {
            cell.frame_from_elsewhere(frame);
        }
    }

    /// Another node shows these rooms; those whose time is kept here send it their frames.
    pub fn shown_at(&self, codes: &[RoomCode], node: NodeId) {
        for cell in codes.iter().filter_map(|code| self.awake_cell(*code)) {
            cell.shown_at(node);
        }
    }

    /// The rooms that are shown here while another node keeps their time.
    pub fn looked_on(&self) -> Vec<RoomCode> {
        self.kernel.cells.read().values().filter(|cell| cell.looks_on()).map(|cell| cell.code).collect()
    }

    fn awake_cell(&self, code: RoomCode) -> Option<Arc<Cell>> {
        self.kernel.cells.read().get(&code).cloned()
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
