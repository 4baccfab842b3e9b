//! The story's pages: the play page, and states as a replay shows them.

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{ScoreColumn, ScoreLine, Shell, Stage, Tell};
use crate::id::{RoomCode, Seat};

/// `GET /play/CODE` of a story: a shell that `static/codex.js` fills.
#[derive(Template)]
#[template(path = "play/codex.html")]
pub struct CodexPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub title: String,
    /// Whether the visitor has no seat.
    pub watching: bool,
}

/// What a replay shows of the state.
#[derive(Template, Deserialize)]
#[template(path = "replay/codex.html")]
struct Book {
    scenario: Option<Scene>,
    ending: Option<Ending>,
    party: Vec<Member>,
    #[serde(default)]
    history: Vec<Turn>,
    #[serde(skip)]
    last: Option<Turn>,
}

#[derive(Deserialize)]
struct Scene {
    turn_number: u32,
    theme: String,
    title: String,
    text: String,
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    text: String,
}

#[derive(Deserialize)]
struct Ending {
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct Turn {
    choice_text: String,
    text: String,
}

#[derive(Deserialize)]
struct Member {
    character_name: String,
    class_name: String,
    health: u8,
    health_max: u8,
}

/// A story's `state` in a replay.
///
/// # Errors
/// When `state` is not a story's.
pub fn stage(state: &Value) -> Result<Stage, serde_json::Error> {
    let mut book = Book::deserialize(state)?;
    book.last = book.history.pop();
    Ok(Stage { html: book.render().unwrap_or_default(), style: Some("/static/codex.css"), script: None })
}

/// What this module reads of the results.
#[derive(Deserialize)]
struct Results {
    title: String,
    victory: bool,
    party: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    seat: Seat,
    player_name: String,
    character_name: String,
    class_name: String,
    health: u8,
    health_max: u8,
    items: Vec<String>,
    choices_made: u32,
    with_the_party: u32,
    led: u32,
    fell_in_turn: Option<u32>,
}

/// The headline and the columns of a story's `results`; `you` is the visitor's seat.
///
/// # Errors
/// When `results` are not a story's.
pub fn results(results: &Value, you: Option<Seat>) -> Result<(String, Vec<ScoreColumn>), serde_json::Error> {
    let Results { title, victory, party } = Results::deserialize(results)?;
    let line = |label: &str, what: String, points: String| ScoreLine { label: label.to_owned(), what, note: String::new(), points };
    let column = |part: Part| {
        let mut lines = vec![
            line("Played by", part.player_name, String::new()),
            line("With the party", "choices".into(), format!("{}/{}", part.with_the_party, part.choices_made)),
            line("Led", "turns".into(), part.led.to_string()),
        ];
        if !part.items.is_empty() {
            lines.push(line("Carries", part.items.join(", "), String::new()));
        }
        if let Some(turn) = part.fell_in_turn {
            lines.push(line("Fell", format!("in turn {turn}"), String::new()));
        }
        ScoreColumn {
            key: part.seat.0.to_string(),
            name: format!("{}, {}", part.character_name, part.class_name),
            you: you == Some(part.seat),
            winner: victory && part.health > 0,
            total: format!("{}/{}", part.health, part.health_max),
            lines,
        }
    };
    Ok((title, party.into_iter().map(column).collect()))
}

/// Tells a story's events.
pub struct Reader;

impl Tell for Reader {
    fn tell(&mut self, event: &str, data: &Value, _who: &str, _name: &dyn Fn(&str) -> String) -> Option<String> {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let player = || text(&data["player_name"]);
        Some(match event {
            "story_began" => format!("{} begins", text(&data["story"]["title"])),
            "scenario_generated" => format!("Turn {}", data["turn_number"]),
            "new_scenario" => text(&data["title"]),
            "player_chose" => format!("{} chose", player()),
            "character_chosen" => {
                let member = &data["member"];
                format!("{} is {}, {}", text(&member["player_name"]), text(&member["character_name"]), text(&member["class_name"]))
            }
            "party_joined" => format!("{} joined the party", text(&data["member"]["player_name"])),
            "player_skipped" => format!("The story went on without {}", player()),
            "player_back" => format!("{} was back in the story", player()),
            "turn_resolved" => "All had chosen".to_owned(),
            "turn_resolution" => format!("{} {}", text(&data["choice_text"]), text(&data["text"])),
            "story_ended" => format!("The story ended: {}", text(&data["title"])),
            _ => return None,
        })
    }
}
