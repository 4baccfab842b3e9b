//! What is not logged and still seen on other nodes: who is typing, and the frames of ticking games.
//!
//! Frames go only to nodes that show the room. Such a node says so, again and again; when it stops, it is forgotten.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::log::owners::NodeId;
use crate::room::erased::Frame;

/// How long a node shows a room after it has said so: two of its words may be lost.
const SHOWS: Duration = Duration::from_secs(3);
/// Nodes that show one room. More than that are not one server any more.
const NODES_MAX: usize = 64;

impl Cell {
    /// Somebody types on another node.
    pub(in crate::room) fn typing_elsewhere(self: &Arc<Self>, note: Box<RawValue>) {
        if self.mail.lock().has_nobody() {
            return;
        }
        // A full mailbox has more to do.
        let _ = self.send(Message::TypingElsewhere(note));
    }

    /// Another node has connections here to which it wants to show frames.
    pub(in crate::room) fn shown_at(&self, node: NodeId) {
        let now = self.kernel.clock.now();
        let mut shown = self.shown_at.lock();
        shown.retain(|(other, until)| *other != node && *until > now);
        if shown.len() < NODES_MAX {
            shown.push((node, now + SHOWS));
        }
    }

    /// A frame from the node that keeps the room's time.
    pub(in crate::room) fn frame_from_elsewhere(&self, frame: &Frame) {
        // Its task is at work: the next frame comes in a moment.
        let Ok(awake) = self.awake.try_lock() else { return };
        if awake.time.is_here() {
            return;
        }
        awake.hand_out(frame);
    }

    /// Whether this node shows the room, and another keeps its time.
    pub(in crate::room) fn looks_on(&self) -> bool {
        self.looks_on.load(Ordering::Relaxed)
    }
}

impl Awake {
    /// Sends a frame to the nodes that show this room.
    pub(super) fn show_elsewhere(&self, cell: &Cell, frame: &Frame) {
        let Some(peers) = cell.kernel.peers() else { return };
        let now = cell.kernel.clock.now();
        let nodes: Vec<NodeId> = {
            let mut shown = cell.shown_at.lock();
            shown.retain(|(_, until)| *until > now);
            shown.iter().map(|(node, _)| *node).collect()
        };
        if !nodes.is_empty() {
            peers.frame(cell.code, frame, &nodes);
        }
    }

    /// Hands a frame to everybody who is in; a connection that is behind skips it.
    pub(super) fn hand_out(&self, frame: &Frame) {
        let Some(loaded) = self.hosted.as_ref() else { return };
        for conn in self.conns.iter().filter(|conn| conn.since != Seq(u32::MAX)) {
            conn.outlet.emit_volatile("game_update", frame.for_viewer(|| loaded.room.seat_of(conn.player)));
        }
    }

    /// Tells everybody here but one connection that somebody types.
    pub(super) fn tell_typing(&self, but: Option<ConnId>, note: &RawValue) {
        for conn in self.conns.iter().filter(|c| (but.is_none() || Some(c.id) != but) && c.since != Seq(u32::MAX)) {
            // Not worth dropping anybody for: it will be missing, and the next real event decides.
            let _ = conn.outlet.emit("player_typing", note);
        }
    }

    /// Notes whether frames have to come from elsewhere; when that is news, says so at once.
    pub(super) fn look_on(&self, cell: &Cell) {
        let ticks = self.hosted.as_ref().is_some_and(|loaded| loaded.room.ticks().is_some());
        let looks_on = ticks && !self.time.is_here() && !self.conns.is_empty();
        if cell.looks_on.swap(looks_on, Ordering::Relaxed) != looks_on
            && looks_on
            && let Some(peers) = cell.kernel.peers()
        {
            peers.shows(&[cell.code]);
        }
    }
}
