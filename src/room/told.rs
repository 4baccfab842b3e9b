//! What a viewer is told of a fact: the name and payload of one event on the wire.
//!
//! An allow-list, from the fact alone. What a viewer may not know becomes `hidden { seq }`, so that a gap always means a loss.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::chance::{Revealed, Seed, SeedHash};
use crate::game::{Game, Viewer};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::room::fact::{Fact, Leaving, Player};
use crate::time::Timestamp;

/// An event as it goes to a client.
#[derive(Debug)]
pub struct Told {
    pub event: &'static str,
    /// A JSON object with `seq` and `timestamp`.
    pub payload: Box<RawValue>,
}

/// A player as payloads show them.
#[derive(Serialize)]
pub struct PlayerShown<'a> {
    pub player_id: PlayerId,
    pub nickname: &'a str,
    /// The nickname under the name that some clients know it by.
    pub player_name: &'a str,
    pub seat: Option<Seat>,
    pub is_host: bool,
    pub guest: bool,
    pub bot: Option<&'a str>,
    pub player_role: &'static str,
}

impl<'a> PlayerShown<'a> {
    pub fn new<G: Game>(player: &'a Player, seat: Option<Seat>) -> Self {
        Self {
            player_id: player.id,
            nickname: &player.nickname,
            player_name: &player.nickname,
            seat,
            is_host: seat == Some(Seat::HOST),
            guest: player.guest,
            bot: player.bot.as_deref(),
            player_role: seat.map_or("spectator", G::role),
        }
    }
}

#[derive(Serialize)]
struct Came<'a> {
    player: PlayerShown<'a>,
    nickname: &'a str,
    /// What they add to the luck: needed to compute the draws again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_seed: Option<&'a str>,
}

#[derive(Serialize)]
struct Went<'a> {
    player: PlayerShown<'a>,
    cause: Leaving,
    /// The seat whose player is the host now, and moved to the host's seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    promoted: Option<Seat>,
}

#[derive(Serialize)]
struct LinkShown {
    player_id: PlayerId,
    seat: Seat,
    player_role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_ends_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct OpenedShown<'a> {
    room_code: RoomCode,
    game: &'static str,
    seed_hash: SeedHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<&'a RoomCode>,
}

#[derive(Serialize)]
struct SaidShown<'a> {
    player: PlayerShown<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct StartedShown<'a, O> {
    #[serde(flatten)]
    options: &'a O,
    options_chosen: &'a O,
}

#[derive(Serialize)]
struct EndedShown<'a> {
    reason: &'a str,
    winners: &'a [Seat],
    results: &'a serde_json::Value,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    abandoned: bool,
    /// Older logs do not have that of a room that was abandoned.
    #[serde(flatten)]
    shown: Option<SeedShown>,
}

#[derive(Serialize)]
struct SeedShown {
    seed: String,
    seed_hash: SeedHash,
}

impl From<&Seed> for SeedShown {
    fn from(seed: &Seed) -> Self {
        Self { seed: Revealed(seed).to_string(), seed_hash: seed.hash() }
    }
}

#[derive(Serialize)]
struct SeatShown {
    player_id: PlayerId,
    seat: Seat,
    player_role: &'static str,
}

#[derive(Serialize)]
struct SeedAddedShown<'a> {
    seat: Seat,
    client_seed: &'a str,
}

#[derive(Serialize)]
struct ResetShown {
    seed_hash: SeedHash,
}

#[derive(Serialize)]
struct RematchShown {
    room_code: RoomCode,
}

#[derive(Serialize)]
struct Nothing {}

/// Where and when something happened, which every payload says.
#[derive(Clone, Copy)]
struct Place {
    seq: Seq,
    timestamp: Timestamp,
}

#[derive(Serialize)]
struct Placed<'a, P> {
    #[serde(flatten)]
    payload: &'a P,
    seq: Seq,
    timestamp: Timestamp,
}

impl Place {
    fn told(self, event: &'static str, payload: &impl Serialize) -> Told {
        Told { event, payload: self.payload(payload) }
    }

