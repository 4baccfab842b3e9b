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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::web::view::Teller;

    const EVIL: &str = "<img src=x onerror=alert(1)>\"'&";

    fn state() -> Value {
        json!({
            "phase": "active", "tick": 3_725, "rally": 4,
            "field": { "width": 16_000, "height": 9_000, "paddle_height": 1_600, "paddle_x": 500, "ball_radius": 140, "hz": 60, "points": 11 },
            "ball": { "x": 4_000, "y": 2_250, "vx": 150, "vy": -50 },
            "left": { "y": 3_000, "score": 7 }, "right": { "y": 800, "score": 10 },
            "paused": { "reason": "away", "side": "left" },
        })
    }

    #[test]
    fn a_state_becomes_a_court_with_names_escaped() {
        let stage = stage(&state(), [EVIL, "Ben"]).unwrap();
        for part in
            ["7 : 10", "cx=\"4000\" cy=\"2250\"", "y=\"2200\"", "1:02 of play", "rally of 4", "waiting for a player", "x2=\"4900\""]
        {
            assert!(stage.html.contains(part), "{part} in {}", stage.html);
        }
        assert!(!stage.html.contains("<img"), "{}", stage.html);
        assert!(super::stage(&json!({ "template": 1 }), ["a", "b"]).is_err(), "another game's state is refused");
    }

    #[test]
    fn the_play_page_has_hands_only_for_players() {
        let page = |role: &str| PongPage {
            shell: Shell::default(),
            code: "BCDFGH".parse().unwrap(),
            title: EVIL.to_owned(),
            role: role.to_owned(),
        };
        let (player, watcher) = (page("guest").render().unwrap(), page("spectator").render().unwrap());
        assert!(player.contains("up-button") && !watcher.contains("up-button") && !watcher.contains("forfeit-button"));
        assert!(!player.contains("<img src=x"));
    }

    #[test]
    fn results_become_two_columns() {
        let given = json!({ "winner": "right", "left": { "score": 9 }, "right": { "score": 11 }, "ticks": 7_260 });
        let check = |you, headline: &str| {
            let (told, columns) = results(&given, ["Ada", "Ben"], you).unwrap();
            assert_eq!((told.as_str(), columns[0].total.as_str(), columns[1].total.as_str()), (headline, "9", "11"));
            assert_eq!([columns[0].winner, columns[1].winner], [false, true]);
            assert!(columns[0].lines[0].note.contains("2:01"));
        };
        check(None, "Ben wins");
        check(Some("host"), "Ben wins");
        check(Some("guest"), "You win");
        assert!(results(&json!(null), ["a", "b"], None).is_err());
    }

    #[test]
    fn events_are_told_with_the_names_of_the_sides() {
        let mut teller = Teller::new([("host", "Ada"), ("guest", "Ben")], Box::new(Sides));
        for (event, data, told) in [
            ("player_ready", json!({ "side": "right" }), "Ben is ready"),
            ("match_began", json!({ "serve_to": "left" }), "The match begins, with a serve to Ada"),
            ("player_moved", json!({ "side": "left", "direction": -1 }), "Ada goes up"),
            ("player_moved", json!({ "side": "left", "direction": 0 }), "Ada rests"),
            ("player_moved", json!({ "side": "right", "y": 5 }), "Ben goes for the ball"),
            ("score_update", json!({ "scorer": "right", "left": 1, "right": 2 }), "Ben scores: 1 to 2"),
            ("game_paused", json!({ "side": "left", "reason": "asked" }), "Ada asks for a pause"),
            ("game_paused", json!({ "side": "left", "reason": "absent" }), "Ada is gone"),
            ("game_resumed", json!({ "at": null }), "Still waiting"),
            ("game_resumed", json!({ "at": "2026-11-21T06:00:00.000Z" }), "The match goes on"),
            ("player_forfeited", json!({ "side": "right", "player_role": "guest" }), "Ben gives up"),
            ("game_ended", json!({ "reason": "Right won 2 to 1" }), "The game ended: Right won 2 to 1"),
        ] {
            assert_eq!(teller.tell(event, &data), told);
        }
    }
}
