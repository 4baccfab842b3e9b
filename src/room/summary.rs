//! What anybody may know of a room: what lists and presence show.

use std::ops::Deref;

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::log::Status;
use crate::room::told::raw;
use crate::time::Timestamp;

/// One seat, as lists and presence show it.
#[derive(Clone, Debug, Serialize)]
pub struct Seated {
    pub player_id: PlayerId,
    pub nickname: String,
    /// The nickname under the name that some clients know it by.
    pub player_name: String,
    pub seat: Seat,
    pub online: bool,
    pub is_host: bool,
    pub guest: bool,
    pub bot: Option<String>,
    pub player_role: &'static str,
    /// Until when the seat waits for a player who is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ends_at: Option<Timestamp>,
}

/// Who sits where, and the same as JSON: several payloads of one step show it.
#[derive(Clone, Debug)]
pub struct People {
    seated: Vec<Seated>,
    json: Box<RawValue>,
}

impl From<Vec<Seated>> for People {
    fn from(seated: Vec<Seated>) -> Self {
        let json = to_raw_value(&seated).unwrap_or_else(|_| raw("[]".into()));
        Self { seated, json }
    }
}

impl Deref for People {
    type Target = [Seated];

    fn deref(&self) -> &[Seated] {
        &self.seated
    }
}

impl Serialize for People {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// What anybody may know of a room.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub room_code: RoomCode,
    pub game: &'static str,
    pub status: Status,
    pub host_nickname: Option<String>,
    pub guest_nickname: Option<String>,
    pub players: People,
    pub player_count: usize,
    pub seats: usize,
    /// Whether a free seat may be taken now: for pages.
    #[serde(skip)]
    pub can_join: bool,
    /// Whether one without a seat may watch now.
    #[serde(skip)]
    pub can_watch: bool,
    /// The least number of players that the game starts with.
    pub seats_needed: u8,
    pub created_at: Timestamp,
    pub seed_hash: String,
    /// The room of the rematch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_room: Option<RoomCode>,
    pub seq: Seq,
    pub version: Seq,
}
