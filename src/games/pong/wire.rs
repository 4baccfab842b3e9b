//! The words of the game on the wire: what is asked, told and shown.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::physics::{self, Ball, Serve};
use crate::id::Seat;
use crate::time::Timestamp;

/// What a player may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Ready to play; the match begins when both are. Sent in a full lobby, it starts the game as well.
    PlayerReady,
    /// Moves the paddle: in a direction until told otherwise, or to a place.
    PlayerMove {
        /// -1 up, 1 down, 0 rest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        direction: Option<i8>,
        /// Where the paddle's middle should be, in the court's units. Fractions are rounded, places outside brought inside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        y: Option<f64>,
    },
    GameAction {
        action: Action,
    },
}

/// The actions of `game_action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stops the time; each player may three times in a match.
    Pause,
    /// Ends a pause; either player may.
    Resume,
    /// Takes the win because the opponent is gone.
    ClaimWin,
    /// Gives up.
    Forfeit,
}

/// A side of the court.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

impl Side {
    /// The host plays on the left.
    pub fn of(seat: Seat) -> Self {
        if seat == Seat::HOST { Side::Left } else { Side::Right }
    }
}

/// Where a match is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Until both are ready.
    Pending,
    Active,
    Finished,
}

/// Why the time stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Somebody asked for a pause.
    Asked,
    /// Somebody lost the connection and may come back.
    Away,
    /// Somebody did not come back in time, or left: the opponent may claim the win.
    Absent,
}

/// What happened, as everybody is told it.
#[derive(Clone, Debug, PartialEq, Serialize, IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    PlayerReady {
        side: Side,
        seat: Seat,
    },
    /// Both are ready; tick 0 is at `at`.
    MatchBegan {
        at: Timestamp,
        serve_to: Side,
        serve_tick: u32,
    },
    PlayerMoved {
        side: Side,
        seat: Seat,
        tick: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        direction: Option<i8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        y: Option<i32>,
    },
    ScoreUpdate {
        scorer: Side,
        left: u32,
        right: u32,
        tick: u32,
        /// Absent after the last point.
        #[serde(skip_serializing_if = "Option::is_none")]
        serve_to: Option<Side>,
        #[serde(skip_serializing_if = "Option::is_none")]
        serve_tick: Option<u32>,
    },
    GamePaused {
        side: Side,
        reason: Stop,
        tick: u32,
    },
    /// The time goes on from `tick` at `at`; `null` while something else still holds it.
    GameResumed {
        tick: u32,
        at: Option<Timestamp>,
    },
    WinClaimed {
        side: Side,
    },
    PlayerForfeited {
        side: Side,
        player_role: &'static str,
    },
}

/// The state, as everybody sees it. In frames the parts that do not move are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    pub phase: Phase,
    pub tick: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldView>,
    pub ball: Ball,
    pub left: PlayerView,
    pub right: PlayerView,
    /// Hits since the serve.
    pub rally: u32,
    /// The tick of the next serve, while the ball waits for it.
    pub serve_tick: Option<u32>,
    /// Since when, and from which tick, the time runs; `null` while it stands.
    pub clock: Option<ClockView>,
    /// Why it stands, during a match.
    pub paused: Option<PausedView>,
    pub winner: Option<Side>,
}

/// What stays the same through a match.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldView {
    pub width: i32,
    pub height: i32,
    pub paddle_height: i32,
    /// How far a paddle's face is from its end of the court.
    pub paddle_x: i32,
    pub paddle_speed: i32,
    pub ball_radius: i32,
    pub hz: u16,
    pub points: u32,
    pub frames_per_s: u16,
}

impl FieldView {
    pub fn new(points: u32, frames_per_s: u16) -> Self {
        Self {
            width: physics::WIDTH,
            height: physics::HEIGHT,
            paddle_height: 2 * physics::PADDLE_HALF,
            paddle_x: physics::PADDLE_X,
            paddle_speed: physics::PADDLE_SPEED,
            ball_radius: physics::BALL,
            hz: physics::HZ,
            points,
            frames_per_s,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlayerView {
    /// The paddle's middle.
    pub y: i32,
    pub score: u32,
    pub ready: bool,
    /// Where the paddle is going: -1 up, 1 down.
    pub direction: i8,
    /// Where it will rest, when it was sent to a place.
    pub target: Option<i32>,
    /// Whether the player is there; one who is not holds the time.
    pub online: bool,
    /// Pauses that the player may still ask for.
    pub pauses_left: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClockView {
    pub tick: u32,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PausedView {
    pub reason: Stop,
    /// Whose pause it is, or who is not there.
    pub side: Side,
}

/// As [`Notice`] names the one to be served.
pub fn served(serve: Option<Serve>) -> Option<Side> {
    serve.map(|serve| Side::of(serve.to))
}
