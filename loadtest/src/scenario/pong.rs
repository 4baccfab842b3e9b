//! Pong: paddles that go where the ball is.

use anyhow::Result;
use serde::Deserialize;

use super::{Bot, Command, Game, Style};
use crate::client::{Client, Rules};

/// What moves between two events, and so differs between two who ask at different moments.
const MOVING: &[&str] = &[
    "tick",
    "ball",
    "clock",
    "rally",
    "serve_tick",
    "left.y",
    "left.direction",
    "left.target",
    "right.y",
    "right.direction",
    "right.target",
];

/// Hands change a paddle's direction ten times a second, no more; a closed loop would be no pong.
const MOVES_PER_S: f64 = 10.0;

pub const PONG: Game = Game {
    rules: Rules { namespace: "/pong", own_events: &[], own_keys: MOVING },
    style: Style::Talk,
    senders: 2,
    start: Some("start_game"),
    own_rate: Some(MOVES_PER_S),
    bot: |seed, _| Box::new(Paddle { luck: fastrand::Rng::with_seed(seed), plays: false, todo: Todo::Wait, frame: Vec::new() }),
};

#[derive(PartialEq)]
enum Todo {
    Wait,
    Ready,
    Move,
}

struct Paddle {
    luck: fastrand::Rng,
    plays: bool,
    todo: Todo,
    /// The newest frame, read when it is needed.
    frame: Vec<u8>,
}

#[derive(Deserialize)]
struct Frame {
    ball: Ball,
}

#[derive(Deserialize)]
struct Ball {
    y: i64,
}

impl Bot for Paddle {
    fn entered(&mut self, seat: Option<u32>, _state: &[u8]) {
        self.plays = seat.is_some();
    }

    fn heard(&mut self, name: &str, payload: &[u8], _client: &Client) -> Result<()> {
        match name {
            "game_started" if self.plays => self.todo = Todo::Ready,
            "match_began" if self.plays => self.todo = Todo::Move,
            "game_ended" => self.todo = Todo::Wait,
            "game_update" => {
                self.frame.clear();
                self.frame.extend_from_slice(payload);
            }
            _ => {}
        }
        Ok(())
    }

    fn ready(&self) -> bool {
        self.todo != Todo::Wait
    }

    fn act(&mut self, _due: u64) -> Command {
        if self.todo == Todo::Ready {
            self.todo = Todo::Wait;
            return Command { event: "player_ready", payload: "{}".to_owned() };
        }
        let ball = serde_json::from_slice::<Frame>(&self.frame).map_or(4_500, |frame| frame.ball.y);
        // A little beside the middle, so that balls come back at angles.
        let y = ball + self.luck.i64(-700..=700);
        Command { event: "player_move", payload: format!("{{\"y\":{y}}}") }
    }
}
