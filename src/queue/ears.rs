//! Who is connected to this node, whatever for: where a player can be told something.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::value::RawValue;

use crate::id::{PlayerId, RoomCode};
use crate::room::outlet::ConnId;

/// One connection of a player.
pub trait Ear: Send + Sync {
    fn tell(&self, event: &'static str, payload: &RawValue);

    /// Whether it is in this room already.
    fn is_in(&self, room: RoomCode) -> bool;
}

/// The connections of one player.
type OfPlayer = Vec<(ConnId, Arc<dyn Ear>)>;

/// The connections of every player.
#[derive(Default)]
pub struct Ears(Mutex<HashMap<PlayerId, OfPlayer>>);

impl Ears {
    pub fn add(&self, player: PlayerId, conn: ConnId, ear: Arc<dyn Ear>) {
        self.0.lock().entry(player).or_default().push((conn, ear));
    }

    /// Whether it was the player's last.
    pub fn remove(&self, player: PlayerId, conn: ConnId) -> bool {
        let mut all = self.0.lock();
        let Some(ears) = all.get_mut(&player) else { return false };
        ears.retain(|(each, _)| *each != conn);
        if ears.is_empty() {
            all.remove(&player);
            return true;
        }
        false
    }

    pub fn has(&self, player: PlayerId) -> bool {
        self.0.lock().contains_key(&player)
    }

    /// The connections of a player, to be told something without holding up others.
    pub fn of(&self, player: PlayerId) -> Vec<(ConnId, Arc<dyn Ear>)> {
        self.0.lock().get(&player).cloned().unwrap_or_default()
    }
}
