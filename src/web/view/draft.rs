//! The draft's pages: the play page, and its results and states as the wire gives them, turned into columns and boards.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{ScoreColumn, ScoreLine, Shell, Stage, Tell, emblem};
use crate::id::RoomCode;

/// `GET /play/CODE` of a draft: a shell that `static/draft.js` fills.
#[derive(Template)]
#[template(path = "play/draft.html")]
pub struct DraftPage {
    pub shell: Shell,
    pub code: RoomCode,
    pub title: String,
    /// "host", "guest" or "spectator".
    pub role: String,
}

impl DraftPage {
    /// Whose board is nearer: one's own; the host's for those who watch.
    fn near(&self) -> &'static str {
        if self.role == "guest" { "guest" } else { "host" }
    }

    fn far(&self) -> &'static str {
        if self.role == "guest" { "host" } else { "guest" }
    }
}

/// The two sides, in the order of their seats.
const SIDES: [&str; 2] = ["host", "guest"];

/// What this module reads of the state.
#[derive(Deserialize)]
struct State {
    template: Team,
    current_turn: String,
    drawn_character: Option<Character>,
    host_placements: HashMap<String, u64>,
    guest_placements: HashMap<String, u64>,
    drawn_characters: Vec<Character>,
    is_started: bool,
    is_over: bool,
}

#[derive(Deserialize)]
struct Team {
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Character {
    id: u64,
    name: String,
    anime: String,
    anime_id: u64,
    ratings: HashMap<String, u64>,
}

impl Character {
    fn card(&self) -> Card {
        Card { name: self.name.clone(), series: self.anime.clone(), emblem: emblem(&self.anime_id.to_string()) }
    }
}

/// One side's board.
struct Board {
    /// What the wire calls the side: "host", "guest".
    key: &'static str,
    name: String,
    to_act: bool,
    slots: Vec<Slot>,
}

/// A role and who fills it.
struct Slot {
    role: String,
    card: Option<Card>,
    rating: Option<String>,
    /// Whether the event at hand put it there.
    fresh: bool,
}

/// A character, as small as it is shown on a board.
struct Card {
    name: String,
    series: String,
    /// [`emblem`] of the series.
    emblem: u8,
}

/// The boards and what is in hand, as a replay shows them.
#[derive(Template)]
#[template(path = "replay/draft.html")]
struct Boards {
    boards: Vec<Board>,
    /// What was drawn and not yet placed.
    in_hand: Option<Card>,
}

/// A draft's `state` in a replay. `names` are those of host and guest; `last` is the event that led to the state, with its payload:
/// what it placed is marked.
///
/// # Errors
/// When `state` is not a draft's.
pub fn stage(state: &Value, names: [&str; 2], last: Option<(&str, &Value)>) -> Result<Stage, serde_json::Error> {
    let state = State::deserialize(state)?;
    let placed = last.filter(|(event, _)| *event == "character_placed").map(|(_, data)| data);
    let boards = SIDES.into_iter().zip(names).zip([&state.host_placements, &state.guest_placements]);
    let boards = boards.map(|((side, name), placements)| Board {
        key: side,
        name: name.to_owned(),
        to_act: state.is_started && !state.is_over && state.current_turn == side,
        slots: state
            .template
            .roles
            .iter()
            .map(|role| {
                let character = placements.get(role).and_then(|id| state.drawn_characters.iter().find(|c| c.id == *id));
                Slot {
                    role: role.clone(),
                    card: character.map(Character::card),
                    rating: character.and_then(|c| c.ratings.get(role)).map(u64::to_string),
                    fresh: placed.is_some_and(|data| data["player_role"] == side && data["role_name"] == role.as_str()),
                }
            })
            .collect(),
    });
    let boards = Boards { boards: boards.collect(), in_hand: state.drawn_character.as_ref().map(Character::card) };
    Ok(Stage { html: boards.render().unwrap_or_default(), style: Some("/static/draft.css"), script: None })
}

/// Tells a draft. It remembers who was drawn.
#[derive(Default)]
pub struct Drawn(HashMap<u64, String>);

impl Tell for Drawn {
    fn tell(&mut self, event: &str, data: &Value, who: &str, name: &dyn Fn(&str) -> String) -> Option<String> {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        Some(match event {
            "draft_began" => format!("{} draws first", name(&text(&data["current_turn"]))),
            "character_drawn" => {
                let character = &data["character"];
                if let Some(id) = character["id"].as_u64() {
                    self.0.insert(id, text(&character["name"]));
                }
                format!("{who} drew {}", text(&character["name"]))
            }
            "character_placed" => {
                let placed = data["character_id"].as_u64().and_then(|id| self.0.get(&id)).map_or("a character", String::as_str);
                format!("{who} placed {placed} as {}", text(&data["role_name"]))
            }
            "player_forfeited" => format!("{who} is out"),
            _ => return None,
        })
    }
}

/// What this module reads of the results.
#[derive(Deserialize)]
struct Results {
    winner: String,
    host: Side,
    guest: Side,
}

#[derive(Deserialize)]
struct Side {
    total: u64,
    roles: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    role_name: String,
    character_name: Option<String>,
    rating: u64,
    synergy: u64,
    points: u64,
}

/// The headline and the columns of a draft's `results`. `names` are those of host and guest, `you` is the visitor's side.
///
/// # Errors
/// When `results` are not a draft's.
pub fn results(results: &Value, names: [&str; 2], you: Option<&str>) -> Result<(String, Vec<ScoreColumn>), serde_json::Error> {
    let results = Results::deserialize(results)?;
    let winner = SIDES.into_iter().zip(names).find(|(side, _)| *side == results.winner);
    let headline = match winner {
        None => "A draw".to_owned(),
        Some((side, _)) if Some(side) == you => "You win".to_owned(),
        Some((_, name)) => format!("{name} wins"),
    };
    let columns = SIDES.into_iter().zip(names).zip([results.host, results.guest]);
    let columns = columns.map(|((side, name), score)| ScoreColumn {
        key: side.to_owned(),
        name: name.to_owned(),
        you: you == Some(side),
        winner: results.winner == side,
        total: score.total.to_string(),
        lines: score.roles.into_iter().map(line).collect(),
    });
    Ok((headline, columns.collect()))
}

fn line(role: Role) -> ScoreLine {
    let note = match role.synergy {
        0 => String::new(),
        synergy => format!("{} for the role, {synergy} for friends beside it", role.rating),
    };
    let what = role.character_name.unwrap_or_else(|| "nobody".to_owned());
    ScoreLine { label: role.role_name, what, note, points: role.points.to_string() }
}
