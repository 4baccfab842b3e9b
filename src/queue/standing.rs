//! What a player is told of the queue.

use serde::Serialize;

use crate::games::Catalogue;
use crate::id::{PlayerId, RoomCode, Seat};
use crate::log::queue::{Match, Paired};

/// How a player stands in the queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Standing {
    /// Does not wait.
    Idle,
    Waiting(Place),
    Matched(Found),
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    pub game: String,
    /// 1 is the one who has waited longest.
    pub position: u32,
    /// How many wait for this game.
    pub waiting: u32,
    pub waited_ms: u64,
    /// How much longer it will take, as far as one can tell from those who were paired within the last minutes.
    pub expected_wait_ms: Option<u64>,
}

/// An opponent, and the room in which to play.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    pub room_code: RoomCode,
    pub game: String,
    pub namespace: String,
    pub seat: Seat,
    /// As the game names the two: left and right, or host and guest.
    pub side: &'static str,
    pub opponent: Opponent,
}

/// Who sits opposite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opponent {
    pub player_id: PlayerId,
    pub nickname: String,
    pub guest: bool,
    /// The level, when it is a bot.
    pub bot: Option<String>,
}

impl Standing {
    /// In the running.
    pub fn is_waiting(&self) -> bool {
        matches!(self, Standing::Waiting(_))
    }
}

/// What `player` is told of a match that has its room.
pub fn found(made: &Match, player: PlayerId, games: &Catalogue) -> Option<Found> {
    let room_code = made.room?;
    let at = made.players.iter().position(|paired| paired.player_id == player)?;
    let Paired { player_id, nickname, guest, bot, .. } = made.players.get(1 - at.min(1))?.clone();
    let seat = Seat(u8::try_from(at).ok()?);
    Some(Found {
        room_code,
        game: made.game.clone(),
        namespace: games.find(&made.game)?.card().namespace.clone(),
        seat,
        side: side(&made.game, seat),
        opponent: Opponent { player_id, nickname, guest, bot },
    })
}

fn side(game: &str, seat: Seat) -> &'static str {
    match (game, seat) {
        ("pong", Seat::HOST) => "left",
        ("pong", _) => "right",
        (_, Seat::HOST) => "host",
        _ => "guest",
    }
}
