//! The table's pages: the play page, and states as a replay shows them.

use std::collections::BTreeMap;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{ScoreColumn, ScoreLine, Shell, Stage, Tell};
use crate::id::{RoomCode, Seat};

/// `GET /play/CODE` of a table: a shell that `static/tabletop.js` fills.
#[derive(Template)]
#[template(path = "play/tabletop.html")]
pub struct TabletopPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub title: String,
    /// Whether the visitor has no seat.
    pub watching: bool,
}

/// What a replay shows of the state.
#[derive(Template, Deserialize)]
#[template(path = "replay/tabletop.html")]
struct Table {
    combat: Combat,
    turn: Option<Turn>,
    map: Option<Map>,
    tokens: Vec<Token>,
    #[serde(skip)]
    last: Vec<Spoken>,
}

#[derive(Deserialize)]
struct Combat {
    active: bool,
    round: u32,
    combatants: Vec<Combatant>,
}

#[derive(Deserialize)]
struct Turn {
    combatant_id: Option<u32>,
}

#[derive(Deserialize)]
struct Combatant {
    combatant_id: u32,
    name: String,
    initiative: Option<i64>,
    hp: Option<i64>,
    hp_max: Option<i64>,
    effects: Vec<Effect>,
}

#[derive(Deserialize)]
struct Effect {
    name: String,
}

#[derive(Deserialize)]
struct Map {
    width: u32,
    height: u32,
}

#[derive(Deserialize)]
struct Token {
    name: String,
    x: u32,
    y: u32,
    size: u32,
}

impl Token {
    /// The first letters, as the play page writes them.
    fn letters(&self) -> String {
        self.name.trim().chars().take(2).collect::<String>().to_uppercase()
    }

    fn middle(&self, along: &u32) -> f64 {
        f64::from(*along) + f64::from(self.size) / 2.0
    }

    fn radius(&self) -> f64 {
        f64::from(self.size) * 0.42
    }

    fn letter_size(&self) -> f64 {
        f64::from(self.size) * 0.34
    }
}

impl Table {
    /// Whether it is this one's turn.
    fn is_on(&self, combatant: &Combatant) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.combatant_id == Some(combatant.combatant_id))
    }
}

/// Something said or rolled.
struct Spoken {
    who: String,
    what: String,
}

/// Lines of talk that a replay shows beside the map.
const LINES: usize = 8;

