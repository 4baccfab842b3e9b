//! What is logged of a room. A fact is self-contained: it can be told to a viewer without the state around it.

use serde::{Deserialize, Serialize};

use crate::chance::Seed;
use crate::game::Game;
use crate::id::{PlayerId, RoomCode, Seat};
use crate::time::Timestamp;

/// A player as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    pub id: PlayerId,
    pub nickname: String,
    pub guest: bool,
    /// The level, when a bot holds the seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
}

/// Why a seat was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// The player asked to.
    Left,
    /// The player was away from the lobby for too long.
    Absent,
    /// The host took the bot away.
    Removed,
}

/// One event of a room's log. Stored as JSON for ever: only ever add variants, and fields with defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Fact<G: Game> {
    Opened {
        code: RoomCode,
        seats: u8,
        options: G::Options,
        setup: G::Setup,
        /// The secret of the first round.
        seed: Seed,
        /// The room of which this is the rematch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follows: Option<RoomCode>,
    },
    Joined {
        seat: Seat,
        player: Player,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_seed: Option<String>,
    },
    /// In the lobby the seat is free again, and when it was the host's, `promoted` moves into it. In a running game the seat stays
    /// the player's.
    Left {
        seat: Seat,
        player: Player,
        cause: Leaving,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promoted: Option<Seat>,
    },
    Disconnected {
        seat: Seat,
        player: PlayerId,
        grace_ends_at: Timestamp,
    },
    Reconnected {
        seat: Seat,
        player: PlayerId,
    },
    /// The grace period is over and the game was told.
    Lost {
        seat: Seat,
        player: PlayerId,
    },
    /// A seat added to the luck of the round.
    SeedAdded {
        seat: Seat,
        client_seed: String,
    },
    Said {
        player: Player,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seat: Option<Seat>,
        message: String,
    },
    /// With what the host chose last, so that replaying asks no catalogue.
    Started {
        options: G::Options,
        setup: G::Setup,
    },
    Played(G::Event),
    Ended {
        reason: String,
        winners: Vec<Seat>,
        results: serde_json::Value,
        /// The secret of the round, shown now.
        seed: Seed,
    },
    /// Everybody went, or the lobby expired.
    Abandoned {
        reason: String,
        /// As at an end. Older logs do not have it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<Seed>,
    },
    ResetAsked {
        seat: Seat,
        player: PlayerId,
    },
    /// Back to the lobby, with a new secret.
    Reset {
        seed: Seed,
    },
    RematchAsked {
        seat: Seat,
        player: PlayerId,
    },
    RematchReady {
        code: RoomCode,
    },
}
