//! A finished or running game written down in a format of other programs.

use crate::id::{RoomCode, Seat};
use crate::time::Timestamp;

use super::Game;

/// A file format that a game can be exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What askers call it, and how names of its files end.
    pub name: &'static str,
    pub media_type: &'static str,
}

/// The last round of a room: who played, and what happened.
#[derive(Clone, Debug)]
pub struct Record<G: Game> {
    pub code: RoomCode,
    pub opened_at: Timestamp,
    pub setup: G::Setup,
    /// Nicknames by seat. They are whatever people typed: a format has to quote them.
    pub players: Vec<(Seat, String)>,
    pub events: Vec<G::Event>,
}

impl<G: Game> Record<G> {
    /// The nickname of the player in `seat`.
    pub fn nickname(&self, seat: Seat) -> Option<&str> {
        self.players.iter().find(|(there, _)| *there == seat).map(|(_, name)| name.as_str())
    }
}
