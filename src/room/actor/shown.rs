//! The shapes in which a room answers.

use super::*;

/// Who is in a room.
#[derive(Serialize)]
pub struct Presence<'a> {
    pub(super) online_players: Vec<PlayerId>,
    pub(super) total_players: usize,
    pub(super) players: &'a People,
}

impl<'a> Presence<'a> {
    pub fn of(summary: &'a Summary) -> Self {
        Self {
            online_players: summary.players.iter().filter(|p| p.online).map(|p| p.player_id).collect(),
            total_players: summary.players.len(),
            players: &summary.players,
        }
    }
}

#[derive(Serialize)]
pub(super) struct WithOk<T> {
    pub(super) ok: bool,
    #[serde(flatten)]
    pub(super) more: T,
}

#[derive(Serialize)]
pub(super) struct Sync<'a> {
    pub(super) state: &'a RawValue,
    pub(super) seq: Seq,
    pub(super) version: Seq,
    pub(super) status: Status,
    pub(super) reason: &'static str,
}

#[derive(serde::Deserialize)]
pub(super) struct SyncAsk {
    pub(super) last_seq: Option<Seq>,
    pub(super) version: Option<Seq>,
}

#[derive(serde::Deserialize)]
pub(super) struct TypingAsk {
    pub(super) typing: bool,
}

#[derive(Serialize)]
pub(super) struct TypingShown<'a> {
    pub(super) player_id: PlayerId,
    pub(super) nickname: &'a str,
    pub(super) typing: bool,
}

/// An event in a list.
#[derive(Serialize)]
pub struct EventShown {
    pub seq: Seq,
    pub event: &'static str,
    pub data: Box<RawValue>,
    pub timestamp: Timestamp,
}

impl EventShown {
    pub fn new(seq: Seq, timestamp: Timestamp, told: Told) -> Self {
        Self { seq, event: told.event, data: told.payload, timestamp }
    }
}

/// What one who comes in learns.
#[derive(Serialize)]
pub(super) struct Welcome<'a> {
    pub(super) player_role: &'static str,
    pub(super) seat: Option<Seat>,
    pub(super) is_host: bool,
    pub(super) room_code: RoomCode,
    pub(super) game: &'static str,
    pub(super) status: Status,
    pub(super) seq: Seq,
    pub(super) version: Seq,
    pub(super) seed_hash: &'a str,
    pub(super) players: &'a People,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_room: Option<RoomCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) current_state: Option<&'a RawValue>,
}

impl<'a> Welcome<'a> {
    pub(super) fn new(room: &dyn AnyRoom, summary: &'a Summary, seat: Option<Seat>, state: &'a RawValue) -> Self {
        Self {
            player_role: room.role(seat),
            seat,
            is_host: seat == Some(Seat::HOST),
            room_code: summary.room_code,
            game: summary.game,
            status: summary.status,
            seq: summary.seq,
            version: summary.version,
            seed_hash: &summary.seed_hash,
            players: &summary.players,
            next_room: summary.next_room,
            current_state: Some(state),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Entered<'a> {
    pub(super) ok: bool,
    #[serde(flatten)]
    pub(super) welcome: Welcome<'a>,
    #[serde(flatten)]
    pub(super) extra: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<Vec<EventShown>>,
}