/// A table's `state` in a replay.
///
/// # Errors
/// When `state` is not a table's.
pub fn stage(state: &Value) -> Result<Stage, serde_json::Error> {
    let mut table = Table::deserialize(state)?;
    let lists = [("chat", "chat_message"), ("rolls", "dice_roll"), ("narrations", "dm_narration"), ("actions", "player_action")];
    let mut said = BTreeMap::new();
    for (list, event) in lists.into_iter().chain([("whispers", "whisper"), ("images", "image_shared")]) {
        for entry in state[list].as_array().into_iter().flatten() {
            said.insert(entry["seq"].as_u64(), Spoken { who: who(entry), what: what(event, entry).unwrap_or_default() });
        }
    }
    let skip = said.len().saturating_sub(LINES);
    table.last = said.into_values().skip(skip).collect();
    Ok(Stage { html: table.render().unwrap_or_default(), style: Some("/static/tabletop.css"), script: None })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// By whom.
fn who(data: &Value) -> String {
    let player = &data["player"];
    player["nickname"].as_str().unwrap_or("Somebody").to_owned()
}

/// What was said or rolled, without who did; `None` for other events.
pub fn what(event: &str, data: &Value) -> Option<String> {
    Some(match event {
        "chat_message" => text(&data["message"]),
        "dm_narration" => text(&data["narration"]),
        "player_action" => {
            let details = &data["details"];
            let more = match details {
                Value::Null => String::new(),
                Value::String(details) => details.clone(),
                other => other["text"].as_str().map_or_else(|| other.to_string(), str::to_owned),
            };
            format!("{} {more}", text(&data["action_type"]).replace('_', " ")).trim().to_owned()
        }
        "whisper" => {
            let to = data["to"]["nickname"].as_str().unwrap_or("somebody");
            format!("(to {to}) {}", text(&data["message"]))
        }
        "image_shared" => format!("[image] {}", text(&data["caption"])).trim().to_owned(),
        "dice_roll" => {
            let label =
                data["label"].as_str().filter(|label| !label.is_empty()).map(|label| format!("{label}: ")).unwrap_or_default();
            let hidden = match data["mode"].as_str() {
                Some("gm") => " (to the DM)",
                Some("blind") => " (blind)",
                Some("self") => " (to oneself)",
                _ => "",
            };
            let fell = match (data["text"].as_str(), data["result"].as_i64()) {
                (Some(shown), _) => shown.to_owned(),
                (None, Some(result)) => format!("{} = {result}", text(&data["formula"])),
                (None, None) => text(&data["formula"]),
            };
            format!("{label}{fell}{hidden}")
        }
        _ => return None,
    })
}

/// What this module reads of the results.
#[derive(Deserialize)]
struct Results {
    title: String,
    rounds: u32,
    messages: u32,
    rolls: u32,
    natural_20s: u32,
    natural_1s: u32,
    players: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    seat: Seat,
    nickname: String,
    character_name: Option<String>,
    messages: u32,
    rolls: u32,
}

/// The headline and the columns of a session's `results`; `you` is the visitor's seat.
///
/// # Errors
/// When `results` are not a session's.
pub fn results(results: &Value, you: Option<Seat>) -> Result<(String, Vec<ScoreColumn>), serde_json::Error> {
    let Results { title, rounds, messages, rolls, natural_20s, natural_1s, players } = Results::deserialize(results)?;
    let line =
        |label: &str, points: String| ScoreLine { label: label.to_owned(), what: String::new(), note: String::new(), points };
    let mut columns = vec![ScoreColumn {
        key: "table".to_owned(),
        name: "The table".to_owned(),
        you: false,
        winner: false,
        total: messages.to_string(),
        lines: vec![
            line("Messages", messages.to_string()),
            line("Rolls", rolls.to_string()),
            line("Natural 20s", natural_20s.to_string()),
            line("Natural 1s", natural_1s.to_string()),
            line("Rounds of combat", rounds.to_string()),
        ],
    }];
    columns.extend(players.into_iter().map(|part| ScoreColumn {
        key: part.seat.0.to_string(),
        name: match part.character_name.filter(|name| !name.is_empty()) {
            Some(name) => format!("{name} ({})", part.nickname),
            None => part.nickname,
        },
        you: you == Some(part.seat),
        winner: false,
        total: part.messages.to_string(),
        lines: vec![line("Messages", part.messages.to_string()), line("Rolls", part.rolls.to_string())],
    }));
    Ok((if title.is_empty() { "The session is over".to_owned() } else { title }, columns))
}

/// Tells a table's events.
pub struct Chronicler;

impl Tell for Chronicler {
    fn tell(&mut self, event: &str, data: &Value, _who: &str, _name: &dyn Fn(&str) -> String) -> Option<String> {
        let who = who(data);
        if event == "dice_roll" {
            return Some(format!("{who} rolled {}", what(event, data)?));
        }
        if let Some(what) = what(event, data) {
            return Some(format!("{who}: {what}"));
        }
        let named = |of: &Value| text(&of["name"]);
        Some(match event {
            "session_began" => "The session began".to_owned(),
            "table_joined" => format!("{who} sat down"),
            "table_away" => format!("{who} was away"),
            "table_back" => format!("{who} was back"),
            "reaction" => format!("{who} reacted with {}", text(&data["emoji"])),
            "read_receipt" => "Somebody had read so far".to_owned(),
            "initiative_rolled" => format!("{} rolled initiative: {}", named(&data["combatant"]), data["result"]),
            "combat_update" if data["combat"]["active"] == true => format!("Combat, round {}", data["combat"]["round"]),
            "combat_update" => "No combat".to_owned(),
            "turn_change" => match data["turn"]["current_character_name"].as_str() {
                Some(name) => format!("{name}’s turn"),
                None => "Nobody’s turn".to_owned(),
            },
            "combatant_added" => format!("{} came into the order", named(&data["combatant"])),
            "map_changed" => "A new map".to_owned(),
            "fog_changed" => "The fog moved".to_owned(),
            "token_added" => format!("{} was put on the map", named(&data["token"])),
            "poll_opened" => format!("{who} asked: {}", text(&data["poll"]["question"])),
            "poll_voted" => format!("{who} voted"),
            "poll_closed" => format!("The poll was closed: {}", text(&data["poll"]["question"])),
            "session_ended" => format!("{who} ended the session"),
            _ => return None,
        })
    }
}
