//! Pong's pages: the play page, its results, and the court at one moment of a replay.

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{ScoreColumn, ScoreLine, Shell, Stage, Tell};
use crate::id::RoomCode;

/// `GET /play/CODE` of a match: a shell that `static/pong.js` fills.
#[derive(Template)]
#[template(path = "play/pong.html")]
pub struct PongPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub title: String,
    /// "host", "guest" or "spectator".
    pub role: String,
}

impl PongPage {
    fn plays(&self) -> bool {
        self.role != "spectator"
    }
}

/// What the wire calls the two sides, and the roles that play there, in the order of their seats.
const SIDES: [(&str, &str); 2] = [("left", "host"), ("right", "guest")];

#[derive(Deserialize)]
struct State {
    phase: String,
    tick: u64,
    field: Field,
    ball: Ball,
    left: Player,
    right: Player,
    rally: u64,
    paused: Option<Paused>,
}

#[derive(Deserialize)]
struct Field {
    width: i64,
    height: i64,
    paddle_height: i64,
    paddle_x: i64,
    ball_radius: i64,
    hz: u64,
}

#[derive(Deserialize)]
struct Ball {
    x: i64,
    y: i64,
    vx: i64,
    vy: i64,
}

#[derive(Deserialize)]
struct Player {
    y: i64,
    score: u64,
}

#[derive(Deserialize)]
struct Paused {
    reason: String,
}

/// The court as a replay shows it.
#[derive(Template)]
#[template(path = "replay/pong.html")]
struct Court<'a> {
    state: State,
    names: [&'a str; 2],
}

impl Court<'_> {
    /// Minutes and seconds of play.
    fn clock(&self) -> String {
        let seconds = self.state.tick / self.state.field.hz.max(1);
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    fn standing(&self) -> Option<&'static str> {
        match (self.state.phase.as_str(), &self.state.paused) {
            ("pending", _) => Some("waiting for both to be ready"),
            ("active", Some(paused)) if paused.reason == "asked" => Some("paused"),
            ("active", Some(_)) => Some("waiting for a player"),
            _ => None,
        }
    }

    /// A face of a paddle: the left edge of its rectangle.
    fn paddle(&self, right: bool) -> i64 {
        let field = &self.state.field;
        if right { field.width - field.paddle_x } else { field.paddle_x - THICKNESS }
    }

    fn top(&self, y: &i64) -> i64 {
        y - self.state.field.paddle_height / 2
    }

    /// Where the ball goes: the end of a line a tenth of a second long.
    fn heading(&self) -> (i64, i64) {
        let ball = &self.state.ball;
        (ball.x + ball.vx * 6, ball.y + ball.vy * 6)
    }
}

/// How thick a paddle is drawn.
const THICKNESS: i64 = 180;

/// A match's `state` in a replay.
///
/// # Errors
/// When `state` is not a match's.
pub fn stage(state: &Value, names: [&str; 2]) -> Result<Stage, serde_json::Error> {
    let court = Court { state: State::deserialize(state)?, names };
    Ok(Stage { html: court.render().unwrap_or_default(), style: Some("/static/pong.css"), script: None })
}

#[derive(Deserialize)]
struct Results {
    winner: String,
    left: Score,
    right: Score,
    #[serde(default)]
    ticks: u64,
}

#[derive(Deserialize)]
struct Score {
    score: u64,
}

/// The headline and the columns of a match's `results`. `names` are those of left and right, `you` is the visitor's role.
///
/// # Errors
/// When `results` are not a match's.
pub fn results(results: &Value, names: [&str; 2], you: Option<&str>) -> Result<(String, Vec<ScoreColumn>), serde_json::Error> {
    let results = Results::deserialize(results)?;
    let winner = SIDES.into_iter().zip(names).find(|((side, _), _)| *side == results.winner);
    let headline = match winner {
        None => "Nobody wins".to_owned(),
        Some(((_, role), _)) if Some(role) == you => "You win".to_owned(),
        Some((_, name)) => format!("{name} wins"),
    };
    let seconds = results.ticks / 60;
    let columns =
        SIDES.into_iter().zip(names).zip([results.left, results.right]).map(|(((side, role), name), score)| ScoreColumn {
            key: role.to_owned(),
            name: name.to_owned(),
            you: you == Some(role),
            winner: results.winner == side,
            total: score.score.to_string(),
            lines: vec![ScoreLine {
                label: "Points".to_owned(),
                what: format!("on the {side}"),
                note: format!("in {}:{:02} minutes of play", seconds / 60, seconds % 60),
                points: score.score.to_string(),
            }],
        });
    Ok((headline, columns.collect()))
}

/// Tells a match: its events name sides.
pub struct Sides;

impl Tell for Sides {
    fn tell(&mut self, event: &str, data: &Value, _who: &str, name: &dyn Fn(&str) -> String) -> Option<String> {
        let on = |side: &Value| match side.as_str() {
            Some("right") => name("guest"),
            _ => name("host"),
        };
        let who = on(&data["side"]);
        Some(match event {
            "player_ready" => format!("{who} is ready"),
            "match_began" => format!("The match begins, with a serve to {}", on(&data["serve_to"])),
            "player_moved" => match (data["direction"].as_i64(), data["y"].as_i64()) {
                (Some(-1), _) => format!("{who} goes up"),
                (Some(1), _) => format!("{who} goes down"),
                (None, Some(_)) => format!("{who} goes for the ball"),
                _ => format!("{who} rests"),
            },
            "score_update" => format!("{} scores: {} to {}", on(&data["scorer"]), data["left"], data["right"]),
            "game_paused" => match data["reason"].as_str() {
                Some("asked") => format!("{who} asks for a pause"),
                Some("absent") => format!("{who} is gone"),
                _ => format!("The time stands for {who}"),
            },
            "game_resumed" if data["at"].is_null() => "Still waiting".to_owned(),
            "game_resumed" => "The match goes on".to_owned(),
            "win_claimed" => format!("{who} claims the win"),
            "player_forfeited" => format!("{who} gives up"),
            _ => return None,
        })
    }
}