    fn payload(self, payload: &impl Serialize) -> Box<RawValue> {
        let Self { seq, timestamp } = self;
        to_raw_value(&Placed { payload, seq, timestamp }).unwrap_or_else(|error| {
            tracing::error!(%error, %seq, "a payload could not be written");
            raw(format!(r#"{{"seq":{seq},"timestamp":"{timestamp}"}}"#))
        })
    }
}

/// `fact`, which has number `seq`, as `viewer` is told of it.
pub fn tell<G: Game>(fact: &Fact<G>, seq: Seq, at: Timestamp, viewer: Viewer) -> Told {
    let link =
        |seat: Seat, player_id: PlayerId, grace_ends_at| LinkShown { player_id, seat, player_role: G::role(seat), grace_ends_at };
    let seat_shown = |seat: Seat, player_id: PlayerId| SeatShown { player_id, seat, player_role: G::role(seat) };
    let place = Place { seq, timestamp: at };
    match fact {
        Fact::Opened { code, seed, follows, .. } => place.told(
            "room_opened",
            &OpenedShown { room_code: *code, game: G::NAME, seed_hash: seed.hash(), follows: follows.as_ref() },
        ),
        Fact::Joined { seat, player, client_seed } => {
            let shown = PlayerShown::new::<G>(player, Some(*seat));
            let client_seed = client_seed.as_deref();
            place.told("player_joined", &Came { player: shown, nickname: &player.nickname, client_seed })
        }
        Fact::Left { seat, player, cause, promoted } => {
            let shown = PlayerShown::new::<G>(player, Some(*seat));
            place.told("player_left", &Went { player: shown, cause: *cause, promoted: *promoted })
        }
        Fact::Disconnected { seat, player, grace_ends_at } => {
            place.told("player_disconnected", &link(*seat, *player, Some(*grace_ends_at)))
        }
        Fact::Reconnected { seat, player } => place.told("player_reconnected", &link(*seat, *player, None)),
        Fact::Lost { seat, player } => place.told("player_absent", &link(*seat, *player, None)),
        Fact::SeedAdded { seat, client_seed } => place.told("client_seed_added", &SeedAddedShown { seat: *seat, client_seed }),
        Fact::Said { player, seat, message } => {
            place.told("chat_message", &SaidShown { player: PlayerShown::new::<G>(player, *seat), message })
        }
        Fact::Started { options, .. } => place.told("game_started", &StartedShown { options, options_chosen: options }),
        Fact::Played(event) => match G::notice(event, viewer) {
            Some(notice) => {
                let payload = place.payload(&notice);
                Told { event: notice.into(), payload }
            }
            None => place.told("hidden", &Nothing {}),
        },
        Fact::Ended { reason, winners, results, seed } => {
            place.told("game_ended", &EndedShown { reason, winners, results, abandoned: false, shown: Some(seed.into()) })
        }
        Fact::Abandoned { reason, seed } => {
            let (winners, results, shown) = (&[], &serde_json::Value::Null, seed.as_ref().map(SeedShown::from));
            place.told("game_ended", &EndedShown { reason, winners, results, abandoned: true, shown })
        }
        Fact::ResetAsked { seat, player } => place.told("reset_requested", &seat_shown(*seat, *player)),
        Fact::Reset { seed } => place.told("game_reset", &ResetShown { seed_hash: seed.hash() }),
        Fact::RematchAsked { seat, player } => place.told("rematch_requested", &seat_shown(*seat, *player)),
        Fact::RematchReady { code } => place.told("rematch_ready", &RematchShown { room_code: *code }),
    }
}

/// Whether every viewer is told the same of `fact`.
pub fn same_for_all<G: Game>(fact: &Fact<G>) -> bool {
    !G::SECRETS || !matches!(fact, Fact::Played(_))
}

/// Text that we wrote as JSON, as a raw value.
pub fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|error| {
        tracing::error!(%error, "a payload is not JSON");
        RawValue::NULL.to_owned()
    })
}
